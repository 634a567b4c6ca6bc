"""What kind of worker or helper somebody is, and in which of the three teams; who there is of each in a unit.

Source: issued plan 四(四) 五社联动 (R-SUP-01) and who else joins (R-SUP-02), 五(一) three teams (R-PRJ-11).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from care.organisation import within
from care.people.tables import Post, Staff, held_today
from engine import clock

KINDS: dict[str, tuple[str, str]] = {
    "community": ("社区工作者", "Community worker"),
    "organisation": ("社会组织人员", "Social organisation"),
    "social_worker": ("社会工作者", "Social worker"),
    "volunteer": ("社区志愿者", "Volunteer"),
    "charity": ("慈善资源", "Charity"),
    "care_worker": ("养老从业者", "Care worker"),
    "party_veteran": ("老党员", "Veteran party member"),
    "younger_elder": ("低龄健康老人", "Younger healthy elder"),
    "neighbour": ("邻里亲属", "Neighbour or relative"),
}
"""The five of 五社联动, then the four that join them."""
TEAMS: dict[str, tuple[str, str]] = {
    "visiting": ("专职探访", "Visiting team"),
    "care": ("专业照护", "Care team"),
    "volunteers": ("志愿服务", "Volunteer team"),
}


def of_words(words: Mapping[str, tuple[str, str]], text: str) -> str | None:
    """The code of a kind or team written as a code or in Chinese; "" for nothing, None for anything else."""
    said = text.strip()
    return said if said in words or not said else next((code for code, pair in words.items() if pair[0] == said), None)


def _there(paths: Collection[str]) -> ColumnElement[bool]:
    """Workers with an open account and a post in or below these units today."""
    post = select(Post.id).where(Post.staff_id == Staff.id, held_today())
    posted = post.where(or_(*(within(Post.unit_path, path) for path in paths))).exists()
    return (Staff.until_on.is_(None) | (Staff.until_on > clock.today())) & posted


def kind_counts(session: Session, paths: Collection[str]) -> dict[tuple[str, str], int]:
    """How many workers there are of each (kind, team) in these units; "" where none was said. One question."""
    if not paths:
        return {}
    asked = select(Staff.kind, Staff.team, func.count()).where(_there(paths)).group_by(Staff.kind, Staff.team)
    return {(kind, team): number for kind, team, number in session.execute(asked)}


def workers(
    paths: Collection[str], after: int, limit: int, *, kind: str | None = None, team: str | None = None
) -> Select[Staff]:
    """Workers of these units by id, from the one after `after` on; of a kind and team, "" meaning none was said."""
    asked = select(Staff).where(_there(paths), Staff.id > after)
    if kind is not None:
        asked = asked.where(Staff.kind == kind)
    if team is not None:
        asked = asked.where(Staff.team == team)
    return asked.order_by(Staff.id).limit(limit)
