"""`make bench`."""

import os
import tempfile

os.environ.setdefault("VISITFLOW_HOME", tempfile.mkdtemp(prefix="visitflow-bench-"))

from tests.bench.bench_engine import main

main()
