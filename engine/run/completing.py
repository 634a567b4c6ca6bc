"""A person completes a user task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, db, definitions, forms, history, instances, operations, spiff, submissions, tasks, work
from engine.run import signing
from engine.run.going_on import fire_timers
from engine.run.holding import Held, Locked, hold
from engine.run.outcome import Completed
from engine.run.step import Step, StepFailed
from engine.submissions import Submission
from engine.tasks import TaskNotOpen, TaskRow
from engine.together import together


def complete_task(
    session: Session, task_id: UUID, answers: dict[str, Any], by: int | None, submission_id: UUID | None = None
) -> Completed:
    """Check the answers, finish the task, move the instance to its next stable point.

    The same submission again gets the same answer. Raises forms.Invalid, submissions.OtherContent,
    tasks.TaskNotOpen (what was written is kept as a supplement), tasks.NotYours, tasks.SamePerson, StepFailed when
    the process cannot go on and instances.Suspended when somebody stopped it (the submission is kept and tried
    again when it can). Those that keep something do it by `remedy`, a function that `jobs.transaction` calls in a
    second transaction.
    """
    held = hold(session, task_id)
    row = held.row
    submission_id = submission_id or db.new_id()
    body_hash = _hash(answers)
    if row.state != tasks.OPEN:
        return _too_late(session, row, submission_id, answers, body_hash, by)
    if row.why == "delegated_back" or row.hidden_until is not None:
        known = submissions.repeated(session, submission_id, body_hash)
        if known is not None and known.state in (submissions.PROPOSED, submissions.SIGNING):
            return _replay(known)
    _may_do(session, row, by)
    clean = _check(session, row, answers)
    submitted = _submission(row, submission_id, clean, body_hash, by, submissions.ACCEPTED)
    try:
        return _taken(session, held, submitted)
    except (StepFailed, instances.Suspended) as fault:
        fault.remedy = postponed(replace(submitted, state=submissions.PENDING))
        raise


def _taken(session: Session, held: Held, submitted: Submission, known: bool = False) -> Completed:
    """Finish the task, or keep what was handed in until a delegator or co-signers have done their part."""
    row = held.row
    if held.parent is not None:
        return _sign(session, held, held.parent, submitted, known)
    if held.asked or row.delegated_by is not None:
        put_off = signing.held_up(session, row, submitted)
        if put_off is not None:
            return put_off
    if held.locked is None:
        return _complete_plain(session, row, submitted, known)
    step = Step.restore(session, *held.locked, submitted.who)
    if not step.has_open(row.id):  # who waited for the lock read the task before somebody else was done
        now = tasks.get(session, row.id)
        return _too_late(session, now, submitted.id, submitted.body, submitted.body_hash, submitted.who)
    return _complete_in_instance(step, row, submitted, known)


def _sign(session: Session, held: Held, parent: TaskRow, submitted: Submission, known: bool) -> Completed:
    """A co-signer has signed; with the last one the parent is finished by what its holder has handed in."""
    waiting = signing.signed(session, held.row, parent, submitted)
    done = Completed(held.row.id, None, submitted.id)
    _write(session, replace(submitted, answer=done.as_json()), known)
    if waiting is not None:
        finish_signed(session, parent, held.locked, waiting)
    return done


def finish_signed(session: Session, parent: TaskRow, locked: Locked | None, waiting: Submission) -> None:
    """Everybody has signed: the process goes on with what the holder has handed in."""
    submitted = replace(waiting, state=submissions.ACCEPTED)
    if locked is None:
        _complete_plain(session, parent, submitted, True)
    else:
        _complete_in_instance(Step.restore(session, *locked, waiting.who), parent, submitted, True)


def _too_late(
    session: Session, row: TaskRow, submission_id: UUID, answers: dict[str, Any], body_hash: bytes, by: int | None
) -> Completed:
    """The answer of the same submission before; else raises TaskNotOpen, which keeps what was written."""
    known = submissions.repeated(session, submission_id, body_hash)
    if known is not None and known.state != submissions.LATE:
        return _replay(known)
    late = _submission(row, submission_id, answers, body_hash, by, submissions.LATE)
    raise _keeping(TaskNotOpen(row.id, row.state, row.done_by, row.done_at), row, late)


def _complete_in_instance(step: Step, row: TaskRow, submitted: Submission, known: bool = False) -> Completed:
    session, written = step.session, submitted.body
    if row.form_key:
        written = forms.for_process(definitions.form(session, row.form_key, row.form_version), submitted.body)
    try:
        step.complete(row.id, row.element_id, {row.element_id: written}, submitted.body)
    except spiff.TaskNotOpen:  # a timer that was due took it away
        late = TaskNotOpen(row.id, tasks.CANCELLED, None, clock.now())
        raise _keeping(late, row, replace(submitted, state=submissions.LATE)) from None
    with together(session):
        opened = step.write_down()
        done = Completed(row.id, row.instance_id, submitted.id, False, step.live.ended, tuple(opened))
        _write(session, replace(submitted, answer=done.as_json() | step.traces), known)
    step.observe()
    return done


def _complete_plain(session: Session, row: TaskRow, submitted: Submission, known: bool) -> Completed:
    done = Completed(row.id, None, submitted.id)
    tasks.follow(session, [], [(row.id, tasks.DONE, submitted.who)])
    ids = {"task": str(row.id), "submitted": submissions.hash_of(submitted.body).hex()}
    done_by = history.row_of(
        "completed", who=submitted.who, element=row.element_id, name=row.name, subject_id=row.subject_id,
        unit_path=row.unit_path, ids=ids,
    )  # fmt: skip
    history.write_all(session, [done_by])
    _write(session, replace(submitted, answer=done.as_json()), known)
    return done


def complete_pending(session: Session, submission_id: UUID) -> None:
    """Try again a submission that the engine could not take; work of kind `complete`."""
    pending = submissions.get(session, submission_id)
    if pending is None or pending.state != submissions.PENDING:
        return
    if pending.instance_id is not None:
        fire_timers(session, pending.instance_id)
        pending = submissions.get(session, submission_id)  # whoever had the lock before may have settled it
        if pending is None or pending.state != submissions.PENDING:
            return
    held = hold(session, pending.task_id)
    if held.row.state == tasks.OPEN and held.locked is not None:
        _taken(session, held, replace(pending, state=submissions.ACCEPTED), known=True)
    else:
        submissions.settle(session, submission_id, submissions.LATE, None)


def _write(session: Session, submitted: Submission, known: bool) -> None:
    if known:
        submissions.settle(session, submitted.id, submitted.state, submitted.answer)
    else:
        submissions.keep_in_step(session, submitted, partial(_settle_earlier, session, submitted))


def _settle_earlier(session: Session, submitted: Submission) -> None:
    """The key was kept before, as a supplement or pending, with the same content: now it is this completion."""
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
    clean = forms.load(definitions.form(session, row.form_key, row.form_version), None, answers)
    faults = operations.objections(session, row, clean)
    if faults:
        raise forms.Invalid(faults)
    return clean


def _hash(answers: dict[str, Any]) -> bytes:
    """The answers' hash; raises forms.Invalid for what no database can hold (half a character, endless nesting)."""
    try:
        return submissions.hash_of(answers)
    except (TypeError, RecursionError):
        words = {
            "zh": "有不能保存的内容，改一下再交",
            "en": "Something in it cannot be stored; change it and send again",
        }
        raise forms.Invalid({"": words}) from None


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

    fault.remedy = partial(_keep_supplement, row=row, late=late)
    return fault


def supplement(session: Session, task_id: UUID, answers: dict[str, Any], by: int, submission_id: UUID) -> bool:
    """Keep what somebody wrote for a task that is not theirs any more; False when the same was kept before.

    The caller makes sure that this person was once given the form. Raises submissions.OtherContent.
    """
    row = tasks.get(session, task_id)
    body_hash = submissions.hash_of(answers)
    submissions.repeated(session, submission_id, body_hash)
    return _keep_supplement(session, row, _submission(row, submission_id, answers, body_hash, by, submissions.LATE))


def _keep_supplement(session: Session, row: TaskRow, late: Submission) -> bool:
    if not submissions.keep(session, late):
        return False
    history.write(
        session, row.instance_id, late.who, "supplemented", row.element_id, row.subject_id, row.unit_path, task=row.id
    )
    see = operations.answer_to("supplemented")
    if see is not None:
        see(session, row, late)
    return True
