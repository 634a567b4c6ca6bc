"""The migrations make the tables that the code means."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine import db
from web import commands_database
from web.commands_database import upgrade
from web.tables import import_all


def test_an_upgraded_database_has_the_tables_of_the_code(all_databases, tmp_path):
    import_all()
    opened = db.open_database(all_databases.new(tmp_path))

    upgrade()
    upgrade()  # a second time changes nothing

    with opened.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.Base.metadata)
    opened.close()
    assert differences == []


def test_the_newest_migration_is_the_one_that_no_other_builds_on():
    config = Config()
    config.set_main_option("script_location", str(commands_database.MIGRATIONS))

    [head] = ScriptDirectory.from_config(config).get_heads()

    assert commands_database.newest_revision() == head


def test_migrations_written_side_by_side_are_in_the_order_of_the_chain(tmp_path, monkeypatch):
    (tmp_path / "versions").mkdir()
    for name, before in (("0001", None), ("0003", "0001"), ("0002", "0003")):
        (tmp_path / "versions" / f"{name}_some.py").write_text(f"revision = {name!r}\ndown_revision = {before!r}\n")
    monkeypatch.setattr(commands_database, "MIGRATIONS", tmp_path)
    commands_database.revisions.cache_clear()

    try:
        assert commands_database.newest_revision() == "0002"
    finally:
        commands_database.revisions.cache_clear()
