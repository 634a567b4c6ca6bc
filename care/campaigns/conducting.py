"""Opening a campaign, asking its villages, what they report, closing; and beginning the next one of those that repeat.

The villages are asked in the bulk lane, some in each transaction; asked twice they are asked once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import organisation
from care.campaigns import finding
from care.campaigns.tables import KINDS, REPEATS, Campaign, Target
from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.visits import times
from engine import clock, incoming, jobs, work
from engine.work import Item

ASK, AT_ONCE = "ask_villages", 50
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Begun:
    """A campaign with the number of villages that have a target in it."""

    campaign: Campaign
    villages: int


def open_campaign(
    session: Session,
    unit: Unit,
    kind: str,
    name: str,
    from_on: date,
    until_on: date,
    *,
    repeats: str = "",
    by: int | None = None,
    townships: Collection[str] = (),
) -> Begun:
    """Open a campaign for every village below `unit`, or only below those townships (paths).

    Raises RuleBroken for a period that ends before it begins, before today or over a year, for an empty name, and
    where no village lies there.
    """
    if kind not in KINDS or repeats not in REPEATS:
        raise ValueError(f"no such campaign: {kind!r}, {repeats!r}")
    if not name.strip() or len(name) > 80:
        raise RuleBroken("名称要写1至80个字", "the name has 1 to 80 letters")
    if not from_on <= until_on <= from_on + LONGEST or until_on < clock.today():
        raise RuleBroken(
            "期限从开始到结束，不超过一年，不能已经过去",
            "the period ends after it begins, within a year, not in the past",
        )
    places = list(townships) or [unit.path]
    villages = [each for place in places for each in organisation.below(session, place, "village")]
    if not villages:
        raise RuleBroken("这里没有嘎查村（社区）", "no village lies there")
    row = Campaign(
        kind=kind, name=name.strip(), unit_path=unit.path, from_on=from_on, until_on=until_on, repeats=repeats,
        opened_by=by, opened_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(Target(campaign_id=row.id, unit_path=each.path) for each in villages)
    session.flush()
    if from_on <= clock.today():
        _ask(session, row)
    return Begun(row, len(villages))


def get(session: Session, campaign_id: int) -> Campaign:
    """Raises NotFound."""
    row = session.get(Campaign, campaign_id)
    if row is None:
        raise NotFound(f"survey campaign {campaign_id}")
    return row


def get_target(session: Session, target_id: int) -> Target:
    """Raises NotFound."""
    row = session.get(Target, target_id)
    if row is None:
        raise NotFound(f"survey target {target_id}")
    return row


def set_target(session: Session, row: Target, households: int | None, elders: int | None) -> None:
    """How many there are to check; None leaves what was said before. Raises RuleBroken below 0 and once it is done."""
    if any(each is not None and each < 0 for each in (households, elders)):
        raise RuleBroken("应排查数不能是负数", "a target is not negative")
    if row.state in ("done", "withdrawn"):
        raise RuleBroken("已查完或撤回的不再改应排查数", "the target of a village that is done or withdrawn stays")
    row.households_due = row.households_due if households is None else households
    row.elders_due = row.elders_due if elders is None else elders
    session.flush()


def close(session: Session, row: Campaign) -> int:
    """End a campaign early: villages that have not reported are called off; how many. It is not repeated either."""
    left = list(session.scalars(select(Target).where(Target.campaign_id == row.id, Target.state == "open")))
    for each in left:
        each.state, each.closed_at = "withdrawn", clock.now()
        key = str(each.id)
        incoming.message(session, "survey.withdrawn", key, {"target_id": each.id}, event_id=f"survey.withdrawn:{key}")
    row.closed_at, row.repeats = clock.now(), ""
    session.flush()
    return len(left)


# --- asking ---


def look(session: Session, day: date) -> None:
    """Every night: open what repeats and is due, ask the villages of what has begun. Idempotent."""
    following = select(Campaign.follows_id).where(Campaign.follows_id.is_not(None))
    asked = select(Campaign).where(Campaign.repeats != "", Campaign.id.not_in(following), Campaign.closed_at.is_(None))
    for row in session.scalars(asked.order_by(Campaign.id)).all():
        if _next_from(row) <= day:
            _repeat(session, row)
    waiting = select(Target.campaign_id).where(Target.asked_at.is_(None), Target.state == "open")
    due = select(Campaign).where(Campaign.id.in_(waiting), Campaign.from_on <= day, Campaign.closed_at.is_(None))
    for row in session.scalars(due.order_by(Campaign.id)).all():
        _ask(session, row)


def _next_from(row: Campaign) -> date:
    """The first day of the next month, or the same day a year later (28 February for 29)."""
    if row.repeats == "month":
        return (row.from_on.replace(day=1) + timedelta(days=32)).replace(day=1)
    leap = (row.from_on.month, row.from_on.day) == (2, 29)
    return row.from_on.replace(year=row.from_on.year + 1, day=28 if leap else row.from_on.day)


def _repeat(session: Session, row: Campaign) -> None:
    """The next campaign, with the same villages that still exist and what they have to check."""
    begins = _next_from(row)
    if row.repeats == "month":
        until = (begins + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    else:
        until = begins + (row.until_on - row.from_on)
    made = Campaign(
        kind=row.kind, name=row.name, unit_path=row.unit_path, from_on=begins, until_on=until, repeats=row.repeats,
        follows_id=row.id, opened_by=row.opened_by, opened_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    there = {each.path for each in organisation.below(session, row.unit_path, "village")}
    before = select(Target).where(Target.campaign_id == row.id, Target.unit_path.in_(there)).order_by(Target.id)
    for each in session.scalars(before):
        due = {"households_due": each.households_due, "elders_due": each.elders_due}
        session.add(Target(campaign_id=made.id, unit_path=each.unit_path, **due))
    session.flush()


def _ask(session: Session, row: Campaign, piece: int = 1) -> None:
    key = f"{ASK}:{row.id}:{clock.today()}:{piece}"
    detail = {"campaign": row.id, "piece": piece}
    work.add(session, ASK, lane=work.BULK, detail=detail, key=key, unit_path=row.unit_path)


@jobs.does(ASK)
def ask_some(session: Session, item: Item) -> None:
    """The next villages of a campaign get their task; then the next piece."""
    row = get(session, int(item.detail["campaign"]))
    waiting = select(Target).where(Target.campaign_id == row.id, Target.asked_at.is_(None), Target.state == "open")
    some = list(session.scalars(waiting.order_by(Target.id).limit(AT_ONCE)))
    for each in some:
        each.asked_at = clock.now()
        payload = {
            "target_id": each.id, "unit_path": each.unit_path, "routine": row.kind == "routine",
            "due_at": times.moment(row.until_on, times.DUE).isoformat(),
        }  # fmt: skip
        incoming.message(
            session, "survey.opened", str(each.id), payload, event_id=f"survey.opened:{each.id}", lane=work.BULK
        )
    session.flush()
    if len(some) == AT_ONCE:
        _ask(session, row, int(item.detail["piece"]) + 1)


# --- what villages say ---


def report(session: Session, row: Target, answers: Mapping[str, Any], instance_id: UUID | None) -> bool:
    """Keep what a village says so far and begin the registration of whoever was found; whether it is complete."""
    row.households_done, row.elders_done = int(answers["households_done"]), int(answers["elders_done"])
    row.note, row.instance_id, row.reported_at = str(answers.get("note") or "")[:500], instance_id, clock.now()
    found = [] if answers.get("nothing_new") else list(answers.get("found") or [])
    row.nothing_new = bool(answers.get("nothing_new")) if not found else False
    for each in found:
        finding.note(session, row, {name: str(each.get(name) or "") for name in finding.COLUMNS})
    complete = answers.get("complete") is True
    if complete:
        row.state = "reported"
    session.flush()
    return complete


def send_back(session: Session, row: Target) -> None:
    """The township has the village check again."""
    row.state, row.rounds = "open", row.rounds + 1
    session.flush()


def close_target(session: Session, row: Target) -> None:
    """The village is done; its figures stay."""
    row.state, row.closed_at = "done", clock.now()
    session.flush()
