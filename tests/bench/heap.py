"""A worker process of the bench: `python -m tests.bench.heap DATABASE_URL` says `ready`, waits for a line, drains."""

from __future__ import annotations

import os
import sys
import tempfile

os.environ.setdefault("VISITFLOW_HOME", tempfile.mkdtemp(prefix="visitflow-bench-"))
os.environ.setdefault("VISITFLOW_DATA_KEY", "11" * 32)

from engine import db, definitions, garbage, jobs
from tests.bench import bench_engine as _registers  # noqa: F401  (an operation)

if __name__ == "__main__":
    db.open_database(sys.argv[1])
    with db.reading() as opened:
        definitions.specification(opened, definitions.current(opened, "bench").bundle_id)
    garbage.settle()
    print("ready", flush=True)
    sys.stdin.readline()
    jobs.drain()
