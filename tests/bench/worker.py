"""A worker of the bench in a process of its own: `python -m tests.bench.worker DATABASE_URL`; it says `ready`."""

from __future__ import annotations

import os
import sys
import tempfile
import threading

os.environ.setdefault("VISITFLOW_HOME", tempfile.mkdtemp(prefix="visitflow-bench-"))
os.environ.setdefault("VISITFLOW_DATA_KEY", "11" * 32)

from engine import db, jobs
from tests.bench import bench_engine as _registers  # noqa: F401
from web.joined import join

if __name__ == "__main__":
    join()
    db.open_database(sys.argv[1])
    jobs.start_workers()
    print("ready", flush=True)
    threading.Event().wait()
