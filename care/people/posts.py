"""Who holds which post at this moment, who is away, who stands in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import Integer, bindparam, or_, select, union_all
from sqlalchemy.orm import Session

from care import roles
from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.people.tables import Post, Staff, StaffAbsence, absent, absent_now, held_today
from engine import clock


@dataclass(frozen=True)
class Held:
    """A post held today; `stands_in_for` is the absent worker whose post it is."""

    role: str
    unit_path: str
    unit_id: int
    stands_in_for: int | None = None


@dataclass(frozen=True)
class Person:
    """Who acts: a worker with the posts held at this moment."""

    id: int
    user_name: str
    name: str
    posts: tuple[Held, ...]
    language: str = "zh"

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)

    @cached_property
    def worklist_posts(self) -> frozenset[tuple[str, str]]:
        """(role, unit path) pairs for `tasks.worklist`."""
        return frozenset((post.role, post.unit_path) for post in self.posts)

    @property
    def is_active(self) -> bool:
        return bool(self.posts)

    def holds(self, role: str) -> bool:
        return role in self.roles

    def paths(self, roles_wanted: Collection[str]) -> list[str]:
        """Unit paths at which the person holds one of these roles."""
        return sorted({post.unit_path for post in self.posts if post.role in roles_wanted})

    def has_right(self, right: str) -> bool:
        return any(right in roles.role(post.role).rights for post in self.posts)

    def title(self, language: str = "zh") -> str:
        """The roles in words, for the head of the page."""
        return "、".join(dict.fromkeys(roles.title(post.role, language) for post in self.posts))


def give_post(session: Session, staff: Staff, role: str, unit: Unit, from_on: date | None = None) -> Post:
    """Raises UnknownRole, and RuleBroken where the role does not belong on that level of unit."""
    level = roles.role(role).level
    if level != unit.level and not (level == "city" and unit.level == "district"):
        raise RuleBroken(f"{roles.title(role)}不能设在「{unit.name}」", f"{role} has its post on a {level}")
    post = Post(staff_id=staff.id, role=role, unit_id=unit.id, unit_path=unit.path, from_on=from_on or clock.today())
    session.add(post)
    session.flush()
    return post


def end_post(session: Session, post: Post, until_on: date | None = None) -> None:
    post.until_on = until_on or clock.today()
    session.flush()


def away(
    session: Session,
    staff_id: int,
    from_at: datetime,
    until_at: datetime | None,
    *,
    stand_in_id: int | None = None,
    reason: str = "",
) -> StaffAbsence:
    """A worker is absent; open tasks are handed over by the process `handover`, new ones go to the stand-in."""
    if stand_in_id == staff_id:
        raise RuleBroken("不能由本人替班", "nobody stands in for themselves")
    row = StaffAbsence(
        staff_id=staff_id, from_at=from_at, until_at=until_at, stand_in_id=stand_in_id, reason=reason[:200]
    )
    session.add(row)
    session.flush()
    return row


def by_user_name(session: Session, user_name: str) -> Person | None:
    staff = session.scalar(select(Staff).where(Staff.user_name == user_name))
    return None if staff is None else person(session, staff.id)


def person(session: Session, staff_id: int) -> Person | None:
    """The worker as of now; None when there is no such account or it is closed. Changes take effect at once."""
    row = session.execute(_WITH_ACCOUNT, {"worker": staff_id, "today": clock.today()}).first()
    return None if row is None else Person(row.id, row.user_name, row.name, posts_of(session, staff_id), row.language)


def posts_of(session: Session, staff_id: int) -> tuple[Held, ...]:
    """Posts held today, own ones first, then those of the absent for whom this worker is named."""
    values = {"worker": staff_id, "today": clock.today(), "now": clock.now()}
    held = [
        Held(post.role, post.unit_path, post.unit_id, None if post.staff_id == staff_id else post.staff_id)
        for post in session.execute(_HELD, values)
    ]
    return tuple(sorted(held, key=lambda post: post.stands_in_for is not None))


# Asked at every request: built once, and without the columns of a file (a telephone is decrypted as it is read).
_WITH_ACCOUNT = select(Staff.id, Staff.user_name, Staff.name, Staff.language).where(
    Staff.id == bindparam("worker"), or_(Staff.until_on.is_(None), Staff.until_on > bindparam("today"))
)
_STOOD_IN_FOR = select(StaffAbsence.staff_id).where(
    StaffAbsence.stand_in_id == bindparam("worker"),
    StaffAbsence.from_at <= bindparam("now"),
    or_(StaffAbsence.until_at.is_(None), StaffAbsence.until_at > bindparam("now")),
)
_HELD = (
    select(Post.role, Post.unit_path, Post.unit_id, Post.staff_id)
    .where(
        Post.staff_id.in_(union_all(select(bindparam("worker", type_=Integer)), _STOOD_IN_FOR)),
        Post.from_on <= bindparam("today"),
        or_(Post.until_on.is_(None), Post.until_on > bindparam("today")),
    )
    .order_by(Post.id)
)


def name_of(session: Session, staff_id: int | None) -> str:
    """A worker's name, «—» for nobody."""
    staff = session.get(Staff, staff_id) if staff_id else None
    return staff.name if staff else "—"


def names(session: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """The names of these workers."""
    if not staff_ids:
        return {}
    found = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids)))
    return {row.id: row.name for row in found}


def find_staff(session: Session, staff_id: int) -> Staff:
    """Raises NotFound."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound(f"staff {staff_id}")
    return staff


def is_absent(session: Session, staff_id: int) -> bool:
    return session.scalar(select(StaffAbsence.id).where(StaffAbsence.staff_id == staff_id, absent_now())) is not None


def stand_in(session: Session, staff_id: int) -> int | None:
    """Who stands in for this worker now and is there; None when the worker is there or nobody is named."""
    asked = select(StaffAbsence.stand_in_id).where(
        StaffAbsence.staff_id == staff_id, StaffAbsence.stand_in_id.is_not(None), absent_now()
    )
    for named in session.scalars(asked):
        if named is not None and not is_absent(session, named):
            return named
    return None


def holders(session: Session, role: str, unit_path: str) -> list[int]:
    """Workers who hold `role` at exactly that unit and are there now; stand-ins are not among them."""
    asked = (
        select(Post.staff_id)
        .join(Staff, Staff.id == Post.staff_id)
        .where(Post.role == role, Post.unit_path == unit_path, held_today(), ~absent(Post.staff_id))
        .where(or_(Staff.until_on.is_(None), Staff.until_on > clock.today()))
    )
    return list(session.scalars(asked.order_by(Post.id)))
