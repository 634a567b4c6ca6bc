"""What one may do with a task beside completing it: what is offered, whom or where to, and doing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from care import access
from care import task_verbs as rules
from care.errors import NotFound
from engine import db, tasks
from engine.tasks import TaskRow
from web import task_verbs, task_view
from web.api.asking import Blueprint
from web.api.verb_schemas import AskedVerb, OfferedVerbs, UsedVerb, VerbChoices
from web.attachments import Attachment
from web.errors import refuse
from web.signed_in import me
from web.task_verbs import Asked

bp = Blueprint("api-verbs", __name__, description="Verbs of a task")


@bp.get("/tasks/<uuid:task_id>/verbs")
@bp.response(200, OfferedVerbs)
@bp.needs("tasks")
def offered(task_id: UUID) -> Any:
    """What this person may do with the task now, and what was said about it."""
    person = me()
    with db.reading() as session:
        task = task_view.visible(session, task_id)
        mine = task.state == tasks.OPEN and access.may(session, person, "complete", task)
        return {
            "verbs": [
                {"verb": verb, "title": title} for verb, title in task_verbs.offered(session, person, task, mine)
            ],
            "said": [
                {"who": each.who, "at": each.at, "kind": each.what, "text": each.text, "file": each.file_id}
                for each in task_verbs.said_of(session, task)
            ],
        }


@bp.get("/tasks/<uuid:task_id>/verbs/<verb>")
@bp.response(200, VerbChoices)
@bp.needs("tasks")
def choices(task_id: UUID, verb: str) -> Any:
    """Whom the verb may give the task to, and the steps that it can be sent back to; `refusal` says why one cannot."""
    with db.reading() as session:
        task = task_verbs.found(session, task_id, verb)
        return {
            "people": [{"id": each.id, "name": each.name} for each in rules.colleagues(session, task, verb, [me().id])],
            "steps": _steps(session, task) if verb == "send_back" else [],
        }


@bp.post("/tasks/<uuid:task_id>/verbs/<verb>")
@bp.arguments(AskedVerb)
@bp.response(200, UsedVerb)
@bp.needs("work")
def use(sent: dict[str, Any], task_id: UUID, verb: str) -> Any:
    """Do it. 409 refused: `detail` says why, and nothing was changed."""
    person = me()
    with db.reading() as session:
        task_verbs.found(session, task_id, verb)
        if sent["file"] is not None:
            stored = session.get(Attachment, sent["file"])
            if stored is None or stored.sent_by != person.id:
                raise NotFound("file")
    asked = Asked(tuple(sent["people"]), sent["part"], sent["step"], sent["until"], sent["why"], sent["file"])
    try:
        again = task_verbs.apply(person, task_id, verb, asked)
    except task_verbs.REFUSALS as fault:
        return refuse(409, sentence=task_verbs.sentence_of(fault), state="refused")
    return {"state": "done", "task": again or task_id}


def _steps(session: Session, task: TaskRow) -> list[dict[str, Any]]:
    return [{**each, "done_at": each["at"]} for each in task_verbs.steps_of(session, task)]
