"""A person completes a user task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, db, definitions, forms, history, spiff, submissions, tasks, work
from engine.run.going_on import fire_timers
from engine.run.step import Step, StepFailed
from engine.submissions import Submission
from engine.tasks import TaskNotOpen, TaskRow


@dataclass(frozen=True)
class Completed:
    """What became of a submission. `replayed`: the same was submitted before; `opened`: the tasks that follow here."""

    task_id: UUID
    instance_id: UUID | None
    submission_id: UUID
    replayed: bool = False
    ended: bool = False
    opened: tuple[UUID, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The answer that is kept with the submission."""
        return {"ended": self.ended, "opened": [str(each) for each in self.opened]}


def complete_task(
    session: Session, task_id: UUID, answers: dict[str, Any], by: int | None, submission_id: UUID | None = None
) -> Completed:
    """Check the answers, finish the task, move the instance to its next stable point.

    The same submission again gets the same answer. Raises forms.Invalid, submissions.OtherContent, tasks.TaskNotOpen
    (what was written is kept as a supplement), tasks.NotYours, tasks.SamePerson, and StepFailed when the process
    cannot go on (the submission is kept and tried again). Those that keep something do it by `remedy`, a function
    that `jobs.transaction` calls in a second transaction.
    """
    row = tasks.get(session, task_id)
    submission_id = submission_id or db.new_id()
    body_hash = submissions.hash_of(answers)
    if row.state != tasks.OPEN:
        known = submissions.repeated(session, submission_id, body_hash)
        if known is not None and known.state != submissions.LATE:
            return _replay(known)
        late = _submission(row, submission_id, answers, body_hash, by, submissions.LATE)
        raise _keeping(TaskNotOpen(task_id, row.state, row.done_by, row.done_at), row, late)
    _may_do(session, row, by)
    clean = _check(session, row, answers)
    submitted = _submission(row, submission_id, clean, body_hash, by, submissions.ACCEPTED)
    if row.instance_id is None:
        return _complete_plain(session, row, submitted)
    try:
        return _complete_in_instance(session, row, submitted)
    except StepFailed as fault:
        fault.remedy = postponed(replace(submitted, state=submissions.PENDING))
        raise


def _complete_in_instance(session: Session, row: TaskRow, submitted: Submission, known: bool = False) -> Completed:
    assert row.instance_id is not None
    step = Step.load(session, row.instance_id, submitted.who)
    written = submitted.body
    if row.form_key:
        written = forms.for_process(definitions.form(session, row.form_key, row.form_version), submitted.body)
    try:
        step.complete(row.id, row.element_id, {row.element_id: written}, submitted.body)
    except spiff.TaskNotOpen:
        late = TaskNotOpen(row.id, tasks.CANCELLED, None, clock.now())
        raise _keeping(late, row, replace(submitted, state=submissions.LATE)) from None
    opened = step.write()
    done = Completed(row.id, row.instance_id, submitted.id, False, step.live.ended, tuple(opened))
    _write(session, replace(submitted, answer=done.as_json()), known)
    return done


def _complete_plain(session: Session, row: TaskRow, submitted: Submission) -> Completed:
    done = Completed(row.id, None, submitted.id)
    tasks.follow(session, [], [(row.id, tasks.DONE, submitted.who)])
    history.write(session, None, submitted.who, "completed", row.element_id, row.subject_id, row.unit_path, task=row.id)
    _write(session, replace(submitted, answer=done.as_json()), False)
    return done


def complete_pending(session: Session, submission_id: UUID) -> None:
    """Try again a submission that the engine could not take; work of kind `complete`."""
    pending = submissions.get(session, submission_id)
    if pending is None or pending.state != submissions.PENDING:
        return
    if pending.instance_id is not None:
        fire_timers(session, pending.instance_id)
    row = tasks.get(session, pending.task_id)
    if row.state == tasks.OPEN:
        _complete_in_instance(session, row, replace(pending, state=submissions.ACCEPTED), known=True)
    else:
        submissions.settle(session, submission_id, submissions.LATE, None)


def _write(session: Session, submitted: Submission, known: bool) -> None:
    if known:
        submissions.settle(session, submitted.id, submitted.state, submitted.answer)
    elif not submissions.keep(session, submitted):
        earlier = submissions.repeated(session, submitted.id, submitted.body_hash)
        if earlier is None or earlier.state == submissions.ACCEPTED or earlier.task_id != submitted.task_id:
            raise submissions.OtherContent(str(submissions.OtherContent.__doc__))
        submissions.settle(session, submitted.id, submitted.state, submitted.answer)


def _replay(known: Submission) -> Completed:
    answer = known.answer or {}
    opened = tuple(UUID(each) for each in answer.get("opened", ()))
    return Completed(known.task_id, known.instance_id, known.id, True, bool(answer.get("ended")), opened)


def _may_do(session: Session, row: TaskRow, by: int | None) -> None:
    if by is None:
        return
    if row.claimed_by is not None and row.claimed_by != by and row.also_role is None:
        raise tasks.NotYours(row.claimed_by)
    if row.separate_from and row.instance_id is not None:
        elements = [each.strip() for each in row.separate_from.split(",")]
        if by in tasks.doers(session, row.instance_id, elements):
            raise tasks.SamePerson(str(tasks.SamePerson.__doc__))


def _check(session: Session, row: TaskRow, answers: dict[str, Any]) -> dict[str, Any]:
    if not row.form_key:
        return answers
    return forms.load(definitions.form(session, row.form_key, row.form_version), None, answers)


def _submission(
    row: TaskRow, submission_id: UUID, body: dict[str, Any], body_hash: bytes, by: int | None, state: str
) -> Submission:
    return submissions.new(
        submission_id,
        task_id=row.id,
        instance_id=row.instance_id,
        element=row.element_id,
        form=(row.form_key, row.form_version),
        body=body,
        body_hash=body_hash,
        who=by,
        state=state,
    )


def postponed(pending: Submission) -> Callable[[Session], None]:
    """Keep a submission that the engine could not take, and the work to try it again."""

    def remedy(session: Session) -> None:
        submissions.keep(session, pending)
        work.add(session, "complete", ref=pending.id, lane=work.HUMAN, key=f"complete:{pending.id}")

    return remedy


def _keeping(fault: TaskNotOpen, row: TaskRow, late: Submission) -> TaskNotOpen:
    """The fault, with the remedy that keeps the text as a supplement."""

    def remedy(session: Session) -> None:
        if submissions.keep(session, late):
            history.write(
                session, row.instance_id, late.who, "supplemented", row.element_id, row.subject_id, row.unit_path,
                task=row.id,
            )  # fmt: skip

    fault.remedy = remedy
    return fault
