"""What a claim costs with a million rows of work: `python -m tests.bench.bench_claim [ADDRESS]` (default: SQLite).

Nine districts, one of them with nine tenths of everything due; a tenth of the rows is due tomorrow, some are leased.
A claim of eight is measured with the reading of turns before it, as a worker does it, each in a transaction of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from engine import clock, db, work

ROWS, CLAIMS = 1_000_000, 200


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="visitflow-claim-") as folder:
        address = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'claim.db'}"
        if address.startswith("postgresql"):
            _new_database(address)
        database = db.open_database(address)
        db.Base.metadata.create_all(database.engine)
        _fill(make_url(address).get_backend_name())
        _measure(address)
        database.close()


def _new_database(address: str) -> None:
    name = make_url(address).database
    server = create_engine(make_url(address).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))


_NUMBERS = {
    "postgresql": "generate_series(1, {rows}) AS numbers(n)",
    "sqlite": (
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {rows}) SELECT n FROM c) AS numbers"
    ),
}
_IDS = {"postgresql": "gen_random_uuid()", "sqlite": "randomblob(16)"}
_MOMENTS = {
    "postgresql": "now() + CASE WHEN n % 10 = 9 THEN interval '1 day' ELSE (n - {rows}) * interval '1 microsecond' END",
    "sqlite": "{now} + CASE WHEN n % 10 = 9 THEN 86400000000 ELSE n - {rows} END",
}


def _fill(kind: str) -> None:
    """District 10 has nine tenths, nine districts share the rest; a tenth of all is due tomorrow."""
    began = time.monotonic()
    due = _MOMENTS[kind].format(rows=ROWS, now=int(clock.now().timestamp() * 1_000_000))
    turn = "'/1/' || CASE WHEN n % 10 > 0 THEN 10 ELSE 10 + n / 10 % 9 END || '/\\:100'"
    with db.writing() as session:
        session.execute(
            text(
                "INSERT INTO work (id, kind, lane, priority, due_at, attempts, state, token, created_at, turn)"
                f" SELECT {_IDS[kind]}, 'step', 'normal', 100, {due}, 0, 'waiting', 0, {due}, {turn}"
                f" FROM {_NUMBERS[kind].format(rows=ROWS)}"
            )
        )
    with db.writing() as session:
        session.execute(text("ANALYZE work"))
    print(f"{ROWS} rows written in {time.monotonic() - began:.0f} s")


def _claim() -> list[work.Item]:
    with db.reading() as session:
        due = work.due(session, "normal")
    with db.writing() as session:
        return work.claim(session, ["normal"], "bench", 8, due=due)


def _timed(what: Callable[[], list[work.Item]]) -> tuple[list[float], list[float], Counter[str]]:
    wall, cpu, served = [], [], Counter[str]()
    for _ in range(CLAIMS):
        began, used = time.perf_counter(), time.process_time()
        items = what()
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
        served.update(item.party for item in items)
    return sorted(wall), sorted(cpu), served


def _measure(address: str) -> None:
    wall, cpu, served = _timed(_claim)
    print(
        f"{make_url(address).get_backend_name()}: claim of 8 of {ROWS} rows: p50 {wall[CLAIMS // 2]:.1f}, p95"
        f" {wall[CLAIMS * 95 // 100]:.1f}, max {wall[-1]:.1f} ms; own processor time p50 {cpu[CLAIMS // 2]:.1f} ms"
    )
    print("served by district: " + ", ".join(f"{party} {times}" for party, times in sorted(served.items())))


if __name__ == "__main__":
    main()
