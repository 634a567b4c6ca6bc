"""Satisfaction (满意度回访): who is asked, how often it was tried, what was answered; never asked by the visitor.

The denominator of K13 are those who answered; who could not be reached is counted beside it.
Public: Survey, TRIES, open_survey, get, tried, answered, finish, elder_left, sample.
Source: issued plan 四(六); processes P23; R-EVAL-03; K13.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import ceil
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.elders import Elder
from care.organisation import prefix
from care.personal import OfElder
from care.visitors import Responsibility, holds_today
from engine import clock
from engine.db import Base, Id, Instant
from engine.vault import Encrypted

TRIES = 3
WITHIN = timedelta(days=10)
AFTER_A_CASE = timedelta(days=3)
SHARE = 0.05
QUESTIONS = ("as_agreed", "attitude", "handled", "safe", "overall")
OUTCOMES = {
    "answered": ("已答复", "Answered"),
    "unreachable": ("联系不上", "Not reached"),
    "declined": ("不愿答", "Declined"),
    "exited": ("老人退出", "The elder left the register"),
}
Answers = Mapping[str, Any]


class Survey(OfElder, Base):
    """One asking. The five scores are 1 to 5, `overall` is what K13 counts: 3 and more is satisfied.

    `about`: sample, case or referral, with its id in `about_id`; `respondent`: elder or family.
    """

    __tablename__ = "survey"

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(12))
    about_id: Mapped[int | None] = mapped_column()
    drawn_at: Mapped[datetime] = mapped_column(Instant, index=True)
    call_from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    way: Mapped[str] = mapped_column(String(12), default="")
    respondent: Mapped[str] = mapped_column(String(8), default="")
    as_agreed: Mapped[int | None] = mapped_column()
    attitude: Mapped[int | None] = mapped_column()
    handled: Mapped[int | None] = mapped_column()
    safe: Mapped[int | None] = mapped_column()
    overall: Mapped[int | None] = mapped_column()
    first_overall: Mapped[int | None] = mapped_column()
    words: Mapped[str | None] = mapped_column(Encrypted)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(12), default="", index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


def open_survey(
    session: Session, elder: Elder, about: str, about_id: int | None = None, instance_id: UUID | None = None
) -> Survey:
    """Somebody is to be asked: of a case or a referral three days after it, of the sample at once."""
    now = clock.now()
    begins = now if about == "sample" else now + AFTER_A_CASE
    row = Survey(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        about=about,
        about_id=about_id,
        drawn_at=now,
        call_from_at=begins,
        until_at=begins + WITHIN,
        instance_id=instance_id,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, survey_id: int) -> Survey:
    return session.get_one(Survey, survey_id)


def tried(session: Session, row: Survey, answers: Answers, who: int | None) -> None:
    """One more try, whatever came of it; a second answer stands beside the first."""
    row.tries += 1
    row.way, row.asked_by = str(answers.get("way") or "phone"), who
    if answers.get("reached") != "yes":
        session.flush()
        return
    for name in QUESTIONS:
        if answers.get(name) is not None:
            setattr(row, name, int(answers[name]))
    row.first_overall = row.first_overall or row.overall
    row.respondent = str(answers.get("respondent") or "elder")
    row.words = str(answers.get("words") or "") or row.words
    row.answered_at = row.answered_at or clock.now()
    session.flush()


def is_satisfied(row: Survey) -> bool:
    """满意 and 基本满意; who said nothing about it is not dissatisfied."""
    return row.overall is None or row.overall >= 3


def finish(session: Session, row: Survey, outcome: str) -> None:
    """answered, unreachable, declined or exited; an answer that was given stays one."""
    row.outcome = "answered" if row.answered_at is not None else outcome
    row.closed_at = clock.now()
    session.flush()


def elder_left(session: Session, elder_id: int) -> None:
    """Whoever was still to be asked about this elder is not asked any more."""
    for row in session.scalars(select(Survey).where(Survey.elder_id == elder_id, Survey.closed_at.is_(None))).all():
        finish(session, row, "exited")


def sample(session: Session, day: date, limit: int) -> list[int]:
    """Elders of the month's sample: 5% of each village and tier, and one of each visitor a quarter.

    Drawn on the first of a month, by a seed of that month: the same draw however often it is asked.
    """
    if day.day != 1:
        return []
    chance = Random(f"survey:{day:%Y-%m}")
    groups: dict[tuple[str, str], list[int]] = {}
    asked = select(Elder.id, Elder.unit_path, Elder.tier).where(
        Elder.status == "in_register", Elder.tier != "none", Elder.willing == "yes"
    )
    for elder_id, path, tier in session.execute(asked.order_by(Elder.id)):
        groups.setdefault((prefix(path, "village") or path, tier), []).append(elder_id)
    drawn = {each for group in groups.values() for each in chance.sample(group, ceil(len(group) * SHARE))}
    if day.month in (1, 4, 7, 10):
        drawn |= _one_of_each_visitor(session, chance, drawn)
    return sorted(drawn)[:limit]


def _one_of_each_visitor(session: Session, chance: Random, drawn: set[int]) -> set[int]:
    """An elder of each visitor of whom none was drawn."""
    theirs: dict[int, list[int]] = {}
    asked = select(Responsibility.staff_id, Responsibility.elder_id).where(
        Responsibility.kind == "visitor", holds_today()
    )
    for staff_id, elder_id in session.execute(asked.order_by(Responsibility.elder_id)):
        theirs.setdefault(staff_id, []).append(elder_id)
    return {chance.choice(each) for each in theirs.values() if not drawn & set(each)}
