"""When each device was last heard: kept in memory, written every five seconds, never a row each.

They are written a few hundred at a time, in the order of the numbers, so that no alarm of one of these devices waits
for all the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine import clock, jobs

logger = logging.getLogger(__name__)

WRITE_SECONDS = 5.0
AT_ONCE = 250
Newest = dict[str, tuple[datetime, dict[str, Any]]]
_writer: Callable[[Session, Newest], None] | None = None


def writes_heartbeats(function: Callable[[Session, Newest], None]) -> None:
    """The site names who writes down (device → moment, data); this folder does not know the registry."""
    global _writer
    _writer = function


class Heartbeats:
    """Collects heartbeats and writes the newest of each device."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Newest = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="heartbeats", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5)
        self.write()

    def heard(self, devices: dict[str, Any]) -> None:
        moment = clock.now()
        with self._lock:
            for device, data in devices.items():
                self._newest[device] = (moment, data if isinstance(data, dict) else {})

    def write(self) -> None:
        """Write what has been heard since the last time; on failure it stays for the next time."""
        with self._lock:
            newest, self._newest = self._newest, {}
        if _writer is None:
            return
        numbers = sorted(newest)
        for start in range(0, len(numbers), AT_ONCE):
            part = {number: newest[number] for number in numbers[start : start + AT_ONCE]}
            try:
                with jobs.transaction() as session:
                    _writer(session, part)
            except Exception:
                logger.exception("could not write heartbeats devices=%d", len(part))
                with self._lock:
                    self._newest = part | self._newest

    def _work(self) -> None:
        while not self._stopping.wait(WRITE_SECONDS):
            self.write()
