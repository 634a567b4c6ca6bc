"""What I began (我发起的) and what was copied to me (抄送我的): two tabs beside 待办 and 已办, paged by key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from care import people
from care.people import Person
from engine import db, definitions, instances, tasks
from engine.instances import instance
from engine.tasks import TaskRow, words
from web import briefs
from web.briefs import Brief
from web.language import N_, gettext
from web.pages import page
from web.signed_in import me
from web.worklist import TABS, Item, items_of

bp = Blueprint("task_lists", __name__)
PAGE = 40  # rows
LARGEST_NUMBER = 2**63 - 1  # of a copy
STATES = {
    instances.LIVE: N_("办理中"),
    instances.SUSPENDED: N_("已暂停"),
    instances.ENDED: N_("已办结"),
    instances.CANCELLED: N_("已取消"),
}


@dataclass(frozen=True)
class Begun:
    """A process that this person began: its name, where it stands, and the most pressing of its open tasks."""

    id: UUID
    name: str
    state: str
    started_at: datetime
    now: TaskRow | None
    holder: str
    elder: Brief | None


@dataclass(frozen=True)
class Copied:
    """A task that this person has a copy of, who gave it, and whether it was read."""

    item: Item
    who: str
    at: datetime
    mentioned: bool
    is_new: bool


@bp.get("/tasks/started")
def started() -> ResponseReturnValue:
    with db.reading() as session:
        rows, after = begun(session, me(), request.args.get("after", ""))
    more = url_for("task_lists.started", after=after) if after else ""
    return page("worklist/started.html", rows=rows, more=more, **_frame("started", len(rows)))


def begun(session: Session, person: Person, after: str) -> tuple[list[Begun], str]:
    """A page of what the person began, newest first, and what asks for the next one ("" on the last)."""
    rows = _begun_by(session, person, _after(after))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return _as_begun(session, rows[:PAGE]), f"{last.started_at.isoformat()}_{last.id}" if last else ""


@bp.get("/tasks/copied")
def copied() -> ResponseReturnValue:
    with db.reading() as session:
        rows, after = copies(session, me(), request.args.get("after", ""))
    more = url_for("task_lists.copied", after=after) if after else ""
    return page("worklist/copied.html", rows=rows, more=more, **_frame("copied", len(rows)))


def copies(session: Session, person: Person, after: str) -> tuple[list[Copied], str]:
    """A page of what was copied to the person, newest first, and what asks for the next one ("" on the last)."""
    found = words.copies(session, person.id, _before(after), PAGE + 1)
    items = {item.task.id: item for item in items_of(session, person, [each.task for each in found[:PAGE]])}
    names = people.names(session, {each.who for each in found})
    rows = [
        Copied(
            items[each.task.id],
            names.get(each.who, "—"),
            each.at,
            each.kind == words.MENTION,
            each.read_at is None,
        )
        for each in found[:PAGE]
    ]
    return rows, str(found[PAGE - 1].number) if len(found) > PAGE else ""


def _frame(tab: str, count: int) -> dict[str, Any]:
    return {"tab": tab, "tabs": TABS, "count": count}


def _after(text: str) -> tuple[datetime, UUID] | None:
    at, _, last = text.partition("_")
    try:
        found = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return found if found[0].tzinfo else None


def _before(text: str) -> int | None:
    asked = int(text) if text.isascii() and text.isdecimal() else 0
    return asked if 0 < asked <= LARGEST_NUMBER else None


def _begun_by(session: Session, person: Person, after: tuple[datetime, UUID] | None) -> list[instances.Instance]:
    c = instance.c
    query = select(*instances.COLUMNS).where(c.started_by == person.id)
    if after is not None:
        query = query.where(tuple_(c.started_at, c.id) < after)
    rows = session.connection().execute(query.order_by(c.started_at.desc(), c.id.desc()).limit(PAGE + 1))
    return [instances.of_row(row) for row in rows]


def going_on(session: Session, instance_id: UUID) -> list[tuple[TaskRow, str]]:
    """The open tasks of an instance, the most pressing first, with the name of whom each is given to ("": a post)."""
    rows = tasks.open_of(session, [instance_id]).get(instance_id, [])
    names = people.names(session, {each.assignee_id for each in rows if each.assignee_id is not None})
    return [(each, names.get(each.assignee_id or 0, "")) for each in rows]


def _as_begun(session: Session, rows: Collection[instances.Instance]) -> list[Begun]:
    standing = tasks.open_of(session, [row.id for row in rows])
    first = {each: found[0] for each, found in standing.items()}
    names = people.names(session, {each.assignee_id for each in first.values() if each.assignee_id is not None})
    elders = briefs.of_elders(session, me(), {row.subject_id for row in rows if row.subject_id is not None})
    drawn = {row.id: definitions.of_definition(session, row.definition_id).processes[row.process_id] for row in rows}
    return [
        Begun(
            row.id,
            drawn[row.id].name or row.process_id,
            gettext(STATES[row.state]),
            row.started_at,
            now := first.get(row.id),
            names.get(now.assignee_id or 0, "") if now else "",
            elders.get(row.subject_id or 0),
        )
        for row in rows
    ]
