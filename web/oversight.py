"""Dispatches, bulletins and evaluations: the list, and one with figures, ranking, what units said and what is ordered.

A unit opens its own reports and the published ones of the city; opening a published bulletin leaves a receipt.
Rankings name units, never persons. Source: draft 四(6); processes P24 to P26.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import agenda, district_policies, organisation, oversight, policies
from care.errors import NotFound
from care.indicators import INDICATORS
from care.oversight import DUTY_STATES, TITLES, Report, SampledVisit, Statement
from care.people import Person
from engine import db
from web import figure_units
from web.indicators import title as indicator_title
from web.language import N_, language
from web.pages import Entry, page
from web.signed_in import me
from web.words import rate

bp = Blueprint("oversight", __name__, url_prefix="/oversight")
navigation = [Entry("oversight.index", N_("调度评估"), "flow", 7, figures=True, below=("oversight.",))]
MOST = 100
STATEMENTS = {
    "explanation": N_("说明"),
    "review": N_("研判"),
    "comment": N_("对通报的意见"),
    "self": N_("自评"),
    "opinion": N_("群众评价"),
    "objection": N_("异议"),
    "approval": N_("批准"),
}


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]


def may_read(row: Report, paths: list[str]) -> bool:
    """Within the person's units; a published one of a unit above as well."""
    if any(organisation.is_within(row.unit_path, path) for path in paths):
        return True
    return row.published_at is not None and any(organisation.is_within(path, row.unit_path) for path in paths)


@bp.get("/")
def index() -> ResponseReturnValue:
    """The newest reports that concern the person's units."""
    paths = figure_units.paths_of(me())
    with db.reading() as session:
        asked = select(Report).order_by(Report.period.desc(), Report.id.desc())
        found = [row for row in session.scalars(asked.limit(10 * MOST)) if may_read(row, paths)][:MOST]
        units = {row.unit_path: organisation.by_path(session, row.unit_path) for row in found}
    rows = [(row, units[row.unit_path], _words(TITLES[row.kind]), period_words(row)) for row in found]
    return page("oversight/index.html", rows=rows)


def period_words(row: Report) -> str:
    """2026-07, 2026 Q3 or 2026."""
    if row.kind == "evaluation":
        return str(row.period.year)
    if row.kind == "bulletin":
        return f"{row.period.year} Q{(row.period.month + 2) // 3}"
    return f"{row.period:%Y-%m}"


@bp.get("/<int:report_id>")
def show(report_id: int) -> ResponseReturnValue:
    """One report."""
    person = me()
    paths = figure_units.paths_of(person)
    with db.writing() as session:
        row = oversight.get(session, report_id)
        if not may_read(row, paths):
            raise NotFound(f"oversight report {report_id}")
        _leave_receipt(session, row, person, paths[0])
        said = oversight.statements(session, report_id)
        own = [each for each in said if each.kind in STATEMENTS and within(each.unit_path, row, paths)]
        targets = policies.targets(district_policies.in_force(session, row.unit_path, row.months[-1].last))
        duties = [each for each in oversight.duties(session, report_id) if within(each.unit_path, row, paths)]
        units = unit_names(session, {each.unit_path for each in said} | {each.unit_path for each in duties})
        drawn = _drawn(session, report_id) if row.kind == "evaluation" and row.unit_path in paths else []
        points = agenda.items(session, row) if row.kind == "dispatch" and row.unit_path in paths else []
        places = organisation.names_at(session, {each.unit_path for each in points}, "district")
        values: dict[str, Any] = {
            "report": row,
            "points": [(each, places.get(each.unit_path, ""), _words(agenda.KINDS[each.kind])) for each in points],
            "unit": organisation.by_path(session, row.unit_path),
            "figures": figures(row.content.get("figures") or {}, targets),
            "ranking": row.content.get("ranking") or [],
            "statements": [(each, units.get(each.unit_path, "—"), STATEMENTS[each.kind], text(each)) for each in own],
            "readers": sorted({units.get(each.unit_path, "—") for each in said if each.kind == "read"}),
            "duties": [(each, units.get(each.unit_path, "—"), _words(DUTY_STATES[each.state])) for each in duties],
            "drawn": drawn,
        }
    kind = _words(TITLES[row.kind])
    return page("oversight/show.html", kind=kind, period=period_words(row), month=row.months[-1], **values)


def within(path: str, row: Report, paths: list[str]) -> bool:
    """Whose part of a report it is: everything for those of the report's unit, else what lies in one's own units."""
    whole = any(organisation.is_within(row.unit_path, each) for each in paths)
    return whole or any(organisation.is_within(path, each) for each in paths)


def _leave_receipt(session: Session, row: Report, person: Person, path: str) -> None:
    """Once for each unit below that opens a published report."""
    if row.published_at is None or path == row.unit_path:
        return
    asked = select(Statement.id).where(
        Statement.report_id == row.id, Statement.kind == "read", Statement.unit_path == path
    )
    if session.scalar(asked.limit(1)) is None:
        oversight.state(session, row, "read", path, {}, person.id)


def unit_names(session: Session, paths: set[str]) -> dict[str, str]:
    asked = select(organisation.Unit).where(organisation.Unit.path.in_(paths))
    return {unit.path: unit.name for unit in session.scalars(asked)}


def figures(counted: dict[str, list[int]], targets: Any) -> list[tuple[str, str, str, str, str]]:
    """(code, title, value, numerator and denominator, state) of each figure that was counted or has a target."""
    found = []
    for code, (num, den) in counted.items():
        target = targets.get(code)
        if den or target is not None:
            state = "" if target is None or not den else "ok" if num >= target * den else "warn"
            found.append(
                (code, indicator_title(INDICATORS[code]), rate(num, den), f"{num} / {den}" if den else "—", state)
            )
    return found


def text(each: Statement) -> str:
    """The words of an answer, in the order of its form; numbers and yes or no stay out."""
    return "；".join(str(value) for value in each.answers.values() if isinstance(value, str) and value)


def _drawn(session: Session, report_id: int) -> list[SampledVisit]:
    asked = select(SampledVisit).where(SampledVisit.report_id == report_id).order_by(SampledVisit.visit_id)
    return list(session.scalars(asked))
