"""Operations of major changes: `changes.*` (P10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import changes, elders, notices, policies
from care.changes import MajorChange
from engine import history
from engine.operations import Step, operation

_WARNED_BEFORE = timedelta(hours=4)


def _said(row: MajorChange, **more: Any) -> dict[str, Any]:
    return {
        "change_id": row.id,
        "first_due_at": row.first_due_at.isoformat(),
        "township_at": (row.first_due_at - _WARNED_BEFORE).isoformat(),
        "confirmed": row.confirmed_at is not None,
        **more,
    }


def _kinds(kind: str | None, items: Sequence[str] | None) -> list[str]:
    return [*(items or ()), *([kind] if kind else ())]


@operation("changes.open")
def open_change(
    session: Session, step: Step, elder_id: int, kind: str | None = None, items: Sequence[str] | None = None
) -> dict[str, Any]:
    """{"change_id", "first_due_at", "township_at", "confirmed"}: the first visit's clock runs from the report."""
    elder = elders.get(session, elder_id)
    policy = step.policy or policies.DEFAULT_POLICY
    return _said(changes.open_change(session, elder, _kinds(kind, items), policy, step.instance_id))


@operation("changes.confirm")
def confirm(session: Session, step: Step, change_id: int, element: str) -> dict[str, Any]:
    """The same fields: whether the village found it to be so, and which kinds. Source: P10 T1."""
    row, answers = changes.get(session, change_id), step.answers(element)
    changes.confirm(session, row, answers.get("confirmed") is True, answers.get("kinds") or [])
    if row.confirmed_at is not None:
        for kind in row.kinds:
            _noted(session, step, row, kind)
    return _said(row)


def _noted(session: Session, step: Step, row: MajorChange, what: str) -> None:
    history.write(session, step.instance_id, step.by, f"change.{what}", step.element_id, row.elder_id, row.unit_path)


@operation("changes.first_visit")
def first_visit(session: Session, step: Step, change_id: int) -> dict[str, Any]:
    """The same fields; when the first visit was made, if it was: nobody met is no visit (K23)."""
    row = changes.get(session, change_id)
    if (step.data.get("outcome") or {}).get("outcome") == "done":
        changes.first_visit(session, row)
    return _said(row)


@operation("changes.first_visit_late")
def first_visit_late(session: Session, step: Step, change_id: int, elder_id: int, role: str, about: str) -> None:
    """A plain task for a desk, once per instance; none where the visit was made and only its check is open."""
    if changes.get(session, change_id).first_visit_at is None:
        key = f"{step.instance_id}:{about}:{role}"
        notices.elder_desk(session, elders.get(session, elder_id), role, about, key, timedelta(days=3))


@operation("changes.more")
def more(
    session: Session, step: Step, change_id: int, kind: str | None = None, items: Sequence[str] | None = None
) -> None:
    """Another report of the same elder joins the open change, whose days begin anew."""
    changes.more(session, changes.get(session, change_id), _kinds(kind, items))


@operation("changes.judge")
def judge(session: Session, step: Step, change_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"over"}: stable and long enough, or 90 days without a renewal."""
    row, answers = changes.get(session, change_id), step.answers(element)
    over = changes.judge(session, row, answers.get("stable") is True, answers.get("renew") is True)
    return _said(row, over=over)


@operation("changes.close")
def close(session: Session, step: Step, change_id: int, outcome: str) -> None:
    """Back to the usual rhythm: `outcome` is unfounded, stabilised or exited."""
    row = changes.get(session, change_id)
    changes.close(session, row, outcome)
    _noted(session, step, row, outcome)
