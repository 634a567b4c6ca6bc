"""What I was told on the screen: a count in the navigation, a list, and on to what each notice is about.

Everybody reads their own notices only. The row says what happened and where; whose it is stands there for whoever may
still see it. Opening a notice is reading it. No sound: emergencies that ring do so on their boards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, masking, people, screen_notices
from care.cases import Case
from care.elders import Elder
from care.notices import TEMPLATES
from care.people import Person
from care.screen_notices import Notice
from engine import db, tasks
from engine.jobs import transaction
from web import briefs, case_views
from web.language import N_, gettext, language, task_name
from web.pages import Entry, page
from web.signed_in import current_person, me

bp = Blueprint("notices", __name__, url_prefix="/notices")


@bp.app_template_global()
def unread_notices() -> int:
    """How many notices the person who is looking has not read; asked once per page."""
    person = current_person()
    if person is None:
        return 0
    if "unread_notices" not in g:
        with db.reading() as session:
            g.unread_notices = screen_notices.unread(session, person.id)
    return int(g.unread_notices)


navigation = [Entry("notices.index", N_("通知"), "bell", 21, below=("notices.",), count=unread_notices)]


@dataclass(frozen=True)
class Row:
    """One notice as it is read: what happened, about whom or what (perhaps nothing), who said it, whether it opens."""

    id: int
    words: str
    about: str
    place: str
    by: str
    at: datetime
    is_read: bool
    opens: bool


@bp.get("/")
def index() -> ResponseReturnValue:
    person = me()
    with db.reading() as session:
        found = screen_notices.of(session, person.id, request.args.get("before", type=int))
        rows = _rows(session, person, found.rows)
    newest = max((each.id for each in found.rows), default=0)
    return page("notices/list.html", rows=rows, before=found.before, newest=newest)


@bp.get("/<int:notice_id>")
def show(notice_id: int) -> ResponseReturnValue:
    """The notice is read; on to what it is about, back to the list where it is about nothing that opens."""
    with transaction() as session:
        row = screen_notices.read(session, me().id, notice_id)
        if row is None:
            abort(404)
        address = _address(row) if _Things(session, me(), [row]).opens(row) else None
    return redirect(address or url_for("notices.index"))


@bp.post("/read")
def read_all() -> ResponseReturnValue:
    with transaction() as session:
        screen_notices.read_all(session, me().id, request.form.get("newest", type=int) or 0)
    return redirect(url_for("notices.index"))


def _address(row: Notice) -> str | None:
    if row.about == "task":
        return url_for("task.show", task_id=row.about_id)
    number = int(row.about_id or 0)
    if row.about == "case":
        return url_for("cases.show", case_id=number)
    if row.about == "elder":
        return url_for("elders.show", elder_id=number)
    return url_for("oversight.show", report_id=number) if row.about == "report" else None


def _rows(session: Session, person: Person, found: Sequence[Notice]) -> list[Row]:
    things = _Things(session, person, list(found))
    senders = people.names(session, {each.by_id for each in found if each.by_id})
    side = 1 if language() == "en" else 0
    return [
        Row(
            each.id,
            TEMPLATES.get(each.template, (each.template,) * 2)[side],
            *things.said(each),
            senders.get(each.by_id or 0, ""),
            each.at,
            each.read_at is not None,
            things.opens(each),
        )
        for each in found
    ]


class _Things:
    """What a page of notices is about, as far as the person may see it now: one question per kind."""

    def __init__(self, session: Session, person: Person, rows: list[Notice]) -> None:
        self._person = person
        wanted = {kind: {each.about_id for each in rows if each.about == kind} for kind in screen_notices.ABOUT}
        self._tasks = {
            str(row.id): row for row in _tasks(session, person, [UUID(each) for each in wanted["task"] if each])
        }
        self._cases = {
            str(row.id): row
            for row in session.scalars(
                select(Case).where(Case.id.in_(_numbers(wanted["case"])), access.visible_cases(person))
            )
        }
        elder_ids = _numbers(wanted["elder"])
        elder_ids |= {row.subject_id for row in self._tasks.values() if row.subject_id}
        elder_ids |= {row.elder_id for row in self._cases.values() if row.elder_id}
        seen = select(Elder.id).where(Elder.id.in_(elder_ids), access.visible_elders(person))
        briefly = briefs.of_elders(session, person, set(session.scalars(seen)) if elder_ids else ())
        self._elders = {str(each): row for each, row in briefly.items()}
        paths = [row.unit_path for each in (self._tasks, self._cases, self._elders) for row in each.values()]
        self._places = briefs.unit_names(session, paths)

    def _found(self, row: Notice) -> Any:
        known: dict[str, dict[str, Any]] = {"task": self._tasks, "case": self._cases, "elder": self._elders}
        return known.get(row.about or "", {}).get(row.about_id or "")

    def opens(self, row: Notice) -> bool:
        return row.about == "report" or self._found(row) is not None

    def said(self, row: Notice) -> tuple[str, str]:
        """(what it is about, where); both empty where the person may not see it any more."""
        found = self._found(row)
        if found is None:
            return "", ""
        if row.about == "elder":
            return self._name(found.id), self._places[found.unit_path]
        what = task_name(found.name) if row.about == "task" else found.number
        whose = self._name(found.subject_id if row.about == "task" else found.elder_id)
        return gettext("，").join(filter(None, (what, whose))), self._places[found.unit_path]

    def _name(self, elder_id: int | None) -> str:
        elder = self._elders.get(str(elder_id))
        if elder is None:
            return ""
        is_near = elder.own or case_views.works_with(self._person, elder.unit_path)
        return elder.name if is_near else masking.name(elder.name)


def _numbers(ids: set[str | None]) -> set[int]:
    return {int(each) for each in ids if each}


def _tasks(session: Session, person: Person, ids: list[UUID]) -> list[tasks.TaskRow]:
    if not ids:
        return []
    rows = session.connection().execute(select(*tasks.COLUMNS).where(tasks.task.c.id.in_(ids)))
    found = [tasks.of_row(row) for row in rows]
    return [row for row in found if access.may(session, person, "see", row)]
