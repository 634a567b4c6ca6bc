"""The worklist: the same rows in the same order as on the page."""

from __future__ import annotations

from typing import Any

from engine import db, tasks
from web import task_lists, worklist
from web.api.asking import Blueprint
from web.api.schemas import AfterKey, Asked, Begun, Copies, Tasks
from web.language import task_name
from web.signed_in import me
from web.worklist import Item

bp = Blueprint("api-worklist", __name__, description="The worklist")


@bp.get("/tasks")
@bp.arguments(Asked, location="query")
@bp.response(200, Tasks)
@bp.needs("tasks")
def listed(asked: dict[str, Any]) -> Any:
    """Open tasks, urgent first, then by due time; or what this person did, newest first."""
    person = me()
    with db.reading() as session:
        after = worklist.unpacked(asked.get("after"))
        if asked["state"] == "done":
            page = tasks.done_by(session, person.id, after, asked["limit"])
        else:
            page = tasks.worklist(session, person.worklist_posts, person.id, after, asked["limit"], filters_of(asked))
        rows = [row_of(item) for item in worklist.items_of(session, person, page.rows)]
    return {"tasks": rows, "after": worklist.packed(page.after) or None}


@bp.get("/started")
@bp.arguments(AfterKey, location="query")
@bp.response(200, Begun)
@bp.needs("tasks")
def started(asked: dict[str, Any]) -> Any:
    """Processes that this person began (我发起的), newest first, each with the most pressing of its open tasks."""
    with db.reading() as session:
        rows, after = task_lists.begun(session, me(), asked["after"])
    return {
        "started": [
            {
                "id": each.id,
                "name": task_name(each.name),
                "state": each.state,
                "started_at": each.started_at,
                "task": each.now.id if each.now else None,
                "step": task_name(each.now.name) if each.now else "",
                "holder": each.holder,
            }
            for each in rows
        ],
        "after": after or None,
    }


@bp.get("/copied")
@bp.arguments(AfterKey, location="query")
@bp.response(200, Copies)
@bp.needs("tasks")
def copied(asked: dict[str, Any]) -> Any:
    """Tasks that somebody copied to this person or mentioned this person at (抄送我的), newest first."""
    with db.reading() as session:
        rows, after = task_lists.copies(session, me(), asked["after"])
    told = [
        {"task": row_of(each.item), "who": each.who, "at": each.at, "mentioned": each.mentioned, "new": each.is_new}
        for each in rows
    ]
    return {"copied": told, "after": after or None}


def filters_of(asked: dict[str, Any]) -> tasks.Filters:
    plain: dict[str, Any] = {name: asked.get(name) for name in ("process_id", "form_key", "role", "priority")}
    return tasks.Filters(**plain, subject_id=asked.get("elder"), due_before=asked.get("due_before"), late=asked["late"])


def row_of(item: Item) -> dict[str, Any]:
    """A task as the list tells it."""
    task = item.task
    names = ("id", "state", "priority", "role", "form_key", "due_at", "created_at", "done_at", "claimed_by")
    told = {name: getattr(task, name) for name in names}
    told |= {"name": task_name(task.name), "group": item.group, "why": item.why, "about": item.about}
    return told | {"unit": item.unit, "elder": item.elder}
