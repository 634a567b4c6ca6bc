"""The stream of events for pages of a city: one small ASGI process tells browsers that something of theirs changed.

It tells no more than that: the page then asks for its list again, with its own check of rights. What changed is read
from the tables, twice a second and once for all listeners, so nothing is lost when Redis is away; what commits late is
still seen for ten seconds. A stream ends when its sign-in does, and says something every 15 s, so that proxies keep it.
On one machine (no Redis) there is no such process: pages ask every few seconds instead.

    visitflow stream --port 8001        behind the proxy at /events/stream

Source: architecture §4; frontend §7.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from sqlalchemy import Select, null, select

from care import organisation, people
from care.people import Person
from engine import db
from engine.history import history
from engine.settings import settings
from engine.tasks import task
from web import sessions

logger = logging.getLogger(__name__)

ADDRESS = "/events/stream"
LOOKS_EVERY = 0.5  # seconds
STILL_HERE = 15.0  # seconds between signs of life
LATE_COMMITS = 10.0  # seconds for which a row may turn up after younger ones
MOST = 5000  # listeners of one process
_ROWS = 5000

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


@dataclass(eq=False)
class Listener:
    """One open page: whose it is, and a bell that is rung when something of theirs changed."""

    token: str
    person: Person
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def concerns(self, path: str, person_id: int | None) -> bool:
        own = person_id == self.person.id
        return own or any(organisation.is_within(path, post.unit_path) for post in self.person.posts)


Change = tuple[str, int | None]  # unit path, whose task


class Watch:
    """What changed since the last look: new tasks by their id, which rises with time, and new rows of the history."""

    def __init__(self) -> None:
        self.number = 0
        self._seen: dict[Any, float] = {}
        self._marks: list[tuple[float, int]] = []  # when, and how far the history reached

    def look(self) -> list[Change]:
        """Changes not told before; the first look only learns where things stand."""
        now, first = time.time(), not self._marks
        with db.reading() as session:
            rows = [*session.connection().execute(_new_tasks(now)), *session.connection().execute(self._told())]
        fresh = [row for row in rows if row.id not in self._seen]
        self._seen |= {row.id: now for row in fresh}
        reached = max((row.id for row in rows if isinstance(row.id, int)), default=0)
        self._marks.append((now, max(reached, self._marks[-1][1] if self._marks else 0)))
        self._forget(now)
        if first or not fresh:
            return []
        self.number += 1
        return [(row.unit_path, row.assignee_id) for row in fresh if row.unit_path]

    def _told(self) -> Select[Any]:
        """Rows of the history behind the oldest mark, the newest first; at the first look only the newest."""
        c = history.c
        asked = select(c.id, c.unit_path, null().label("assignee_id")).order_by(c.id.desc())
        return asked.where(c.id > self._marks[0][1]).limit(_ROWS) if self._marks else asked.limit(1)

    def _forget(self, now: float) -> None:
        """What is older than any late commit; one mark always stays."""
        while len(self._marks) > 1 and now - self._marks[1][0] > LATE_COMMITS:
            self._marks.pop(0)
        for key in [key for key, at in self._seen.items() if now - at > 2 * LATE_COMMITS]:
            del self._seen[key]


def _new_tasks(now: float) -> Select[Any]:
    """Tasks of the last seconds, by the time that stands in their ids."""
    since = UUID(int=max(0, int((now - LATE_COMMITS) * 1000)) << 80)
    c = task.c
    return select(c.id, c.unit_path, c.assignee_id).where(c.id > since).order_by(c.id.desc()).limit(_ROWS)


class Streams:
    """The ASGI application."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.listeners: set[Listener] = set()
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(_open)
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._watching is not None:
                    self._watching.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"] == "/health":
            return await _plain(send, 200)
        if scope["path"] != ADDRESS or scope["method"] != "GET":
            return await _plain(send, 404)
        token = _token(headers.get("cookie", ""))
        person = await asyncio.to_thread(_person, token) if token else None
        if token is None or person is None:
            return await _plain(send, 401)
        if len(self.listeners) >= MOST:
            return await _plain(send, 503)
        listener = Listener(token, person)
        if headers.get("last-event-id"):
            listener.bell.set()  # it was away: something may have changed meanwhile
        self.listeners.add(listener)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._keep_watching())
        try:
            await self._tell(listener, receive, send)
        finally:
            self.listeners.discard(listener)

    async def _tell(self, listener: Listener, receive: Receive, send: Send) -> None:
        head = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"retry: 3000\n\n", "more_body": True})
        gone = asyncio.create_task(_until_gone(receive))
        try:
            while not gone.done():
                rung = asyncio.create_task(listener.bell.wait())
                await asyncio.wait({rung, gone}, timeout=STILL_HERE, return_when=asyncio.FIRST_COMPLETED)
                rung.cancel()
                if gone.done():
                    return
                if not listener.bell.is_set():
                    found = await asyncio.to_thread(_person, listener.token)
                    if found is None:  # signed out, revoked or over
                        break
                    listener.person = found  # posts may have changed
                body = f"id: {self.watch.number}\nevent: changed\ndata: {{}}\n\n" if listener.bell.is_set() else ":\n\n"
                listener.bell.clear()
                await send({"type": "http.response.body", "body": body.encode(), "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _keep_watching(self) -> None:
        while self.listeners:
            try:
                self.ring(await asyncio.to_thread(self.watch.look))
            except Exception:
                logger.exception("the stream could not look for changes; it tries again")
            await asyncio.sleep(LOOKS_EVERY)

    def ring(self, changes: Iterable[Change]) -> None:
        """Ring at everybody whom one of the changes concerns."""
        distinct = set(changes)
        for listener in self.listeners:
            if any(listener.concerns(path, person_id) for path, person_id in distinct):
                listener.bell.set()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _plain(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b""})


def _open() -> None:
    """Open the database of this process, unless it is open already (tests)."""
    try:
        db.database()
    except Exception:
        db.open_database()


@cache
def _cookies() -> Any:
    """What reads the session cookies of the pages: the same key, nothing else of the site."""
    from web.app import secret_key

    app = Flask(__name__)
    app.config["SECRET_KEY"] = secret_key()
    return SecureCookieSessionInterface().get_signing_serializer(app)


def _token(header: str) -> str | None:
    """The token of the sign-in in a Cookie header, None without one or with a wrong signature."""
    with contextlib.suppress(BadSignature, Exception):
        jar: SimpleCookie = SimpleCookie(header)
        if "visitflow" in jar:
            found = _cookies().loads(jar["visitflow"].value, max_age=int(sessions.LASTS.total_seconds()))
            token: str | None = found.get("_user_id")
            return token
    return None


def _person(token: str) -> Person | None:
    with db.reading() as session:
        person_id = sessions.person_of(session, token)
        return people.person(session, person_id) if person_id is not None else None


def address() -> str:
    """Where pages listen; empty on one machine, where they ask instead."""
    return ADDRESS if settings().redis_url else ""


application = Streams()
