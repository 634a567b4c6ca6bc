"""A unit begins to follow another policy set: every elder's tier is decided anew, and the change list is made.

The night's work in pieces of AT_ONCE elders (kind `retier`, lane bulk), each a transaction; done again it changes
nothing. Raises hold at once, lowerings wait for the township; what is owed in running periods stays as it is, the next
periods follow the new tables (care/planner.py). Every result keeps its policy version, facts and rules.
The change list names every elder whose tier or rhythm changes. At its end the message `policy.retiered` is sent.

Public: TierChange, begin, of_choice, waiting_townships, confirm. Source: policy 2.2, 3.4 no. 17-18; processes P44.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import district_policies, elders, organisation
from care.district_policies import PolicyChoice
from care.elders import TIERS, Elder, TierResult
from care.errors import RuleBroken
from care.organisation import Unit, prefix
from care.personal import OfElder
from care.what_if import ON_REGISTER, rhythm
from engine import clock, incoming, jobs, work
from engine.db import Base, Instant
from engine.work import Item

KIND = "retier"
AT_ONCE = 100
LONGEST_KEPT = timedelta(days=183)
"""A township that keeps a higher tier against the table does so for six months at most. Source: policy 3.4 no. 17."""
STATES = {
    "holds": ("已生效", "Holds"),
    "waiting": ("待乡镇（街道）确认", "Waits for the township"),
    "confirmed": ("乡镇（街道）已确认", "Confirmed by the township"),
    "kept": ("乡镇（街道）保留原等级", "Kept by the township"),
}


class TierChange(OfElder, Base):
    """One line of a change list; periods are those of normal times, "" for none. `result_id`: the explanation."""

    __tablename__ = "tier_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    choice_id: Mapped[int] = mapped_column(ForeignKey("policy_choice.id"), index=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("tier_result.id"))
    tier_before: Mapped[str] = mapped_column(String(8))
    tier_after: Mapped[str] = mapped_column(String(8))
    period_before: Mapped[str] = mapped_column(String(12), default="")
    period_after: Mapped[str] = mapped_column(String(12), default="")
    state: Mapped[str] = mapped_column(String(12), default="holds", index=True)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(400), default="")

    __table_args__ = (UniqueConstraint("choice_id", "elder_id"),)


def begin(session: Session, choice: PolicyChoice) -> None:
    """The choice holds from now on; its elders are decided anew by the night's workers."""
    choice.state = "in_force"
    session.flush()
    _ask(session, choice, 0)


def _ask(session: Session, choice: PolicyChoice, after: int) -> None:
    detail = {"choice": choice.id, "after": after}
    work.add(
        session, KIND, lane=work.BULK, detail=detail, key=f"{KIND}:{choice.id}:{after}", unit_path=choice.unit_path
    )


@jobs.does(KIND)
def retier_some(session: Session, item: Item) -> None:
    """Decide the next elders of a unit anew; then ask for those after them, or say that it is done."""
    choice = district_policies.get(session, int(item.detail["choice"]))
    rows = list(session.scalars(_wanted(choice, int(item.detail["after"])).limit(AT_ONCE)))
    before = {each.id: (each.tier, each.policy) for each in rows}
    done = set(session.scalars(_done(choice, [each.id for each in rows])))
    chosen = district_policies.choices(session)
    for elder in rows:
        if elder.id not in done and chosen.at(elder.unit_path, clock.today()) == choice.policy:
            _retier(session, choice, elder, *before[elder.id])
    if len(rows) == AT_ONCE:
        _ask(session, choice, rows[-1].id)
        return
    choice.retiered_at = clock.now()
    key = str(choice.id)
    incoming.message(session, "policy.retiered", key, {"choice_id": choice.id}, event_id=f"policy.retiered:{key}")


def _wanted(choice: PolicyChoice, after: int) -> Select[Elder]:
    asked = select(Elder).where(organisation.within(Elder.unit_path, choice.unit_path), Elder.id > after)
    return asked.where(Elder.status.in_(ON_REGISTER)).order_by(Elder.id)


def _done(choice: PolicyChoice, elder_ids: list[int]) -> Select[int]:
    asked = select(TierResult.elder_id).where(TierResult.elder_id.in_(elder_ids))
    return asked.where(TierResult.reason == _reason(choice))


def _reason(choice: PolicyChoice) -> str:
    return f"policy:{choice.id}"


def _retier(session: Session, choice: PolicyChoice, elder: Elder, tier: str, policy: str) -> None:
    result = elders.retier(session, elder, _reason(choice), policy=choice.policy)
    lowered = TIERS.index(result.tier) > TIERS.index(tier)
    if lowered:
        elder.tier = tier  # holds until the township has confirmed
    before, after = rhythm(policy or choice.policy, tier)[0], rhythm(choice.policy, result.tier)[0]
    if tier == result.tier and before == after:
        return
    session.add(
        TierChange(
            elder_id=elder.id, unit_path=elder.unit_path, choice_id=choice.id, result_id=result.id, tier_before=tier,
            tier_after=result.tier, period_before=before, period_after=after, state="waiting" if lowered else "holds",
        )
    )  # fmt: skip


def of_choice(choice_id: int, unit_path: str = "/", state: str = "") -> Select[TierChange]:
    """The change list of a choice below a unit, by id."""
    asked = select(TierChange).where(
        TierChange.choice_id == choice_id, organisation.within(TierChange.unit_path, unit_path)
    )
    return (asked.where(TierChange.state == state) if state else asked).order_by(TierChange.id)


def waiting_townships(session: Session, choice_id: int) -> list[str]:
    """Paths of the townships that have lowerings to confirm."""
    asked = select(TierChange.unit_path).where(TierChange.choice_id == choice_id, TierChange.state == "waiting")
    return sorted({prefix(path, "township") or path for path in session.scalars(asked.distinct())})


def counts(session: Session, choice_id: int) -> dict[str, int]:
    """Lines of a change list by state."""
    asked = select(TierChange.state, func.count()).where(TierChange.choice_id == choice_id)
    return {row[0]: row[1] for row in session.execute(asked.group_by(TierChange.state))}


def confirm(
    session: Session,
    choice_id: int,
    township: Unit,
    kept: Mapping[str, str],
    by: int | None,
    until_on: date | None = None,
) -> dict[str, int]:
    """The township's answer to its lowerings: all confirmed but `kept` (elder's number -> reason).

    {"confirmed", "kept"}. A number that is not on its list raises RuleBroken and nothing is written.
    """
    rows = list(session.scalars(of_choice(choice_id, township.path, "waiting")))
    known = elders.numbers(session, [row.elder_id for row in rows])
    unknown = set(kept) - set(known.values())
    if unknown:
        raise RuleBroken(f"名单上没有 {'、'.join(sorted(unknown))}", f"not on the list: {', '.join(sorted(unknown))}")
    for row in rows:
        reason = kept.get(known[row.elder_id])
        row.state, row.decided_by, row.decided_at = "confirmed" if reason is None else "kept", by, clock.now()
        elder = elders.get(session, row.elder_id)
        if reason is None:
            elder.tier = row.tier_after
        else:
            row.reason = reason[:400]
            elders.keep_tier(session, elder, reason, by, until_on or clock.today() + LONGEST_KEPT)
    session.flush()
    return {"confirmed": len(rows) - len(kept), "kept": len(kept)}
