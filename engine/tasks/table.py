"""The table of tasks, its rows as values, and what can go wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, literal_column, text

from engine import clock
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.rows import UNIT_PATH
from engine.vault import EncryptedDocument

OPEN, DONE, CANCELLED = "open", "done", "cancelled"
RANKS = {"urgent": 0, "today": 1}
LAST_RANK = 2
NO_DUE = datetime(9999, 1, 1, tzinfo=UTC)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _open_index(name: str, *columns: str, where: str = "") -> Index:
    """An index of open tasks alone: it stays small however many are over. Queries say IS_OPEN, in these very words.

    No index begins with the state: SQLite, which keeps no statistics here, would take it for one that leaves ten rows.
    """
    return Index(name, *columns, **_where(f"state = 'open' AND {where}" if where else "state = 'open'"))


task = Table(
    "task",
    Base.metadata,
    Column("id", Id, primary_key=True),
    Column("instance_id", Id),
    Column("process_id", String(80)),
    Column("element_id", String(120), nullable=False),
    Column("name", String(200), nullable=False),
    Column("form_key", String(80)),
    Column("form_version", Integer),
    Column("role", String(60), nullable=False),
    Column("unit_path", UNIT_PATH, nullable=False),
    Column("subject_id", Integer),
    Column("assignee_id", Integer),
    Column("why", String(60), nullable=False),
    Column("priority", String(20)),
    Column("due_at", Instant),
    Column("next_role", String(60)),
    Column("next_at", Instant),
    Column("also_role", String(60)),  # the level that has the late task as well
    Column("also_unit_path", UNIT_PATH),
    Column("also_person_id", Integer),
    Column("ladder_at", Instant),  # when the ladder of lateness looks at it again
    Column("ladder_stage", Integer, nullable=False, default=0),
    Column("separate_from", String(400)),
    Column("created_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("done_at", Instant),
    Column("done_by", Integer),
    Column("claimed_by", Integer),
    Column("parent_id", Id),  # of a co-signer's task: the task that is signed
    Column("part", String(10)),  # of a co-signer's task: before, together or after
    Column("delegated_by", Integer),  # to whom it comes back to be confirmed
    Column("hidden_until", Instant),  # snoozed, or resting while co-signers sign; its holder's list passes it over
    Column("key", String(200), unique=True),  # of a plain task: opened once however often it is asked for
    Column("detail", EncryptedDocument),  # of a plain task: what it is about
    Column("rank", Integer, nullable=False),
    Column("sort_at", Instant, nullable=False),
    _open_index("ix_task_of_role", "role", "unit_path", "rank", "sort_at", "id", where="assignee_id IS NULL"),
    _open_index("ix_task_of_person", "assignee_id", "rank", "sort_at", "id", where="assignee_id IS NOT NULL"),
    _open_index("ix_task_also_of_role", "also_role", "also_unit_path", where="also_role IS NOT NULL"),
    _open_index(
        "ix_task_also_of_person", "also_person_id", "rank", "sort_at", "id", where="also_person_id IS NOT NULL"
    ),
    _open_index("ix_task_in_order", "rank", "sort_at", "id"),
    _open_index("ix_task_open_due", "due_at", where="due_at IS NOT NULL"),
    _open_index("ix_task_open_unit", "unit_path"),
    _open_index("ix_task_climbs", "ladder_at", where="ladder_at IS NOT NULL"),
    Index("ix_task_parent", "parent_id", **_where("parent_id IS NOT NULL")),
    Index("ix_task_done", "done_by", "done_at", **_where("done_by IS NOT NULL")),
    Index("ix_task_instance", "instance_id", "element_id"),
    Index("ix_task_subject", "subject_id", "state"),
)

IS_OPEN = task.c.state == literal_column("'open'")


class NoSuchTask(EngineError):
    """There is no such task."""


class TaskNotOpen(EngineError):
    """Somebody else finished this task, or its process went on without it. What was written is kept as a supplement."""

    def __init__(self, task_id: UUID, state: str, who: int | None, when: datetime | None) -> None:
        super().__init__(str(TaskNotOpen.__doc__))
        self.task_id, self.state, self.who, self.when = task_id, state, who, when


class NotYours(EngineError):
    """Somebody else took this task; ask them to give it back, or the supervisor to hand it over."""

    def __init__(self, who: int) -> None:
        super().__init__(str(NotYours.__doc__))
        self.who = who


class SamePerson(EngineError):
    """Who did the earlier task may not do this one: another person has to."""


@dataclass(frozen=True)
class TaskRow:
    """A task as lists and pages show it; `due_at` in UTC, `next_role` gets it at `next_at` if nobody does it.

    `also_*` is the level that has it beside its holder, since it is late. `part` is when a co-signer signs the parent:
    before, together, after.
    """

    id: UUID
    instance_id: UUID | None
    process_id: str | None
    element_id: str
    name: str
    form_key: str | None
    form_version: int | None
    role: str
    unit_path: str
    subject_id: int | None
    assignee_id: int | None
    why: str
    priority: str | None
    due_at: datetime | None
    next_role: str | None
    next_at: datetime | None
    separate_from: str | None
    created_at: datetime
    state: str = OPEN
    done_at: datetime | None = None
    done_by: int | None = None
    claimed_by: int | None = None
    also_role: str | None = None
    also_unit_path: str | None = None
    also_person_id: int | None = None
    parent_id: UUID | None = None
    part: str | None = None
    delegated_by: int | None = None
    hidden_until: datetime | None = None

    @property
    def is_overdue(self) -> bool:
        return self.state == OPEN and self.due_at is not None and self.due_at < clock.now()

    @property
    def was_late(self) -> bool:
        """Whether it was finished after it was due."""
        return self.done_at is not None and self.due_at is not None and self.done_at > self.due_at


COLUMNS = tuple(task.c[name] for name in TaskRow.__dataclass_fields__)


def of_row(row: Any) -> TaskRow:
    """A task of a row that has COLUMNS in front."""
    return TaskRow(*row[: len(COLUMNS)])
