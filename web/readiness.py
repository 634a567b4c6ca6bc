"""Whether the program can do its work now, check by check, with what to do: for `/ready` and `visitflow ready`.

Each check answers "" when all is well. `of` names whose readiness is asked: the pages need database, tables, a bundle
and keys; a whole city also workers for every lane and a connected listener. Reasons name no host and no secret.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from engine import db, jobs, vault, work
from engine.definitions.tables import definition
from engine.instances import instance_state
from engine.jobs import parts
from web.commands_database import newest_revision, revision

CITY, WEB, WORKER, LISTENER = "city", "web", "worker", "listener"
PARTS = (CITY, WEB, WORKER, LISTENER)


@dataclass(frozen=True)
class Checked:
    """One check; `reason` is a sentence in both languages, "" when it holds."""

    name: str
    reason: str

    @property
    def ok(self) -> bool:
        return not self.reason


def of(part: str = CITY) -> list[Checked]:
    """The checks that this part needs; the rest is left out once the database does not answer."""
    found = [_checked("database", _database)]
    if not found[0].ok:
        return found
    found.append(_checked("tables", _tables))
    if not found[1].ok:
        return found
    found += [_checked("bundle", _bundle), _checked("keys", _keys)]
    if part == CITY:
        found += [_checked("workers", _workers), _checked("listener", _listener)]
    elif part != WEB:
        found.append(_checked(part, lambda: _here(part)))
    return found


def _checked(name: str, check: Callable[[], str]) -> Checked:
    try:
        return Checked(name, check())
    except Exception as fault:
        return Checked(name, f"查不了 · could not be looked at: {type(fault).__name__}")


def _database() -> str:
    """A row is written: a disk that is full or a standby that only reads is found."""
    try:
        jobs.beat(parts.PROBE)
    except DBAPIError as fault:
        if revision() is None:
            return "数据库还没有表，请运行 visitflow db upgrade · there are no tables, run visitflow db upgrade"
        return f"数据库写不进 · the database cannot be written: {type(fault).__name__}"
    return ""


def _tables() -> str:
    found, wanted = revision(), newest_revision()
    if found == wanted:
        return ""
    return (
        f"数据表是 {found} 版，程序要 {wanted} 版，请运行 visitflow db upgrade"
        f" · tables are at {found}, the program wants {wanted}: run visitflow db upgrade"
    )


def _bundle() -> str:
    with db.reading() as session:
        if session.connection().execute(select(definition.c.id).limit(1)).first() is not None:
            return ""
    return "还没有部署流程，请运行 visitflow deploy processes · nothing is deployed: run visitflow deploy processes"


def _keys() -> str:
    """The key reads what the database holds (or at least what it wrote itself)."""
    with db.reading() as session:
        stored = session.connection().execute(select(instance_state.c.stored).limit(1)).scalar()
    try:
        vault.decrypt(stored or vault.encrypt(b"ready"))
    except vault.CannotDecrypt:
        return "数据密钥不是这个数据库的 · the data key does not belong to this database"
    return ""


def _workers() -> str:
    with db.reading() as session:
        alive = jobs.alive(session, parts.WORKER)
    served = {lane for each in alive for lane in each.facts.get("lanes") or work.LANES}
    missing = [lane for lane in work.LANES if lane not in served]
    return f"没有进程在做 · nobody works in lane {', '.join(missing)}" if missing else ""


def _listener() -> str:
    with db.reading() as session:
        alive = jobs.alive(session, parts.LISTENER)
    if not alive:
        return "设备接收没有运行 · no device listener is running"
    if not any(all((each.facts.get("connected") or {"": False}).values()) for each in alive):
        return "设备接收没有连上 MQTT · the device listener is not connected to the broker"
    return ""


def _here(part: str) -> str:
    """A part of this kind on this machine (in this container) is alive."""
    with db.reading() as session:
        here = [each for each in jobs.alive(session, part) if each.owner.partition(":")[0] == socket.gethostname()]
    return "" if here else f"这台机器上的 {part} 没有动静 · no {part} of this machine gives a sign of life"
