"""Operations of releases of diagrams: `releases.*` (P45)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import releases
from engine.operations import Step, operation


@operation("releases.check")
def check(session: Session, step: Step, element: str) -> dict[str, Any]:
    """{"release_id", "ok"}: the checks of every diagram, of its drawing and of its callers."""
    row = releases.get(session, int(step.answers(element)["release_id"]))
    return {"release_id": row.id, "ok": releases.check(session, row)}


@operation("releases.tried")
def tried(session: Session, step: Step, release_id: int, element: str) -> dict[str, Any]:
    """{"ok"}: whether it worked in the sandbox, as the designer says."""
    row, works = releases.get(session, release_id), step.answers(element).get("works") is True
    if not works:
        row.state = "not_working"
        session.flush()
    return {"ok": works}


@operation("releases.approve")
def approve(session: Session, step: Step, release_id: int, element: str) -> dict[str, Any]:
    """{"yes", "move"}: whether it is released, and whether running instances are to be moved."""
    row, answers = releases.get(session, release_id), step.answers(element)
    yes = answers.get("approved") is True
    row.decided_by, row.decided_at, row.decision_words = step.by, step.now, str(answers.get("text") or "")[:400]
    if not yes:
        row.state = "rejected"
    session.flush()
    return {"yes": yes, "move": answers.get("running") == "move"}


@operation("releases.deploy")
def deploy(session: Session, step: Step, release_id: int) -> dict[str, Any]:
    """{"ok"}: new instances use it from now on."""
    return {"ok": releases.deploy(session, releases.get(session, release_id), step.by)}


@operation("releases.dry_run")
def dry_run(session: Session, step: Step, release_id: int) -> dict[str, Any]:
    """{"possible"}: running instances whose waiting points still exist; nothing is moved."""
    return {"possible": releases.dry_run(session, releases.get(session, release_id))}


@operation("releases.move")
def move(session: Session, step: Step, release_id: int) -> dict[str, Any]:
    """{"moved"}: those that can go are moved, each in a transaction of its own."""
    return {"moved": releases.move(session, releases.get(session, release_id), step.by)}
