"""Accounts and passwords: argon2id, and a rest of 15 minutes after 5 failures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from care.errors import RuleBroken
from care.people.posts import Person, person
from care.people.tables import Staff
from engine import clock
from engine.vault import blind_index

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


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
