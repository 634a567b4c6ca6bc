"""Writes the next migration from what the tables say: `python -m tests.make_migration "what changes"`."""

from __future__ import annotations

import sys
import tempfile

from alembic import command
from alembic.config import Config

from engine import db
from web.commands_database import MIGRATIONS, upgrade


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db.open_database(f"sqlite:///{folder}/empty.db")
        upgrade()
        configuration = Config()
        configuration.set_main_option("script_location", str(MIGRATIONS))
        with db.database().engine.connect() as connection:
            configuration.attributes["connection"] = connection
            (MIGRATIONS / "versions").mkdir(exist_ok=True)
            command.revision(
                configuration,
                message=" ".join(sys.argv[1:]),
                autogenerate=True,
                rev_id=f"{len(list((MIGRATIONS / 'versions').glob('*.py'))) + 1:04d}",
            )


if __name__ == "__main__":
    main()
