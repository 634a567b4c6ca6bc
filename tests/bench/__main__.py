"""`make bench`, `bench-scale`, `bench-lists`: `python -m tests.bench [scale|lists] [--only DATABASE] [--write] …`.

`--write` puts the figures into docs/explanation/performance.md, each set between its own marks.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from datetime import date
from pathlib import Path

os.environ.setdefault("VISITFLOW_HOME", tempfile.mkdtemp(prefix="visitflow-bench-"))
os.environ.setdefault("VISITFLOW_DATA_KEY", "11" * 32)
os.environ.setdefault("TZ", "Asia/Shanghai")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "performance.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("what", nargs="?", choices=("engine", "scale", "lists"), default="engine")
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"), help="one database alone")
    parser.add_argument("--lives", type=int, default=80, help="lives of an instance in each repeat (engine)")
    parser.add_argument("--instances", type=int, default=200_000, help="live instances (scale)")
    parser.add_argument("--due", type=int, default=10_000, help="timers that are due (scale)")
    parser.add_argument("--tasks", type=int, default=1_000_000, help="tasks in the table (lists)")
    parser.add_argument("--of-one", type=int, default=10_000, help="open tasks of each person (lists)")
    parser.add_argument("--write", action="store_true", help="put the figures into the page")
    asked = parser.parse_args()
    for name, lines in _sections(asked):
        print("\n".join(lines))
        if asked.write:
            write(name, lines)


def _sections(asked: argparse.Namespace) -> list[tuple[str, list[str]]]:
    if asked.what == "engine":
        from tests.bench import bench_engine

        return [("engine", bench_engine.report(bench_engine.measure(asked.only, asked.lives)))]
    if asked.what == "lists":
        from tests.bench import lists

        costs = lists.measure(asked.only, asked.tasks, asked.of_one)
        return [(f"lists {name}", lists.report(name, each)) for name, each in costs.items()]
    from tests.bench import scale

    found = scale.measure(asked.only, asked.instances, asked.due)
    return [(f"scale {name}", scale.report(name, each)) for name, each in found.items()]


def write(name: str, lines: list[str]) -> None:
    """Replace what stands between the marks of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = PAGE.read_text(encoding="utf-8")
    text = "\n".join([begin, "", *lines, "", f"Taken on {date.today()}.", "", end])
    changed, times = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: text, page, flags=re.DOTALL)
    assert times == 1, f"{PAGE} has no marks {begin}"
    PAGE.write_text(changed, encoding="utf-8")


if __name__ == "__main__":
    main()
