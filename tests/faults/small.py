"""A small product in one process, for faults that need an exact moment: `Child` forks it, its ledger comes by a pipe.

The process `p` begins with an event of a device, counts, asks the outside, waits for a time, opens a task, counts again
and tells two others by message. The child sends events (each twice, as devices do), as the listener stores and confirms
them, finishes the tasks, and prints what was acknowledged: `event ID`, `done TASK`, `sent KEY`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy.exc import SQLAlchemyError

from connectors.mqtt import Address, Lane, _Message
from engine import db, failpoints, history, incoming, jobs, outgoing, run, tasks
from engine.incoming import Admission, Message
from engine.operations import Step, operation
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, deploy, urgent

NAMESPACE = UUID(int=9)
Say = Callable[[str], None]


@incoming.admits("device")
def admit(session: db.Session, events: Sequence[incoming.Event]) -> list[Admission]:
    return [_admission(event) for event in events]


def _admission(event: incoming.Event) -> Admission:
    if event.kind != "device.sos":
        return Admission("refused", "no cry for help")
    return Admission(lane="alarm", device=event.payload["device"])


@incoming.translates("device.sos")
def begins(session: db.Session, event: dict[str, Any]) -> Message:
    return Message("small.begin", {"number": event["id"]}, key=event["id"])


@operation("small.count")
def count(session: db.Session, step: Step) -> None:
    """A row for each call that was committed; now and then it fails, so that failures are written down too."""
    if secrets.randbelow(25) == 0:
        raise ValueError("not now")
    history.write(session, step.instance_id, None, "counted")


said: list[Say] = []


@outgoing.delivers("small.outside", ("number",))
def outside(payload: dict[str, Any], key: str) -> dict[str, Any]:
    for say in said:
        say(f"sent {key}")
    return {"ok": True}


def name_of(url: str) -> str:
    """What a reader calls this database."""
    return "PostgreSQL" if url.startswith("postgresql") else "SQLite"


def tables(url: str) -> None:
    """Empty tables and the diagrams, in a process of its own."""
    opened = db.open_database(url)
    db.Base.metadata.create_all(opened.engine)
    first = Drawing("p").start("start", message="small.begin").service("s", "small.count")
    first.service("ask", "small.outside", wait="true", number="number").catch("pause", after="PT1S").user("a", **TASK)
    first.service("t", "small.count").throw("tell", message="small.told")
    first.path("start", "s", "ask", "pause", "a", "t", "tell", "end")
    told = [
        Drawing(name).start("start", message="small.told").service("u", "small.count").path("start", "u", "end")
        for name in ("q", "r")
    ]
    deploy(*told, files={"p.bpmn": urgent(first)})


def live(
    url: str,
    first: int,
    say: Say,
    load: bool = True,
    pause_seconds: float = 0.1,
    sending: threading.Event | None = None,
) -> None:
    """Workers, the door and a person, until the process ends; events come while `sending` is set (None: always)."""
    own_name()
    db.open_database(url)
    said.append(say)
    jobs.start_workers()
    if load:
        threading.Thread(target=_send, args=(first, say, 1_000_000, pause_seconds, sending), daemon=True).start()
    threading.Thread(target=_finish, args=(say,), daemon=True).start()
    threading.Event().wait()


def own_name() -> None:
    """A name of its own for this process: the program's was made before the fork."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    for module in list(sys.modules.values()):
        if getattr(module, "OWNER", None) is not None and module.__name__.startswith("engine."):
            module.OWNER = owner  # type: ignore[attr-defined]


def feed(url: str, first: int, count: int, say: Say) -> None:
    """So many events, and no workers."""
    db.open_database(url)
    _send(first, say, count)


def _send(first: int, say: Say, count: int, pause_seconds: float = 0.1, sending: threading.Event | None = None) -> None:
    """Events through the listener's own lane, with a broker that only notes what it is told."""
    lane = Lane("event", Address("127.0.0.1", 1), {"event": 1}, lambda heard: None)
    lane._client = SimpleNamespace(  # type: ignore[assignment]
        publish=lambda topic, body, qos: say(f"event {orjson.loads(body)['id']}"), ack=lambda mid, qos: None
    )
    for number in range(first, first + count):
        if sending is not None and not sending.is_set():
            return
        body = orjson.dumps({"id": f"e{number}", "device": "d", "type": "sos", "time": 1_790_000_000_000 + number})
        for _ in range(2):
            lane._read(_Message(0, number, 1, "care/v1/s/d/event", body))
        lane._store(lane._waiting.batch())
        time.sleep(pause_seconds)


def _finish(say: Say) -> None:
    while True:
        time.sleep(0.02)
        with db.reading() as session:
            rows = [row for row in tasks.find(session, limit=100).rows if row.instance_id is not None]
        for row in rows:
            with contextlib.suppress(tasks.TaskNotOpen, run.StepFailed, SQLAlchemyError):
                with jobs.transaction() as session:
                    run.complete_task(session, row.id, {"ok": "yes"}, 1, uuid5(NAMESPACE, str(row.id)))
                say(f"done {row.id}")


class Child:
    """The small product in a forked process. `armed`: (point, times, what happens there)."""

    def __init__(self, work: Callable[[Say], None], armed: tuple[str, int, Callable[[], None]] | None = None) -> None:
        self.lines: list[str] = []
        get, put = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(get)
            try:
                if armed:
                    failpoints.arm(*armed)
                work(lambda line: os.write(put, f"{line}\n".encode()) and None)
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        os.close(put)
        self._reader = threading.Thread(target=self._read, args=(get,), daemon=True)
        self._reader.start()
        self.status: int | None = None

    def _read(self, get: int) -> None:
        with os.fdopen(get, "rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    self.lines.append(line.decode().rstrip())

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def wait(self, patience_seconds: float) -> bool:
        """Whether it ended by itself in that time."""
        until = time.monotonic() + patience_seconds
        while not self.ended() and time.monotonic() < until:
            time.sleep(0.01)
        if self.ended():
            self._reader.join(5)
        return self.ended()

    def kill(self) -> None:
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            self.wait(10)

    def said(self, kind: str) -> list[str]:
        return [line.partition(" ")[2] for line in list(self.lines) if line.startswith(f"{kind} ")]
