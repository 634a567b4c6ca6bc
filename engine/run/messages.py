"""A BPMN message reaches who awaits it, or begins who is begun by it.

Who awaits the name and key goes first; nobody there: the processes whose newest version begins with the message;
none: what the domain says (`operations.unclaimed`); else the message is kept for its time to live. When several are
meant, each gets it in a transaction of its own, by work of kind `message`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from engine import clock, db, definitions, failpoints, incoming, operations, vault, waits, work
from engine.definitions import Definition
from engine.definitions.tables import definition
from engine.incoming import incoming as events
from engine.instances import COLUMNS, STATE_COLUMNS, instance, instance_state, of_locked_row
from engine.kept import Kept
from engine.run.faults import call_a_person
from engine.run.starting import begin
from engine.run.step import Step
from engine.waits import wait

_AWAITING = (
    select(*COLUMNS, *STATE_COLUMNS, wait.c.token_id, wait.c.number, wait.c.element)
    .select_from(wait)
    .join(instance, instance.c.id == wait.c.instance_id)
    .join(instance_state, instance_state.c.instance_id == wait.c.instance_id)
    .where(wait.c.name == bindparam("wanted"), wait.c.key == bindparam("by"), wait.c.kind == waits.MESSAGE)
    .order_by(instance.c.id, wait.c.token_id)
    .with_for_update(of=instance_state)
)
_READ = select(events, select(func.max(definition.c.turn)).scalar_subquery().label("newest")).where(
    events.c.id == bindparam("wanted"), events.c.state == "waiting"
)
_HANDLED = (
    update(events)
    .where(events.c.id == bindparam("this"))
    .values(
        state=bindparam("became"),
        handled_at=bindparam("moment"),
        instance_id=bindparam("led_to"),
        name=bindparam("called"),
        key=bindparam("correlated"),
        expires_at=bindparam("until"),
    )
)


@dataclass(frozen=True)
class Published:
    """Whom a message reached. `instances` were moved or begun now; `queued` will get it by work of their own."""

    instances: tuple[UUID, ...] = ()
    queued: int = 0

    @property
    def reached(self) -> bool:
        return bool(self.instances or self.queued)


def publish(
    session: Session,
    name: str,
    key: str | None,
    payload: dict[str, Any],
    incoming_id: UUID | None = None,
    lane: str = work.NORMAL,
) -> Published:
    """Deliver a message now; nobody there: it is kept (when it has an incoming row) or begins what the domain says."""
    return _publish(session, incoming.Message(name, payload, key), incoming_id, lane, definitions.newest(session))


def _publish(
    session: Session, message: incoming.Message, incoming_id: UUID | None, lane: str, newest: int
) -> Published:
    awaiting = [] if message.key is None else _awaiting(session, message.name, message.key)
    if len({row.id for row in awaiting}) == 1:
        _deliver(session, awaiting, message)
        return Published((awaiting[0].id,))
    starts = [] if awaiting else _started_by(session, message.name, newest)
    if len(starts) == 1:
        return Published((begin(session, starts[0], message.data, message.key, None, message.name)[0],))
    if awaiting or starts:
        return _fan_out(session, message, incoming_id, lane, awaiting, starts)
    return _unclaimed(session, message, lane)


def _awaiting(session: Session, name: str, key: str) -> list[Any]:
    return list(session.connection().execute(_AWAITING, {"wanted": name, "by": key}).all())


def _deliver(session: Session, rows: list[Any], message: incoming.Message) -> None:
    """Give a message to every wait of one instance, in the order in which they began; each gets it if still there."""
    first = rows[0]
    step = Step.restore(session, of_locked_row(first), first.revision, vault.decrypt(first.stored), None)
    meant = {(row.token_id, row.number) for row in rows}
    with step.moving():
        for each in [wait for wait in step.live.waits if (wait.task_id, wait.number) in meant]:
            if step.live.deliver(each.task_id, message.data, each.number):  # else a timer took it away just now
                step.note("message", each.element_id, name=message.name)
    step.write()


_starts: Kept[str, tuple[int, list[Definition]]] = Kept()


def _started_by(session: Session, name: str, newest: int) -> list[Definition]:
    """`definitions.started_by`, read again only when something was deployed since."""
    starts = _starts.of(session)
    known = starts.get(name)
    if known is None or known[0] != newest:
        known = starts[name] = (newest, definitions.started_by(session, name))
    return known[1]


def _fan_out(
    session: Session,
    message: incoming.Message,
    incoming_id: UUID | None,
    lane: str,
    awaiting: list[Any],
    starts: list[Definition],
) -> Published:
    if incoming_id is None:
        row = incoming.message_row(message.name, message.key, message.data, event_id=str(db.new_id()), lane=lane)
        incoming.write_messages(session, [row | {"state": "handled"}])
        incoming_id = row["id"]
    instances = dict.fromkeys(row.id for row in awaiting)
    targets: list[dict[str, Any]] = [{"instance": str(each)} for each in instances]
    targets += [{"definition": each.id} for each in starts]
    called = {"name": message.name, "key": message.key}
    rows = [work.new("message", ref=incoming_id, lane=lane, detail=called | each) for each in targets]
    work.add_all(session, rows)
    failpoints.reach("message.fanned_out")
    return Published((), len(rows))


def _unclaimed(session: Session, message: incoming.Message, lane: str) -> Published:
    instead = operations.unclaimed(session, message.name, message.key, message.data)
    if instead is not None:
        process_id, data = instead  # without the message's key: two messages about one elder are two instances
        return Published((begin(session, definitions.current(session, process_id), data, None)[0],))
    if lane == work.ALARM:
        call_a_person(session, "nobody_takes_it", message.name, message.key, message.data)
    return Published()


def handle(session: Session, incoming_id: UUID) -> Published:
    """Act on an incoming row, once; work of kind `incoming`."""
    row = session.connection().execute(_READ, {"wanted": incoming_id}).first()
    if row is None:
        return Published()
    message = _message(session, row)
    if message is None:
        _handled(session, row, None, Published(), "handled")
        return Published()
    published = _publish(session, message, row.id, row.lane, row.newest or 0)
    _handled(session, row, message, published, "handled" if published.reached else "kept")
    return published


def _message(session: Session, row: Any) -> incoming.Message | None:
    if row.kind == incoming.MESSAGE:
        return incoming.Message(row.name, row.payload["payload"], row.key)
    translated, message = incoming.translate(session, row.kind, row.payload)
    return message if translated else incoming.Message(row.kind, row.payload, row.event_id)


def _handled(session: Session, row: Any, message: incoming.Message | None, published: Published, state: str) -> None:
    now = clock.now()
    until = row.expires_at or (None if message is None else row.stored_at + message.time_to_live)
    values = {
        "this": row.id,
        "became": state,
        "moment": now,
        "led_to": published.instances[0] if published.instances else None,
        "called": None if message is None else message.name,
        "correlated": None if message is None else message.key,
        "until": until,
    }
    session.connection().execute(_HANDLED, values)


def deliver_to(session: Session, incoming_id: UUID, target: dict[str, Any]) -> None:
    """Give a message to one of several who were meant; work of kind `message`."""
    row = session.connection().execute(select(events).where(events.c.id == incoming_id)).one()
    message = _message(session, row)
    if message is None:
        return
    if "definition" in target:
        version = definitions.get(session, target["definition"])
        begin(session, version, message.data, message.key, None, message.name)
        return
    awaiting = _awaiting(session, target["name"], target["key"])
    rows = [each for each in awaiting if str(each.id) == target["instance"]]
    if rows:
        _deliver(session, rows, message)
