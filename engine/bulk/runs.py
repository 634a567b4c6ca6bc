"""Runs: one operation on many instances, with a verdict per instance, worked off in lane `bulk`.

Each instance is a transaction of its own; what is refused or fails there holds nobody else up. Whoever begins a run
hands over the units that they may operate in, and every instance is checked against them again when its turn comes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text, func, insert, select, update
from sqlalchemy.orm import Session

from engine import clock, db, instances, run, work
from engine.bulk.kinds import KINDS, Asked, Glance, require_within
from engine.db import Base, Document, Id, Instant
from engine.errors import EngineError, NotPossible
from engine.instances import Instance
from engine.work import Item

MOST = 50_000
WAITING, DONE, REFUSED, FAILED = "waiting", "done", "refused", "failed"
WOULD = "would"
"""Of a preview: it would be done."""
GONE = ("没有这个流程。", "There is no such instance.")

bulk_run = Table(
    "bulk_run",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("detail", Document, nullable=False),
    Column("units", Document, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Integer),
    Column("total", Integer, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Index("ix_bulk_run_begun", "begun_at"),
)
bulk_item = Table(
    "bulk_item",
    Base.metadata,
    Column("run_id", Id, primary_key=True),
    Column("instance_id", Id, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("zh", Text),
    Column("en", Text),
    Column("at", Instant),
    Index("ix_bulk_item_state", "run_id", "state"),
)


@dataclass(frozen=True, kw_only=True)
class Run(Asked):
    """What was asked, written down; `total` instances."""

    id: UUID
    total: int
    begun_at: datetime


@dataclass(frozen=True)
class Verdict:
    """What became of one instance, or would; refused and failed ones say why."""

    instance_id: UUID
    state: str
    zh: str | None
    en: str | None


class NoSuchRun(EngineError):
    """There is no such run."""


def begin(
    session: Session,
    kind: str,
    instance_ids: Collection[UUID],
    units: Collection[str],
    reason: str,
    by: int | None = None,
    **detail: Any,
) -> UUID:
    """Write a run down; its work begins after the commit. `kind` and what its `detail` holds: see KINDS.

    Raises NotPossible for nothing, too many, no reason, or nobody who may.
    """
    wanted = list(dict.fromkeys(instance_ids))
    _check(kind, wanted, units, reason)
    run_id, now = db.new_id(), clock.now()
    row = Run(kind, detail, list(units), reason.strip(), by, id=run_id, total=len(wanted), begun_at=now)
    session.connection().execute(insert(bulk_run), row.__dict__)
    items = [{"run_id": run_id, "instance_id": each, "state": WAITING} for each in wanted]
    session.connection().execute(insert(bulk_item), items)
    detail_of_work = {"run": str(run_id)}
    rows = [work.new("operate", ref=each, lane=work.BULK, detail=detail_of_work) for each in wanted]
    work.add_all(session, rows)
    return run_id


def _check(kind: str, wanted: list[UUID], units: Collection[str], reason: str) -> None:
    _check_kind(kind)
    if not units:
        raise NotPossible("没有可以操作的范围。", "There is no unit that may be operated in.")
    if not reason.strip():
        raise NotPossible("请写明原因。", "Say why.")
    if not 1 <= len(wanted) <= MOST:
        raise NotPossible(f"一次选 1 到 {MOST} 个流程。", f"Choose 1 to {MOST} instances at a time.")


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise NotPossible(f"没有「{kind}」这种操作。", f"There is no operation {kind!r}.")


def operate(session: Session, item: Item) -> None:
    """Do a run's operation on one instance and write the verdict down; work of kind `operate`."""
    if item.ref is None:
        return
    asked = get(session, UUID(item.detail["run"]))
    verdict = _verdict(session, item.ref, asked)
    c = bulk_item.c
    written = update(bulk_item).where(c.run_id == asked.id, c.instance_id == item.ref, c.state == WAITING)
    values = {"state": verdict.state, "zh": verdict.zh, "en": verdict.en, "at": clock.now()}
    session.connection().execute(written.values(**values))


