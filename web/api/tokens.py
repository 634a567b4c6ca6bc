"""Tokens of the JSON API: a program acts as one person, within scopes, until a day, or until it is revoked.

The token is shown once and never stored; the table holds its hash. What the person may do is read from the posts at
each request, as for pages, so a token never opens more than its person's pages do. Source: OWASP ASVS 5.0 V7, V9.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant
from web.language import N_

SCOPES = {
    "tasks": N_("看任务和表单"),
    "work": N_("办任务、存草稿、交附件"),
    "elders": N_("看老人卡片"),
    "report": N_("紧急上报"),
    "calls": N_("报来电（电话系统）"),
}
LONGEST = timedelta(days=365)
USUAL = timedelta(hours=12)  # a token got by name and password lasts as a sign-in does
PREFIX = "vft_"
_NOTED = timedelta(hours=1)  # how exactly `used_at` is kept


class ApiToken(Base):
    """One token; `scopes` are names with spaces between."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(60))
    scopes: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and self.ends_at > clock.now()


@dataclass(frozen=True)
class Holder:
    """Whose token a request carries, what it opens, and whether its use has to be noted."""

    token_id: int
    person_id: int
    scopes: frozenset[str]
    is_unnoted: bool


def make(
    session: Session, person_id: int, name: str, scopes: Collection[str] = tuple(SCOPES), lasts: timedelta = USUAL
) -> tuple[ApiToken, str]:
    """A new token and its text, which is given once. Unknown scopes are left out; it lasts a year at most."""
    text = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    row = ApiToken(
        token_hash=_hash(text),
        person_id=person_id,
        name=name.strip()[:60],
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
        made_at=now,
        ends_at=now + min(lasts, LONGEST),
    )
    session.add(row)
    session.flush()
    return row, text


def holder(session: Session, text: str) -> Holder | None:
    """Whose token this is; None when it ended, was revoked or never was."""
    if not text.startswith(PREFIX):
        return None
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == _hash(text)))
    if row is None or not row.is_valid:
        return None
    unnoted = row.used_at is None or clock.now() - row.used_at > _NOTED
    return Holder(row.id, row.person_id, frozenset(row.scopes.split()), unnoted)


def note_use(session: Session, token_id: int) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=clock.now()))


def valid_of(session: Session, person_id: int | None = None) -> list[ApiToken]:
    """Tokens that open something, newest first: of a person, or of everybody."""
    asked = select(ApiToken).where(ApiToken.revoked_at.is_(None), ApiToken.ends_at > clock.now())
    if person_id is not None:
        asked = asked.where(ApiToken.person_id == person_id)
    return list(session.scalars(asked.order_by(ApiToken.id.desc()).limit(200)))


def revoke(session: Session, token_id: int, person_id: int | None = None) -> bool:
    """Make a token worthless (with a person: only if it is theirs); whether one was."""
    which = [ApiToken.id == token_id, ApiToken.revoked_at.is_(None)]
    if person_id is not None:
        which.append(ApiToken.person_id == person_id)
    found = session.scalar(select(ApiToken.id).where(*which))
    session.execute(update(ApiToken).where(*which).values(revoked_at=clock.now()))
    return found is not None


def revoke_all(session: Session, person_id: int) -> None:
    """Every token of a person: password changed, account closed, phone lost."""
    which = ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None)
    session.execute(update(ApiToken).where(*which).values(revoked_at=clock.now()))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
