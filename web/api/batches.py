"""The same answers for several tasks at once (一起办), with an outcome for each."""

from __future__ import annotations

from typing import Any

from engine import db, definitions
from engine.tasks import TaskRow
from web import batch, formview
from web.api.asking import Blueprint
from web.api.batch_schemas import Batch, Outcomes
from web.batch import OUTCOMES, Outcome
from web.language import translated
from web.signed_in import me

bp = Blueprint("api-batches", __name__, description="Several tasks at once")


@bp.post("/batches")
@bp.arguments(Batch)
@bp.response(200, Outcomes)
@bp.needs("work")
def complete(sent: dict[str, Any]) -> Any:
    """Complete each of the tasks; forms and their versions may differ, `wrong` says which one the answers do not fit.

    The same `submission` again completes nothing twice. A task that this person never had is `refused`.
    """
    shown = sent["tickets"]
    with db.reading() as session:
        found = {each: batch.given(session, each, shown) for each in dict.fromkeys(sent["tasks"])}
        forms = {
            each.id: definitions.form(session, each.form_key, each.form_version)
            for each in found.values()
            if each is not None and each.form_key
        }

    def answers_for(task: TaskRow) -> dict[str, Any]:
        form = forms.get(task.id)
        return formview.completed(form, sent["answers"], known={}, last={}) if form else {}

    chosen = [each for each in found.values() if each is not None]
    became = {each.task.id: each for each in batch.complete_each(me(), chosen, answers_for, sent["submission"], shown)}
    return {"items": [_told(task_id, became.get(task_id)) for task_id in found]}


def _told(task_id: Any, outcome: Outcome | None) -> dict[str, Any]:
    state = outcome.state if outcome is not None else "refused"
    told = outcome.told if outcome is not None else ""
    return {"task": task_id, "state": state, "message": told or translated(OUTCOMES[state])}
