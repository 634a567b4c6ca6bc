"""Move a token of an instance by hand: skip a task, go back, go forward; and say beforehand what that would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import instances
from engine.errors import NotPossible
from engine.instances import LIVE, Instance
from engine.run.host import StepHost
from engine.run.pausing import require_under_way
from engine.run.step import Step, StepFailed
from engine.spiff import OpenTask, TaskNotOpen, Token, Wait


@dataclass(frozen=True)
class Touched:
    """An open task or a wait that a move cancels or opens; `kind` is BPMN's word of a task, else that of the wait."""

    id: UUID
    kind: str
    element: str
    process_id: str
    name: str = ""


@dataclass(frozen=True)
class Moved:
    """What a move did, or would do. `runs`: the operation at which a preview stopped: from there on it is run live."""

    from_element: str
    to_element: str | None
    cancelled: tuple[Touched, ...] = ()
    opened: tuple[Touched, ...] = ()
    ended: bool = False
    runs: str | None = None


class _Stops(Exception):
    """A preview came to an operation, which it may not carry out."""


class _PreviewHost(StepHost):
    """Decides as the step would, but carries out nothing."""

    def operation(
        self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any] | None:
        raise _Stops(element_id)


def move(
    session: Session,
    instance_id: UUID,
    from_task: UUID,
    to_element: str | None,
    by: int | None = None,
    reason: str = "",
) -> Moved:
    """Move a token to an element, or (None) past its task as if that were done; then run to the next stable point.

    `from_task` is the id of an open task, or of any other `token`. Raises NotPossible with a sentence when the token is
    gone, the instance is suspended or over, or the move would break something; StepFailed when what follows fails.
    """
    step = Step.load(session, instance_id, by)
    step.trigger = "operator"
    require_under_way(step.row)
    token = _token(step.live.tokens, from_task)
    before = _standing(step)
    with step.moving():
        _carry_out(step, from_task, to_element)
    cancelled, opened = _differences(before, _standing(step))
    step.note(
        "moved" if to_element else "skipped_by_hand",
        token.element_id,
        task_id=from_task,
        name=token.name or None,
        who=by,
        note=reason or None,
        process=token.process_id,
        ids={
            "to": to_element,
            "cancelled": [each.element for each in cancelled],
            "opened": [each.element for each in opened],
        },
    )
    step.write()
    return Moved(token.element_id, to_element, cancelled, opened, step.live.ended)


def preview(session: Session, instance_id: UUID, from_task: UUID, to_element: str | None) -> Moved:
    """What `move` would cancel and open; nothing is changed, no operation is called. Raises NotPossible."""
    return preview_in(session, *instances.read(session, instance_id), from_task, to_element)


def preview_in(session: Session, row: Instance, blob: bytes, from_task: UUID, to_element: str | None) -> Moved:
    """`preview` of an instance that was read already."""
    step = _looking(session, row, blob)
    token = _token(step.live.tokens, from_task)
    before = _standing(step)
    runs = None
    try:
        with step.moving():
            _carry_out(step, from_task, to_element)
    except StepFailed as failed:
        if not isinstance(failed.fault.__cause__, _Stops):
            raise NotPossible(
                f"移动之后走不下去：{failed.fault}", f"The process could not go on after it: {failed.fault}"
            ) from failed
        runs = str(failed.fault.__cause__)
    cancelled, opened = _differences(before, _standing(step))
    return Moved(token.element_id, to_element, cancelled, opened, step.live.ended, runs)


def tokens(session: Session, instance_id: UUID) -> list[tuple[Token, list[str]]]:
    """Where an instance stands, and the elements that each token may be moved to."""
    return tokens_in(session, *instances.read(session, instance_id))


def tokens_in(session: Session, row: Instance, blob: bytes) -> list[tuple[Token, list[str]]]:
    """`tokens` of an instance that was read already."""
    live = _looking(session, row, blob).live
    return [(each, live.may_move(each.id)) for each in live.tokens]


def _looking(session: Session, row: Instance, blob: bytes) -> Step:
    require_under_way(row)
    return Step.looking(session, row, blob, _PreviewHost)


def _carry_out(step: Step, from_task: UUID, to_element: str | None) -> None:
    require_going(step.row)
    try:
        if to_element is None:
            step.live.skip(from_task)
        else:
            step.live.move(from_task, to_element)
    except TaskNotOpen as fault:
        raise _gone() from fault


def require_going(row: Instance) -> None:
    """Refuse to move anything in a suspended instance."""
    if row.state != LIVE:
        raise NotPossible("这个流程已暂停，先恢复再移动。", "This instance is suspended; let it go on, then move.")


def _token(tokens: list[Token], task_id: UUID) -> Token:
    for each in tokens:
        if each.id == task_id:
            return each
    raise _gone()


def _gone() -> NotPossible:
    return NotPossible("流程已经离开这一步，请刷新再看。", "The process has left this step meanwhile; look again.")


def _standing(step: Step) -> dict[tuple[UUID, str], Touched]:
    found = [_of_task(each) for each in step.live.open_tasks] + [_of_wait(each) for each in step.live.waits]
    return {(each.id, each.element): each for each in found}


def _of_task(each: OpenTask) -> Touched:
    return Touched(each.id, each.kind, each.element_id, each.process_id, each.name)


def _of_wait(each: Wait) -> Touched:
    return Touched(each.task_id, each.kind, each.element_id, each.process_id)


def _differences(
    before: dict[tuple[UUID, str], Touched], after: dict[tuple[UUID, str], Touched]
) -> tuple[tuple[Touched, ...], tuple[Touched, ...]]:
    cancelled = tuple(each for key, each in before.items() if key not in after)
    return cancelled, tuple(each for key, each in after.items() if key not in before)
