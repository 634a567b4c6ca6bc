"""What each step of a duty file leaves behind, and what follows from it (`result` of `keep`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import contacts
from care.duties.handling import close, note, protect
from care.duties.tables import ABUSE, DutyCase
from engine import clock

URGED_FOR = timedelta(days=15)
Answers = Mapping[str, Any]
Stage = Callable[[Session, DutyCase, Answers, int | None], str]


def keep(session: Session, row: DutyCase, element: str, answers: Answers, who: int | None) -> str:
    """Write the answers of a step into the file; what follows: a code that the diagram's gateways read."""
    note(session, row, element, who=who, text=_words(answers))
    result = _STAGES[element](session, row, answers, who)
    session.flush()
    return result


def _words(answers: Answers) -> str | None:
    """The words of a form that belong into the file, in the order of the form."""
    said = [str(answers[each]) for each in _TEXTS if answers.get(each)]
    return "；".join(said)[:4000] or None


_TEXTS = (
    "elder_words", "neighbour_words", "supporter_words", "must_change", "statement", "said", "promise", "finding",
    "facts", "papers", "record", "note",
)  # fmt: skip


def _verified(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    """The elder's wish ends it, but never where there is abuse."""
    row.verified_at, row.founded = clock.now(), answers.get("founded") is True
    row.kind = str(answers.get("kind") or row.kind)
    if row.supporter_id is None:
        row.supporter_id = _named(session, row, str(answers.get("supporter") or ""))
    if row.kind in ABUSE and row.founded:
        protect(session, row)
    if not row.founded:
        close(session, row, "unfounded", who)
        return "unfounded"
    if answers.get("elder_wish") == "stop" and row.kind not in ABUSE:
        close(session, row, "withdrew", who)
        return "withdrew"
    if answers.get("way") == "mediation":
        row.stage = "mediation"
        return "mediation"
    row.stage = "urging"
    return "urge"


def _named(session: Session, row: DutyCase, name: str) -> int | None:
    found = [each.id for each in contacts.supporters_of(session, row.elder_id) if each.name == name.strip()]
    return found[0] if len(found) == 1 else None


def _urged(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    row.stage = "urging"
    row.urged_times += 1
    row.urged_at = row.urged_at or clock.now()
    row.until_at = _by(answers.get("until_on"))
    return "urged"


def _by(said: Any) -> datetime:
    """The end of the day that was said, else of the fifteenth day from now. Source: processes 4.9."""
    day = date.fromisoformat(str(said)) if said else clock.today() + URGED_FOR
    return datetime.combine(max(day, clock.today() + timedelta(days=1)), time(18), tzinfo=clock.zone())


def _checked(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    result = str(answers.get("result") or "not_performing")
    if result == "withdrew" and row.kind in ABUSE:
        return "not_performing"
    if result == "withdrew":
        close(session, row, "withdrew", who)
    return result


def _watched(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    result = _checked(session, row, answers, who)
    if result == "performing":
        close(session, row, "performing", who)
    return result


def _grave(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    """Grave is what the township's lead recorded from the list. Source: rulings 9.16."""
    row.grave_results = list(answers.get("results") or [])
    row.grave_by = who if row.grave_results else None
    row.stage = "joint" if row.grave_results else "mediation"
    return "grave" if row.grave_results else "mediation"


def _educated(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    row.joint_at = row.joint_at or clock.now()
    row.until_at = _by(None)
    return "educated"


def _crime(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    back = "mediation" if row.verified_at else "verifying"
    row.stage = "transfer" if answers.get("suspected") is True else back
    return "crime" if row.stage == "transfer" else "no_crime"


def _listed(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    return "listed"


def _handed_over(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    row.transferred_at = clock.now()
    return "sent"


def _answered(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    row.receipt = str(answers.get("receipt") or row.receipt or "") or None
    close(session, row, "transferred", who)
    return "transferred"


def _mediated(session: Session, row: DutyCase, answers: Answers, who: int | None) -> str:
    result = str(answers.get("result") or "continues")
    if result == "agreed":
        close(session, row, "mediated", who)
        return "mediated"
    row.stage = "transfer" if result == "police" else "urging"
    return "police" if result == "police" else "continues"


_STAGES: Mapping[str, Stage] = {
    "verify": _verified,
    "urge": _urged,
    "check_urged": _checked,
    "check_watch": _watched,
    "record_grave": _grave,
    "joint_education": _educated,
    "check_joint": _checked,
    "assess_crime": _crime,
    "make_transfer": _listed,
    "approve_transfer": _handed_over,
    "transfer_result": _answered,
    "mediate": _mediated,
}
