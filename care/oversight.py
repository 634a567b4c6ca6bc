"""What oversight makes: the month's dispatch, the quarter's bulletin, the year's evaluation, and what they order.

Rankings are by district, never by person; figures are those of closed months. When each begins stands in
care/oversight_cycles.py.

Public: Report, Statement, Duty, SampledVisit, open_report, get, figures_of, below_target, score, ranking, state,
statements, ask, give_duty, duty, duties, close_duty, draw_visits, sample_figures.
Source: draft 四(6); processes P24, P25, P26, 4.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import district_policies, indicators, organisation, policies
from care.errors import NotFound
from care.indicators import INDICATORS, Month
from care.organisation import Unit
from care.personal import OfElder, PathColumn
from care.visits import Visit, times
from engine import clock, incoming
from engine.db import Base, Document, Id, Instant

TITLES = {
    "dispatch": ("月调度", "Monthly dispatch"),
    "bulletin": ("季通报", "Quarterly bulletin"),
    "evaluation": ("年评估", "Annual evaluation"),
}
DUTY_STATES = {"open": ("办理中", "Under way"), "reported": ("待核对", "To be checked"), "done": ("已落实", "Done")}
SAMPLED = 0.02
MOST_SAMPLED = 200
RECTIFY_WITHIN = timedelta(days=30)


class Report(Base):
    """One dispatch, bulletin or evaluation of a unit. `period`: the first day of its month, quarter or year.

    `content`: figures by code as [numerator, denominator], rankings and scores, as they were made.
    """

    __tablename__ = "oversight_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), index=True)
    period: Mapped[date] = mapped_column(Date)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    content: Mapped[Any] = mapped_column(Document, default=dict)
    words: Mapped[str] = mapped_column(String(4000), default="")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("kind", "period", "unit_path"),)

    @property
    def months(self) -> list[Month]:
        month = Month(self.period)
        return month.year if self.kind == "evaluation" else month.quarter if self.kind == "bulletin" else [month]


class Statement(Base):
    """What was said: explanation, review, meeting, comment, self, opinion, objection, approval, read (a receipt)."""

    __tablename__ = "oversight_statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("oversight_report.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn)
    kind: Mapped[str] = mapped_column(String(12))
    answers: Mapped[Any] = mapped_column(Document, default=dict)
    by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(Instant)


class Duty(Base):
    """Something a meeting decided or a bulletin asks to be put right: whose it is, until when, what became of it."""

    __tablename__ = "oversight_duty"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("oversight_report.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    department: Mapped[str] = mapped_column(String(60), default="")
    what: Mapped[str] = mapped_column(String(400))
    until_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    answer: Mapped[str] = mapped_column(String(1000), default="")
    rounds: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id)


class SampledVisit(OfElder, Base):
    """A visit drawn for the yearly check; `agrees`: whether what was asked again agrees with the record (F-SAMPLE)."""

    __tablename__ = "sampled_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("oversight_report.id"), index=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"))
    agrees: Mapped[bool | None] = mapped_column()
    words: Mapped[str] = mapped_column(String(400), default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime | None] = mapped_column(Instant)


# --- reports ---


def open_report(session: Session, kind: str, period: date, unit_path: str, instance_id: UUID | None) -> Report:
    """The report of a unit, begun with its figures; twice is once."""
    asked = select(Report).where(Report.kind == kind, Report.period == period, Report.unit_path == unit_path)
    row = session.scalar(asked)
    if row is None:
        row = Report(kind=kind, period=period, unit_path=unit_path, opened_at=clock.now(), instance_id=instance_id)
        row.content = {"figures": figures_of(session, row.months, unit_path)}
        session.add(row)
        session.flush()
    return row


def get(session: Session, report_id: int) -> Report:
    """Raises NotFound."""
    row = session.get(Report, report_id)
    if row is None:
        raise NotFound(f"oversight report {report_id}")
    return row


def figures_of(session: Session, months: Sequence[Month], unit_path: str) -> dict[str, list[int]]:
    """[numerator, denominator] of every share, of those months that are closed."""
    closed = [month for month in months if indicators.is_frozen(session, month)]
    found = {}
    for code, each in INDICATORS.items():
        if each.kind == "share":
            figure = indicators.total(session, code, closed, unit_path)
            found[code] = [figure.num, figure.den]
    return found


def below_target(session: Session, figures: Mapping[str, Sequence[int]], unit_path: str, day: date) -> list[str]:
    """Codes of the figures that miss their target; what was not counted misses none."""
    targets = policies.targets(district_policies.in_force(session, unit_path, day))
    return [code for code, (num, den) in figures.items() if den and code in targets and num < targets[code] * den]


def score(figures: Mapping[str, Sequence[int]], policy: str) -> float | None:
    """0 to 100: each weighted figure against its target, at most full marks; those not counted are left out.

    None where nothing was counted. Source: processes P26 (weights are setting).
    """
    weights, targets = policies.weights(policy), policies.targets(policy)
    known = {code: figures[code] for code in weights if code in figures and figures[code][1]}
    if not known:
        return None
    marks = sum(weights[code] * min(1.0, num / den / targets.get(code, 1.0)) for code, (num, den) in known.items())
    return round(100 * marks / sum(weights[code] for code in known), 1)


def ranking(session: Session, months: Sequence[Month], extra: Mapping[str, Mapping[str, Sequence[int]]]) -> list[Any]:
    """Districts, best first, without persons: {"unit_path", "name", "score", "figures"}; those without figures last.

    `extra`: further figures by district path, such as the sample's.
    """
    found = []
    for unit in organisation.below(session, organisation.city(session).path, "district"):
        figures = {**figures_of(session, months, unit.path), **extra.get(unit.path, {})}
        policy = district_policies.in_force(session, unit.path, months[-1].last)
        marks = score(figures, policy)
        found.append({"unit_path": unit.path, "name": unit.name, "score": marks, "figures": figures})
    return sorted(found, key=lambda each: (each["score"] is None, -(each["score"] or 0), each["unit_path"]))


def state(
    session: Session, report: Report, kind: str, unit_path: str, answers: Mapping[str, Any], by: int | None
) -> Statement:
    """Keep what a unit said about a report."""
    row = Statement(report_id=report.id, unit_path=unit_path, kind=kind, answers=dict(answers), by=by, at=clock.now())
    session.add(row)
    session.flush()
    return row


def statements(session: Session, report_id: int) -> list[Statement]:
    asked = select(Statement).where(Statement.report_id == report_id).order_by(Statement.id)
    return list(session.scalars(asked))


def ask(session: Session, report: Report, units: Sequence[Unit], what: str, due_at: datetime) -> None:
    """Ask units for a statement: an instance of `unit_statement` each."""
    for unit in units:
        key = f"{report.id}:{what}:{unit.path}"
        payload = {
            "report_id": report.id, "unit_path": unit.path, "what": what, "due_at": due_at.isoformat(),
        }  # fmt: skip
        incoming.message(session, "statement.asked", key, payload, event_id=f"statement.asked:{key}")


# --- what is ordered ---


def give_duty(session: Session, report: Report, owner: str, what: str, until_on: date) -> Duty:
    """A duty of the unit of that name, else of the department that is named, which the city desk sees to."""
    unit = _unit_named(session, owner)
    city = organisation.city(session)
    row = Duty(
        report_id=report.id, unit_path=unit.path if unit else city.path, department="" if unit else owner[:60],
        what=what[:400], until_on=until_on,
    )  # fmt: skip
    session.add(row)
    session.flush()
    payload = {
        "duty_id": row.id, "report_id": report.id, "unit_path": row.unit_path,
        "level": unit.level if unit else "city", "until_at": times.moment(until_on, times.DUE).isoformat(),
    }  # fmt: skip
    incoming.message(session, "oversight.ordered", str(row.id), payload, event_id=f"oversight.ordered:{row.id}")
    return row


def _unit_named(session: Session, name: str) -> Unit | None:
    asked = select(Unit).where(Unit.name == name.strip(), Unit.level.in_(("district", "township")))
    found = list(session.scalars(asked.where(organisation.exists_today()).limit(2)))
    return found[0] if len(found) == 1 else None


def duty(session: Session, duty_id: int) -> Duty:
    """Raises NotFound."""
    row = session.get(Duty, duty_id)
    if row is None:
        raise NotFound(f"oversight duty {duty_id}")
    return row


def duties(session: Session, report_id: int) -> list[Duty]:
    return list(session.scalars(select(Duty).where(Duty.report_id == report_id).order_by(Duty.id)))


def close_duty(session: Session, row: Duty) -> None:
    """Done; with the last one of a report its process goes on."""
    row.state, row.closed_at = "done", clock.now()
    session.flush()
    if all(each.state == "done" for each in duties(session, row.report_id)):
        key = str(row.report_id)
        incoming.message(session, "oversight.all_done", key, {"report_id": row.report_id}, event_id=f"all_done:{key}")


def draw_visits(session: Session, report: Report) -> int:
    """Draw 2 % of the year's visits for the check, at least one and at most MOST_SAMPLED; drawn once."""
    drawn = session.scalar(select(func.count()).where(SampledVisit.report_id == report.id))
    if drawn:
        return drawn
    first, last = report.months[0], report.months[-1]
    asked = select(Visit.id, Visit.elder_id, Visit.unit_path).where(
        Visit.counted, Visit.done_at >= first.starts_at, Visit.done_at < last.ends_at
    )
    rows = list(session.execute(asked.order_by(Visit.id)))
    wanted = min(len(rows), MOST_SAMPLED, max(1, round(len(rows) * SAMPLED)))
    for visit_id, elder_id, unit_path in Random(report.id).sample(rows, wanted):
        session.add(SampledVisit(report_id=report.id, visit_id=visit_id, elder_id=elder_id, unit_path=unit_path))
    session.flush()
    return wanted


def sample_figures(session: Session, report_id: int) -> dict[str, dict[str, list[int]]]:
    """By district: {"sample": [agreeing, asked again]}."""
    found: dict[str, dict[str, list[int]]] = {}
    asked = select(SampledVisit.unit_path, SampledVisit.agrees).where(
        SampledVisit.report_id == report_id, SampledVisit.agrees.is_not(None)
    )
    for path, agrees in session.execute(asked):
        counts = found.setdefault(organisation.prefix(path, "district") or path, {"sample": [0, 0]})["sample"]
        counts[0] += bool(agrees)
        counts[1] += 1
    return found
