"""`visitflow db upgrade`: the tables, created or brought up to date by the migrations of web/migrations."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
from sqlalchemy import inspect, text

from engine import db

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_BUILDS_ON = re.compile(r"""^down_revision\b[^=]*= *["']([^"']+)["']""", re.MULTILINE)


def upgrade() -> None:
    """Create or upgrade all tables; nothing happens when they are up to date."""
    if revision() == newest_revision():
        return
    from alembic import command  # half a second of every start that needs no migration
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    with db.database().engine.connect() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        connection.commit()


def revision() -> str | None:
    """The revision that the tables have; None for an empty database."""
    with db.database().engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)


def newest_revision() -> str:
    """The newest revision that the program carries: the one that no other builds on, whatever their numbers."""
    before = set(revisions().values())
    return next((each for each in sorted(revisions()) if each not in before), "")


@cache
def revisions() -> dict[str, str]:
    """Each revision that the program carries, with the one that it builds on ("" for the first)."""
    found = {}
    for path in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        text = path.read_text(encoding="utf-8")
        before = _BUILDS_ON.search(text)
        found[path.name.partition("_")[0]] = before[1] if before else ""
    return found


@click.group("db")
def database_commands() -> None:
    """数据库表 · the tables."""


@database_commands.command("upgrade")
def upgrade_command() -> None:
    """建立或升级数据表 · create or upgrade the tables."""
    upgrade()
    click.echo(f"数据表已是最新 · tables are up to date: {db.database().engine.url.render_as_string()}")


commands: list[click.Command] = [database_commands]
