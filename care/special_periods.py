"""Special periods (特殊时段): festivals and severe weather, in which everybody in the area is reached once more.

A period belongs to a district. Each elder of a tier gets one `PeriodContact`, owed once however many periods overlap:
a period that meets an open one joins it. High tiers come first: within 24 hours at a red warning, the others within 48
hours, never after the end.
Public: SpecialPeriod, PeriodContact, Wanted, WEATHER, propose, decide, change, begin, owe, contacts, reached, share,
close, get, townships, waiting, festivals_due.
Source: issued plan 四(一); draft 四(1), 四(5); processes P09; policy 3.5; calendar 7; K22.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, case, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import organisation, policies, policy_calendar
from care.elders import Elder
from care.organisation import Unit
from care.personal import OfElder, PathColumn
from care.planner import SERVED
from engine import clock, instances
from engine.db import Base, Id, Instant

FESTIVAL = "festival"
NOT_NEEDED = "not_needed"
WEATHER = {
    "cold_wave": ("寒潮", "Cold wave"),
    "blizzard": ("暴雪", "Blizzard"),
    "heat": ("高温", "Heat"),
    "sandstorm": ("沙尘暴", "Sandstorm"),
    "rainstorm": ("暴雨", "Rainstorm"),
    "gale": ("大风", "Gale"),
    "freezing": ("道路结冰", "Icy roads"),
    "other": ("其他灾害天气", "Other severe weather"),
}
LEVELS = ("blue", "yellow", "orange", "red")
YELLOW_COUNTS = frozenset(("cold_wave", "blizzard", "heat", "sandstorm"))
WITHIN = timedelta(hours=48)
HIGH_AT_RED = timedelta(hours=24)
LONGEST = timedelta(days=14)


class SpecialPeriod(Base):
    """One period of a district; `state`: proposed, open, closed, ignored, joined, refused or cancelled."""

    __tablename__ = "special_period"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(60), default="")
    level: Mapped[str] = mapped_column(String(8), default="")
    source: Mapped[str] = mapped_column(String(80), default="", index=True)  # the warning's or the festival's own id
    from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime] = mapped_column(Instant, index=True)
    state: Mapped[str] = mapped_column(String(12), default="proposed", index=True)
    joined_id: Mapped[int | None] = mapped_column(ForeignKey("special_period.id"))
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    owed: Mapped[int] = mapped_column(default=0)
    reached: Mapped[int] = mapped_column(default=0)
    end_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")  # why a person ended it early
    ended_by: Mapped[int | None] = mapped_column()
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


class PeriodContact(OfElder, Base):
    """The one extra contact that an elder is owed in a period.

    `how`: the mode of the visit that reached the elder; `not_needed` where the period ended before the contact was due.
    """

    __tablename__ = "period_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("special_period.id"), index=True)
    tier: Mapped[str] = mapped_column(String(8))
    due_at: Mapped[datetime] = mapped_column(Instant)
    reached_at: Mapped[datetime | None] = mapped_column(Instant)
    how: Mapped[str] = mapped_column(String(12), default="")
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))

    __table_args__ = (UniqueConstraint("period_id", "elder_id"),)


@dataclass(frozen=True)
class Wanted:
    """What somebody proposes: a festival, a warning, or by hand."""

    unit_path: str
    kind: str
    level: str = ""
    name: str = ""
    source: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None
    confirmed: bool = False  # the district itself asks for it


def propose(session: Session, wanted: Wanted, instance_id: UUID) -> tuple[SpecialPeriod, str]:
    """(the period, what happens: ignore, join, confirm or open). Source: processes P09 T1; calendar 7."""
    begins = wanted.from_at or clock.now()
    ends = min(wanted.until_at or begins + timedelta(days=2), begins + LONGEST)
    row = SpecialPeriod(
        unit_path=organisation.prefix(wanted.unit_path, "district") or wanted.unit_path,
        kind=wanted.kind,
        name=wanted.name,
        level=wanted.level,
        source=wanted.source,
        from_at=begins,
        until_at=max(ends, begins + timedelta(hours=1)),
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row, _what_happens(session, row, wanted.confirmed)


def _what_happens(session: Session, row: SpecialPeriod, confirmed: bool) -> str:
    if not _counts(row):
        row.state = "ignored"
        return "ignore"
    other = _overlapping(session, row)
    if other is not None:
        _join(row, other)
        session.flush()
        return "join"
    opens = confirmed or row.level in ("orange", "red") or row.kind == FESTIVAL
    return "open" if opens else "confirm"


def _counts(row: SpecialPeriod) -> bool:
    """Orange and red of any kind, yellow of four kinds; festivals and what a person proposes always."""
    if row.kind == FESTIVAL or not row.level:
        return True
    return row.level in ("orange", "red") or (row.level == "yellow" and row.kind in YELLOW_COUNTS)


def _severity(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def _overlapping(session: Session, row: SpecialPeriod) -> SpecialPeriod | None:
    asked = select(SpecialPeriod).where(
        SpecialPeriod.unit_path == row.unit_path,
        SpecialPeriod.id != row.id,
        SpecialPeriod.state == "open",
        SpecialPeriod.from_at <= row.until_at,
        SpecialPeriod.until_at >= row.from_at,
    )
    return session.scalar(asked.order_by(SpecialPeriod.id).limit(1))


def get(session: Session, period_id: int) -> SpecialPeriod:
    return session.get_one(SpecialPeriod, period_id)


def of_instance(session: Session, instance_id: UUID) -> tuple[SpecialPeriod | None, str]:
    """The period that an instance leads, or whose township it watches, and the unit that it is about."""
    led = session.scalar(select(SpecialPeriod).where(SpecialPeriod.instance_id == instance_id))
    if led is not None:
        return led, led.unit_path
    about = instances.get(session, instance_id)
    number = (about.key or "").rpartition(":")[2]
    return (session.get(SpecialPeriod, int(number)) if number.isdecimal() else None), about.unit_path


def decide(session: Session, row: SpecialPeriod, answers: Mapping[str, Any]) -> str:
    """The district's word: open, join (another is open by now), or refused; a warning that was cancelled stays so."""
    if answers.get("confirmed") is not True or row.state == "cancelled":
        row.state = "cancelled" if row.state == "cancelled" else "refused"
        session.flush()
        return "refused"
    for name in ("kind", "level", "name"):
        if answers.get(name):
            setattr(row, name, str(answers[name])[:60])
    if answers.get("until_on"):
        row.until_at = min(_end_of(date.fromisoformat(str(answers["until_on"]))), row.from_at + LONGEST)
    other = _overlapping(session, row)
    if other is not None:
        _join(row, other)
    session.flush()
    return "open" if other is None else "join"


