"""Leave: from then on everything is the stand-in's; the same rules as on the page «离岗交接»."""

from __future__ import annotations

from typing import Any

from care import leaves, people, task_verbs
from engine import db
from engine.jobs import transaction
from web.api.asking import Blueprint
from web.api.leave_schemas import Leave, LeaveTaken, NewLeave
from web.api.schemas import LARGEST_ID
from web.api.verb_schemas import Colleague
from web.signed_in import me

bp = Blueprint("api-leaves", __name__, description="Leave")


@bp.get("/leaves")
@bp.response(200, Leave(many=True))
@bp.needs("tasks")
def coming() -> Any:
    """Leaves of this person that have not begun."""
    with db.reading() as session:
        rows = leaves.coming(session, me().id)
        names = people.names(session, {each.stand_in_id for each in rows if each.stand_in_id is not None})
        return [
            {
                "id": each.id,
                "stand_in": each.stand_in_id,
                "name": names.get(each.stand_in_id or 0, ""),
                "since": each.from_at,
                "until": each.until_at,
            }
            for each in rows
        ]


@bp.get("/leaves/stand-ins")
@bp.response(200, Colleague(many=True))
@bp.needs("tasks")
def stand_ins() -> Any:
    """Who may stand in for this person."""
    with db.reading() as session:
        return [{"id": each.id, "name": each.name} for each in task_verbs.stand_ins(session, me())]


@bp.post("/leaves")
@bp.arguments(NewLeave)
@bp.response(201, LeaveTaken)
@bp.needs("work")
def take(sent: dict[str, Any]) -> Any:
    """Every open task goes to the stand-in, from now or from `since` until `until`. 422 when it cannot be."""
    with transaction() as session:
        gone = task_verbs.leave(session, me(), sent["stand_in"], sent["until"], sent["why"], sent["since"])
    return {"state": "done" if gone is not None else "planned", "tasks": gone or 0}


@bp.delete(f"/leaves/<int(max={LARGEST_ID}):leave_id>")
@bp.response(204)
@bp.needs("work")
def call_off(leave_id: int) -> None:
    """A leave that has not begun is called off."""
    with transaction() as session:
        leaves.call_off(session, me().id, leave_id)
