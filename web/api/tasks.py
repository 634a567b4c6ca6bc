"""One task: with its form, its draft, taking it, completing it, what came too late."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from care import access
from care.people import Person
from engine import db, submissions, tasks
from engine.forms import Field, Form
from engine.tasks import NotYours, TaskNotOpen, TaskRow
from web import ahead, formview, task_facts, task_page, task_view, tickets, worklist
from web.api import drafts
from web.api.asking import Blueprint
from web.api.schemas import Answers, Done, Draft, Submitted, Supplement, WholeTask
from web.api.worklist import row_of
from web.errors import refuse
from web.language import gettext, in_language
from web.signed_in import me

bp = Blueprint("api-tasks", __name__, description="One task")


@bp.get("/tasks/<uuid:task_id>")
@bp.response(200, WholeTask)
@bp.needs("tasks")
def show(task_id: UUID) -> Any:
    """The task; its form, ticket and draft only for whoever may complete it while it is open."""
    with db.reading() as session:
        return _whole(session, me(), task_view.visible(session, task_id))


@bp.get("/tasks/<uuid:task_id>/ahead/<element>")
@bp.response(200, WholeTask)
@bp.needs("tasks")
def show_ahead(task_id: UUID, element: str) -> Any:
    """A later step with its form, for a device that will have no network when it comes to that."""
    with db.reading() as session:
        return _whole(session, me(), task_page.later_step(session, task_id, element))


@bp.post("/tasks/<uuid:task_id>/claim")
@bp.response(204)
@bp.needs("work")
def claim(task_id: UUID) -> Any:
    """Take the task: others see that it is taken. 409 when somebody took or finished it."""
    try:
        task_page.take(task_id)
    except NotYours as fault:
        return refuse(409, sentence=gettext("%(who)s 已接手。", who=task_view.name_of(fault.who)), state="taken")
    except TaskNotOpen as fault:
        return refuse(409, sentence=task_view.finished(fault, kept=False), state="late")
    return None


@bp.post("/tasks/<uuid:task_id>/complete")
@bp.arguments(Answers)
@bp.response(200, Done)
@bp.alt_response(202, schema=Done, description="Stored; the process goes on as soon as it can", success=True)
@bp.needs("work")
def complete(sent: dict[str, Any], task_id: UUID) -> Any:
    """Hand the form in. 409 late, taken, moved or other; 422 correct: `errors` name the fields."""
    with db.reading() as session:
        task = task_page.given(session, task_id)
    return _send(task, sent)


@bp.post("/tasks/<uuid:task_id>/ahead/<element>")
@bp.arguments(Answers)
@bp.response(200, Done)
@bp.alt_response(202, schema=Done, description="Stored; the process goes on as soon as it can", success=True)
@bp.needs("work")
def complete_ahead(sent: dict[str, Any], task_id: UUID, element: str) -> Any:
    """Hand in the form of a later step; 425 early: the step before has to come first."""
    with db.reading() as session:
        task = ahead.arrived(session, task_page.given(session, task_id), element)
    if task is None:
        return refuse(425, sentence=gettext("前面那一步还没交上来，稍后自己再交。"), state="early")
    return _send(task, sent)


@bp.get("/tasks/<uuid:task_id>/draft")
@bp.response(200, Draft)
@bp.needs("work")
def draft(task_id: UUID) -> Any:
    """What this person kept of the form; empty when nothing."""
    with db.reading() as session:
        task_view.visible(session, task_id)
        kept = drafts.of(session, task_id, me().id)
        return {"answers": kept.body, "saved_at": kept.saved_at} if kept else {"answers": {}}


@bp.put("/tasks/<uuid:task_id>/draft")
@bp.arguments(Draft)
@bp.response(200, Draft)
@bp.needs("work")
def save_draft(sent: dict[str, Any], task_id: UUID) -> Any:
    """Keep the form as far as it is filled in, over the draft before; nothing is checked."""
    with db.writing() as session:
        access.require(session, me(), "complete", task_view.visible(session, task_id))
        kept = drafts.save(session, task_id, me().id, sent["answers"])
        return {"answers": kept.body, "saved_at": kept.saved_at}


@bp.get("/tasks/<uuid:task_id>/submissions")
@bp.response(200, Submitted(many=True))
@bp.needs("tasks")
def submitted(task_id: UUID) -> Any:
    """What this person handed in for the task, oldest first: what became of each form of an outbox."""
    with db.reading() as session:
        mine = [each for each in submissions.of_task(session, task_id) if each.who == me().id]
        if not mine:
            task_view.visible(session, task_id)
        return [{"id": each.id, "at": each.at, "state": each.state, "answers": each.body} for each in mine]


@bp.post("/tasks/<uuid:task_id>/supplements")
@bp.arguments(Answers)
@bp.response(201, Supplement)
@bp.needs("work")
def supplement(sent: dict[str, Any], task_id: UUID) -> Any:
    """Add what was written to a task that is over or another's; a person of the village desk looks at it."""
    with db.reading() as session:
        task = task_page.given(session, task_id)
    try:
        kept = task_page.keep_supplement(me(), task, sent["answers"], sent["submission"])
    except submissions.OtherContent:
        told = gettext("这张表已经交过一次，内容以第一次为准。要改的请写成补充。")
        return refuse(409, sentence=told, state="other")
    return {"state": "late", "repeated": not kept}


def _send(task: TaskRow, sent: dict[str, Any]) -> Any:
    person = me()
    with db.reading() as session:
        form = task_view.form_of(session, task)
        known = task_facts.known(session, person, task) if form else {}
        last = task_facts.last_answers(session, task) if form else {}
    answers = formview.completed(form, sent["answers"], known=known, last=last) if form else {}
    return task_page.send(person, task, form, answers, sent["submission"])


def _whole(session: Session, person: Person, task: TaskRow) -> dict[str, Any]:
    (item,) = worklist.items_of(session, person, [task])
    may_do = task.state == tasks.OPEN and access.may(session, person, "complete", task)
    told = row_of(item) | {
        "facts": [{"name": name, "words": words} for name, words in task_facts.detail(session, task)],
        "story": task_view.story(session, task, may_do),
        "later": ahead.steps(session, task) if may_do else [],
    }
    form = task_view.form_of(session, task) if may_do else None
    if form is None:
        return told
    kept = drafts.of(session, task.id, person.id)
    return told | {
        "form": described(form),
        "start": formview.started(form, task_facts.known(session, person, task)),
        "last": dict(task_facts.last_answers(session, task)),
        "draft": kept.body if kept else None,
        "ticket": tickets.ticket(person.id, task),
    }


def described(form: Form) -> dict[str, Any]:
    """A form for programs: JSON Schema, sections and fields with their words."""
    sections = [
        {"id": each.id, "title": in_language(dict(each.title)), "fields": list(each.fields), "show": each.show}
        for each in form.sections
    ]
    return {
        "key": form.id,
        "version": form.version,
        "title": in_language(dict(form.title)),
        "schema": form.schema,
        "sections": sections,
        "fields_": {path: _field(field) for path, field in form.fields.items()},
    }


def _field(field: Field) -> dict[str, Any]:
    words = {name: getattr(field, name) for name in ("label", "help", "unit", "placeholder")}
    told: dict[str, Any] = {name: in_language(dict(said)) for name, said in words.items() if said}
    told |= {"widget": field.widget, "given": field.given}
    if field.options:
        told["options"] = {code: in_language(dict(option.label)) for code, option in field.options.items()}
    return told | ({"show": field.show} if field.show else {})
