"""Completions that somebody else has a part in: a delegate proposes, co-signers sign, and then the process goes on.

What the holder hands in is kept (state `signing`) until everybody has signed; the last one takes it on, in the same
transaction. Who does not agree gives the task back to its holder, with what was written. What a delegate hands in is
kept (`proposed`), and the task is the delegator's again, to be confirmed or changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from engine import operations, submissions, tasks
from engine.errors import NotPossible
from engine.run.outcome import Completed
from engine.submissions import Submission
from engine.tasks import NO_DUE, TaskRow, signers

DISAGREES = "disagree"


def held_up(session: Session, row: TaskRow, submitted: Submission) -> Completed | None:
    """Keep a completion that cannot go on yet; None when nothing holds it up. Raises NotPossible."""
    if row.delegated_by is not None:
        return _propose(session, row, submitted)
    if row.hidden_until == NO_DUE:
        raise NotPossible("已经交了，等会签的人签完。", "It was handed in already; wait for those who sign.")
    asked = signers.outstanding(signers.of(session, row.id))
    if not asked:
        return None
    if any(each.part == signers.BEFORE for each in asked):
        raise NotPossible(
            "还有人没有会签，等他们签完再交；也可以减签。",
            "Somebody has yet to sign before you; wait for them, or ask them no more.",
        )
    keep(session, replace(submitted, state=submissions.SIGNING))
    signers.let_rest(session, row, submitted.who)
    signers.open_after(session, row.id)
    tasks.tell(session, row, "handed_to_signers", submitted.who, signers=[str(each.id) for each in asked])
    return Completed(row.id, row.instance_id, submitted.id)


def signed(session: Session, signer: TaskRow, parent: TaskRow, submitted: Submission) -> Submission | None:
    """One has signed; the holder's submission when everybody has and the process may go on with it."""
    tasks.follow(session, [], [(signer.id, tasks.DONE, submitted.who)])
    agrees = submitted.body.get("opinion") != DISAGREES
    tasks.tell(session, signer, "signed" if agrees else "not_agreed", submitted.who, parent=str(parent.id))
    waiting = submissions.newest(session, parent.id, submissions.SIGNING)
    if waiting is None:
        return None
    if not agrees:
        give_back(session, parent, waiting)
        return None
    return None if signers.outstanding(signers.of(session, parent.id)) else waiting


def give_back(session: Session, parent: TaskRow, waiting: Submission) -> None:
    """Somebody does not agree: the holder finds what was handed in, to be changed; nobody else has to sign it."""
    submissions.settle(session, waiting.id, submissions.PROPOSED, None)
    for each in signers.outstanding(signers.of(session, parent.id)):
        signers.remove(session, each)
    signers.wake(session, parent, "not_agreed")


def ready(session: Session, parent: TaskRow) -> Submission | None:
    """The holder's submission if nobody is left who has to sign (the last one was taken away)."""
    if signers.outstanding(signers.of(session, parent.id)):
        return None
    return submissions.newest(session, parent.id, submissions.SIGNING)


def keep(session: Session, submitted: Submission) -> None:
    """Keep what was handed in; the same content under the same key is kept once."""
    if not submissions.keep(session, submitted):
        submissions.repeated(session, submitted.id, submitted.body_hash)
        submissions.settle(session, submitted.id, submitted.state, submitted.answer)


def _propose(session: Session, row: TaskRow, submitted: Submission) -> Completed:
    """The delegate is done: the task is the delegator's again, and what was written is proposed."""
    done = Completed(row.id, row.instance_id, submitted.id)
    keep(session, replace(submitted, state=submissions.PROPOSED, answer=done.as_json()))
    to = None if row.delegated_by is None else operations.back_to(session, row.delegated_by)
    back: dict[str, Any] = {"delegated_by": None, "claimed_by": to, "hidden_until": None}
    tasks.hand_over(
        session, row.id, to, row.role, row.unit_path, "delegated_back", submitted.who,
        what="delegate_done", **back,
    )  # fmt: skip
    return done


def waiting_of(session: Session, row: TaskRow, by: int) -> Submission | None:
    """What this person has handed in of an open task and others have yet to sign; None without any."""
    if row.state != tasks.OPEN or row.hidden_until != NO_DUE:
        return None
    found = submissions.newest(session, row.id, submissions.SIGNING)
    return found if found is not None and found.who == by else None


def take_up(session: Session, row: TaskRow, waiting: Submission) -> None:
    """The holder takes back what was handed in; raises NotPossible when somebody has signed it meanwhile."""
    if any(each.part == signers.AFTER and each.state == tasks.DONE for each in signers.of(session, row.id)):
        raise NotPossible("已经有人会签了，不能撤回。", "Somebody has signed it already; it cannot be withdrawn.")
    submissions.settle(session, waiting.id, submissions.PROPOSED, None)
    signers.wait_again(session, row.id)
    signers.wake(session, row, "withdrawn")
