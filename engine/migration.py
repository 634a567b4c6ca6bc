"""Move running instances to another version of their process; say beforehand which can and why the others cannot.

A version is moved to in one transaction per instance: tokens, data, running timers, message keys, open tasks with
their forms, drafts, assignees and claims all stay; only what comes next is read from the new diagram. The policy
version stays, too. The state before is kept for UNDO_DAYS, or until the next step: so long the move can be undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from engine import clock, definitions, history, instances, vault
from engine.db import Base, Id, Instant
from engine.definitions import Definition
from engine.errors import EngineError, NotPossible
from engine.instances import COLUMNS, Instance, instance, instance_state, of_row
from engine.run.step import Step
from engine.spiff import Live, Misfit, Versions

UNDO_DAYS = 7
AT_ONCE = 200

instance_before = Table(
    "instance_before",
    Base.metadata,
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True),
    Column("definition_id", Integer, ForeignKey("definition.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),  # that the move wrote: as long as it stays, nothing has happened since
    Column("stored", LargeBinary, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("moved_by", Integer),
)


@dataclass(frozen=True)
class Verdict:
    """Whether an instance can go to another version; `misfits` say why not."""

    instance_id: UUID
    version: int
    misfits: tuple[Misfit, ...] = ()

    @property
    def possible(self) -> bool:
        return not self.misfits


@dataclass(frozen=True)
class Preview:
    """Verdicts of a process's running instances: how many can move, and how many each reason holds back."""

    possible: int
    reasons: tuple[tuple[Misfit, int], ...]
    examples: dict[Misfit, UUID]
    last: UUID | None = None
    """Where to look on when the look ended before all were seen."""

    @property
    def refused(self) -> int:
        return sum(number for _, number in self.reasons)


def preview(session: Session, instance_id: UUID, to_definition: int) -> Verdict:
    """Whether one instance can move; nothing is changed. Raises NotPossible when it is over or the target is wrong."""
    row, blob = instances.read(session, instance_id)
    target = _target(session, row, to_definition)
    return Verdict(row.id, row.version, _misfits(session, row, blob, target, _Compared(session)))


def preview_all(
    session: Session,
    to_definition: int,
    unit_paths: Collection[str] = ("/",),
    limit: int | None = None,
    after: UUID | None = None,
) -> Preview:
    """What would become of every instance under way of the process that is not of this version yet.

    Of an instance that several reasons hold back the first counts. `limit` ends the look at that many; the next look
    begins `after` the `last` of this one.
    """
    counted: Counter[Misfit] = Counter()
    examples: dict[Misfit, UUID] = {}
    possible, last = 0, after
    for number, verdict in enumerate(verdicts(session, to_definition, unit_paths, after)):
        if number == limit:
            break
        last = verdict.instance_id
        if verdict.possible:
            possible += 1
        else:
            counted[verdict.misfits[0]] += 1
            examples.setdefault(verdict.misfits[0], verdict.instance_id)
    else:
        last = None
    return Preview(possible, tuple(counted.most_common()), examples, last)


def verdicts(
    session: Session, to_definition: int, unit_paths: Collection[str] = ("/",), after: UUID | None = None
) -> Iterator[Verdict]:
    """One after another in the order of their ids, AT_ONCE rows per statement."""
    target = definitions.get(session, to_definition)
    compared = _Compared(session)
    while rows := _page(session, target, unit_paths, after):
        for row in rows:
            found = of_row(row)
            yield Verdict(
                found.id, found.version, _misfits(session, found, vault.decrypt(row.stored), target, compared)
            )
        after = rows[-1].id


def candidates(session: Session, to_definition: int, unit_paths: Collection[str] = ("/",)) -> list[UUID]:
    """The ids of the instances that `verdicts` would look at."""
    target = definitions.get(session, to_definition)
    query = select(instance.c.id).where(*_others(target, unit_paths)).order_by(instance.c.id)
    return list(session.connection().scalars(query))


