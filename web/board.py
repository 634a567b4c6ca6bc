"""The emergency board: is anyone without help now, who has it, who gets it next. It renews itself every second."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import organisation
from care.cases import Case
from care.people import Person
from engine import clock, db, incidents, tasks
from engine.tasks import Filters, TaskRow
from web import case_views
from web.pages import Entry, fragment, page
from web.signed_in import me, sees_figures

LIMIT = 100

bp = Blueprint("board", __name__, url_prefix="/board")
navigation = [
    Entry("board.index", "应急看板", "board", 10, frozenset(("see_board",)), figures=True, below=("board.", "cases."))
]


@bp.get("/")
def index() -> ResponseReturnValue:
    return page("board/board.html", **_values())


@bp.get("/rows")
def rows() -> ResponseReturnValue:
    """The board's content again, for the page that shows it."""
    return fragment("board/rows.html", **_values())


def _values() -> dict[str, Any]:
    person = me()
    paths = case_views.board_paths(person)
    if not paths and not sees_figures(person):
        abort(403)
    with db.reading() as session:
        shown = case_views.rows(session, person, _open_cases(session, person, paths))
        calls = _calls(session, person, paths)
        stuck = [each for path in paths for each in incidents.find(session, unit_path=path, limit=20)]
        today = _today(session, person, paths)
    running = sorted((each for each in shown if each.at <= 3), key=_pressing)
    closing = sorted((each for each in shown if each.at > 3), key=_pressing)
    return {"running": running, "closing": closing, "calls": calls, "stuck": stuck, "today": today}


def _pressing(row: case_views.Shown) -> tuple[bool, bool, float]:
    """Whoever has nobody stands on top, then by the time left."""
    return (not row.ringing, not row.urgent, row.due_at.timestamp() if row.due_at else 9e12)


def _open_cases(session: Session, person: Person, paths: list[str]) -> list[Case]:
    asked = select(Case).where(Case.state == "open", case_views.visible(person)).order_by(Case.opened_at.desc())
    return [
        case
        for case in session.scalars(asked.limit(LIMIT))
        if any(organisation.is_within(case.unit_path, path) for path in paths)
    ]


def _calls(session: Session, person: Person, paths: list[str]) -> list[TaskRow]:
    """Plain tasks outside any diagram: unverified calls, and «call this person now»."""
    found = [
        task
        for path in paths
        for task in tasks.find(session, path, Filters(priority="urgent"), limit=50).rows
        if task.instance_id is None
    ]
    posts = person.worklist_posts
    return [task for task in found if (task.role, task.unit_path) in posts or person.has_right("see_board")]


def _today(session: Session, person: Person, paths: list[str]) -> dict[str, int]:
    """Cases opened since midnight, and how many of them were false alarms."""
    midnight = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = (
        select(Case.state, func.count())
        .where(Case.opened_at >= midnight, case_views.visible(person))
        .group_by(Case.state)
    )
    counted: dict[str, int] = dict(session.execute(asked).tuples().all())
    return {"opened": sum(counted.values()), "false": counted.get("false_alarm", 0), "open": counted.get("open", 0)}
