"""Several listeners for one broker: one is connected, the others wait, and one of them takes over when it is gone.

Two connections of one client id would throw each other out for ever, and two client ids would bring every message
twice. The lease is a row in the database; the broker keeps the session, so whoever takes over gets what has come
meanwhile. A listener that was stalled and wakes finds the lease gone and lets go; what both stored in between is one
row all the same, by its id.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError

from engine import db, leases

logger = logging.getLogger(__name__)

NAME = "listener"
LENGTH = timedelta(seconds=6)
RENEWED_EVERY = 2.0
"""Seconds."""


class Listens(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...

    def health(self) -> dict[str, Any]: ...


class Standby:
    """Makes a listener and starts it whenever the lease is ours; `is_active` while one listens."""

    def __init__(self, make: Callable[[], Listens]) -> None:
        self._make = make
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[:80]
        self._listener: Listens | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="standby", daemon=True)

    @property
    def is_active(self) -> bool:
        return self._listener is not None

    def health(self) -> dict[str, Any]:
        """That of the listener, {} while another process listens."""
        listener = self._listener
        return listener.health() if listener is not None else {}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and let the next one begin at once."""
        self._stopping.set()
        self._thread.join(30)
        self._follow(False)
        try:
            with db.writing() as session:
                leases.give_back(session, NAME, self._owner)
        except DBAPIError:
            logger.warning("the lease could not be given back; it ends by itself")

    def _work(self) -> None:
        said = False
        while not self._stopping.is_set():
            mine = self._take()
            if mine is not None:
                self._follow(mine)
            if not self.is_active and not said:
                said = True
                logger.info("another listener is at the broker; waiting to take over")
            said = said and not self.is_active
            self._stopping.wait(RENEWED_EVERY)

    def _take(self) -> bool | None:
        """Whether the lease is ours; None while the database does not say: then everything stays as it is."""
        try:
            with db.writing() as session:
                return leases.take(session, NAME, self._owner, LENGTH)
        except DBAPIError:
            logger.warning("the database does not say who listens")
            return None

    def _follow(self, mine: bool) -> None:
        if mine and self._listener is None:
            self._listener = self._make()
            self._listener.start()
        elif not mine and self._listener is not None:
            self._listener.stop()
            self._listener = None
