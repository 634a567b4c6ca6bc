"""Operations of consents: `consents.*` (P04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from care import consents, elders
from engine import history
from engine.operations import Step, operation

MONITORING = ("device_monitoring", "meter_data")


@operation("consents.record")
def record(session: Session, step: Step, elder_id: int, element: str) -> dict[str, Any]:
    """{"outcome": given, partly or refused, "monitoring": bool, "refused": [purposes]}: what was signed, one by one."""
    elder, answers = elders.get(session, elder_id), step.answers(element)
    said = {purpose: bool((answers.get("purposes") or {}).get(purpose)) for purpose in consents.PURPOSES}
    guardian = answers.get("signed_by") == "guardian"
    for purpose, given in said.items():
        consents.give(
            session,
            elder,
            purpose,
            given,
            signed_by="guardian" if guardian else "elder",
            signer=str(answers.get("guardian_name") or "") if guardian else elder.name,
            guardianship=str(answers.get("guardianship") or "") if guardian else "",
            witness=str(answers.get("witness_name") or ""),
            manner=str(answers.get("manner") or "signature"),
            text_version=str(answers.get("text_version") or consents.TEXT_VERSION),
            recorded_by=step.by,
            instance_id=step.instance_id,
        )
    refused = [purpose for purpose, given in said.items() if not given]
    outcome = "given" if not refused else "refused" if len(refused) == len(said) else "partly"
    return {"outcome": outcome, "monitoring": any(said[each] for each in MONITORING), "refused": refused}


@operation("consents.withdraw")
def withdraw(
    session: Session, step: Step, elder_id: int, purpose: str | None = None, items: Sequence[str] | None = None
) -> dict[str, Any]:
    """{"purposes": [...], "words", "monitoring"}: withdrawn with this row; nothing is read for them any more.

    Without a purpose that we know (somebody only said «I withdraw»), all of them: silence is no consent.
    """
    elder = elders.get(session, elder_id)
    named = [consents.purpose_of(each) for each in [*(items or ()), *([purpose] if purpose else ())]]
    wanted = [each for each in dict.fromkeys(named) if each] or list(consents.PURPOSES)
    for each in wanted:
        consents.withdraw(session, elder, each, signer=elder.name, manner="told", recorded_by=step.by,
                          instance_id=step.instance_id)  # fmt: skip
    words = "、".join(consents.PURPOSES[each][0] for each in wanted)
    return {
        "purposes": wanted,
        "words": words if len(wanted) < len(consents.PURPOSES) else "全部",
        "monitoring": bool(set(MONITORING) & set(wanted)),
    }


@operation("consents.gate")
def gate(session: Session, step: Step, elder_id: int, allowed: bool) -> dict[str, Any]:
    """{"open": [...], "closed": [...]}: which streams the gate of devices lets in from now on, noted in the history.

    The gate itself asks the register at each event (care/alarms/admission.py), so it can never be out of step.
    """
    is_open = {purpose: consents.allows(session, elder_id, purpose) for purpose in MONITORING}
    what = "binding.allowed" if allowed else "readings.dropped"
    history.write(session, step.instance_id, step.by, what, step.element_id, step.subject_id, step.unit_path)
    return {
        "open": [each for each, yes in is_open.items() if yes],
        "closed": [each for each, yes in is_open.items() if not yes],
    }
