"""The ledgers (台账) of a unit and a month: visits, needs and hazards, for a page that prints and a spreadsheet.

A ledger is a query over facts; nothing is written twice for it. Lines come in pages by key, so the ledger of a district
costs what that of a village costs. Each line is about one elder; `cells` stand in the order of the ledger's columns.

Source: R-VIS-05 (P 四(二) 规范全流程台账管理), R-VIS-09 (D 附4一5 建立需求清单); P14 (photos before and after).
Public: Ledger, Line, Photo, Words, LEDGERS, lines, month_of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from care import hazards, organisation, people, providers, referrals, roles
from care.elders import TIER_TITLES, Elder
from care.hazards import Hazard
from care.referrals import Referral
from care.roles import Part
from care.visits.tables import VISIT_KINDS, VISIT_STATES, Visit, VisitFinding
from engine import clock

Words = tuple[str, str]  # Chinese, English


@dataclass(frozen=True)
class Photo:
    """A cell that shows a picture; `id` is its attachment."""

    id: str


Cell = str | Words | date | datetime | Photo | None
Key = tuple[datetime, int]  # where a page ends: moment and id of its last row

MODES: dict[str, Words] = {
    "home": ("上门", "At home"),
    "phone": ("电话", "By phone"),
    "video": ("视频", "By video"),
    "monitoring": ("远程监测", "By monitoring"),
}
FINDINGS: dict[str, Words] = {
    "urgent": ("紧急情况", "Emergency"),
    "demands": ("服务需求", "Need"),
    "subsidies": ("政策补贴", "Subsidy"),
    "errands": ("代办事项", "Errand"),
    "hazards": ("安全隐患", "Hazard"),
    "medication": ("用药", "Medication"),
    "duty_breach": ("赡养扶养", "Supporter's duty"),
    "suspected_disability": ("疑似失能", "Suspected disability"),
    "consent_withdrawn": ("撤回同意", "Consent withdrawn"),
    "facts_changed": ("情况变化", "Facts changed"),
    "major_change": ("重大变故", "Major change"),
    "device_trouble": ("设备故障", "Device trouble"),
}


@dataclass(frozen=True)
class Line:
    """One line: whose it is, its cells, and the key that the next page starts behind."""

    elder_id: int
    unit_path: str
    key: Key
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Ledger:
    """`part` is the part of the files that a reader must work with."""

    id: str
    title: Words
    part: Part
    columns: tuple[Words, ...]
    query: Callable[[str, datetime, datetime], Select[Any, Any]]
    order: tuple[Any, Any]
    read: Callable[[Session, list[Any]], list[Line]]


def month_of(day: date) -> tuple[datetime, datetime]:
    """The calendar month of a day as moments in Baotou: its beginning, and the beginning of the next."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return _midnight(first), _midnight(following)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.zone())


def lines(
    session: Session, ledger: Ledger, unit_path: str, month: date, after: Key | None = None, limit: int = 200
) -> list[Line]:
    """The lines of a unit and a month in the order of their moments, at most `limit`, behind `after`."""
    asked = ledger.query(unit_path, *month_of(month))
    if after is not None:
        (at, last), (moment, row_id) = ledger.order, after
        asked = asked.where(or_(at > moment, and_(at == moment, last > row_id)))
    return ledger.read(session, list(session.execute(asked.order_by(*ledger.order).limit(limit))))


def _visits(unit_path: str, begins: datetime, ends: datetime) -> Select[Any, Any]:
    """Visits that were or are due in the month, those that were cancelled left out."""
    asked = select(Visit, Elder).join(Elder, Elder.id == Visit.elder_id)
    return asked.where(
        organisation.within(Visit.unit_path, unit_path),
        Visit.due_at >= begins,
        Visit.due_at < ends,
        Visit.state != "cancelled",
    )


def _visit_lines(session: Session, rows: list[Any]) -> list[Line]:
    visitors = people.names(session, {visit.staff_id for visit, _ in rows if visit.staff_id})
    villages = _villages(session, rows)
    found = _findings(session, [visit.id for visit, _ in rows])
    return [
        Line(
            elder.id,
            visit.unit_path,
            (visit.due_at, visit.id),
            (
                *_who(elder, villages),
                VISIT_KINDS.get(visit.kind),
                clock.local(visit.due_at).date(),
                visit.arrived_at,
                visit.done_at,
                MODES.get(visit.mode, visit.mode),
                visitors.get(visit.staff_id or 0, ""),
                ("补访", "Made up") if visit.made_up else VISIT_STATES.get(visit.state),
                _joined(FINDINGS[kind] for kind in FINDINGS if kind in found[visit.id]),
                visit.next_attention,
            ),
        )
        for visit, elder in rows
    ]