def move(session: Session, instance_id: UUID, to_definition: int, by: int | None = None, reason: str = "") -> Verdict:
    """Move one instance; raises NotPossible with every reason. Moved already: nothing happens."""
    row, revision, blob = instances.load(session, instance_id)
    if row.definition_id == to_definition:
        return Verdict(row.id, row.version)
    target = _target(session, row, to_definition)
    compared = _Compared(session)
    _refuse(_misfits(session, row, blob, target, compared))
    adapted = compared.adapted(row, blob, target)
    assert adapted is not None
    instances.save(session, row.id, revision, adapted)
    _pin(session, row.id, target.id, target.version)
    _keep(session, row, revision + 1, blob, by)
    _tell(session, row, "version_moved", by, reason, revision + 1, before=row.version, after=target.version)
    return Verdict(row.id, row.version)


def undo(session: Session, instance_id: UUID, by: int | None = None, reason: str = "") -> int:
    """Take a move back; the version it has again. Raises NotPossible when the instance went on since, or it is late."""
    row, revision, _ = instances.load(session, instance_id)
    query = select(instance_before).where(instance_before.c.instance_id == instance_id)
    before = session.connection().execute(query).first()
    if before is None or before.moved_at < clock.now() - timedelta(days=UNDO_DAYS):
        raise NotPossible(
            f"没有可以撤销的换版：换版后只保留 {UNDO_DAYS} 天。",
            f"There is no move to take back; what was before is kept for {UNDO_DAYS} days.",
        )
    if before.revision != revision or row.state not in instances.UNDER_WAY:
        raise NotPossible(
            "换版以后流程已经往下走了，不能再撤销。", "The instance went on since it was moved; that stays."
        )
    instances.save(session, row.id, revision, vault.decrypt(before.stored))
    _pin(session, row.id, before.definition_id, before.version)
    session.connection().execute(delete(instance_before).where(instance_before.c.instance_id == instance_id))
    _tell(session, row, "version_undone", by, reason, revision + 1, before=row.version, after=before.version)
    return int(before.version)


def can_undo(session: Session, instance_id: UUID) -> bool:
    """Whether `undo` would find the instance as the move left it."""
    return instance_id in undoable(session, (instance_id,))


def undoable(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, int]:
    """The version that each of these would go back to by `undo`, of those that are as the move left them."""
    b, s = instance_before.c, instance_state.c
    query = select(b.instance_id, b.version).where(
        b.instance_id.in_(instance_ids),
        s.instance_id == b.instance_id,
        s.revision == b.revision,
        b.moved_at >= clock.now() - timedelta(days=UNDO_DAYS),
    )
    return {row.instance_id: row.version for row in session.connection().execute(query)}


def forget(session: Session) -> int:
    """Drop the states before of instances that went on, or that were moved long ago; how many."""
    b, s = instance_before.c, instance_state.c
    went_on = select(s.instance_id).where(s.instance_id == b.instance_id, s.revision != b.revision).exists()
    old = b.moved_at < clock.now() - timedelta(days=UNDO_DAYS)
    return session.connection().execute(delete(instance_before).where(or_(old, went_on))).rowcount


class Look:
    """A look at several instances that were read already: which can go to one version."""

    def __init__(self, session: Session, to_definition: int) -> None:
        self._session, self._to = session, to_definition
        self._compared = _Compared(session)

    def require(self, row: Instance, blob: bytes) -> None:
        """Raises NotPossible with every reason why the instance cannot move."""
        target = _target(self._session, row, self._to)
        _refuse(_misfits(self._session, row, blob, target, self._compared))


def _refuse(misfits: tuple[Misfit, ...]) -> None:
    if misfits:
        raise NotPossible("；".join(each.zh for each in misfits), "; ".join(each.en for each in misfits))


