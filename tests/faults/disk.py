"""Row 6: the disk is full. Refused with 507 and a sentence, nothing unstored is acknowledged; it heals by itself."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.faults import judge
from tests.faults.load import Load
from tests.faults.program import Program
from tests.faults.servers import Missing
from tests.faults.verdict import Verdict

MEGABYTE = 1 << 20


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own; raises Missing where that is not allowed."""
    with tempfile.TemporaryDirectory(prefix="visitflow-disk-") as folder:
        made = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder)
        if os.getuid() or subprocess.run(made, capture_output=True).returncode:
            raise Missing("a small file system can be mounted by root only")
        try:
            yield Path(folder)
        finally:
            subprocess.run(("umount", "-l", folder), check=True)


def run(port: int, short: bool) -> Verdict:
    """`visitflow run` on a disk that is filled under load, stays full for a while, and is emptied again."""
    with small_disk(160) as home:
        program = Program(home, port + 40, port + 41)
        program.start(180)
        load = Load(program, lambda: program.address)
        load.start()
        told, found = [], []
        for _ in range(1 if short else 3):
            time.sleep(3)
            fill(home)
            told.append(_while_full(program, load, 5 if short else 30))
            (home / "ballast").unlink()
            found += _heals(program, load)
        left = load.come_to_rest()
        found += left + judge.faults(program, load.ledger) + _integrity(program)
        found += [
            f"a full disk was answered with {each}" for each in told if not each & {507} or each - {200, 503, 507}
        ]
        program.stop()
    answers = sorted(set().union(*told))
    return Verdict(f"disk full {len(told)} times, pushes answered with {answers} meanwhile; {load.sentence()}", found)


def fill(home: Path) -> None:
    """Take what is left, down to the last byte."""
    with (home / "ballast").open("wb", buffering=0) as ballast:
        block = b"\1" * MEGABYTE
        while block:
            try:
                if ballast.write(block) < len(block):
                    block = block[: len(block) // 2]
            except OSError:
                block = block[: len(block) // 2]


def _while_full(program: Program, load: Load, refusals: int, patience_seconds: float = 120) -> set[int]:
    """The answers to pushes until so many were refused; the ballast grows into whatever becomes free.

    At first pushes find room in the database's own log, which is written over; they are stored, and say so truly.
    """
    told: list[int] = []
    until = time.monotonic() + patience_seconds
    while sum(each != 200 for each in told) < refusals and time.monotonic() < until:
        _top_up(program.home)
        try:
            told.append(load.http.once(50))
        except requests.RequestException:
            told.append(0)
    return set(told)


def _top_up(home: Path) -> None:
    with contextlib.suppress(sqlite3.Error), sqlite3.connect(home / "visitflow.db", timeout=0.2) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else old room in the log is written over for a while
    with contextlib.suppress(OSError), (home / "ballast").open("ab", buffering=0) as ballast:
        while ballast.write(b"\1" * 4096):
            pass


def _heals(program: Program, load: Load) -> list[str]:
    before, until = len(load.ledger.events), time.monotonic() + 30
    while len(load.ledger.events) <= before and time.monotonic() < until:
        time.sleep(0.1)
    return [] if len(load.ledger.events) > before else ["nothing was stored within 30 s after there was room again"]


def _integrity(program: Program) -> list[str]:
    with sqlite3.connect(program.home / "visitflow.db", timeout=30) as rows:
        said = rows.execute("PRAGMA integrity_check").fetchone()[0]
    return [] if said == "ok" else [f"integrity_check: {said}"]
