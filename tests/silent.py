"""A fixture for tests that play diagrams: no step may open a connection; what is for outside is sent after the commit.

    from tests.silent import nothing_calls_out

Python's sockets refuse; the drivers of the databases have their own.
"""

from __future__ import annotations

import socket
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True)
def nothing_calls_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **named: Any) -> NoReturn:
        raise AssertionError("a step called out")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
