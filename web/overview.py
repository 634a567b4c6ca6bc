"""The manager's overview: are we on target, which unit is not; drilled down by click, every number opens its list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, masking, people
from care.cases import Case
from care.elders import Elder
from care.organisation import Unit
from care.people import Person
from care.visits.tables import OBLIGATION_STATES
from engine import clock, db, tasks
from engine.tasks import Filters
from web import case_views, figure_units, figures
from web.language import N_
from web.pages import Entry, page
from web.signed_in import me

PAGE = 100

bp = Blueprint("overview", __name__, url_prefix="/overview")
navigation = [Entry("overview.index", N_("运行总览"), "chart", 5, figures=True, below=("overview.",))]

LISTS = ("elders", "high", "key", "general", "due", "fulfilled", "missed", "owed", "cases", "late")


@bp.get("/")
def index() -> ResponseReturnValue:
    """Figures of a unit and of the units below it."""
    person = me()
    with db.reading() as session:
        unit = figure_units.asked(session, person)
        total, lines = figures.of_children(session, unit)
        rates = figures.trend(session, unit)
        crumbs = figure_units.way_to(session, person, unit)
        late = tasks.find(session, unit.path, _late_ones(session), limit=5).rows
    first, today = figures.month()
    return page(
        "overview/overview.html",
        unit=unit,
        total=total,
        lines=sorted(lines, key=lambda line: _rate(line)),
        crumbs=crumbs,
        course=figures.sparkline(rates),
        late=late,
        first=first,
        today=today,
        read_at=clock.now(),
    )


def _rate(line: figures.Figures) -> float:
    """Whoever is furthest from the target stands on top."""
    return line.on_time / line["due"] if line["due"] else 2.0


@bp.get("/<what>")
def listed(what: str) -> ResponseReturnValue:
    """The list behind a number. Who may not open files reads numbers instead of names."""
    if what not in LISTS:
        abort(404)
    person = me()
    try:
        after = int(request.args.get("after", 0))
    except ValueError:
        abort(400)
    with db.reading() as session:
        unit = figure_units.asked(session, person)
        crumbs = figure_units.way_to(session, person, unit)
        values: dict[str, Any] = {"what": what, "unit": unit, "crumbs": crumbs}
        if what == "late":
            values |= _late(session, unit)
        else:
            rows = list(session.scalars(figures.listed(what, unit.path, after, PAGE + 1)))
            values["after"] = rows[PAGE - 1].id if len(rows) > PAGE else None
            values |= _rows(session, person, rows[:PAGE])
    return page("overview/list.html", **values)


def _late_ones(session: Session) -> Filters:
    """What is overdue; of closed files only what the person is named in."""
    return Filters(late=True, without=frozenset(access.closed_instances(session, me())))


def _late(session: Session, unit: Unit) -> dict[str, Any]:
    found = tasks.find(session, unit.path, _late_ones(session), limit=PAGE).rows
    wanted = {row.subject_id for row in found if row.subject_id}
    known = {each.id: each for each in session.scalars(select(Elder).where(Elder.id.in_(wanted)))}
    holders = {row.claimed_by or row.assignee_id for row in found} - {None}
    return {
        "tasks": found,
        "named": {each: (elder, *_named(me(), elder)) for each, elder in known.items()},
        "holders": people.names(session, {each for each in holders if each is not None}),
        "opens": {row.id for row in found if access.may(session, me(), "see", row)},
        "after": None,
    }


def _rows(session: Session, person: Person, rows: list[Any]) -> dict[str, Any]:
    if rows and isinstance(rows[0], Case):
        return {"cases": case_views.rows(session, person, rows)}
    if rows and isinstance(rows[0], Elder):
        return {"elders": [(row, *_named(person, row)) for row in rows]}
    wanted = {row.elder_id for row in rows}
    known = {row.id: row for row in session.scalars(select(Elder).where(Elder.id.in_(wanted)))}
    named = {each: _named(person, elder) for each, elder in known.items()}
    words = OBLIGATION_STATES
    return {"obligations": [(row, known[row.elder_id], *named[row.elder_id], words[row.state]) for row in rows]}


def _named(person: Person, elder: Elder) -> tuple[str, bool]:
    """(name, may be opened): in full for whoever may open files of that unit, else masked."""
    opens = case_views.works_with(person, elder.unit_path)
    return (elder.name, True) if opens else (masking.name(elder.name), False)
