"""Back to an earlier step (退回), and one's own last completion taken back (撤回): the moves that people may make.

Sent back is to a step that somebody did in this instance and from which the token came: out of a subprocess or a called
process, too (that whole is cancelled), never into one, into a parallel branch from outside it, or across to another
branch. Taken back is what led to nothing but what the move takes away again. What has called an operation or sent a
message meanwhile cannot be unsaid: without the diagram's leave (`+send_back`, `+withdraw`) neither goes past it.
Times of the task that opens again run anew. See docs/adr/0015 and docs/reference/task-verbs.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import definitions, history, instances, operations, spiff, submissions, tasks
from engine.errors import NotPossible
from engine.instances import Instance
from engine.run.holding import Held
from engine.run.moving import require_going
from engine.run.pausing import require_under_way
from engine.run.step import Step
from engine.spiff import Live
from engine.submissions import Submission
from engine.tasks import TaskRow


@dataclass(frozen=True)
class Earlier:
    """A step that was done before; `key` names it, `refusal` says why the task cannot go back there (None: it can)."""

    key: str
    element: str
    name: str
    done_by: int | None
    done_at: datetime | None
    token: UUID
    refusal: NotPossible | None = None


def ways_back(session: Session, row: TaskRow, past_operations: bool = False) -> list[Earlier]:
    """The steps done in this instance before a task, the latest first, each with whether it may be sent back there."""
    if row.instance_id is None:
        return []
    instance, blob = instances.read(session, row.instance_id)
    if instance.state != instances.LIVE:
        return []
    return _ways(session, row, instance, Step.looking(session, instance, blob).live, past_operations)


def send_back(session: Session, held: Held, key: str, by: int, word: UUID | None, past_operations: bool) -> UUID:
    """Open an earlier step again in place of the task, for whoever did it last; the id of the task that opened.

    Raises NotPossible with the reason, tasks.TaskNotOpen, StepFailed.
    """
    row, step = held.row, _step(session, held, by)
    found = {each.key: each for each in _ways(session, row, step.row, step.live, past_operations)}
    target = found.get(key)
    if target is None:
        raise NotPossible(
            "没有办过这一步，不能退回到那里。", "That step has not been done; it cannot be sent back there."
        )
    if target.refusal is not None:
        raise target.refusal
    step.trigger = "operator"
    try:
        with step.moving():
            step.live.move(target.token, target.element)
    except spiff.TaskNotOpen as gone:
        raise tasks.TaskNotOpen(row.id, tasks.CANCELLED, None, None) from gone
    return _opened_again(step, row, target.element, target.done_by, "sent_back", by, word)


def withdraw(
    session: Session, held: Held, by: int, word: UUID | None, past_operations: bool, since: datetime | None = None
) -> UUID:
    """Take back what this person has completed, if nobody has gone on; the id of the task that is open again.

    `since`: only what was completed after that moment. Raises NotPossible with the reason, StepFailed.
    """
    row = held.row
    submitted = _own(session, row, by)
    if since is not None and submitted.at < since:
        raise NotPossible("时间过了，不能再撤销。", "It is too late to undo it.")
    if row.instance_id is None:
        return _reopened(session, held, submitted, by, word)
    answer = submitted.answer or {}
    _refuse_followed(session, answer, by, past_operations)
    step = _step(session, held, by)
    step.trigger = "operator"
    with step.moving():
        step.live.withdraw(*_completion(row, answer))
    submissions.settle(session, submitted.id, submissions.WITHDRAWN, answer)
    return _opened_again(step, row, row.element_id, by, "withdrawn", by, word)


def look_at_withdrawal(session: Session, row: TaskRow, by: int, past_operations: bool) -> None:
    """Raises NotPossible with the reason when `withdraw` would; changes nothing."""
    submitted = _own(session, row, by)
    if row.instance_id is None:
        return
    answer = submitted.answer or {}
    _refuse_followed(session, answer, by, past_operations)
    instance, blob = instances.read(session, row.instance_id)
    require_under_way(instance)
    require_going(instance)
    Step.looking(session, instance, blob).live.take_back(*_completion(row, answer))


def _own(session: Session, row: TaskRow, by: int) -> Submission:
    """What this person has completed the task with; raises NotPossible."""
    submitted = submissions.newest(session, row.id, submissions.ACCEPTED)
    if row.state != tasks.DONE or row.done_by != by or submitted is None:
        raise NotPossible("只能撤回自己办完的。", "Only what you completed yourself can be withdrawn.")
    return submitted


def _completion(row: TaskRow, answer: dict[str, Any]) -> tuple[list[UUID], str, str, tuple[UUID, int] | None]:
    """What `withdraw` needs of a completion: tokens that it reached, process, element, member of a repeated task."""
    member = answer.get("member")
    part = (UUID(member[0]), int(member[1])) if member else None
    return [UUID(each) for each in answer["reached"]], str(row.process_id), row.element_id, part


def _step(session: Session, held: Held, by: int) -> Step:
    if held.locked is None:
        raise NotPossible("这件事不在流程里。", "This task belongs to no process.")
    require_under_way(held.locked[0])
    require_going(held.locked[0])
    return Step.restore(session, *held.locked, by)


def _ways(session: Session, row: TaskRow, instance: Instance, live: Live, past_operations: bool) -> list[Earlier]:
    try:
        levels = live.around(row.id)
    except spiff.TaskNotOpen:
        return []
    drawn_in = {each.id: each.process_id for each in live.tokens}
    acted_at = None if past_operations else _acted_at(session, instance)
    found: dict[str, Earlier] = {}
    for each in reversed(tasks.of_instance(session, instance.id)):
        key = f"{each.process_id}.{each.element_id}"
        own = (each.process_id, each.element_id) == (row.process_id, row.element_id)
        if each.state != tasks.DONE or own or key in found:
            continue
        token, refusal = levels[0][0], None
        may = [at for at, there in levels if drawn_in[at] == each.process_id and each.element_id in there]
        if may:
            token = may[0]
            if acted_at is not None and each.done_at is not None and acted_at >= each.done_at:
                refusal = _acted()
        else:
            refusal = live.why_not(_level_of(levels, drawn_in, each), each.element_id)
        found[key] = Earlier(key, each.element_id, each.name, each.done_by, each.done_at, token, refusal)
    return list(found.values())


def _level_of(levels: list[tuple[UUID, list[str]]], drawn_in: dict[UUID, str], done: TaskRow) -> UUID:
    """The innermost token that stands in the process where that step is drawn; else the innermost of all."""
    return next((at for at, _ in levels if drawn_in[at] == done.process_id), levels[0][0])


def _acted_at(session: Session, instance: Instance) -> datetime | None:
    """When the instance last called an operation or sent a message; None when it never did."""
    drawn = definitions.of_definition(session, instance.definition_id).processes
    acting = {
        (process.id, node.id)
        for process in drawn.values()
        for node in process.nodes
        if node.kind in ("serviceTask", "sendTask")
        or (node.kind in ("intermediateThrowEvent", "endEvent") and node.event is not None and node.event.kind in SENT)
    }
    rows = history.of_instance(session, instance.id)
    times = [each.at for each in rows if each.what == "completed" and _place(each, instance) in acting]
    return max(times, default=None)


SENT = ("message", "signal")


def _place(row: history.HistoryRow, instance: Instance) -> tuple[str, str | None]:
    return str((row.ids or {}).get("process", instance.process_id)), row.element


def _acted() -> NotPossible:
    return NotPossible(
        "那一步之后系统已自动办理或发出消息，收不回来。请写评论说明，或请管理员处理。",
        "Since then the system has acted or sent a message, which cannot be unsaid. Comment on it, or ask an operator.",
    )


def _refuse_followed(session: Session, answer: dict[str, Any], by: int, past_operations: bool) -> None:
    """Refuse what somebody has begun on since, or what cannot be unsaid."""
    if "reached" not in answer:
        raise NotPossible("这一步办得太早，没有记下去向，不能撤回。", "It was completed too long ago to be withdrawn.")
    if answer.get("acted") and not past_operations:
        raise _acted()
    for task_id in answer["opened"]:
        following = tasks.get(session, UUID(task_id))
        if following.state != tasks.OPEN:
            raise NotPossible("后面的步骤已经往前走了，不能撤回。", "What follows has gone on; it cannot be withdrawn.")
        if following.claimed_by not in (None, by) or tasks.signers.of(session, following.id):
            raise NotPossible(
                "下一步已经有人接手，不能撤回。", "Somebody has taken the next step; it cannot be withdrawn."
            )


def _opened_again(
    step: Step, row: TaskRow, element: str, to: int | None, what: str, by: int, word: UUID | None
) -> UUID:
    """Write the step; the task that it opened at the element is given to whoever did it before."""
    session = step.session
    opened = step.write()
    found = [each for each in (tasks.get(session, task_id) for task_id in opened) if each.element_id == element]
    if not found:
        raise NotPossible("退回之后没有等到那一步。", "The step did not open again.")
    again = found[0]
    told = {"to": element, "opened": str(again.id)}
    tasks.tell(session, row, what, by, word, before=row.element_id, after=told)
    if what == "withdrawn":
        tasks.change(session, row, "taken_back", by, state=tasks.CANCELLED)
    to = None if to is None else operations.back_to(session, to)
    if to is not None and len(found) == 1 and again.assignee_id != to:
        tasks.hand_over(session, again.id, to, again.role, again.unit_path, what, by, what="given_again")
    return again.id


def _reopened(session: Session, held: Held, submitted: Submission, by: int, word: UUID | None) -> UUID:
    """Open a plain task again; of a co-signer's, while its parent is still open."""
    if held.parent is not None and held.parent.state != tasks.OPEN:
        raise NotPossible("后面的步骤已经往前走了，不能撤回。", "What follows has gone on; it cannot be withdrawn.")
    submissions.settle(session, submitted.id, submissions.WITHDRAWN, submitted.answer)
    tasks.change(
        session, held.row, "withdrawn", by, word,
        state=tasks.OPEN, done_by=None, done_at=None, assignee_id=by, why="withdrawn",
    )  # fmt: skip
    return held.row.id
