"""Open a case, or join the one that is open for that elder and kind; notes, false alarms, restricted access."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from care.cases.tables import Case, CaseEntry, CaseRound
from engine import clock, history
from engine.db import new_id
from engine.rows import insert_once

FEEDBACK_WITHIN = timedelta(hours=24)
SENSITIVE = frozenset({"dispute", "rights", "abuse", "desertion"})


@dataclass(frozen=True)
class Opened:
    """A case, and whether this call opened it."""

    case: Case
    is_new: bool


def open_case(
    session: Session,
    *,
    elder_id: int | None,
    unit_path: str,
    kind: str,
    channel: str,
    opened_at: datetime | None = None,
    kinds: Collection[str] = (),
    **facts: Any,
) -> Opened:
    """Open a case, or join the one that is open for this elder and kind.

    `opened_at` (default now) is when it was found; `facts` are further columns: level, danger, place, report,
    reported_by. Two callers at once get the same case. Source: processes 4.0 (start of any emergency is idempotent).
    """
    now = clock.now()
    begun = min(opened_at or now, now)
    mark = new_id().hex
    values = {
        "number": mark, "elder_id": elder_id, "unit_path": unit_path, "kind": kind, "kinds": list(kinds) or [kind],
        "channel": channel, "open_key": mark if elder_id is None else f"{elder_id}:{kind}", "opened_at": begun,
        "clock_from": begun, "found_at": begun, "reported_at": now, "level": "unknown", "danger": False,
        "state": "open", "repeats": 0, "round": 1, "restricted": bool(SENSITIVE & {kind, *kinds}), "locked": False,
        "feedback_late": False, "review_late": False, "review_began": False,
    } | {name: value for name, value in facts.items() if value is not None}  # fmt: skip
    table = cast(Table, Case.__table__)
    is_new = session.connection().execute(insert_once(session, table), values).rowcount == 1
    case = session.scalars(select(Case).where(Case.open_key == values["open_key"])).one()
    if is_new:
        case.number = f"YJ{clock.local(begun):%Y%m%d}{case.id:05d}"
        _begin_round(session, case, begun, None)
        note(session, case, "opened")
    return Opened(case, is_new)


def _begin_round(session: Session, case: Case, began_at: datetime, reason: str | None) -> None:
    session.add(
        CaseRound(
            case_id=case.id,
            round=case.round,
            began_at=began_at,
            reason=reason,
            feedback_due_at=began_at + FEEDBACK_WITHIN,
        )
    )
    session.flush()


def join(session: Session, case: Case, what: str = "repeated") -> bool:
    """Another alarm or report joins an open case; whether ten minutes have passed since the one before.

    Source: contracts/device-events.md (repeats notify nobody again within 10 minutes).
    """
    now = clock.now()
    before = case.last_repeat_at or case.opened_at
    case.repeats += 1
    quiet = now - before < timedelta(minutes=10)
    if not quiet:
        case.last_repeat_at = now
    note(session, case, what)
    return not quiet


def link(session: Session, case: Case, instance_id: UUID) -> None:
    """The instance that handles the case."""
    case.instance_id = instance_id
    session.flush()


def note(
    session: Session, case: Case, what: str, *, text: str | None = None, who: int | None = None, element: str = ""
) -> None:
    """Add a line to the case's record and to the history."""
    session.add(
        CaseEntry(
            case_id=case.id,
            round=case.round,
            at=clock.now(),
            what=what[:40],
            element=element or None,
            who=who,
            text=text,
        )
    )
    session.flush()
    history.write(
        session,
        case.instance_id,
        who,
        f"case.{what}"[:60],
        element or None,
        case.elder_id,
        case.unit_path,
        case=case.id,
    )


def close_false_alarm(session: Session, case: Case, cause: str, who: int | None) -> None:
    """A false alarm closes without review; it counts in the false rate. Source: processes P15 G1; ruling 9.14."""
    now = clock.now()
    case.level, case.state, case.locked = "false", "false_alarm", True
    case.open_key = None
    case.handled_at = case.fed_back_at = case.closed_at = now
    note(session, case, "false_alarm", text=cause, who=who)


def restrict(session: Session, case: Case) -> None:
    """Only the case team may see it from now on. Source: processes P17d."""
    if not case.restricted:
        case.restricted = True
        note(session, case, "restricted")
