"""Referrals (需求转介): a need, to whom it was handed, and whether the elder says that it was met.

One row per need, one `ReferralRound` per time that it was sent to a receiver or sent back by the elder: the dates from
which K11 is reckoned. A second report of a need that is under way joins it. A referral ends when the elder confirms.
Public: Referral, ReferralRound, CATEGORIES, OUTCOMES, open_referral, more, checked, send, answered, served, confirmed,
reroute, close, get, of_elder, of_instance, receivers.
Source: issued plan 四(二); draft 附1, 附4一5, 附4二; processes P11.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import matters, roles
from care.elders import Elder
from care.matters import Matter
from care.personal import OfElder
from care.policy_calendar import working_days_after
from engine import clock
from engine.db import Base, Instant

CATEGORIES = {
    "life_care": ("生活照料", "Daily care"),
    "meals": ("助餐", "Meals"),
    "bathing": ("助浴", "Bathing"),
    "cleaning": ("助洁", "Cleaning"),
    "mobility": ("助行", "Help to get about"),
    "property": ("物业服务", "Property company"),
    "health": ("健康服务", "Health service"),
    "chronic": ("慢病管理", "Chronic illness"),
    "medication": ("用药指导", "Medicines"),
    "rehabilitation": ("康复", "Rehabilitation"),
    "psychological": ("心理关怀", "Comfort"),
    "legal_aid": ("法律援助", "Legal aid"),
    "mediation": ("家庭矛盾调解", "Mediation"),
    "aids": ("残疾辅具", "Aids"),
    "medical_insurance": ("医保", "Medical insurance"),
    "social_insurance": ("社保和资格认证", "Social insurance"),
    "identity": ("户籍和身份证", "Identity papers"),
    "home_adaptation": ("适老化改造", "Home adaptation"),
    "device": ("智能设备", "Smart device"),
    "home_care_bed": ("家庭养老床位", "Home care bed"),
    "consumer": ("消费维权", "Consumer rights"),
    "insurance": ("保险", "Insurance"),
    "poverty": ("防止返贫", "Falling back into poverty"),
    "shopping": ("代购", "Shopping"),
    "water_supply": ("供水", "Water supply"),
    "power_supply": ("供电", "Power supply"),
    "women": ("老年妇女关爱", "Elder women"),
    "youth_company": ("青年陪伴", "Young company"),
    "emergency_support": ("应急保障", "Emergency support"),
    "home_safety": ("居家安全", "Home safety"),
    "hardship": ("突发困难", "Sudden hardship"),
    "lodging": ("临时安置", "Lodging"),
    "other": ("其他", "Other"),
}
OUTCOMES = {
    "settled": ("已办结", "Settled"),
    "not_possible": ("办不了", "Not possible"),
    "withdrawn": ("老人撤回", "Withdrawn"),
    "no_need": ("不需转介", "No need"),
    "merged": ("并入在办事项", "Joined another"),
    "exited": ("随退出结束", "The elder left"),
}
_DESKS = ("provider", "family_doctor", "volunteer", "village_desk", "township_desk", "district_desk")


class Referral(Matter, Base):
    """A need under way; `receiver` is the role that has it now, `coordination` puts it on the monthly agenda (P24)."""

    __tablename__ = "referral"

    category: Mapped[str] = mapped_column(String(24), index=True)
    urgent: Mapped[bool] = mapped_column(default=False)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    raised_at: Mapped[datetime] = mapped_column(Instant, index=True)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    receiver: Mapped[str] = mapped_column(String(40), default="")
    rule: Mapped[str] = mapped_column(String(40), default="")
    serve_days: Mapped[int] = mapped_column(default=10)
    rejects: Mapped[int] = mapped_column(default=0)
    unsettled: Mapped[int] = mapped_column(default=0)
    coordination: Mapped[bool] = mapped_column(default=False)
    provider_id: Mapped[int | None] = mapped_column(ForeignKey("provider.id"), index=True)


class ReferralRound(OfElder, Base):
    """One time with one receiver; `due_at` runs from when it was taken on, `settled` is the elder's word."""

    __tablename__ = "referral_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"), index=True)
    receiver: Mapped[str] = mapped_column(String(40))
    sent_at: Mapped[datetime] = mapped_column(Instant, index=True)
    accept_due_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    rejected_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    served: Mapped[bool | None] = mapped_column()
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    settled: Mapped[bool | None] = mapped_column()


