"""Who is signed in, kept by the server, so that an account or a lost phone can be signed out at once.

The browser holds a random token in its signed cookie; the table holds only the token's hash. A session ends 12 hours
after signing in, however busy it is, or when it is revoked. Source: OWASP ASVS 5.0 V7.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Index, LargeBinary, String, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant

LASTS = timedelta(hours=12)


class WebSession(Base):
    """One signed-in browser."""

    __tablename__ = "web_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    browser: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index("ix_web_session_person_id", "person_id"), Index("ix_web_session_ends_at", "ends_at"))


def begin(session: Session, person_id: int, browser: str = "") -> str:
    """A new session; the token is given once and never stored."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.execute(delete(WebSession).where(WebSession.ends_at < now - LASTS))
    session.add(
        WebSession(
            token_hash=_hash(token), person_id=person_id, began_at=now, ends_at=now + LASTS, browser=browser[:200]
        )
    )
    return token


_PERSON = select(WebSession.person_id).where(
    WebSession.token_hash == bindparam("token"), WebSession.revoked_at.is_(None), WebSession.ends_at > bindparam("now")
)


def person_of(session: Session, token: str) -> int | None:
    """The signed-in person's id; None when the session ended, was revoked or never was."""
    return session.scalar(_PERSON, {"token": _hash(token), "now": clock.now()})


def revoke(session: Session, token: str) -> None:
    """Sign this browser out; a second time changes nothing."""
    _revoke(session, WebSession.token_hash == _hash(token))


def revoke_all(session: Session, person_id: int) -> None:
    """Sign a person out everywhere: password changed, account closed, phone lost."""
    _revoke(session, WebSession.person_id == person_id)


def _revoke(session: Session, which: object) -> None:
    session.execute(
        update(WebSession).where(which, WebSession.revoked_at.is_(None)).values(revoked_at=clock.now())  # type: ignore[arg-type]
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