def _findings(session: Session, visit_ids: list[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    asked = select(VisitFinding.visit_id, VisitFinding.kind).where(VisitFinding.visit_id.in_(visit_ids))
    for visit_id, kind in session.execute(asked) if visit_ids else ():
        found[visit_id].add(kind)
    return found


def _joined(words: Iterable[Words]) -> Words:
    every = list(words)
    return "、".join(zh for zh, _ in every), ", ".join(en for _, en in every)


def _villages(session: Session, rows: list[Any]) -> dict[str, str]:
    return organisation.names_at(session, {elder.unit_path for _, elder in rows}, "village")


def _who(elder: Elder, villages: dict[str, str]) -> tuple[Cell, ...]:
    return elder.number, elder.name, TIER_TITLES.get(elder.tier or "none"), villages.get(elder.unit_path, "")


def _needs(unit_path: str, begins: datetime, ends: datetime) -> Select[Any, Any]:
    """Needs raised in the month, and those from before that are open in it."""
    asked = select(Referral, Elder).join(Elder, Elder.id == Referral.elder_id)
    return asked.where(
        organisation.within(Referral.unit_path, unit_path),
        Referral.raised_at < ends,
        or_(Referral.raised_at >= begins, Referral.closed_at.is_(None), Referral.closed_at >= begins),
    )


def _need_lines(session: Session, rows: list[Any]) -> list[Line]:
    villages = _villages(session, rows)
    due = referrals.due_days(session, [row.id for row, _ in rows])
    firms = providers.names(session, {row.provider_id for row, _ in rows if row.provider_id})
    return [
        Line(
            elder.id,
            row.unit_path,
            (row.raised_at, row.id),
            (
                *_who(elder, villages),
                referrals.CATEGORIES.get(row.category, (row.category, row.category)),
                ("紧急", "Urgent") if row.urgent else ("", ""),
                clock.local(row.raised_at).date(),
                firms.get(row.provider_id or 0) or _role(row.receiver),
                due.get(row.id),
                clock.local(row.closed_at).date() if row.closed_at else None,
                referrals.OUTCOMES.get(row.outcome, _UNDER_WAY),
            ),
        )
        for row, elder in rows
    ]


def _role(code: str) -> Words:
    found = roles.role(code) if roles.is_known(code) else None
    return (found.zh, found.en) if found else (code, code)


def _hazards(unit_path: str, begins: datetime, ends: datetime) -> Select[Any, Any]:
    """Hazards found in the month, and those from before that are open in it."""
    asked = select(Hazard, Elder).join(Elder, Elder.id == Hazard.elder_id)
    return asked.where(
        organisation.within(Hazard.unit_path, unit_path),
        Hazard.found_at < ends,
        or_(Hazard.found_at >= begins, Hazard.closed_at.is_(None), Hazard.closed_at >= begins),
    )


def _hazard_lines(session: Session, rows: list[Any]) -> list[Line]:
    villages = _villages(session, rows)
    return [
        Line(
            elder.id,
            row.unit_path,
            (row.found_at, row.id),
            (
                *_who(elder, villages),
                hazards.ITEMS.get(row.item, (row.item, row.item)),
                hazards.LEVELS.get(row.level, (row.level, row.level)),
                clock.local(row.found_at).date(),
                Photo(row.before_photo) if row.before_photo else None,
                hazards.PARTIES.get(row.party, ("待定", "Not yet named")),
                clock.local(row.due_at).date(),
                clock.local(row.rectified_at).date() if row.rectified_at else None,
                Photo(row.after_photo) if row.after_photo else None,
                clock.local(row.rechecked_at).date() if row.rechecked_at else None,
                str(row.round),
                hazards.OUTCOMES.get(row.outcome, _UNDER_WAY),
            ),
        )
        for row, elder in rows
    ]


_UNDER_WAY = ("在办", "Under way")
_WHO: tuple[Words, ...] = (("编号", "Number"), ("老人", "Elder"), ("等级", "Tier"), ("村（社区）", "Village"))
VISITS = Ledger(
    "visits",
    ("探访台账", "Visit ledger"),
    Part.VISITS,
    (
        *_WHO,
        ("类别", "Kind"),
        ("应访日", "Due"),
        ("签到", "Arrived"),
        ("完成", "Done"),
        ("方式", "Way"),
        ("探访人", "Visitor"),
        ("结果", "Result"),
        ("发现", "Found"),
        ("下次关注", "Next time"),
    ),
    _visits,
    (Visit.due_at, Visit.id),
    _visit_lines,
)
NEEDS = Ledger(
    "needs",
    ("需求清单", "Needs"),
    Part.VISITS,
    (
        *_WHO,
        ("需求", "Need"),
        ("急不急", "Urgency"),
        ("提出", "Raised"),
        ("承接", "With"),
        ("应办结", "Due"),
        ("办结", "Closed"),
        ("结果", "Result"),
    ),
    _needs,
    (Referral.raised_at, Referral.id),
    _need_lines,
)
HAZARDS = Ledger(
    "hazards",
    ("隐患清单", "Hazards"),
    Part.VISITS,
    (
        *_WHO,
        ("隐患", "Hazard"),
        ("级别", "Level"),
        ("发现", "Found"),
        ("整改前", "Before"),
        ("谁整改", "To mend"),
        ("限期", "Due"),
        ("整改", "Mended"),
        ("整改后", "After"),
        ("复查", "Rechecked"),
        ("第几轮", "Round"),
        ("结果", "Result"),
    ),
    _hazards,
    (Hazard.found_at, Hazard.id),
    _hazard_lines,
)
LEDGERS = {each.id: each for each in (VISITS, NEEDS, HAZARDS)}
