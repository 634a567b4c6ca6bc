"""The elder's file: who the elder is, how to reach the door, the facts of the tier decision and its results.

Id number, telephone, address, health notes and facts are encrypted; id number and telephone are found again by blind
index. The tier on the elder is the newest row of `tier_result`, which keeps facts, rules and policy version.

Public: Elder, Household, TierResult, FACTS, STATUSES, register, get, by_number, by_id_number, by_phone, named,
age, retier, keep_tier, tier_history, move_to, set_status.
Source: people-forms-indicators 6.1; policy 3.2-3.4.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Date, ForeignKey, LargeBinary, String, event, false, inspect, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, validates

from care import district_policies, finding, policies
from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.personal import OfElder, PathColumn
from engine import clock
from engine.db import Base, Document, Instant, new_id
from engine.vault import Encrypted, EncryptedDocument, blind_index

STATUSES = ("pending", "in_register", "absent", "suspended", "exited")
TIERS = ("high", "key", "general", "none")
STATUS_TITLES = {
    "pending": ("待确认", "To be confirmed"),
    "in_register": ("在册", "On the register"),
    "absent": ("暂离", "Away"),
    "suspended": ("暂停", "Suspended"),
    "exited": ("退出", "Left the register"),
}
TIER_TITLES = {
    "high": ("高风险", "High risk"),
    "key": ("重点", "Key"),
    "general": ("一般", "General"),
    "none": ("未纳入分级", "No tier"),
}
CATEGORY_TITLES = {
    "ALONE": ("独居", "Lives alone"),
    "EMPTY_NEST": ("空巢", "Empty nest"),
    "LEFT_BEHIND": ("留守", "Left behind"),
    "DISABLED": ("失能", "Disabled"),
    "SEVERE_DISABILITY": ("重残", "Severe disability"),
    "FP_SPECIAL": ("计生特殊家庭", "Family-planning special family"),
    "DEMENTIA": ("失智", "Dementia"),
    "SEVERE_ILLNESS": ("患重症疾病", "Severe illness"),
    "DISPERSED_DESTITUTE": ("分散供养特困", "Dispersed destitute"),
    "OTHER_SPECIAL": ("其他特殊困难", "Other special difficulty"),
    "SUSPECTED_DISABILITY": ("疑似失能", "Suspected disability"),
}
FLAG_TITLES = {
    "UNDER_60": ("不满60周岁", "Under 60"),
    "AGED_80_OUT_OF_SCOPE": ("80岁以上未纳入，列入关注", "80 or older without a tier: watched"),
    "ALONE_NEAR_FAMILY": ("独自居住，子女或老伴同在一地", "Lives alone with family in the same area"),
    "PARTNER_UNDER_60": ("老伴不满60周岁", "Partner under 60"),
    "CERT_INVALID": ("残疾人证不是第二代或已过期", "Disability certificate not valid"),
    "ASSESSMENT_PENDING": ("待能力评估", "Ability assessment pending"),
    "FACTS_MISSING": ("情况不全，临时等级", "Facts missing: provisional tier"),
}
HEATING_TITLES = {
    "central": ("集中供暖", "District heating"),
    "coal": ("燃煤", "Coal stove"),
    "electric": ("电采暖", "Electric"),
    "gas": ("燃气壁挂炉", "Gas boiler"),
}

# What the decision `tier` asks beside birth_date and as_of (contracts/commands.md); a missing key is unknown.
FACTS = (
    "living_alone",
    "lives_with_partner_only",
    "has_partner",
    "partner_age",
    "partner_same_area",
    "has_children",
    "children_same_area",
    "rural",
    "children_away_months",
    "children_away_for_work",
    "supporter_present",
    "supporter_capable",
    "ability_level",
    "ability_assessed_by_professional",
    "suspected_disability",
    "disability_cert_generation",
    "disability_cert_grade",
    "disability_cert_valid",
    "fp_special_family",
    "dementia",
    "severe_illness",
    "dispersed_destitute",
    "other_special_recognised",
)


class Household(Base):
    """People at one door: one trip may serve both of a couple (policy 3.4 no. 14)."""

    __tablename__ = "household"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: new_id().hex)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)


class Elder(Base):
    """One elder.

    `health`: {"illnesses": [..], "drugs": [..], "allergies": [..], "mobility": str, "aids": [..], "hospital": str,
    "blood_type": str, "notes": str}; `living`: {"with": str, "housing": str, "floor": int, "lift": bool, "gas": str,
    "pension": str, ...}; `facts`: the keys of FACTS; `facts_said`: of each {"on": day, "by": source}. `reached_by`:
    phone, key_holder, neighbour, broadcast or door.
    `protective_hold`: notices to family rest, whoever asks learns nothing of it.
    """

    __tablename__ = "elder"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: new_id().hex)
    name: Mapped[str] = mapped_column(String(60), index=True)
    initials: Mapped[str] = mapped_column(String(12), default="", index=True)  # of the name's pinyin
    sex: Mapped[str] = mapped_column(String(1), default="f")
    born_on: Mapped[date] = mapped_column(Date)
    ethnic_group: Mapped[str] = mapped_column(String(20), default="汉族")
    language: Mapped[str] = mapped_column(String(20), default="汉语")
    hearing: Mapped[str] = mapped_column(String(20), default="")
    id_number: Mapped[str | None] = mapped_column(Encrypted)
    id_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), unique=True)
    phone: Mapped[str | None] = mapped_column(Encrypted)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    phone_kind: Mapped[str] = mapped_column(String(8), default="old")  # smart, old, none
    address: Mapped[str] = mapped_column(Encrypted, default="")
    address_marks: Mapped[str] = mapped_column(String(160), default="", server_default="")  # care/finding.py
    position: Mapped[Any | None] = mapped_column(EncryptedDocument, nullable=True)  # [latitude, longitude]
    way: Mapped[str | None] = mapped_column(Encrypted)  # how to find the door
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"), index=True)
    status: Mapped[str] = mapped_column(String(16), default="in_register", index=True)
    willing: Mapped[str] = mapped_column(String(8), default="yes")  # yes, no, wait
    registered_on: Mapped[date] = mapped_column(Date)
    marital_status: Mapped[str] = mapped_column(String(16), default="")
    heating: Mapped[str] = mapped_column(String(16), default="central")
    best_time: Mapped[str] = mapped_column(String(60), default="")
    do_not_call: Mapped[str] = mapped_column(String(60), default="")
    door_note: Mapped[str | None] = mapped_column(Encrypted)  # dog, bell broken
    two_visitors: Mapped[bool] = mapped_column(default=False, server_default=false())  # dog, violence, a risky way
    reached_by: Mapped[str] = mapped_column(String(16), default="phone")
    depends_on_power: Mapped[bool] = mapped_column(default=False)
    protective_hold: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[Any] = mapped_column(EncryptedDocument, default=dict)
    health: Mapped[Any] = mapped_column(EncryptedDocument, default=dict)
    facts_said: Mapped[Any | None] = mapped_column(EncryptedDocument, nullable=True)
    living: Mapped[Any] = mapped_column(EncryptedDocument, default=dict)
    plan: Mapped[Any] = mapped_column(EncryptedDocument, default=dict)  # special attention, services, next review
    tier: Mapped[str] = mapped_column(String(8), default="none", index=True)
    categories: Mapped[Any] = mapped_column(Document, default=list)
    flags: Mapped[Any] = mapped_column(Document, default=list)
    policy: Mapped[str] = mapped_column(String(40), default="")
    tiered_on: Mapped[date | None] = mapped_column(Date)

    @validates("name")
    def _named(self, _: str, name: str) -> str:
        self.initials = finding.initials(name)
        return name

    @validates("address")
    def _lives(self, _: str, address: str) -> str:
        self.address_marks = finding.marks(address)
        return address


@event.listens_for(Elder, "after_insert")
def _first_words(_: Any, connection: Connection, elder: Elder) -> None:
    finding.write(connection, elder)


@event.listens_for(Elder, "after_update")
def _other_words(_: Any, connection: Connection, elder: Elder) -> None:
    changed = inspect(elder).attrs
    if any(changed[name].history.has_changes() for name in ("name", "initials", "address_marks")):
        finding.write(connection, elder, anew=True)


class TierResult(OfElder, Base):
    """One outcome of the tier decision (or of a person's decision against it, `manual_until` and `reason` set)."""

    __tablename__ = "tier_result"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    tier: Mapped[str] = mapped_column(String(8))
    policy: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[int] = mapped_column(default=1)
    categories: Mapped[Any] = mapped_column(Document)
    rules: Mapped[Any] = mapped_column(Document)
    flags: Mapped[Any] = mapped_column(Document)
    grounds: Mapped[Any | None] = mapped_column(Document)  # [{"rule", "note"}] in the words of that version
    facts: Mapped[Any] = mapped_column(EncryptedDocument)
    reason: Mapped[str] = mapped_column(String(200), default="")
    by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    manual_until: Mapped[date | None] = mapped_column(Date)


def register(
    session: Session,
    unit: Unit,
    name: str,
    born_on: date,
    *,
    id_number: str | None = None,
    phone: str | None = None,
    **facts_of_file: Any,
) -> Elder:
    """A new elder living in the grid (or village) `unit`, numbered E000001 onwards.

    Raises RuleBroken when the id number is already on file. Other columns by name.
    """
    if id_number and by_id_number(session, id_number) is not None:
        raise RuleBroken("该身份证号已建档", "this id number is already on file")
    elder = Elder(unit_id=unit.id, unit_path=unit.path, name=name, born_on=born_on, **facts_of_file)
    elder.registered_on = facts_of_file.get("registered_on") or clock.today()
    set_id_number(elder, id_number)
    set_phone(elder, phone)
    session.add(elder)
    session.flush()
    elder.number = f"E{elder.id:06d}"
    session.flush()
    return elder


def set_id_number(elder: Elder, id_number: str | None) -> None:
    elder.id_number = id_number
    elder.id_index = blind_index("id_number", id_number) if id_number else None


def set_phone(elder: Elder, phone: str | None) -> None:
    elder.phone = phone
    elder.phone_index = blind_index("phone", phone) if phone else None


def get(session: Session, elder_id: int) -> Elder:
    """The elder whoever asks (steps and jobs); pages use access.elder. Raises NotFound."""
    elder = session.get(Elder, elder_id)
    if elder is None:
        raise NotFound(f"elder {elder_id}")
    return elder


def numbers(session: Session, elder_ids: Collection[int]) -> dict[int, str]:
    """The public number of each of these elders, for pages that may not show names."""
    if not elder_ids:
        return {}
    found = session.execute(select(Elder.id, Elder.number).where(Elder.id.in_(elder_ids)))
    return {row.id: row.number for row in found}


def by_number(session: Session, number: str) -> Elder | None:
    return session.scalar(select(Elder).where(Elder.number == number.strip().upper()))


def by_id_number(session: Session, id_number: str) -> Elder | None:
    return session.scalar(select(Elder).where(Elder.id_index == blind_index("id_number", id_number)))


def by_phone(session: Session, phone: str) -> list[Elder]:
    """Elders with that telephone; a couple may share one."""
    return list(session.scalars(select(Elder).where(Elder.phone_index == blind_index("phone", phone))))


def age(elder: Elder, as_of: date | None = None) -> int:
    """Completed years (周岁), reached on the birthday; born 29 February: on 1 March. Source: policy 3.4 no. 1."""
    day = as_of or clock.today()
    return day.year - elder.born_on.year - ((day.month, day.day) < (elder.born_on.month, elder.born_on.day))


def retier(session: Session, elder: Elder, reason: str, by: int | None = None, policy: str | None = None) -> TierResult:
    """Let the policy (default: the one in force there) decide the tier anew and keep the result with its explanation.

    The elder carries the new tier at once; whether a lowering may take effect is the process's question (3.4 no. 18).
    """
    facts = {**(elder.facts or {}), "birth_date": elder.born_on, "as_of": clock.today()}
    result, grounds = policies.explain_tier(facts, policy or district_policies.in_force(session, elder.unit_path))
    elder.tier, elder.categories, elder.flags = result["tier"], result["categories"], result["flags"]
    elder.policy, elder.tiered_on = result["policy"]["id"], clock.today()
    row = TierResult(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        at=clock.now(),
        tier=result["tier"],
        policy=result["policy"]["id"],
        policy_version=result["policy"]["version"],
        categories=result["categories"],
        rules=result["rules"],
        flags=result["flags"],
        grounds=grounds,
        facts=elder.facts or {},
        reason=reason[:200],
        by=by,
    )
    session.add(row)
    session.flush()
    return row


def keep_tier(session: Session, elder: Elder, reason: str, by: int | None, until_on: date) -> TierResult:
    """A person keeps the elder's tier against the table until a day; written beside the table's own result.

    Source: policy 3.4 no. 17.
    """
    newest = tier_history(session, elder.id)[0]
    row = TierResult(
        elder_id=elder.id, unit_path=elder.unit_path, at=clock.now(), tier=elder.tier, policy=newest.policy,
        policy_version=newest.policy_version, categories=newest.categories, rules=[], flags=newest.flags, grounds=[],
        facts=newest.facts, reason=reason[:200], by=by, manual_until=until_on,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def due_for_review(session: Session, day: date, limit: int) -> list[int]:
    """Elders in a tier whose last decision is a year old by `day`. Source: processes P33."""
    asked = select(Elder.id).where(Elder.tier != "none", Elder.tiered_on <= day - timedelta(days=365))
    return list(session.scalars(asked.order_by(Elder.tiered_on, Elder.id).limit(limit)))


AGES_THAT_CHANGE_A_TIER = (60, 70, 80)


def birthdays(session: Session, day: date, limit: int) -> list[int]:
    """Elders who reach 60, 70 or 80 on `day`; born 29 February: on 1 March. Source: policy 3.4 no. 1."""
    born: list[date] = []
    for age in AGES_THAT_CHANGE_A_TIER:
        year = day.year - age
        if (day.month, day.day) != (2, 29) or _is_leap(year):
            born.append(date(year, day.month, day.day))
        if (day.month, day.day) == (3, 1) and _is_leap(year) and not _is_leap(day.year):
            born.append(date(year, 2, 29))
    return list(session.scalars(select(Elder.id).where(Elder.born_on.in_(born)).order_by(Elder.id).limit(limit)))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def tier_history(session: Session, elder_id: int) -> list[TierResult]:
    """Every result, newest first."""
    asked = select(TierResult).where(TierResult.elder_id == elder_id)
    return list(session.scalars(asked.order_by(TierResult.at.desc(), TierResult.id.desc())))


def move_to(session: Session, elder: Elder, unit: Unit) -> None:
    """The elder lives in another unit of the city: the history follows, every row about the elder with it."""
    elder.unit_id, elder.unit_path = unit.id, unit.path
    session.flush()
    for table in sorted((each.class_ for each in Base.registry.mappers), key=lambda each: each.__name__):
        if issubclass(table, OfElder):
            session.execute(update(table).where(table.elder_id == elder.id).values(unit_path=unit.path))


def set_status(session: Session, elder: Elder, status: str) -> None:
    if status not in STATUSES:
        raise ValueError(f"no such status: {status!r}")
    elder.status = status
    session.flush()
