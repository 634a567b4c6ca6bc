"""Which policy set a district follows, from which day, chosen by whom and why; the issued plan where nobody chose.

A choice is proposed with its document and reason, checked, approved by another person, and holds from its day on
(process `policy_release`). Rows are never changed once in force: the next choice supersedes them, so that the history
tells what held on any day. A unit follows the newest choice of the nearest unit above it, itself included.

Public: PolicyChoice, Choices, STATES, propose, get, of_unit, pending, choices, chosen, in_force.
Source: policy 2.2; processes P44; rulings 9.25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, ForeignKey, ScalarSelect, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.personal import PathColumn
from care.policies import DEFAULT_POLICY, policy_set
from engine import clock
from engine.db import Base, Document, Id, Instant

STATES = {
    "proposed": ("待审批", "To be approved"),
    "refused": ("检查未过", "Checks failed"),
    "rejected": ("未批准", "Not approved"),
    "approved": ("已批准，待生效", "Approved, not yet in force"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "in_force": ("已生效", "In force"),
}
OPEN = ("proposed", "approved")
HOLDS = ("approved", "in_force")


class PolicyChoice(Base):
    """One choice. `floor`: values below the issued plan's floor, as they were shown; `counted`: the what-if counts.

    `floor_confirmed`: whoever chose it confirmed a second time in the face of `floor`.
    """

    __tablename__ = "policy_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    policy: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[int] = mapped_column(default=1)
    from_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="proposed", index=True)
    document: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(400), default="")
    floor: Mapped[Any] = mapped_column(Document, default=list)
    floor_confirmed: Mapped[bool] = mapped_column(default=False)
    problems: Mapped[Any] = mapped_column(Document, default=list)
    counted: Mapped[Any | None] = mapped_column(Document)
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    chosen_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decision_words: Mapped[str] = mapped_column(String(400), default="")
    retiered_at: Mapped[datetime | None] = mapped_column(Instant)
    instance_id: Mapped[UUID | None] = mapped_column(Id)


@dataclass(frozen=True, slots=True)
class Choices:
    """Every choice that holds or will hold, read once for many elders."""

    rows: Sequence[tuple[str, date, int, str]]  # unit path, from, id, policy

    def at(self, path: str, day: date) -> str:
        """The policy set in force at a unit on a day."""
        holding = [row for row in self.rows if path.startswith(row[0]) and row[1] <= day]
        return max(holding, key=lambda row: (len(row[0]), row[1], row[2]))[3] if holding else DEFAULT_POLICY


def propose(
    session: Session,
    unit: Unit,
    policy: str,
    from_on: date,
    *,
    document: str,
    reason: str,
    by: int | None,
    floor: Sequence[Any] = (),
    floor_confirmed: bool = False,
) -> PolicyChoice:
    """A choice that waits for its checks and its approval.

    Raises RuleBroken: no district, a day that has begun, one more while another waits, no reason, nothing new, or a
    broken floor that was not confirmed a second time.
    """
    chosen = policy_set(policy)
    _refuse_unsound(session, unit, policy, from_on, document, reason)
    if floor and not floor_confirmed:
        raise RuleBroken("低于正式文件底线，须再次确认", "below the issued plan's floor: confirm a second time")
    row = PolicyChoice(
        unit_path=unit.path, policy=policy, policy_version=chosen.version, from_on=from_on,
        document=document.strip()[:80], reason=reason.strip()[:400], floor=list(floor),
        floor_confirmed=floor_confirmed, chosen_by=by, chosen_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _refuse_unsound(session: Session, unit: Unit, policy: str, from_on: date, document: str, reason: str) -> None:
    if unit.level not in ("city", "district"):
        raise RuleBroken("只有市、旗县区可以选用政策", "only a city or a district chooses a policy")
    if from_on <= clock.today():
        raise RuleBroken("生效日期须在今天之后", "it takes effect after today at the earliest")
    if not document.strip() or not reason.strip():
        raise RuleBroken("请填写文号和理由", "give the document number and the reason")
    if pending(session, unit.path) is not None:
        raise RuleBroken("已有一次切换在办，请先办完或撤回", "another switch is under way: finish or withdraw it first")
    if choices(session).at(unit.path, from_on) == policy:
        raise RuleBroken("那一天已经执行这个政策", "that policy is in force on that day already")


def get(session: Session, choice_id: int) -> PolicyChoice:
    """Raises NotFound."""
    row = session.get(PolicyChoice, choice_id)
    if row is None:
        raise NotFound(f"policy choice {choice_id}")
    return row


def of_unit(session: Session, path: str) -> list[PolicyChoice]:
    """The history of a unit and of those above it, newest first."""
    parts = [part for part in path.split("/") if part]
    paths = ["/" + "/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
    asked = select(PolicyChoice).where(PolicyChoice.unit_path.in_(paths))
    return list(session.scalars(asked.order_by(PolicyChoice.id.desc())))


def pending(session: Session, path: str) -> PolicyChoice | None:
    """The choice of exactly this unit that is not yet in force."""
    asked = select(PolicyChoice).where(PolicyChoice.unit_path == path, PolicyChoice.state.in_(OPEN))
    return session.scalar(asked.order_by(PolicyChoice.id.desc()).limit(1))


def choices(session: Session) -> Choices:
    """What holds where from when; one question."""
    c = PolicyChoice
    asked = select(c.unit_path, c.from_on, c.id, c.policy).where(c.state.in_(HOLDS))
    return Choices([(path, day, number, policy) for path, day, number, policy in session.execute(asked)])


def chosen(path: ColumnElement[str], day: date) -> ScalarSelect[str]:
    """The choice for a unit path on a day as a part of another question; null: the issued plan."""
    c = PolicyChoice
    return (
        select(c.policy)
        .where(c.state.in_(HOLDS), c.from_on <= day, func.substr(path, 1, func.length(c.unit_path)) == c.unit_path)
        .order_by(func.length(c.unit_path).desc(), c.from_on.desc(), c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def in_force(session: Session, path: str, day: date | None = None) -> str:
    """The policy set in force at a unit on a day (default today)."""
    return choices(session).at(path, day or clock.today())