class _Compared:
    """Versions compared once each, for many instances."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._known: dict[tuple[str, int, int], Versions] = {}

    def versions(self, row: Instance, target: Definition) -> Versions:
        key = (row.process_id, row.definition_id, target.id)
        if key not in self._known:
            old, new = (definitions.of_definition(self.session, each) for each in key[1:])
            self._known[key] = Versions(row.process_id, old.bundle, new.bundle)
        return self._known[key]

    def adapted(self, row: Instance, blob: bytes, target: Definition) -> bytes | None:
        """The state in the new version; None when it would wait for anything else than it does now."""
        now = Step.looking(self.session, row, blob).live
        there = replace(row, definition_id=target.id, version=target.version)
        try:
            then = Live.taken_over(self.versions(row, target), blob, Step.host_of(self.session, there))
            same = _standing(now) == _standing(then)
        except EngineError:
            return None
        return then.dump() if same else None


def _standing(live: Live) -> tuple[Any, ...]:
    """What rows follow from: it may not change when the version does."""
    waiting = {(w.kind, w.task_id, w.number, w.element_id, w.due_at, w.name, w.key, w.attached_to) for w in live.waits}
    return {(each.id, each.element_id, each.member) for each in live.open_tasks}, waiting


_CHANGED = Misfit(
    "would_change",
    "",
    "换到新版本后等的事会不一样",
    "In the new version it would wait for something else than it does now",
)
_POLICY = Misfit(
    "policy",
    "",
    "新版本没有这个实例所依据的政策版本",
    "The new version lacks the policy set that the instance began with",
)


def _misfits(
    session: Session, row: Instance, blob: bytes, target: Definition, compared: _Compared
) -> tuple[Misfit, ...]:
    found = compared.versions(row, target).misfits(blob)
    if found:
        return found
    old, new = (definitions.of_definition(session, each) for each in (row.definition_id, target.id))
    if old.has_policy(row.policy) and not new.has_policy(row.policy):
        return (_POLICY,)
    return () if compared.adapted(row, blob, target) is not None else (_CHANGED,)


def _target(session: Session, row: Instance, to_definition: int) -> Definition:
    """Raises NotPossible when the instance is over, or the definition is of another process."""
    target = definitions.get(session, to_definition)
    if row.state not in instances.UNDER_WAY:
        raise NotPossible("这个流程已经结束，不能换版本。", "This instance is over; it cannot change its version.")
    if target.process_id != row.process_id:
        raise NotPossible("目标版本属于另一个流程。", "That version belongs to another process.")
    return target


def _others(target: Definition, unit_paths: Collection[str]) -> list[Any]:
    c = instance.c
    within = [(c.unit_path >= path) & (c.unit_path < path[:-1] + "0") for path in unit_paths]
    under_way = c.state.in_(instances.UNDER_WAY)
    return [c.process_id == target.process_id, c.definition_id != target.id, under_way, or_(False, *within)]


def _page(session: Session, target: Definition, unit_paths: Collection[str], after: UUID | None) -> list[Any]:
    query = select(*COLUMNS, instance_state.c.stored).join(
        instance_state, instance_state.c.instance_id == instance.c.id
    )
    query = query.where(*_others(target, unit_paths)).order_by(instance.c.id).limit(AT_ONCE)
    if after is not None:
        query = query.where(instance.c.id > after)
    return list(session.connection().execute(query))


def _pin(session: Session, instance_id: UUID, definition_id: int, version: int) -> None:
    values = {"definition_id": definition_id, "version": version}
    session.connection().execute(update(instance).where(instance.c.id == instance_id).values(**values))


def _keep(session: Session, row: Instance, revision: int, blob: bytes, by: int | None) -> None:
    connection = session.connection()
    connection.execute(delete(instance_before).where(instance_before.c.instance_id == row.id))
    values = {
        "instance_id": row.id,
        "definition_id": row.definition_id,
        "version": row.version,
        "revision": revision,
        "stored": vault.encrypt(blob),
        "moved_at": clock.now(),
        "moved_by": by,
    }
    connection.execute(insert(instance_before), values)


def _tell(
    session: Session, row: Instance, what: str, by: int | None, reason: str, revision: int, *, before: int, after: int
) -> None:
    told = history.row_of(
        what,
        instance_id=row.id,
        who=by,
        element=row.process_id,
        subject_id=row.subject_id,
        unit_path=row.unit_path,
        note=reason or None,
        ids={"before": before, "after": after},
        revision=revision,
    )
    history.write_all(session, [told])


__all__ = [
    "Look",
    "Preview",
    "Verdict",
    "can_undo",
    "candidates",
    "forget",
    "move",
    "preview",
    "preview_all",
    "undo",
    "undoable",
]
