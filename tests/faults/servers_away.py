"""Rows 3, 4 and 5: PostgreSQL crashes, Redis is emptied and stays away, the MQTT broker is killed; all under load."""

from __future__ import annotations

import random
import time
from collections.abc import Collection

from sqlalchemy import func, select

from engine import clock
from engine.incoming import incoming
from engine.work import ALARM, WAITING, work
from tests.faults.city import City
from tests.faults.load import Load
from tests.faults.program import answers
from tests.faults.servers import Mosquitto, Postgres, Redis
from tests.faults.verdict import Verdict

RECOVERED_WITHIN_SECONDS = 10.0
ALARM_P99_SECONDS = 3.0
BACKLOG_GONE_SECONDS = 60.0
NEVER_SENT = ("gas", "water_leak", "lost", "left_zone", "nobody knows it")
"""Kinds that the load does not send: each opens a case, where others join one and wait for nothing."""


def postgres(city: City, load: Load, server: Postgres, times: int) -> Verdict:
    """`pg_ctl restart -m immediate` under load: back within 10 s; the judge looks for lost and double at the end."""
    recovered = []
    for _ in range(times):
        time.sleep(random.uniform(1, 3))
        before = len(load.ledger.events)
        server.restart_immediately()
        recovered.append(_seconds_until(lambda: all(answers(f"http://127.0.0.1:{port}") for port in city.ports)))
        _seconds_until(lambda before=before: len(load.ledger.events) > before)
    found = [
        f"pages answered only {each:.1f} s after a restart" for each in recovered if each > RECOVERED_WITHIN_SECONDS
    ]
    return Verdict(
        f"PostgreSQL crashed {times} times, pages answered within {max(recovered):.1f} s after its return", found
    )


def redis(city: City, load: Load, server: Redis, seconds: float) -> Verdict:
    """FLUSHALL, then away for a while: pages answer, sweeps carry the work on, alarms are handled within 3 s.

    It begins with nothing left over from the fault before, so that what waits, waits for Redis.
    """
    before = _seconds_until(lambda: _only_fresh(city), 300)
    for _ in range(5):
        server.flush()
        time.sleep(0.5)
    server.kill()
    pages, finished, until = 0, len(load.ledger.completions), time.monotonic() + seconds
    new = [(device, kind) for kind in NEVER_SENT for device in load.http.devices]
    pressed = []
    while time.monotonic() < until:
        pages += not answers(city.pick())
        pressed.append(load.http.press(*new.pop()))
        time.sleep(1)
    finished = len(load.ledger.completions) - finished
    waited = alarm_seconds(city, pressed)
    server.start()
    gone = _seconds_until(lambda: _only_fresh(city), BACKLOG_GONE_SECONDS)
    p99 = waited[int(len(waited) * 0.99)]
    found = [f"{pages} pages were not answered within 1 s"] if pages else []
    found += [f"alarms waited {p99:.1f} s (p99)"] if p99 > ALARM_P99_SECONDS else []
    found += ["nobody finished a page"] if not finished else []
    found += [f"a backlog was there {before:.0f} s after the fault before"] if before >= 300 else []
    found += [f"a backlog was left after {gone:.0f} s"] if gone >= BACKLOG_GONE_SECONDS else []
    return Verdict(
        f"Redis emptied 5 times, then away for {seconds:.0f} s: {finished} pages finished, {len(waited)} new alarms"
        f" handled within {p99:.2f} s (p99), {waited[-1]:.2f} s at most; backlog gone after {gone:.1f} s",
        found,
    )


def broker(city: City, load: Load, server: Mosquitto, times: int) -> Verdict:
    """kill -9 of mosquitto, sometimes with what it held: devices repeat until the confirmation; the judge counts."""
    confirmed = []
    for number in range(times):
        time.sleep(random.uniform(1, 3))
        waiting = {event for gateway in load.gateways for event in gateway.waiting}
        server.kill()
        if number % 2:
            (server.folder / "mosquitto.db").unlink(missing_ok=True)  # everything it held is gone
        time.sleep(random.uniform(0.1, 2))
        waiting |= {event for gateway in load.gateways for event in gateway.waiting}
        server.start()
        gone = _seconds_until(
            lambda waiting=waiting: not waiting & {event for gateway in load.gateways for event in gateway.waiting}, 60
        )
        confirmed.append(gone)
    found = [f"events were confirmed only {each:.0f} s after the broker's return" for each in confirmed if each > 30]
    return Verdict(
        f"mosquitto killed {times} times, every second time with all it held; what waited was confirmed within"
        f" {max(confirmed):.1f} s of its return",
        found,
    )


def alarm_seconds(city: City, keys: Collection[str]) -> list[float]:
    """Seconds from storing these alarms until their diagrams began, ascending; what waits still, waits until now."""
    c = incoming.c
    asked = select(c.stored_at, c.handled_at).where(c.lane == ALARM, c.event_id.in_(keys))
    with city.engine.connect() as rows:
        return sorted(((row.handled_at or clock.now()) - row.stored_at).total_seconds() for row in rows.execute(asked))


def _only_fresh(city: City) -> bool:
    """Whether everything due is younger than two seconds: under load something is always due."""
    with city.engine.connect() as rows:
        oldest = rows.execute(select(func.min(work.c.due_at)).where(work.c.state == WAITING)).scalar_one()
    return oldest is None or (clock.now() - oldest).total_seconds() < 2


def _seconds_until(reached: object, patience_seconds: float = 60.0) -> float:
    began = time.monotonic()
    while time.monotonic() - began < patience_seconds:
        if reached():  # type: ignore[operator]
            break
        time.sleep(0.05)
    return time.monotonic() - began
