"""What people submitted: the whole form, encrypted, under the key that their phone made when the form was first saved.

The same key with the same content is answered as the first time; with other content than was accepted it is refused
(`OtherContent`, 422). A form that is sent back for its faults binds nothing. Who submits for a task that somebody else
finished keeps the text as a supplement (state `late`): nothing that a worker reports may vanish.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, bindparam, select, update
from sqlalchemy.orm import Session

from engine import clock, failpoints
from engine.db import Base, Document, Id, Instant
from engine.errors import EngineError
from engine.rows import insert_once
from engine.together import write
from engine.vault import EncryptedDocument

ACCEPTED, LATE, PENDING = "accepted", "late", "pending"
PROPOSED, SIGNING, WITHDRAWN = "proposed", "signing", "withdrawn"

submission = Table(
    "submission",
    Base.metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("task_id", Id, nullable=False),
    Column("instance_id", Id),
    Column("element", String(120), nullable=False),
    Column("form_key", String(80)),
    Column("form_version", Integer),
    Column("body", EncryptedDocument, nullable=False),
    Column("body_hash", LargeBinary(32), nullable=False),
    Column("who", Integer),
    Column("at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("answer", Document),
    Index("ix_submission_task", "task_id"),
    Index("ix_submission_instance", "instance_id", "element", "number"),
)


class OtherContent(EngineError):
    """This form was submitted before with other content; the first content stands."""


@dataclass(frozen=True)
class Submission:
    """A submitted form. `state`: accepted, late (a supplement), pending (accepted; the engine has yet to take it),
    proposed (of a delegate, to be confirmed), signing (co-signers have yet to sign), withdrawn."""

    id: UUID
    task_id: UUID
    instance_id: UUID | None
    element: str
    form_key: str | None
    form_version: int | None
    body: dict[str, Any]
    body_hash: bytes
    who: int | None
    at: datetime
    state: str
    answer: dict[str, Any] | None


def hash_of(answers: dict[str, Any]) -> bytes:
    """What makes two submissions the same, whatever the order of their fields."""
    return hashlib.sha256(orjson.dumps(answers, option=orjson.OPT_SORT_KEYS)).digest()


COLUMNS = tuple(submission.c[name] for name in Submission.__dataclass_fields__)
_GET = select(*COLUMNS).where(submission.c.id == bindparam("wanted"))


def get(session: Session, submission_id: UUID) -> Submission | None:
    """The submission of that key."""
    row = session.connection().execute(_GET, {"wanted": submission_id}).first()
    return None if row is None else Submission(**row._mapping)


def repeated(session: Session, submission_id: UUID, body_hash: bytes) -> Submission | None:
    """The same submission of before, None if the key is new; raises OtherContent."""
    known = get(session, submission_id)
    if known is not None and known.body_hash != body_hash:
        raise OtherContent(str(OtherContent.__doc__))
    return known


def keep(session: Session, row: Submission) -> bool:
    """Keep a submission unless its key is known; whether it was kept."""
    kept = session.connection().execute(insert_once(session, submission), row.__dict__).rowcount == 1
    _written()
    return kept


def keep_in_step(session: Session, row: Submission, known: Callable[[], object]) -> None:
    """`keep`, carried out with what else the step writes; `known` is called then if the key is known."""
    write(session, insert_once(session, submission), row.__dict__, known)
    _written()


def _written() -> None:
    failpoints.reach("submission.written")


def settle(session: Session, submission_id: UUID, state: str, answer: dict[str, Any] | None) -> None:
    """Note what became of a pending submission."""
    session.connection().execute(
        update(submission).where(submission.c.id == submission_id).values(state=state, answer=answer)
    )


_LATEST = (
    select(submission.c.body)
    .where(
        submission.c.instance_id == bindparam("of_instance"),
        submission.c.element == bindparam("at_element"),
        submission.c.state == ACCEPTED,
    )
    .order_by(submission.c.number.desc())
    .limit(1)
)


def of(session: Session, instance_id: UUID, element: str) -> dict[str, Any]:
    """The whole answers last submitted at that user task of that instance, {} if none."""
    values = {"of_instance": instance_id, "at_element": element}
    return session.connection().execute(_LATEST, values).scalar_one_or_none() or {}


_NEWEST = select(*COLUMNS).where(submission.c.task_id == bindparam("of_task"), submission.c.state == bindparam("being"))


def newest(session: Session, task_id: UUID, state: str) -> Submission | None:
    """What was last submitted for a task and is in that state."""
    query = _NEWEST.order_by(submission.c.number.desc()).limit(1)
    row = session.connection().execute(query, {"of_task": task_id, "being": state}).first()
    return None if row is None else Submission(**row._mapping)


def of_instance(session: Session, instance_id: UUID) -> list[Submission]:
    """Everything submitted in an instance, oldest first, supplements included."""
    c = submission.c
    rows = session.connection().execute(select(*COLUMNS).where(c.instance_id == instance_id).order_by(c.number))
    return [Submission(**row._mapping) for row in rows]


def of_task(session: Session, task_id: UUID) -> list[Submission]:
    """Everything submitted for a task, oldest first, supplements included."""
    c = submission.c
    rows = session.connection().execute(select(*COLUMNS).where(c.task_id == task_id).order_by(c.number))
    return [Submission(**row._mapping) for row in rows]


def new(
    submission_id: UUID,
    *,
    task_id: UUID,
    instance_id: UUID | None,
    element: str,
    form: tuple[str | None, int | None],
    body: dict[str, Any],
    body_hash: bytes,
    who: int | None,
    state: str,
) -> Submission:
    """A submission made now, not yet written."""
    return Submission(
        submission_id, task_id, instance_id, element, form[0], form[1], body, body_hash, who, clock.now(), state, None
    )
