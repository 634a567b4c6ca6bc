"""What tests of steps share: a form, deploying drawings, people's moves, and SQL counted by the driver's hook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import event

from engine import db, definitions, incidents, jobs, run, tasks
from tests.engine.drawing import Drawing

FORM = orjson.dumps(
    {
        "id": "answer",
        "version": 1,
        "title": {"zh": "答复", "en": "Answer"},
        "source": "test",
        "process": ["ok"],
        "schema": {
            "type": "object",
            "required": ["ok"],
            "additionalProperties": False,
            "properties": {
                "ok": {"type": "string", "enum": ["yes", "no"]},
                "text": {"type": "string", "maxLength": 200},
            },
        },
        "ui": {
            "sections": [{"id": "all", "title": {"zh": "答复", "en": "Answer"}, "fields": ["ok", "text"]}],
            "fields": {
                "ok": {
                    "label": {"zh": "好吗", "en": "Well"},
                    "widget": "segments",
                    "options": {"yes": {"zh": "是", "en": "Yes"}, "no": {"zh": "否", "en": "No"}},
                },
                "text": {"label": {"zh": "说明", "en": "Text"}, "widget": "text"},
            },
        },
    }
)
TASK = {"role": "desk", "form": "answer", "due": "PT2H"}


def urgent(drawing: Drawing) -> bytes:
    """The diagram with its process marked urgent: its work runs in the alarm lane."""
    mark = (
        '<bpmn:extensionElements><spiffworkflow:properties><spiffworkflow:property name="urgent" value="true"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )
    return drawing.xml().replace(b'isExecutable="true">', b'isExecutable="true">' + mark.encode(), 1)


def deploy(*drawings: Drawing, files: Mapping[str, bytes] | None = None) -> definitions.Deployed:
    drawn = {f"{each.process_id}.bpmn": each.xml() for each in drawings} | dict(files or {})
    with jobs.transaction() as session:
        return definitions.deploy(session, drawn, None, {"forms/answer.json": FORM})


def start(process_id: str = "p", data: dict[str, Any] | None = None, key: str | None = None) -> UUID:
    with jobs.transaction() as session:
        return run.start(session, process_id, data or {}, key)


def open_tasks(instance_id: UUID | None = None) -> dict[str, tasks.TaskRow]:
    """Open tasks by element id."""
    with db.reading() as session:
        page = tasks.find(session, filters=tasks.Filters(instance_id=instance_id))
    return {row.element_id: row for row in page.rows}


def complete(
    element: str, ok: str = "yes", by: int = 1, submission_id: UUID | None = None, instance_id: UUID | None = None
) -> run.Completed:
    task_id = open_tasks(instance_id)[element].id
    with jobs.transaction() as session:
        return run.complete_task(session, task_id, {"ok": ok}, by, submission_id)


def open_incidents() -> list[incidents.Incident]:
    with db.reading() as session:
        return incidents.find(session)


@contextmanager
def counted(database: db.Database) -> Iterator[list[str]]:
    """The SQL statements that the server gets within the block; COMMIT stands for each commit.

    A list of parameters is one prepared statement on SQLite; psycopg sends it once for each, unless SQLAlchemy has made
    one statement of many rows (then the parameters are one mapping).
    """
    seen: list[str] = []

    def statement(connection: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool) -> None:
        sent_for_each = many and isinstance(parameters, list) and not database.is_sqlite
        seen.extend([text] * (len(parameters) if sent_for_each else 1))

    def commit(connection: Any) -> None:
        seen.append("COMMIT")

    event.listen(database.engine, "before_cursor_execute", statement)
    event.listen(database.engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", statement)
        event.remove(database.engine, "commit", commit)
