"""The agenda of a dispatch (P24): what nobody below could settle, gathered by itself, without a name.

Needs that were sent back three times and cases that were opened again a third time come from P46; the districts' asks
from their reviews of the same month; figures below their target from the report itself. It is reckoned anew until the
meeting has decided; then what was on the table is kept with the minutes.
Public: Item, KINDS, items, keep.
Source: processes P24 T3, 4.0 (P46), P11, P18; R-EVAL-04, R-ORG-02.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import organisation, oversight
from care.cases import Case
from care.indicators import INDICATORS
from care.oversight import Report, Statement
from care.referrals import CATEGORIES, Referral

KINDS = {
    "referral": ("需协调的需求", "Need that wants coordinating"),
    "case": ("多次重开的应急事件", "Case opened again and again"),
    "ask": ("旗县区提请协调", "Asked for by a district"),
    "figure": ("未达标指标", "Figure below its target"),
}
REOPENED = 4
"""The round from which a case is for those above: its third re-opening."""
MOST = 100


@dataclass(frozen=True)
class Item:
    """One point: `ref` is the number of the thing, `zh` and `en` what it is about."""

    kind: str
    ref: str
    unit_path: str
    zh: str
    en: str


def items(session: Session, report: Report) -> list[Item]:
    """The points of a report's unit, what touches elders first; those of the meeting once it has decided."""
    kept = report.content.get("agenda")
    if kept is not None:
        return [Item(**each) for each in kept]
    return [
        *_referrals(session, report.unit_path),
        *_cases(session, report.unit_path),
        *_asks(session, report),
        *_figures(session, report),
    ]


def keep(session: Session, report: Report) -> None:
    """The meeting is over: this was on its table."""
    report.content = {**report.content, "agenda": [asdict(each) for each in items(session, report)]}
    session.flush()


def _referrals(session: Session, path: str) -> list[Item]:
    asked = select(Referral).where(
        Referral.coordination, Referral.closed_at.is_(None), organisation.within(Referral.unit_path, path)
    )
    return [
        Item("referral", str(row.id), row.unit_path, *CATEGORIES.get(row.category, CATEGORIES["other"]))
        for row in session.scalars(asked.order_by(Referral.raised_at, Referral.id).limit(MOST))
    ]


def _cases(session: Session, path: str) -> list[Item]:
    asked = select(Case.number, Case.unit_path, Case.round).where(
        Case.state == "open", Case.round >= REOPENED, ~Case.restricted, organisation.within(Case.unit_path, path)
    )
    return [
        Item("case", number, unit_path, f"第{turn}轮", f"round {turn}")
        for number, unit_path, turn in session.execute(asked.order_by(Case.opened_at, Case.id).limit(MOST))
    ]


def _asks(session: Session, report: Report) -> list[Item]:
    """What districts wrote into their reviews; a district's own report has none."""
    asked = (
        select(Statement)
        .join(Report, Report.id == Statement.report_id)
        .where(
            Statement.kind == "review",
            Report.kind == report.kind,
            Report.period == report.period,
            Report.id != report.id,
            organisation.within(Statement.unit_path, report.unit_path),
        )
    )
    said = [(row, str(row.answers.get("asks") or "")) for row in session.scalars(asked.order_by(Statement.id))]
    return [Item("ask", "", row.unit_path, words, words) for row, words in said if words]


def _figures(session: Session, report: Report) -> list[Item]:
    figures = report.content.get("figures") or {}
    missed = oversight.below_target(session, figures, report.unit_path, report.months[-1].last)
    return [Item("figure", code, report.unit_path, INDICATORS[code].zh, INDICATORS[code].en) for code in missed]
