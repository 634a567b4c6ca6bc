"""Codes by which people without an account report what they see: couriers, property staff, neighbours (邻里随手报).

A code hangs in a stairwell or a shop as a QR and stands for a place; that of a liaison card stands for its elder, so a
report from it is about them at once. Whoever photographs one learns nothing: its page names nobody. It is kept
encrypted so that a torn poster can be printed again, and found by its blind index.

Public: ReportCode, make, of_elders, cards_of, of_units, get, find, revoke, report.
Source: R-SUP-04 (P 四(四) 物业、快递、外卖); R-EMG-03; R-NET-12.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import cases, organisation
from care.elders import Elder
from care.errors import NotFound
from care.organisation import Unit
from care.personal import PathColumn
from engine import clock, incoming, work
from engine.db import Base, Instant
from engine.vault import Encrypted, blind_index

CARD = "联系卡"


class ReportCode(Base):
    """One poster or card: where it hangs, who made it, and until when it is good."""

    __tablename__ = "report_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    place: Mapped[str] = mapped_column(String(120))
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)  # whose card it is
    token: Mapped[str] = mapped_column(Encrypted)
    token_index: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


def make(session: Session, unit: Unit, place: str, by: int) -> ReportCode:
    """A new code for a place in a unit."""
    token = secrets.token_urlsafe(12)
    row = ReportCode(
        unit_path=unit.path,
        place=place[:120],
        token=token,
        token_index=blind_index("report_code", token),
        made_by=by,
        made_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def of_elders(session: Session, elders: Mapping[int, str], by: int, *, renew: bool = False) -> dict[int, ReportCode]:
    """The code of each elder's card (elder → unit path), made where there is none; `renew`: the ones before end."""
    found = cards_of(session, list(elders))
    if renew:
        for row in found.values():
            revoke(row)
        found = {}
    for elder_id, path in elders.items():
        if elder_id not in found:
            token = secrets.token_urlsafe(12)
            found[elder_id] = ReportCode(
                unit_path=path,
                place="",
                elder_id=elder_id,
                token=token,
                token_index=blind_index("report_code", token),
                made_by=by,
                made_at=clock.now(),
            )
            session.add(found[elder_id])
    session.flush()
    return found


def cards_of(session: Session, elder_ids: Sequence[int]) -> dict[int, ReportCode]:
    """The codes of these elders' cards that are good."""
    asked = select(ReportCode).where(ReportCode.elder_id.in_(elder_ids), ReportCode.revoked_at.is_(None))
    return {row.elder_id: row for row in session.scalars(asked.order_by(ReportCode.id)) if row.elder_id is not None}


def of_units(session: Session, paths: Sequence[str], limit: int = 200) -> list[ReportCode]:
    """The posters below these units, those in use first, the newest on top."""
    asked = select(ReportCode).where(
        ReportCode.elder_id.is_(None), or_(False, *(organisation.within(ReportCode.unit_path, each) for each in paths))
    )
    return list(session.scalars(asked.order_by(ReportCode.revoked_at.is_not(None), ReportCode.id.desc()).limit(limit)))


def get(session: Session, code_id: int) -> ReportCode:
    """Raises NotFound."""
    row = session.get(ReportCode, code_id)
    if row is None:
        raise NotFound(f"report code {code_id}")
    return row


def find(session: Session, token: str) -> ReportCode | None:
    """The code of a token, if it is still good."""
    found = session.scalar(select(ReportCode).where(ReportCode.token_index == blind_index("report_code", token[:64])))
    return found if found is not None and found.revoked_at is None else None


def revoke(row: ReportCode) -> None:
    """The code is good for nothing from now on."""
    row.revoked_at = row.revoked_at or clock.now()


def report(
    session: Session, row: ReportCode, place: str, kinds: Sequence[str], danger: bool, words: str, who: str, sent: UUID
) -> bool:
    """Write a report down and start the response in the alarm lane; False when this one was written down before.

    Words and names stay in the case, encrypted; the process gets codes and the number of the case. A report from a card
    is about its elder, where the elder lives now.
    """
    elder = session.get(Elder, row.elder_id) if row.elder_id is not None else None
    unit_path = elder.unit_path if elder is not None else row.unit_path
    facts: dict[str, Any] = {"level": "urgent", "danger": danger, "place": place, "report": words or row.place or CARD}
    opened = cases.open_case(
        session, elder_id=row.elder_id, unit_path=unit_path, kind=kinds[0], kinds=kinds, channel="neighbour", **facts
    )
    payload = {
        "elder_id": row.elder_id,
        "unit_path": unit_path,
        "case_id": opened.case.id,
        "kind": kinds[0],
        "kinds": list(kinds),
        "danger": danger,
        "channel": "neighbour",
    }
    key = f"{elder.id}:{kinds[0]}" if elder is not None else f"place:{sent}"
    event_id = f"report:{sent}"
    if incoming.message(session, "emergency.offline", key, payload, event_id=event_id, lane=work.ALARM) is None:
        session.rollback()
        return False
    if not opened.is_new and words:
        cases.note(session, opened.case, "report", text=words)
    cases.note(session, opened.case, "reporter", text="：".join(filter(None, (row.place or CARD, who))))
    row.last_used_at = clock.now()
    return True