def _join(row: SpecialPeriod, other: SpecialPeriod) -> None:
    other.until_at, other.level = max(other.until_at, row.until_at), max(other.level, row.level, key=_severity)
    row.state, row.joined_id = "joined", other.id


def area_of(session: Session, area: str | None) -> Unit | None:
    """The district that a warning names by its path or name; a smaller unit stands for its district."""
    if not area:
        return None
    found = organisation.by_path(session, area) or session.scalar(
        select(Unit).where(Unit.name == area, Unit.level.in_(organisation.LEVELS)).order_by(Unit.id).limit(1)
    )
    return organisation.ancestor(session, found.path, "district") if found is not None else None


def change(session: Session, row: SpecialPeriod, level: str | None, until_at: datetime | None, cancel: bool) -> None:
    """The same warning again: another level or end; or it is cancelled. Source: processes P09."""
    if cancel:
        row.state, row.until_at = "cancelled", clock.now()
    else:
        row.level = level if level in LEVELS else row.level
        row.until_at = min(until_at or row.until_at, row.from_at + LONGEST)
    session.flush()


def begin(session: Session, row: SpecialPeriod) -> list[str]:
    """It is open from now: the paths of the townships that watch over it."""
    row.state, row.opened_at = "open", clock.now()
    session.flush()
    return [unit.path for unit in townships(session, row)]


def townships(session: Session, row: SpecialPeriod) -> list[Unit]:
    return organisation.below(session, row.unit_path, "township")


def owe(session: Session, row: SpecialPeriod, unit_path: str, limit: int) -> list[PeriodContact]:
    """The next elders of a township who are owed a contact, high tiers first; [] once all have one.

    Who was reached in a period of the same warning that had ended before is not owed another.
    """
    there = select(PeriodContact.elder_id).where(
        or_(
            PeriodContact.period_id == row.id,
            PeriodContact.period_id.in_(_before(row)) & PeriodContact.reached_at.is_not(None),
        )
    )
    asked = (
        select(Elder)
        .where(
            organisation.within(Elder.unit_path, unit_path),
            Elder.status.in_(SERVED),
            Elder.tier != "none",
            Elder.willing != "no",
            Elder.id.not_in(there),
        )
        .order_by(_rank(), Elder.id)
        .limit(limit)
    )
    made = [
        PeriodContact(
            period_id=row.id,
            elder_id=elder.id,
            unit_path=elder.unit_path,
            tier=elder.tier,
            due_at=due_at(row, elder.tier),
        )
        for elder in session.scalars(asked)
    ]
    session.add_all(made)
    row.owed += len(made)
    session.flush()
    return made


def _before(row: SpecialPeriod) -> Select[int]:
    """Earlier periods of the same warning in the same district."""
    same = SpecialPeriod.source == row.source, SpecialPeriod.unit_path == row.unit_path, SpecialPeriod.id < row.id
    return select(SpecialPeriod.id).where(*same, SpecialPeriod.source != "")


