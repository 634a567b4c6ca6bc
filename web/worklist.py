"""The worklist: urgent on top with the time left, then today, this week, later.

One question to the tasks, three for the elders, places and emergencies of all rows. The list asks for itself again
(20 s on phones, 5 s on desks); app.js renews the rows that are shown and keeps new ones behind «新来 N 条，显示», so
nothing moves while read.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from care import access, roles, roles_of
from care.cases import KINDS, Case
from care.people import Person
from engine import clock, db, tasks
from engine.tasks import LAST_RANK, Page, TaskRow
from web import briefs
from web.briefs import Seen
from web.language import N_, gettext, language, translated
from web.pages import OF_TASKS, PHONE, Entry, fragment, page, shell_of
from web.signed_in import me
from web.words import moment

bp = Blueprint("worklist", __name__)
navigation = [Entry("worklist.index", N_("我的待办"), "tasks", order=20, below=OF_TASKS)]

PAGE = 40  # rows
GROUPS = {"urgent": N_("紧急"), "late": N_("已超期"), "today": N_("今天要办"), "week": N_("本周"), "later": N_("以后")}
TABS = {"open": N_("待办"), "done": N_("已办"), "started": N_("我发起的"), "copied": N_("抄送我的")}


@dataclass(frozen=True)
class Item:
    """A row of the list: the task, its elder as far as this person may read, and who gets it next."""

    task: TaskRow
    elder: Seen | None
    unit: str
    why: str
    who: str  # the elder with age and how they live, or the unit
    about: str = ""  # the kind of emergency that the task belongs to

    @cached_property
    def group(self) -> str:
        return group_of(self.task)


@bp.get("/tasks")
def index() -> ResponseReturnValue:
    return page("worklist/list.html", **_values())


@bp.get("/tasks/rows")
def rows() -> ResponseReturnValue:
    """The list again, for the page that shows it."""
    return fragment("worklist/rows.html", **_values())


def _values() -> dict[str, Any]:
    person = me()
    tab = request.args.get("tab", "open")
    tab = tab if tab in ("open", "done") else "open"
    with db.reading() as session:
        found = _done(session, person) if tab == "done" else _open(session, person)
        items = items_of(session, person, found.rows)
    groups: dict[str, list[Item]] = {name: [] for name in GROUPS} if tab == "open" else {}
    for item in items if groups else ():
        groups[item.group].append(item)
    after = packed(found.after)
    return {
        "tab": tab,
        "tabs": TABS,
        "items": items,
        "groups": groups,
        "titles": GROUPS,
        "more": url_for("worklist.index", tab=tab, after=after) if after else "",
        "count": f"{len(items)}+" if after else str(len(items)),
        "phone": shell_of(person) == PHONE,
        "again": url_for("worklist.rows", tab=tab, after=request.args.get("after")),
        "first": not request.args.get("after"),
    }


def _open(session: Session, person: Person) -> Page:
    return tasks.worklist(session, person.worklist_posts, person.id, unpacked(request.args.get("after")), PAGE)


def _done(session: Session, person: Person) -> Page:
    return tasks.done_by(session, person.id, unpacked(request.args.get("after")), PAGE)


def items_of(session: Session, person: Person, rows: Iterable[TaskRow]) -> list[Item]:
    """Rows with their elders, units and emergencies, in three questions for all."""
    listed = [as_read_by(person, row) for row in rows]
    elders = briefs.of_elders(session, person, {row.subject_id for row in listed if row.subject_id is not None})
    places = briefs.unit_names(session, {row.unit_path for row in listed if row.subject_id not in elders})
    kinds = kinds_of(session, {row.instance_id for row in listed if row.instance_id is not None})
    age, comma = translated("%(n)s 岁"), translated("，")
    found = []
    for row in listed:
        elder = briefs.seen(elders[row.subject_id], row) if row.subject_id in elders else None
        unit = places.get(row.unit_path, "")
        said = (elder.name, age % {"n": elder.years}, elder.living) if elder else (unit,)
        about = kinds.get(row.instance_id, "") if row.instance_id else ""
        found.append(Item(row, elder, unit, why(row), comma.join(filter(None, said)), about))
    return found


def as_read_by(person: Person, task: TaskRow) -> TaskRow:
    """The task with the reason and the role of whom it came up to, where that is the reader."""
    if task.also_role is None or access.holds(person, task) or not access.has_as_well(person, task):
        return task
    return replace(task, role=task.also_role, why="handed_up")


_KINDS = select(Case.instance_id, Case.kind).where(Case.instance_id.in_(bindparam("wanted", expanding=True)))


def kinds_of(session: Session, instances: Collection[UUID]) -> dict[UUID, str]:
    """The kind of emergency by instance, in words, in one question; instances without a case are missing."""
    if not instances:
        return {}
    rows = session.execute(_KINDS, {"wanted": list(instances)})
    side = int(language() == "en")
    return {row.instance_id: KINDS[row.kind][side] for row in rows if row.instance_id and row.kind in KINDS}


def group_of(task: TaskRow) -> str:
    """The heading a task stands under: urgent, late, today, week, later."""
    if task.priority == "urgent":
        return "urgent"
    if task.due_at is not None and task.due_at < clock.now():
        return "late"
    if task.due_at is None:
        return "today" if task.priority == "today" else "later"
    today, due = clock.today(), clock.local(task.due_at).date()
    if due <= today or task.priority == "today":
        return "today"
    return "week" if due < today + timedelta(days=7 - today.weekday()) else "later"


def why(task: TaskRow) -> str:
    """One line: why it is yours, by when, and who gets it at which minute if you do not do it."""
    reason = roles_of.why_title(task.why, language(), task.subject_id is not None)
    return f"{reason}{_stop()}{next_words(task) or until_words(task)}".strip()


def until_words(task: TaskRow) -> str:
    """«09:16 前办完。», empty without a time."""
    if task.due_at is None:
        return ""
    return gettext("%(time)s 前办完。", time=moment(task.due_at, clock.now(), language()))


def next_words(task: TaskRow) -> str:
    """«09:16 前没办，转社区。», empty when nobody follows."""
    if task.next_at is None or task.next_role is None:
        return ""
    title = roles.title(task.next_role, language()) if roles.is_known(task.next_role) else task.next_role
    return gettext("%(time)s 前没办，转%(who)s。", time=moment(task.next_at, clock.now(), language()), who=title)


def _stop() -> str:
    return ". " if language() == "en" else "。"


def packed(after: tuple[int, datetime, UUID] | None) -> str:
    """The key of the last row, as it stands in an address."""
    if after is None:
        return ""
    rank, sort_at, last = after
    return urlsafe_b64encode(orjson.dumps([rank, sort_at, last])).decode().rstrip("=")


def unpacked(text: str | None) -> tuple[int, datetime, UUID] | None:
    """What `packed` wrote; anything else is the first page."""
    if not text:
        return None
    try:
        rank, sort_at, last = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        at, key = datetime.fromisoformat(sort_at), UUID(last)
    except (ValueError, TypeError, AttributeError):
        return None
    return (rank, at, key) if at.tzinfo and rank in range(LAST_RANK + 1) else None