def open_referral(
    session: Session, elder: Elder, category: str, urgent: bool, visit_id: int | None, instance_id: UUID | None
) -> Referral:
    """A need was raised."""
    row = Referral(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        category=category if category in CATEGORIES else "other",
        urgent=urgent,
        visit_id=visit_id,
        raised_at=clock.now(),
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, referral_id: int) -> Referral:
    return session.get_one(Referral, referral_id)


def more(session: Session, row: Referral, urgent: bool) -> None:
    """The same need was raised again while this one is under way."""
    row.mentions += 1
    row.urgent = row.urgent or urgent
    session.flush()


def checked(session: Session, row: Referral, category: str | None, provider_id: int | None = None) -> None:
    """The village looked at it, and named the kind of need rightly, perhaps also who is to serve."""
    row.checked_at = clock.now()
    row.provider_id = provider_id or row.provider_id
    if category in CATEGORIES:
        row.category = category
    session.flush()


def send(
    session: Session, row: Referral, receiver: str, serve_days: int | None = None, rule: str | None = None
) -> None:
    """To a receiver, a new round: two working days to take it on."""
    if not roles.is_known(receiver):
        raise ValueError(f"no such receiver: {receiver!r}")
    row.receiver = receiver
    row.serve_days = serve_days or row.serve_days
    row.rule = rule if rule is not None else row.rule
    session.add(
        ReferralRound(
            referral_id=row.id,
            elder_id=row.elder_id,
            unit_path=row.unit_path,
            receiver=receiver,
            sent_at=clock.now(),
            accept_due_at=working_days_after(clock.now(), 2)[0],
        )
    )
    session.flush()


def answered(session: Session, row: Referral, accepted: bool) -> None:
    """The receiver takes it on, and the time to serve begins; or sends it back."""
    now, turn = clock.now(), current(session, row)
    if accepted:
        turn.accepted_at = now
        turn.due_at = working_days_after(now, row.serve_days)[0]
    else:
        turn.rejected_at = now
        row.rejects += 1
        row.coordination = row.rejects > 2
    session.flush()


def served(session: Session, row: Referral, was_served: bool) -> None:
    """What the receiver says of it."""
    turn = current(session, row)
    turn.done_at, turn.served = clock.now(), was_served
    session.flush()


def confirmed(session: Session, row: Referral, settled: bool) -> None:
    """What the elder says of it; a «no» begins a new round with the same receiver, whose time begins now."""
    turn = current(session, row)
    turn.answered_at, turn.settled = clock.now(), settled
    if not settled:
        row.unsettled += 1
        if row.unsettled < 2:
            send(session, row, row.receiver)
            answered(session, row, True)
    session.flush()


def close(session: Session, row: Referral, outcome: str) -> None:
    row.closed_at, row.outcome = clock.now(), outcome if outcome in OUTCOMES else "no_need"
    session.flush()


def current(session: Session, row: Referral) -> ReferralRound:
    """The round that runs."""
    asked = select(ReferralRound).where(ReferralRound.referral_id == row.id)
    return session.scalars(asked.order_by(ReferralRound.id.desc()).limit(1)).one()


def rounds(session: Session, referral_id: int) -> list[ReferralRound]:
    asked = select(ReferralRound).where(ReferralRound.referral_id == referral_id)
    return list(session.scalars(asked.order_by(ReferralRound.id)))


def of_elder(session: Session, elder_id: int) -> list[Referral]:
    """All referrals of an elder, newest first."""
    return matters.newest(session, Referral, elder_id)


def of_instance(session: Session, instance_id: UUID | None) -> Referral | None:
    """The referral that an instance of the process leads."""
    return matters.led_by(session, Referral, instance_id)


def due_days(session: Session, referral_ids: Collection[int]) -> dict[int, date]:
    """The day by which each is to be served, of its newest round; one question for all."""
    asked = select(ReferralRound.referral_id, func.max(ReferralRound.due_at)).group_by(ReferralRound.referral_id)
    found = session.execute(asked.where(ReferralRound.referral_id.in_(referral_ids))) if referral_ids else ()
    return {referral_id: clock.local(due_at).date() for referral_id, due_at in found if due_at is not None}


def receivers() -> dict[str, tuple[str, str]]:
    """Whom a need may be handed to: role code → words."""
    codes = [*_DESKS, *(f"dept:{code}" for code in roles.DEPARTMENTS)]
    return {code: (roles.title(code), roles.title(code, "en")) for code in codes}


def facts(row: Referral) -> dict[str, Any]:
    """Codes and moments for process data."""
    return {"referral_id": row.id, "category": row.category, "urgent": row.urgent, "receiver": row.receiver,
            "rejects": row.rejects, "unsettled": row.unsettled}  # fmt: skip
