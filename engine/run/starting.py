"""Begin an instance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine import clock, db, definitions, instances, operations, work
from engine.definitions import Definition
from engine.instances import Instance
from engine.run.step import Step


def start(
    session: Session, process_id: str, data: dict[str, Any], key: str | None = None, by: int | None = None
) -> UUID:
    """Start the newest version of a process; the live instance of that process and key is returned instead, if any.

    Raises NotDeployed, and StepFailed when the diagram fails before its first stable point (nothing is left then).
    """
    return begin(session, definitions.current(session, process_id), data, key, by)[0]


def begin(
    session: Session,
    version: Definition,
    data: dict[str, Any],
    key: str | None,
    by: int | None = None,
    start_message: str | None = None,
) -> tuple[UUID, bool]:
    """(the instance, whether it is new) of one version, begun by a message or by its plain start event."""
    subject = operations.subject_of(session, data)
    row = Instance(
        id=db.new_id(),
        definition_id=version.id,
        process_id=version.process_id,
        version=version.version,
        key=key,
        subject_id=subject.id,
        unit_path=subject.unit_path,
        policy=subject.policy,
        lane=work.ALARM if version.urgent else work.NORMAL,
        state=instances.LIVE,
        started_at=clock.now(),
        started_by=subject.by if by is None else by,
        ended_at=None,
    )
    if not instances.insert_new(session, row):
        live = key and instances.live(session, version.process_id, key)
        if live:
            return live, False
        raise instances.Overtaken(f"{version.process_id} {key}")
    Step.begin(session, row, data, by, start_message).write()
    return row.id, True