def runs(session: Session, row: SpecialPeriod) -> bool:
    """Whether the warning of a period has one that is open, or is to be confirmed."""
    same = SpecialPeriod.source == row.source, SpecialPeriod.unit_path == row.unit_path
    asked = select(SpecialPeriod.id).where(*same, SpecialPeriod.state.in_(("open", "proposed")))
    return session.scalar(asked.limit(1)) is not None


def _rank() -> Any:
    return case((Elder.tier == "high", 0), (Elder.tier == "key", 1), else_=2)


def due_at(row: SpecialPeriod, tier: str) -> datetime:
    """By when an elder of a tier is reached: red and high 24 hours, else 48, at most until the end."""
    begins = row.opened_at or clock.now()
    within = HIGH_AT_RED if row.level == "red" and tier == "high" else WITHIN
    return min(begins + within, max(row.until_at, begins + HIGH_AT_RED))


def reached(session: Session, elder_id: int, visit_id: int | None, mode: str) -> int:
    """A visit met the elder: what is owed in open periods is settled; how many were."""
    asked = (
        select(PeriodContact)
        .join(SpecialPeriod, SpecialPeriod.id == PeriodContact.period_id)
        .where(PeriodContact.elder_id == elder_id, PeriodContact.reached_at.is_(None), SpecialPeriod.state == "open")
    )
    rows = list(session.scalars(asked))
    for row in rows:
        row.reached_at, row.how, row.visit_id = clock.now(), mode[:12], visit_id
    session.flush()
    return len(rows)


@dataclass(frozen=True)
class Share:
    """Of how many elders how many were reached; those of the high tier beside them."""

    owed: int
    reached: int
    high_owed: int
    high_reached: int

    @property
    def is_all(self) -> bool:
        return self.owed == self.reached


def share(session: Session, row: SpecialPeriod, unit_path: str) -> Share:
    """Reached in a part of the district. Source: K22."""
    is_high, is_reached = PeriodContact.tier == "high", PeriodContact.reached_at.is_not(None)
    asked = select(
        func.count(),
        func.count().filter(is_reached),
        func.count().filter(is_high),
        func.count().filter(is_high & is_reached),
    ).where(
        PeriodContact.period_id == row.id,
        PeriodContact.how != NOT_NEEDED,
        organisation.within(PeriodContact.unit_path, unit_path),
    )
    return Share(*session.execute(asked).one())


def contacts(session: Session, row: SpecialPeriod, after: int, limit: int) -> list[PeriodContact]:
    """The contacts of a period after the one with this id, in their order."""
    asked = select(PeriodContact).where(PeriodContact.period_id == row.id, PeriodContact.id > after)
    return list(session.scalars(asked.order_by(PeriodContact.id).limit(limit)))


def waiting(session: Session, row: SpecialPeriod, unit_path: str, limit: int) -> list[int]:
    """Elders who have not been reached, high tiers first."""
    asked = select(PeriodContact.elder_id).where(
        PeriodContact.period_id == row.id,
        PeriodContact.reached_at.is_(None),
        PeriodContact.how != NOT_NEEDED,
        organisation.within(PeriodContact.unit_path, unit_path),
    )
    return list(session.scalars(asked.order_by(PeriodContact.due_at, PeriodContact.id).limit(limit)))


def close(session: Session, row: SpecialPeriod) -> Share:
    """It is over, with what was reached; a contact whose time had not come is not needed, and none that was missed."""
    ahead = update(PeriodContact).where(
        PeriodContact.period_id == row.id, PeriodContact.reached_at.is_(None), PeriodContact.due_at > clock.now()
    )
    session.execute(ahead.values(how=NOT_NEEDED))
    found = share(session, row, row.unit_path)
    row.closed_at, row.owed, row.reached = clock.now(), found.owed, found.reached
    row.state = "cancelled" if row.state == "cancelled" else "closed"
    session.flush()
    return found


def festivals_due(session: Session, day: date) -> Iterator[Wanted]:
    """Festivals that open on or before `day` in each district and have no period yet. Source: calendar 7."""
    policy = policies.policy_set(policies.DEFAULT_POLICY)
    opens = timedelta(days=policy.festival_opens_days_before)
    wanted = [
        each
        for year in (day.year, day.year + 1)
        for each in policy_calendar.festivals(year, policy.festivals)
        if each.first - opens <= day <= each.last
    ]
    for district in organisation.below(session, organisation.city(session).path, "district") if wanted else ():
        known = set(
            session.scalars(select(SpecialPeriod.source).where(SpecialPeriod.unit_path == district.path))
        )  # fmt: skip
        for each in wanted:
            source = f"{each.id}:{each.first}"
            if source not in known:
                yield Wanted(
                    district.path, FESTIVAL, "", each.name, source, _start_of(each.first - opens), _end_of(each.last)
                )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(0, 0), tzinfo=clock.zone())


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.zone())
