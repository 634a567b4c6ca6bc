"""Applications for benefits (政策补贴): what was hinted, applied for, decided, told, and when it ends.

The table `aid_hint` names what an elder is likely entitled to; it never decides. Its result is kept after each decision
about the tier (P02, P33) as rows of `AidHint`, the denominator of K20.
Public: Aid, AidHint, KINDS, OUTCOMES, inputs, hints_of, keep_hints, open_aid, hinted, submitted, decided, told,
again, get, of_elder, of_instance, ending, due_again.
Source: issued plan 四(二), 五(四); draft 附4二2; processes P12; K20.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, exists, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from care import matters, policies
from care.elders import Elder
from care.matters import Matter
from care.personal import OfElder
from care.policy_calendar import working_days_after
from engine import clock
from engine.db import Base, Instant

KINDS = {
    "care_subsidy": ("养老服务补贴", "Care subsidy"),
    "medical_aid": ("医保救助", "Medical aid"),
    "minimum_allowance": ("低保", "Minimum allowance"),
    "destitute": ("特困供养", "Support of the destitute"),
    "disability_benefit": ("残疾人补贴", "Disability benefit"),
    "home_adaptation": ("适老化改造补贴", "Home adaptation"),
    "device_subsidy": ("智能设备补贴", "Device subsidy"),
    "consumption_subsidy": ("失能老年人消费补贴", "Consumption subsidy"),
    "fp_support": ("计生特别扶助", "Family-planning support"),
    "old_age": ("高龄津贴", "Old-age allowance"),
    "other": ("其他", "Other"),
}
OUTCOMES = {
    "granted": ("已获批", "Granted"),
    "refused": ("未获批", "Refused"),
    "not_applied": ("不申请", "Not applied for"),
    "exited": ("随退出结束", "The elder left"),
}
_IN_VISITS = {"pension_subsidy": "care_subsidy", "smart_device": "device_subsidy"}
PAPERS_DAYS = 10
RENEW_BEFORE = timedelta(days=30)


class Aid(Matter, Base):
    """One application; `amount` is yuan a month, `until_on` the last day of what was granted.

    `provider_id`: who will provide the service that the benefit pays for, as the elder wants.
    """

    __tablename__ = "aid"

    kind: Mapped[str] = mapped_column(String(24), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    provider_id: Mapped[int | None] = mapped_column(ForeignKey("provider.id"), index=True)
    hinted: Mapped[bool | None] = mapped_column()
    proposed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    papers_due_at: Mapped[datetime] = mapped_column(Instant)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    granted: Mapped[bool | None] = mapped_column()
    amount: Mapped[int | None] = mapped_column()
    from_on: Mapped[date | None] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date, index=True)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    round: Mapped[int] = mapped_column(default=1)


class AidHint(OfElder, Base):
    """What the table hinted at one decision about the tier; the rows of the newest moment count."""

    __tablename__ = "aid_hint"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), index=True)
    policy: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    until_at: Mapped[datetime | None] = mapped_column(Instant)


def kind_of(said: str) -> str:
    """The kind of benefit that a visit form means."""
    kind = _IN_VISITS.get(said, said)
    return kind if kind in KINDS else "other"


def inputs(elder: Elder) -> dict[str, Any]:
    """What the table `aid_hint` asks for."""
    facts: Mapping[str, Any] = elder.facts or {}
    return {
        "age": policies.completed_years(elder.born_on, clock.today()),
        "categories": list(elder.categories or ()),
        "ability_level": facts.get("ability_level"),
    }


def hints_of(elder: Elder, policy: str) -> list[str]:
    """What the elder is likely entitled to by the policy's table; facts that are unknown hint nothing."""
    return list(dict.fromkeys(policies.decide("aid_hint", inputs(elder), policy)))


def keep_hints(session: Session, elder: Elder, policy: str) -> list[str]:
    """The hints of now take the place of those before. Source: processes P02, P33; K20."""
    now, found = clock.now(), hints_of(elder, policy)
    asked = select(AidHint).where(AidHint.elder_id == elder.id, AidHint.until_at.is_(None))
    standing = {row.kind: row for row in session.scalars(asked)}
    for kind, row in standing.items():
        if kind not in found:
            row.until_at = now
    for kind in found:
        if kind not in standing:
            session.add(AidHint(elder_id=elder.id, unit_path=elder.unit_path, kind=kind, policy=policy, at=now))
    session.flush()
    return found


def open_aid(session: Session, elder: Elder, kind: str, visit_id: int | None, instance_id: UUID) -> Aid:
    """Somebody proposed to apply: ten working days to hand the papers in."""
    now = clock.now()
    row = Aid(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        kind=kind_of(kind),
        visit_id=visit_id,
        proposed_at=now,
        papers_due_at=working_days_after(now, PAPERS_DAYS)[0],
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, aid_id: int) -> Aid:
    return session.get_one(Aid, aid_id)


def hinted(session: Session, row: Aid, hints: list[str]) -> None:
    row.hinted = row.kind in hints
    session.flush()


def checked(session: Session, row: Aid, provider_id: int | None) -> None:
    """Who will provide the service, from the check. Source: processes P12 T1; R-NET-15."""
    row.provider_id = provider_id or row.provider_id
    session.flush()


def submitted(session: Session, row: Aid) -> None:
    row.submitted_at = row.submitted_at or clock.now()
    session.flush()


def decided(session: Session, row: Aid, granted: bool, said: Mapping[str, Any]) -> None:
    """The department's decision; `said`: amount (yuan a month), from_on, until_on of F-AID."""
    row.decided_at, row.granted = clock.now(), granted
    if granted:
        row.amount = said.get("amount")
        row.from_on, row.until_on = _day(said.get("from_on")), _day(said.get("until_on"))
    session.flush()


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def told(session: Session, row: Aid) -> None:
    row.told_at = clock.now()
    session.flush()


def again(session: Session, row: Aid) -> None:
    """The elder asks for a review: handed in once more."""
    row.round += 1
    row.submitted_at, row.papers_due_at = None, working_days_after(clock.now(), PAPERS_DAYS)[0]
    session.flush()


def of_elder(session: Session, elder_id: int) -> list[Aid]:
    """All applications of an elder, newest first."""
    return matters.newest(session, Aid, elder_id)


def of_instance(session: Session, instance_id: UUID | None) -> Aid | None:
    return matters.led_by(session, Aid, instance_id)


def ending(session: Session, elder_id: int, day: date) -> list[str]:
    """Kinds that the elder has and that end within 30 days of `day`, without a later application."""
    return list(session.scalars(_ending(day).with_only_columns(Aid.kind).where(Aid.elder_id == elder_id)))


def due_again(session: Session, day: date, limit: int) -> list[int]:
    """Elders with a benefit to renew. Source: processes P12 (expiry)."""
    asked = _ending(day).with_only_columns(Aid.elder_id).distinct().order_by(Aid.elder_id)
    return list(session.scalars(asked.limit(limit)))


def _ending(day: date) -> Any:
    later = aliased(Aid)
    renewed = exists().where(later.elder_id == Aid.elder_id, later.kind == Aid.kind, later.id > Aid.id)
    return select(Aid).where(Aid.outcome == "granted", Aid.until_on <= day + RENEW_BEFORE, ~renewed)


def facts(row: Aid) -> dict[str, Any]:
    """Codes and moments for process data."""
    return {"aid_id": row.id, "kind": row.kind, "hinted": row.hinted, "papers_due_at": row.papers_due_at.isoformat(),
            "round": row.round}  # fmt: skip
