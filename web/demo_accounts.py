"""The accounts that a demonstration offers for one click: the first holder of each role, in the order of the work."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import roles
from care.people import Post, Staff, held_today

ORDER = (
    "visitor",
    "grid_worker",
    "village_desk",
    "monitor_desk",
    "hotline",
    "family_doctor",
    "township_desk",
    "district_desk",
    "district_emergency",
    "city_desk",
    "city_manager",
    "designer",
    "admin",
)


@dataclass(frozen=True)
class Account:
    user_name: str
    name: str
    role: str

    def title(self, language: str) -> str:
        return roles.title(self.role, language)


def shown(session: Session) -> list[Account]:
    """One account per role of ORDER that somebody holds today."""
    first = (
        select(Post.role, func.min(Post.staff_id).label("staff_id"))
        .where(Post.role.in_(ORDER), held_today())
        .group_by(Post.role)
        .subquery()
    )
    rows = session.execute(select(first.c.role, Staff.user_name, Staff.name).join(Staff, Staff.id == first.c.staff_id))
    found = {role: Account(user_name, name, role) for role, user_name, name in rows}
    return [found[role] for role in ORDER if role in found]
