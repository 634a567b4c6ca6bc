"""«2565»: what runs and what is late by network, mechanism and project, with the indicators of each.

Every number opens its list; an indicator opens its page. Closed files are in neither number nor list.
Source: R-GOV-03; draft 一(2), 附3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from care import access, elders, indicators, organisation, programme
from care.indicators import INDICATORS, Month
from care.organisation import Unit
from care.people import Person
from engine import clock, db, definitions
from engine.tasks import IS_OPEN, task
from web import figure_units
from web.indicators import shown
from web.indicators import title as indicator_title
from web.language import N_, language, translated
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("programme", __name__, url_prefix="/programme")
navigation = [Entry("programme.index", N_("“2565”体系"), "chart", 8, figures=True, below=("programme.",))]
GROUPS = (
    (N_("双线保障网络"), programme.NETWORKS),
    (N_("六大服务机制"), programme.MECHANISMS),
    (N_("五大提质工程"), programme.PROJECTS),
)
PAGE = 100


def _open(session: Session, person: Person, unit: Unit) -> tuple[ColumnElement[bool], ...]:
    """Open tasks of a unit that belong to no closed file."""
    closed = access.closed_instances(session, person)
    here = organisation.within(task.c.unit_path, unit.path)
    return (IS_OPEN, here, task.c.instance_id.not_in(closed)) if closed else (IS_OPEN, here)


def _counts(session: Session, person: Person, unit: Unit) -> dict[str, tuple[int, int]]:
    """(open, late) tasks by process; one question."""
    late = func.coalesce(func.sum(case((task.c.due_at < clock.now(), 1), else_=0)), 0)
    asked = (
        select(task.c.process_id, func.count(), late).where(*_open(session, person, unit)).group_by(task.c.process_id)
    )
    return {name or "": (number, int(overdue)) for name, number, overdue in session.execute(asked)}


@bp.get("/")
def index() -> ResponseReturnValue:
    """The unit's open and late tasks and last month's indicators, by network, mechanism and project."""
    person = me()
    with db.reading() as session:
        unit = figure_units.asked(session, person)
        crumbs = figure_units.way_to(session, person, unit)
        counts = _counts(session, person, unit)
        month = Month.now().before
        codes = [code for code in INDICATORS if "." not in code and INDICATORS[code].rows is not None]
        figures = {code: indicators.total(session, code, [month], unit.path) for code in codes}
    groups = [(title, [_line(tag, words, counts, figures) for tag, words in tags.items()]) for title, tags in GROUPS]
    return page("programme/index.html", unit=unit, crumbs=crumbs, groups=groups, month=month)


def _line(
    tag: str, words: programme.Title, counts: dict[str, tuple[int, int]], figures: dict[str, Any]
) -> dict[str, Any]:
    found = [counts.get(name, (0, 0)) for name in programme.processes_of(tag)]
    return {
        "tag": tag,
        "title": words[language() == "en"],
        "open": sum(pair[0] for pair in found),
        "late": sum(pair[1] for pair in found),
        "indicators": [
            (code, indicator_title(INDICATORS[code]), shown(INDICATORS[code], figures[code]))
            for code in programme.indicators_of(tag)
            if code in figures
        ],
    }


@bp.get("/<tag>")
def listed(tag: str) -> ResponseReturnValue:
    """The open tasks behind a number, the most overdue first; `late=1`: only those."""
    words = programme.titles().get(tag)
    if words is None:
        abort(404)
    person, only_late = me(), request.args.get("late") == "1"
    names = programme.processes_of(tag)
    with db.reading() as session:
        unit = figure_units.asked(session, person)
        crumbs = figure_units.way_to(session, person, unit)
        asked = select(task).where(*_open(session, person, unit), task.c.process_id.in_(names))
        if only_late:
            asked = asked.where(task.c.due_at < clock.now())
        rows = list(session.execute(asked.order_by(task.c.due_at, task.c.id).limit(PAGE)))
        numbers = elders.numbers(session, {row.subject_id for row in rows if row.subject_id})
    return page(
        "programme/list.html", unit=unit, crumbs=crumbs, tag=tag, title=words[language() == "en"], rows=rows,
        numbers=numbers, only_late=only_late, processes=_titles(names), most=PAGE,
    )  # fmt: skip


def _titles(names: Sequence[str]) -> dict[str, str]:
    """The names of the newest diagrams, in this language."""
    with db.reading() as session:
        every = {each.process_id: each.name for each in definitions.every(session)}
    return {name: translated(every.get(name) or name) for name in names}
