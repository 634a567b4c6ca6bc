"""An opened database holds files only as long as it is open."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import text

from engine import db


def held(folder: Path) -> list[str]:
    descriptors = Path("/proc/self/fd")
    found = [os.readlink(each) for each in descriptors.iterdir() if each.is_symlink() and each.exists()]
    return [each for each in found if each.startswith(str(folder))]


def test_a_closed_database_holds_no_file_and_opens_again_for_the_next_step(tmp_path):
    opened = db.Database(f"sqlite:///{tmp_path}/small.db")
    with opened.writing() as session:
        session.execute(text("CREATE TABLE t (n INTEGER)"))
    assert held(tmp_path)

    opened.close()

    assert held(tmp_path) == []
    with opened.writing() as session:
        session.execute(text("INSERT INTO t VALUES (1)"))
    assert any(each.endswith(".writer") for each in held(tmp_path))
    opened.close()
