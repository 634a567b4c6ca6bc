"""Staff, their posts in the unit tree, sign-in with lock-out, and who stands in for whom.

A post is a role at a unit for a time. `Person` is what the rest of the program passes around: who is signed in, with
the posts held today, those of workers whom the person stands in for included. Passwords are argon2id (64 MiB, 3
passes); after 5 failures the account rests for 15 minutes.

Public: Staff, Post, StaffAbsence, Held, Person, SignIn, person, by_user_name, sign_in, set_password, add, give_post,
end_post, absent, away, stand_in, holders, posts_of, is_absent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Date, ForeignKey, LargeBinary, String, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from care import roles
from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.personal import PathColumn
from engine import clock
from engine.db import Base, Instant
from engine.vault import Encrypted, blind_index

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


class Staff(Base):
    """A worker with an account; `until_on` is the first day without one."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(Encrypted)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    language: Mapped[str] = mapped_column(String(8), default="zh")
    speaks: Mapped[str] = mapped_column(String(40), default="汉语")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(Instant)
    until_on: Mapped[date | None] = mapped_column(Date)


class Post(Base):
    """A role held at a unit from a day until (not including) a day; `unit_path` is copied from the unit."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str] = mapped_column(String(60), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


class StaffAbsence(Base):
    """A worker is away from a moment until a moment (None: has left), with a named stand-in if there is one."""

    __tablename__ = "staff_absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(200), default="")


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


@dataclass(frozen=True)
class SignIn:
    """What came of a sign-in: a person, or why not (`wrong`, `locked`, with the moment the lock ends)."""

    person: Person | None
    refused: str = ""
    locked_until: datetime | None = None


def add(session: Session, user_name: str, name: str, *, password: str = "", phone: str | None = None) -> Staff:
    """A new account; without a password nobody can sign in with it. Raises RuleBroken for a name already taken."""
    if session.scalar(select(Staff.id).where(Staff.user_name == user_name)) is not None:
        raise RuleBroken(f"用户名「{user_name}」已被使用", f"the user name {user_name!r} is taken")
    staff = Staff(user_name=user_name, name=name, phone=phone)
    staff.phone_index = blind_index("phone", phone) if phone else None
    staff.password_hash = hashed(password) if password else ""
    session.add(staff)
    session.flush()
    return staff


def hashed(password: str) -> str:
    """argon2id of a password, about 0.2 s."""
    return _hasher.hash(password)


def set_password(staff: Staff, password: str) -> None:
    """Raises RuleBroken below 8 characters."""
    if len(password) < 8:
        raise RuleBroken("密码至少8位", "a password has at least 8 characters")
    staff.password_hash, staff.failures, staff.locked_until = hashed(password), 0, None


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
    staff = session.get(Staff, staff_id)
    if staff is None or (staff.until_on is not None and staff.until_on <= clock.today()):
        return None
    return Person(staff.id, staff.user_name, staff.name, posts_of(session, staff_id), staff.language)


def posts_of(session: Session, staff_id: int) -> tuple[Held, ...]:
    """Posts held today, own ones first, then those of the absent for whom this worker is named."""
    own = session.scalars(select(Post).where(Post.staff_id == staff_id, held_today()).order_by(Post.id))
    held = [Held(post.role, post.unit_path, post.unit_id) for post in own]
    lent = session.scalars(
        select(Post)
        .join(StaffAbsence, StaffAbsence.staff_id == Post.staff_id)
        .where(StaffAbsence.stand_in_id == staff_id, absent_now(), held_today())
        .order_by(Post.id)
    )
    return tuple(held + [Held(post.role, post.unit_path, post.unit_id, post.staff_id) for post in lent])


def name_of(session: Session, staff_id: int | None) -> str:
    """A worker's name, «—» for nobody."""
    staff = session.get(Staff, staff_id) if staff_id else None
    return staff.name if staff else "—"


def names(session: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """The names of these workers."""
    if not staff_ids:
        return {}
    found = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids))).tuples()
    return dict(found.all())


def held_today() -> ColumnElement[bool]:
    today = clock.today()
    return and_(Post.from_on <= today, or_(Post.until_on.is_(None), Post.until_on > today))


def absent_now() -> ColumnElement[bool]:
    moment = clock.now()
    return and_(StaffAbsence.from_at <= moment, or_(StaffAbsence.until_at.is_(None), StaffAbsence.until_at > moment))


def absent(column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """«the worker in this column is away now» as a condition."""
    return select(StaffAbsence.id).where(StaffAbsence.staff_id == column, absent_now()).exists()


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


def sign_in(session: Session, user_name: str, password: str) -> SignIn:
    """Check a password; failures are counted in the row, so commit the transaction whatever the answer."""
    staff = session.scalar(select(Staff).where(Staff.user_name == user_name))
    moment = clock.now()
    if staff is None:
        _matches(_nobodys_hash(), password)  # the same time as for a name that exists
        return SignIn(None, "wrong")
    if staff.locked_until is not None and staff.locked_until > moment:
        return SignIn(None, "locked", staff.locked_until)
    if not _matches(staff.password_hash, password):
        return _failed(staff, moment)
    staff.failures, staff.locked_until, staff.last_signed_in_at = 0, None, moment
    found = person(session, staff.id)
    return SignIn(found) if found else SignIn(None, "wrong")


def _failed(staff: Staff, moment: datetime) -> SignIn:
    staff.failures += 1
    if staff.failures < FAILURES_ALLOWED:
        return SignIn(None, "wrong")
    staff.failures, staff.locked_until = 0, moment + LOCKED_FOR
    return SignIn(None, "locked", staff.locked_until)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return bool(password_hash) and _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return hashed("nobody's password")


def find_staff(session: Session, staff_id: int) -> Staff:
    """Raises NotFound."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound(f"staff {staff_id}")
    return staff
