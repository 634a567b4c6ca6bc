"""Open a case, or join the one that is open for that elder and kind; notes, false alarms, restricted access."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select
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


@dataclass(frozen=True)
class Opening:
    """A case to be opened, or joined if it is open; `opened_at` (default now) is when it was found."""

    elder_id: int | None
    unit_path: str
    kind: str
    channel: str
    opened_at: datetime | None = None
    kinds: Collection[str] = ()
    facts: dict[str, Any] = field(default_factory=dict)


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
    return open_all(session, [Opening(elder_id, unit_path, kind, channel, opened_at, kinds, facts)])[0]


def open_all(session: Session, openings: Sequence[Opening]) -> list[Opened]:
    """`open_case` for several at once, in as many statements as for one; the cases stay locked to the end.

    Of several for one elder and kind the first opens the case, the others join it.
    """
    rows = [_values(each) for each in openings]
    wanted: dict[str, dict[str, Any]] = {}
    for row in rows:
        wanted.setdefault(row["open_key"], row)
    found = _locked(session, wanted)
    missing = [wanted[key] for key in sorted(wanted.keys() - found.keys())]
    fresh = _insert(session, missing)
    if missing:
        found |= _locked(session, [row["open_key"] for row in missing])
        _begin(session, [case for case in found.values() if case.id in fresh])
    opened = []
    for row in rows:
        case = found[row["open_key"]]
        opened.append(Opened(case, case.id in fresh))
        fresh.discard(case.id)
    return opened


def _values(opening: Opening) -> dict[str, Any]:
    now, mark, kind = clock.now(), new_id().hex, opening.kind
    begun = min(opening.opened_at or now, now)
    kinds = list(opening.kinds) or [kind]
    return {
        "number": mark, "elder_id": opening.elder_id, "unit_path": opening.unit_path, "kind": kind, "kinds": kinds,
        "channel": opening.channel, "open_key": mark if opening.elder_id is None else f"{opening.elder_id}:{kind}",
        "opened_at": begun, "clock_from": begun, "found_at": begun, "reported_at": now, "level": "unknown",
        "danger": False, "state": "open", "repeats": 0, "round": 1, "restricted": bool(SENSITIVE & {kind, *kinds}),
        "locked": False, "feedback_late": False, "review_late": False, "review_began": False,
    } | {name: value for name, value in opening.facts.items() if value is not None}  # fmt: skip


def _locked(session: Session, open_keys: Collection[str]) -> dict[str, Case]:
    """The open cases of these keys, locked in the order of their ids as everybody does."""
    asked = select(Case).where(Case.open_key.in_(open_keys)).order_by(Case.id).with_for_update()
    found = session.scalars(asked, execution_options={"populate_existing": True})  # as it is now that we have the lock
    return {str(case.open_key): case for case in found}


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[int]:
    """Ids of the cases that were not open; one that somebody opens in this moment is left to them."""
    if not rows:
        return set()
    table = cast(Table, Case.__table__)
    return set(session.connection().execute(insert_once(session, table).returning(table.c.id), rows).scalars())


def _begin(session: Session, fresh: Sequence[Case]) -> None:
    """Number, first round and first line of the record of cases that were just opened."""
    for case in fresh:
        case.number = f"YJ{clock.local(case.opened_at):%Y%m%d}{case.id:05d}"
    session.flush()
    _insert_rows(session, CaseRound, [_round(case, case.opened_at, None) for case in fresh])
    note_all(session, [Note(case, "opened") for case in fresh])


def _round(case: Case, began_at: datetime, reason: str | None) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "round": case.round,
        "began_at": began_at,
        "reason": reason,
        "feedback_due_at": began_at + FEEDBACK_WITHIN,
        "feedback_late": False,
        "review_late": False,
    }


def _begin_round(session: Session, case: Case, began_at: datetime, reason: str | None) -> None:
    _insert_rows(session, CaseRound, [_round(case, began_at, reason)])


def _insert_rows(session: Session, table: type[CaseRound | CaseEntry], rows: list[dict[str, Any]]) -> None:
    """Write rows in one statement, whatever their number."""
    columns = cast(Table, table.__table__)
    if rows:
        session.connection().execute(insert(columns).returning(columns.c.id), rows)


def join(session: Session, case: Case, what: str = "repeated", times: int = 1) -> bool:
    """Another alarm or report joins an open case; whether ten minutes have passed since the one before.

    `times`: so many came together. The record gets a line for the first of all and for each that came after a pause;
    the counter counts them all. Source: contracts/device-events.md (repeats notify nobody again within 10 minutes).
    """
    now = clock.now()
    before = case.last_repeat_at or case.opened_at
    quiet = now - before < timedelta(minutes=10)
    first, case.repeats = case.repeats == 0, case.repeats + times
    if not quiet:
        case.last_repeat_at = now
    if first or not quiet or what != "repeated":
        note(session, case, what)
    return not quiet


def link(session: Session, case: Case, instance_id: UUID) -> None:
    """The instance that handles the case."""
    case.instance_id = instance_id
    session.flush()


@dataclass(frozen=True)
class Note:
    """A line for the record of a case: a code, the words of a person if there are any, who, at which element."""

    case: Case
    what: str
    text: str | None = None
    who: int | None = None
    element: str = ""


def note(
    session: Session, case: Case, what: str, *, text: str | None = None, who: int | None = None, element: str = ""
) -> None:
    """Add a line to the case's record and to the history."""
    note_all(session, [Note(case, what, text, who, element)])


def note_all(session: Session, notes: Sequence[Note]) -> None:
    """Add lines to the records of cases and to the history, in two statements."""
    now = clock.now()
    session.flush()
    rows = [
        {
            "case_id": each.case.id,
            "round": each.case.round,
            "at": now,
            "what": each.what[:40],
            "element": each.element or None,
            "who": each.who,
            "text": each.text,
        }
        for each in notes
    ]
    _insert_rows(session, CaseEntry, rows)
    history.write_all(session, [_history(each) for each in notes])


def _history(each: Note) -> dict[str, Any]:
    return history.row_of(
        f"case.{each.what}"[:60],
        instance_id=each.case.instance_id,
        who=each.who,
        element=each.element or None,
        subject_id=each.case.elder_id,
        unit_path=each.case.unit_path,
        ids={"case": each.case.id},
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
