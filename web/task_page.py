"""One task: who it is about, why it is yours, its form, what happened so far; take it, complete it, go on to the next.

A form is sent under the number that its page was given (`submission`): the same form twice is one completion, a double
click included. Faults come back as 422 with everything typed; a task that somebody else finished answers 409 with who
and when, and the text stays as a supplement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, files, people, roles
from care.errors import NotFound
from care.people import Person
from engine import clock, db, definitions, forms, history, run, submissions, tasks
from engine.forms import Form
from engine.forms.rules import is_filled
from engine.jobs import transaction
from engine.run import Completed
from engine.tasks import NotYours, SamePerson, TaskNotOpen, TaskRow
from web import attachments, briefs, formview, stories, task_facts
from web.attachments import FileRefused
from web.formview import FormView
from web.language import gettext, language
from web.pages import page
from web.signed_in import me
from web.words import moment
from web.worklist import as_read_by, why

bp = Blueprint("task", __name__)


@bp.get("/tasks/<uuid:task_id>")
def show(task_id: UUID) -> ResponseReturnValue:
    with db.reading() as session:
        task = _visible(session, task_id)
        if task.state != tasks.OPEN:
            return _over(session, task)
        return _page(session, task)


@bp.post("/tasks/<uuid:task_id>/claim")
def claim(task_id: UUID) -> ResponseReturnValue:
    """Take it: others see that it is taken. Taken already: 409 with who."""
    person = me()
    try:
        with transaction() as session:
            task = _visible(session, task_id)
            access.require(session, person, "claim", task)
            tasks.claim(session, task_id, person.id, taking_over=not access.holds(person, task))
            history.write(
                session, task.instance_id, person.id, "claimed", task.element_id, task.subject_id, task.unit_path
            )
    except NotYours as fault:
        flash(gettext("%(who)s 已接手。", who=_name(fault.who)))
    except TaskNotOpen:
        pass  # the page says who finished it
    return redirect(url_for("task.show", task_id=task_id))


@bp.post("/tasks/<uuid:task_id>")
def complete(task_id: UUID) -> ResponseReturnValue:
    person = me()
    with db.reading() as session:
        task = _visible(session, task_id)
        form = _form(session, task)
        facts = task_facts.known(session, person, task) if form else {}
        last = task_facts.last_answers(session, task) if form else {}
    submission_id = _submission()
    try:
        stored = list(attachments.take(request.files, person.id, task.subject_id))
    except FileRefused as fault:
        return _again(task, form, _read(form, facts, last, []), submission_id, told=str(fault), status=422)
    answers = _read(form, facts, last, stored)
    return _send(person, task, form, answers, submission_id)


def _send(
    person: Person, task: TaskRow, form: Form | None, answers: dict[str, Any], submission_id: UUID
) -> ResponseReturnValue:
    """Complete the task; every refusal becomes the page that keeps what was typed."""
    try:
        with transaction() as session:
            if task.state == tasks.OPEN:
                access.require(session, person, "complete", task)
            done = run.complete_task(session, task.id, answers, by=person.id, submission_id=submission_id)
    except forms.Invalid as fault:
        return _again(task, form, answers, submission_id, faults=fault.faults, status=422)
    except TaskNotOpen as fault:
        return _too_late(task, form, answers, fault)
    except NotYours as fault:
        told = gettext("%(who)s 已接手。你写的还在下面，可以抄给他。", who=_name(fault.who))
        return _again(task, form, answers, submission_id, told=told, status=409)
    except SamePerson:
        told = gettext("前面那一步是你办的，这一步要换一个人。请社区或街道安排别人。")
        return _again(task, form, answers, submission_id, told=told, status=409)
    except submissions.OtherContent:
        told = gettext("这张表已经交过一次，内容以第一次为准。要改的请写成补充。")
        return _again(task, form, answers, db.new_id(), told=told, status=409)
    except run.StepFailed:
        return page("worklist/kept.html", 202, task=task)
    return _onward(person, done)


def _onward(person: Person, done: Completed) -> ResponseReturnValue:
    """The next task of the same matter if it is this person's, else the worklist."""
    flash(gettext("已提交"))
    with db.reading() as session:
        for task_id in done.opened:
            following = tasks.get(session, task_id)
            if following.state == tasks.OPEN and access.may(session, person, "complete", following):
                return redirect(url_for("task.show", task_id=task_id))
    return redirect(url_for("worklist.index"))


def _visible(session: Session, task_id: UUID) -> TaskRow:
    """The task if this person may see it; NotFound otherwise. Who did it may see it for ever."""
    try:
        task = tasks.get(session, task_id)
    except tasks.NoSuchTask:
        raise NotFound(str(task_id)) from None
    if task.done_by != me().id:
        access.require(session, me(), "see", task)
    return task


