"""`make storm`: a city's alarms at once, on real servers, beside the planning of 50,000 visits.

Servers of its own (PostgreSQL, Redis, mosquitto with the shipped configuration), two web processes, workers by lane,
two device listeners, senders in processes of their own with ledgers. Of each ten events one is the SOS of another
elder; the others repeat open cases or belong to the power cut of one district. Then the ledgers are held against the
database, and `visitflow audit` looks at all of it. What it says is what this machine did with everything on it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

from tests.bench.storm_parts import Parts
from tests.bench.storm_sender import Plan
from tests.bench.storm_verdict import Verdict
from tests.faults.program import CHECKOUT, COMMAND

LEAD_SECONDS = 15.0
RECENT_SECONDS = 5.0
_TASKS = (
    "SELECT subject_id FROM task WHERE id > %s AND element_id IN ('call_elder', 'call_this_person')"
    " AND subject_id IS NOT NULL"
)


class Worklist(threading.Thread):
    """Sees when the first task for each elder is there, twenty times a second, as a desk that asks all the time.

    It asks for tasks of the last RECENT_SECONDS; each second and at the end for all, so that one that took longer to
    be committed is seen, too.
    """

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._address = address.replace("postgresql+psycopg", "postgresql")
        self.seen: dict[int, float] = {}
        self.stopping = threading.Event()

    def run(self) -> None:
        looks = 0
        with psycopg.connect(self._address, autocommit=True) as rows:
            while not self.stopping.is_set():
                now = time.time()
                self._look(rows, 0.0 if looks % 20 == 0 else now - RECENT_SECONDS)
                looks += 1
                self.stopping.wait(max(0.0, 0.05 - (time.time() - now)))
            self._look(rows, 0.0)

    def _look(self, rows: psycopg.Connection, since: float) -> None:
        made = f"{int(since * 1000):012x}"  # ids rise with the time they were made
        found = rows.execute(_TASKS, (f"{made[:8]}-{made[8:]}-7000-8000-000000000000",)).fetchall()
        seen_at = time.time()
        for (elder,) in found:
            self.seen.setdefault(elder, seen_at)


def main() -> None:
    options = _options()
    senders = options.senders
    parts = Parts(options.port, senders)
    print(f"home {parts.home}; {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}", flush=True)
    try:
        sys.exit(1 if _run(parts, options, senders) else 0)
    finally:
        parts.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, default=200, help="a second, all senders together")
    parser.add_argument("--sos", type=float, default=20, help="of them, SOS of different elders a second")
    parser.add_argument("--heartbeats", type=float, default=800, help="a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--visits", type=int, default=50_000, help="elders whose visits are planned meanwhile; 0: none")
    parser.add_argument("--patience", type=float, default=1800, help="seconds to wait for the planning afterwards")
    parser.add_argument("--senders", type=int, default=2, help="processes")
    parser.add_argument("--port", type=int, default=8550, help="the first of ten free ports")
    return parser.parse_args()


def _run(parts: Parts, options: argparse.Namespace, senders: int) -> list[str]:
    devices = max(10_000, int(4 * options.sos * options.seconds))
    parts.prepare(max(options.visits, devices), devices)
    parts.start()
    worklist = Worklist(parts.address)
    worklist.start()
    if options.visits:
        plan = "from tests.bench.storm_town import plan_now; from web.joined import join; join(); plan_now()"
        subprocess.run([sys.executable, "-c", plan], env=parts.environment, cwd=CHECKOUT, check=True)
    begin_at = time.time() + LEAD_SECONDS
    for number, site in enumerate(parts.sites):
        parts.send(
            Plan(
                parts.broker.port, site, f"{site}-secret", number, senders, options.events / senders,
                options.sos / senders, options.heartbeats / senders, options.seconds, begin_at, devices,
                str(parts.home / f"{site}.ledger"),
            )
        )  # fmt: skip
    time.sleep(max(0.0, begin_at - time.time()))
    before = parts.costs()
    time.sleep(options.seconds)
    after, load = parts.costs(), os.getloadavg()[0]
    for part in parts.senders:
        part.process.wait(300)
    verdict = Verdict(parts.address, [Path(parts.home / f"{site}.ledger") for site in parts.sites], worklist.seen)
    left = verdict.come_to_rest(options.patience)
    print(f"due still when patience ended: {left}" if left else "every lane came to rest")
    worklist.stopping.set()
    worklist.join()
    stopped = {part.name: parts.stop(part.name) for part in parts.parts if "worker" in part.name}
    for line in verdict.figures():
        print(line)
    print(f"planned meanwhile and until now: {verdict.planned()} visit periods")
    _say_costs(before, after, options, load)
    print("stopped after SIGTERM within " + ", ".join(f"{name} {took:.1f} s" for name, took in stopped.items()))
    audit = subprocess.run([str(COMMAND), "audit"], env=parts.environment, capture_output=True, text=True)
    found = verdict.faults() + ([] if audit.returncode == 0 else [f"audit: {audit.stdout[:2000]}{audit.stderr[:500]}"])
    print("\n".join(f"BROKEN {each}" for each in found) or "nothing lost, nothing doubled, audit clean")
    return found


def _say_costs(before: dict[str, float], after: dict[str, float], options: argparse.Namespace, load: float) -> None:
    """Processor time of each part while the storm lasted, in hundredths of one core."""
    spent = {name: after[name] - before.get(name, 0.0) for name in after}
    shares = ", ".join(f"{name} {100 * took / options.seconds:.0f}" for name, took in spent.items())
    print(f"percent of one core: {shares}; together {100 * sum(spent.values()) / options.seconds:.0f}")
    print(f"load of the machine in that minute: {load:.1f}")


if __name__ == "__main__":
    main()
