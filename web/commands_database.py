"""`visitflow db upgrade`: the tables, created or brought up to date by the migrations of web/migrations."""

from __future__ import annotations

from pathlib import Path

import click
from alembic import command
from alembic.config import Config

from engine import db

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def upgrade() -> None:
    """Create or upgrade all tables; nothing happens when they are up to date."""
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    with db.database().engine.connect() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        connection.commit()


@click.group("db")
def database_commands() -> None:
    """数据库表 · the tables."""


@database_commands.command("upgrade")
def upgrade_command() -> None:
    """建立或升级数据表 · create or upgrade the tables."""
    upgrade()
    click.echo(f"数据表已是最新 · tables are up to date: {db.database().engine.url.render_as_string()}")


commands: list[click.Command] = [database_commands]
