"""What the commands show of tasks, instances, incidents and events: the JSON of the contract and a line of text."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from care import access, elders, people
from care.errors import NotAllowed
from engine import clock, db, history, incidents, instances, run, tasks, timers
from engine.checks import Finding
from engine.incoming import IncomingRow
from engine.tasks import TaskRow


def iso(moment: datetime | None) -> str | None:
    """A moment as the city writes it, seconds and offset."""
    return None if moment is None else clock.local(moment).isoformat(timespec="seconds")


def finding(each: Finding) -> str:
    mark = "错误 error" if each.is_error else "提醒 warning"
    return f"{each.file} {each.element} [{each.rule}] {mark}: {each.zh} {each.en}"


def person(session: Session, user_name: str) -> people.Person:
    found = people.by_user_name(session, user_name)
    if found is None:
        raise click.ClickException(f"没有账号 {user_name} · no such account")
    return found


def open_tasks(session: Session, user_name: str | None) -> list[TaskRow]:
    """All open tasks, or those of a person's worklist."""
    rows: list[TaskRow] = []
    after = None
    who = person(session, user_name) if user_name else None
    while True:
        if who is None:
            page = tasks.find(session, after=after, limit=500)
        else:
            page = tasks.worklist(session, who.worklist_posts, who.id, after, 500)
        rows += page.rows
        after = page.after
        if after is None:
            return rows


def may_complete(session: Session, task_id: UUID, user_name: str | None) -> int | None:
    """The id of the person who completes, after the check of the page; None for the operator of the machine."""
    if user_name is None:
        return None
    who = person(session, user_name)
    if not access.may(session, who, "complete", tasks.get(session, task_id)):
        raise NotAllowed("complete", f"这个任务不该由 {user_name} 办理 · this task is not one for {user_name}")
    return who.id


def task_rows(session: Session, rows: list[TaskRow]) -> list[dict[str, Any]]:
    """The contract's JSON of tasks: elders by number, assignees by account."""
    numbers = elders.numbers(session, {row.subject_id for row in rows if row.subject_id is not None})
    accounts = {row.assignee_id: _account(session, row.assignee_id) for row in rows}
    return [
        {
            "id": str(row.id),
            "instance": row.instance_id and str(row.instance_id),
            "process": row.process_id,
            "element": row.element_id,
            "name": row.name,
            "form": row.form_key,
            "role": row.role,
            "unit": row.unit_path,
            "elder": numbers.get(row.subject_id) if row.subject_id is not None else None,
            "assignee": accounts[row.assignee_id],
            "due": iso(row.due_at),
            "state": row.state,
        }
        for row in rows
    ]


def _account(session: Session, staff_id: int | None) -> str | None:
    found = None if staff_id is None else people.person(session, staff_id)
    return None if found is None else found.user_name


def task_line(row: dict[str, Any]) -> str:
    due = (row["due"] or "—")[:16]
    who = row["assignee"] or row["role"]
    return f"{row['id']}  {row['name']}  {who}@{row['unit']}  {row['elder'] or '—'}  {due}"


def instance(session: Session, instance_id: UUID) -> dict[str, Any]:
    """The contract's JSON of an instance; raises NoSuchInstance."""
    row = instances.get(session, instance_id)
    open_rows = [each for each in tasks.of_instance(session, instance_id) if each.state == tasks.OPEN]
    number = elders.numbers(session, [row.subject_id]).get(row.subject_id) if row.subject_id else None
    return {
        "id": str(row.id),
        "process": row.process_id,
        "version": row.version,
        "key": row.key,
        "elder": number,
        "state": row.state,
        "data": run.data_of(session, instance_id),
        "tasks": task_rows(session, open_rows),
        "timers": [{"element": each.element, "due": iso(each.due_at)} for each in timers.of(session, instance_id)],
        "history": [
            {"at": iso(each.at), "who": _account(session, each.who), "what": each.what, "element": each.element}
            for each in history.of_instance(session, instance_id, limit=100_000)
        ],
    }


def incident(each: incidents.Incident) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "instance": each.instance_id and str(each.instance_id),
        "element": each.element,
        "error": each.error,
        "since": iso(each.opened_at),
        "attempts": each.attempts,
    }


def event(row: IncomingRow) -> dict[str, Any]:
    """The contract's JSON of an incoming event; `id` is the one that the device gave."""
    named = row.event_id.partition(":")[0] if ":" in row.event_id and row.answer != "refused" else None
    return {
        "id": row.reported_id,
        "device": row.device or named,
        "type": row.kind.removeprefix("device."),
        "accepted": row.answer == "accepted",
        "answer": row.answer,
        "case": row.case,
        "t_sent": None if row.sent_at is None else row.sent_at.timestamp(),
        "t_stored": row.stored_at.timestamp(),
    }


def late_sentence(late: tasks.TaskNotOpen) -> str:
    """For the command line: who finished a task, and when."""
    when = iso(late.when) or "—"
    with db.reading() as session:
        who = _account(session, late.who) if late.who else None
    return f"该待办已由 {who or '系统'} 于 {when} 办结或取消，所填内容已留存 · {late}"
