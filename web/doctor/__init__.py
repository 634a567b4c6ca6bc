"""What an operator should know about the installation, each point with what to do: `visitflow doctor`.

Every check yields findings: `ok`, `warn` (it works, not as it should) or `bad` (something can be lost, or people are
not reached). Nothing is changed but a file of 4 kB that measures the disk and is taken away again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from web.doctor.findings import BAD, OK, WARN, Finding, bad
from web.doctor.machine import disk_flush, free_disk
from web.doctor.program import key_files, parts, posts, queue, sealed, stuck
from web.doctor.services import broker, database, redis_answers
from web.doctor.times import calendar, same_clock, zone

Check = Callable[[], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    parts, database, disk_flush, free_disk, same_clock, zone, calendar, broker, redis_answers, key_files, posts, queue,
    stuck, sealed,
)  # fmt: skip


def look() -> Iterator[Finding]:
    """Every finding, in the order of the checks; a check that fails is a finding too."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as fault:
            kind = type(fault).__name__
            yield bad(check.__name__, f"查不了：{kind}", f"could not be looked at: {kind}: {fault}")


__all__ = ["BAD", "CHECKS", "OK", "WARN", "Check", "Finding", "look"]
