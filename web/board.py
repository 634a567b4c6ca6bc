"""The emergency board: is anyone without help now, who has it, who gets it next. It renews itself every second."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from care import notices, organisation
from care.cases import Case
from care.people import Person
from engine import clock, db, incidents, tasks
from engine.tasks import Filters, TaskRow
from web import case_views, instances
from web.language import N_
from web.pages import Entry, fragment, page
from web.signed_in import me

LIMIT = 100
WATCHERS = frozenset(("see_board",))

bp = Blueprint("board", __name__, url_prefix="/board")
navigation = [
    Entry(
        "board.index", N_("应急看板"), "board", 10, frozenset(("see_board",)), figures=True, below=("board.", "cases.")
    )
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
    if not paths:
        abort(403)
    with db.reading() as session:
        shown = case_views.rows(session, person, _open_cases(session, person, paths))
        calls = _calls(session, person, paths)
        stuck = [each for path in paths for each in incidents.find(session, unit_path=path, limit=20)]
        today = _today(session, person, paths)
    running = sorted((each for each in shown if each.at <= 3), key=_pressing)
    closing = sorted((each for each in shown if each.at > 3), key=_pressing)
    return {
        "running": running,
        "closing": closing,
        "calls": [(task, case_views.is_theirs(person, task)) for task in calls],
        "stuck": stuck,
        "watches": bool(instances.scope(person)),
        "today": today,
    }


def _pressing(row: case_views.Shown) -> tuple[bool, bool, float]:
    """Whoever has nobody stands on top, then by the time left."""
    return (not row.ringing, not row.urgent, row.due_at.timestamp() if row.due_at else 9e12)


def _open_cases(session: Session, person: Person, paths: list[str]) -> list[Case]:
    is_here = or_(*(organisation.within(Case.unit_path, path) for path in paths))
    asked = select(Case).where(Case.state == "open", case_views.visible(person), is_here)
    return list(session.scalars(asked.order_by(Case.opened_at.desc()).limit(LIMIT)))


def _calls(session: Session, person: Person, paths: list[str]) -> list[TaskRow]:
    """Plain tasks outside any diagram: unverified calls, and «call this person now»; the most pressing first."""
    found = [
        task
        for path in paths
        for task in tasks.find(session, path, Filters(priority="urgent"), limit=50).rows
        if task.instance_id is None and (case_views.is_theirs(person, task) or _is_call(person, task))
    ]
    return sorted(found, key=lambda task: task.due_at.timestamp() if task.due_at else 9e12)


def _is_call(person: Person, task: TaskRow) -> bool:
    """A call that somebody has to make now; what other desks were asked to look after stands on their own boards."""
    return person.has_right("see_board") and task.element_id not in notices.TEMPLATES


def _today(session: Session, person: Person, paths: list[str]) -> dict[str, int]:
    """Cases opened since midnight: all, false alarms, handled; and those with nobody's hand on them yet."""
    midnight = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    is_here = or_(*(organisation.within(Case.unit_path, path) for path in paths))
    asked = (
        select(Case.state, func.count(), func.count(Case.handled_at))
        .where(Case.opened_at >= midnight, case_views.visible(person), is_here)
        .group_by(Case.state)
    )
    rows = session.execute(asked).all()
    return {
        "opened": sum(number for _, number, _ in rows),
        "false": sum(number for state, number, _ in rows if state == "false_alarm"),
        "handled": sum(handled for state, _, handled in rows if state != "false_alarm"),
    }