def _form(session: Session, task: TaskRow) -> Form | None:
    return definitions.form(session, task.form_key, task.form_version) if task.form_key else None


def _submission() -> UUID:
    try:
        return UUID(request.form.get("submission", ""))
    except ValueError:
        return db.new_id()


def _read(
    form: Form | None, facts: Mapping[str, Any], last: Mapping[str, Any], stored: list[tuple[str, str]]
) -> dict[str, Any]:
    if form is None:
        return {}
    return formview.answers_of(form, request.form, known=facts, last=last, files=stored)


def _again(
    task: TaskRow, form: Form | None, answers: dict[str, Any], submission_id: UUID, **options: Any
) -> ResponseReturnValue:
    with db.reading() as session:
        return _page(session, task, answers=answers, submission_id=submission_id, **options)


def _page(
    session: Session,
    task: TaskRow,
    *,
    answers: dict[str, Any] | None = None,
    submission_id: UUID | None = None,
    faults: Mapping[str, forms.Words] | None = None,
    told: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    person = me()
    mine = access.may(session, person, "complete", task)
    others = task.claimed_by is not None and task.claimed_by != person.id
    above = mine and not access.holds(person, task)
    return page(
        "worklist/task.html",
        status,
        task=task,
        view=None
        if not mine or (others and not above)
        else _view(session, person, task, answers, faults, submission_id),
        told=told,
        mine=mine,
        taken_by=_name(task.claimed_by) if others else "",
        may_take=above
        or (mine and task.claimed_by is None and (task.assignee_id is None or task.priority == "urgent")),
        why=why(as_read_by(person, task)) if mine else "",
        detail=task_facts.detail(session, task),
        **_about(session, person, task, mine),
    )


def _about(session: Session, person: Person, task: TaskRow, mine: bool) -> dict[str, Any]:
    """The elder as far as the role sees it, and the story with what comes next."""
    elder = None
    if task.subject_id is not None:
        try:
            elder = files.peek(session, person, task.subject_id)
        except NotFound:
            elder = None
    return {
        "file": elder,
        "living": briefs.living(elder.categories) if elder else "",
        "unit": briefs.unit_names(session, [task.unit_path]).get(task.unit_path, ""),
        "story": _story(session, task, mine),
    }


def _story(session: Session, task: TaskRow, mine: bool) -> list[stories.Step]:
    rows = history.of_instance(session, task.instance_id) if task.instance_id else []
    if task.state != tasks.OPEN:
        return stories.of_rows(session, rows)
    following = task.next_role or ""
    title = roles.title(following, language()) if roles.is_known(following) else following
    return stories.of_rows(session, rows) + stories.now_and_next(task, mine, title)


def _view(
    session: Session,
    person: Person,
    task: TaskRow,
    answers: dict[str, Any] | None,
    faults: Mapping[str, forms.Words] | None,
    submission_id: UUID | None,
) -> FormView | None:
    form = _form(session, task)
    if form is None:
        return None
    return formview.build(
        form,
        action=url_for("task.complete", task_id=task.id),
        answers=answers,
        faults=faults,
        known=task_facts.known(session, person, task),
        last=task_facts.last_answers(session, task),
        submission=str(submission_id or db.new_id()),
        draft=str(task.id),
        report_url=url_for("report.index", elder=task.subject_id) if person.has_right("start_emergency") else "",
    )


def _over(session: Session, task: TaskRow, status: int = 200, **options: Any) -> ResponseReturnValue:
    return page(
        "worklist/over.html",
        status,
        task=task,
        who=_name(task.done_by) if task.done_by else "",
        when=moment(task.done_at, clock.now(), language()) if task.done_at else "",
        story=_story(session, task, False),
        **options,
    )


def _too_late(task: TaskRow, form: Form | None, answers: dict[str, Any], fault: TaskNotOpen) -> ResponseReturnValue:
    """409: who finished it and when; what was written stands below and is kept as a supplement."""
    with db.reading() as session:
        return _over(session, tasks.get(session, task.id), 409, kept=_said(form, answers))


def _said(form: Form | None, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was written, as (field, words), texts and choices of the first two levels."""
    if form is None:
        return []
    code, found = language(), []
    for path, field in form.fields.items():
        value: Any = answers
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if is_filled(value) and not isinstance(value, Mapping) and not field.given and field.widget != "rows":
            found.append((field.label[code], _words(field.options, value, code)))
    return found


def _words(options: Mapping[str, Any], value: Any, code: str) -> str:
    if isinstance(value, list):
        return "、".join(_words(options, each, code) for each in value)
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return options[value].label[code] if value in options else str(value)


def _name(person_id: int | None) -> str:
    if person_id is None:
        return ""
    with db.reading() as session:
        return people.names(session, [person_id]).get(person_id, "—")
