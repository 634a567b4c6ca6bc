"""The stream of events as a city runs it: `visitflow stream` is a process of its own, beside Redis."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import pytest
import requests

from care import people
from engine import db, settings
from engine.db import Database
from tests.builders import a_city
from tests.faults.program import CHECKOUT, COMMAND
from tests.faults.servers import Missing, Redis, wait_for_port
from tests.web.conftest import PASSWORD, Browser, a_task
from web import streams

pytestmark = [pytest.mark.servers, pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis(free_port())
    try:
        server.start()
    except Missing as missing:
        if settings.environment("VISITFLOW_TEST_SERVICES") == "required":
            raise
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture
def stream(database: Database, redis: Redis) -> Iterator[str]:
    """The address of the stream of this database; its process is told to stop and does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITFLOW_")}
    environment = inherited | {
        "VISITFLOW_HOME": str(settings.settings().home),
        "VISITFLOW_DATA_KEY": os.environ["VISITFLOW_DATA_KEY"],
        "VISITFLOW_DATABASE_URL": database.url,
        "VISITFLOW_REDIS_URL": redis.url,
    }
    port = free_port()
    process = subprocess.Popen(
        [str(COMMAND), "stream", "--port", str(port)], env=environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL
    )
    wait_for_port(port, 60)
    yield f"http://127.0.0.1:{port}{streams.ADDRESS}"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


class Page:
    """An open page of somebody who is signed in: the numbers of what it heard."""

    def __init__(self, address: str, site: Browser, user: str) -> None:
        site.sign_in(user)
        cookie = site.client.get_cookie("visitflow")
        assert cookie is not None
        site.client.delete_cookie("visitflow")
        self.heard: list[int] = []
        self.bell = Event()
        self._answer = requests.get(address, cookies={"visitflow": cookie.value}, stream=True, timeout=60)
        assert self._answer.status_code == 200
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(requests.RequestException):  # cut off when the process stops
            for line in self._answer.iter_lines(chunk_size=1):
                if line.startswith(b"id: "):
                    self.heard.append(int(line[4:]))
                    self.bell.set()

    def hears_of(self, happens: Callable[[], Any]) -> int:
        """Have it happen, again and again until the page has heard of it (the first look only learns what there is)."""
        for _ in range(30):
            happens()
            if self.bell.wait(2):
                return self.heard[0]
        raise AssertionError("not heard")


def test_one_hears_of_a_new_task_of_ones_own_and_not_of_anothers(
    site: Browser, database: Database, stream: str
) -> None:
    with db.writing() as session:
        places = [a_city(session) for _ in range(2)]
        for city in places:
            city.staff["village_desk"].password_hash = people.hashed(PASSWORD)
        session.flush()
        paths = [city.village.path for city in places]
        users = [city.staff["village_desk"].user_name for city in places]
    assert requests.get(stream, timeout=60).status_code == 401, "nobody listens without a sign-in"
    mine, theirs = (Page(stream, site, user) for user in users)

    def opened(path: str) -> Callable[[], None]:
        def happens() -> None:
            with db.writing() as session:
                a_task(session, "village_desk", path)

        return happens

    first = mine.hears_of(opened(paths[0]))
    later = theirs.hears_of(opened(paths[1]))

    assert first < later, "the other page heard nothing before its own"
    assert all(each < later for each in mine.heard)