def _verdict(session: Session, instance_id: UUID, asked: Run) -> Verdict:
    try:
        with session.begin_nested():
            row = instances.get(session, instance_id)
            require_within(row, asked)
            zh, en = KINDS[asked.kind].does(session, row, asked)
        return Verdict(instance_id, DONE, zh, en)
    except NotPossible as fault:
        return Verdict(instance_id, REFUSED, fault.zh, fault.en)
    except instances.Suspended:
        return Verdict(instance_id, REFUSED, "流程已暂停，先恢复。", "It is suspended; let it go on first.")
    except instances.NoSuchInstance:
        return Verdict(instance_id, REFUSED, *GONE)
    except run.StepFailed as fault:
        return Verdict(instance_id, FAILED, f"走不下去：{fault}"[:1000], f"It could not go on: {fault}"[:1000])


def preview(
    session: Session, kind: str, instance_ids: Collection[UUID], units: Collection[str], **detail: Any
) -> list[Verdict]:
    """What a run would say of these instances (a page of them), `would` or refused; nothing is changed or called.

    Raises NotPossible for a kind that does not exist.
    """
    _check_kind(kind)
    asked = Asked(kind, detail, list(units), "", None)
    found = instances.read_many(session, instance_ids)
    glance = Glance(session, asked, instance_ids)
    return [_foreseen(glance, each, found.get(each)) for each in dict.fromkeys(instance_ids)]


def _foreseen(glance: Glance, instance_id: UUID, stored: tuple[Instance, bytes] | None) -> Verdict:
    if stored is None:
        return Verdict(instance_id, REFUSED, *GONE)
    try:
        require_within(stored[0], glance.asked)
        return Verdict(instance_id, WOULD, *KINDS[glance.asked.kind].would(glance, *stored))
    except NotPossible as fault:
        return Verdict(instance_id, REFUSED, fault.zh, fault.en)
    except EngineError as fault:  # a state that cannot be read is one verdict, not the end of the page
        return Verdict(instance_id, FAILED, f"看不了：{fault}"[:1000], f"It cannot be looked at: {fault}"[:1000])


def get(session: Session, run_id: UUID) -> Run:
    """Read a run; raises NoSuchRun."""
    row = session.connection().execute(select(bulk_run).where(bulk_run.c.id == run_id)).first()
    if row is None:
        raise NoSuchRun(str(run_id))
    return Run(**row._mapping)


def recent(session: Session, by: int | None = None, limit: int = 20) -> list[Run]:
    """The last runs, of one person if said, newest first."""
    query = select(bulk_run).order_by(bulk_run.c.begun_at.desc(), bulk_run.c.id.desc()).limit(limit)
    if by is not None:
        query = query.where(bulk_run.c.by == by)
    return [Run(**row._mapping) for row in session.connection().execute(query)]


def progress(session: Session, run_id: UUID) -> dict[str, int]:
    """How many instances of a run are in each state."""
    c = bulk_item.c
    rows = session.connection().execute(select(c.state, func.count()).where(c.run_id == run_id).group_by(c.state))
    return dict.fromkeys((WAITING, DONE, REFUSED, FAILED), 0) | {row.state: row[1] for row in rows}


def verdicts(
    session: Session, run_id: UUID, state: str | None = None, limit: int = 500, after: UUID | None = None
) -> list[Verdict]:
    """Verdicts of a run in the order of ids, of one `state` if said; `after` is the id of the last one seen."""
    c = bulk_item.c
    query = select(c.instance_id, c.state, c.zh, c.en).where(c.run_id == run_id).order_by(c.instance_id).limit(limit)
    if state is not None:
        query = query.where(c.state == state)
    if after is not None:
        query = query.where(c.instance_id > after)
    return [Verdict(row.instance_id, row.state, row.zh, row.en) for row in session.connection().execute(query)]
