"""The migrations make the tables that the code means."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine import db
from web.commands_database import upgrade
from web.tables import import_all


def test_an_upgraded_database_has_the_tables_of_the_code(tmp_path):
    import_all()
    opened = db.open_database(f"sqlite:///{tmp_path / 'new.db'}")

    upgrade()
    upgrade()  # a second time changes nothing

    with opened.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.Base.metadata)
    opened.close()
    assert differences == []
