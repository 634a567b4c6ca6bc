"""One task: who it is about, why it is yours, its form, what happened so far; take it, complete it, go on to the next.

A form is sent under the number that its page was given (`submission`): the same form twice is one completion, a double
click included. Faults come back as 422 with everything typed; a task that somebody else finished answers 409 with who
and when, and the text stays as a supplement. Who lost the task meanwhile (handed on, post taken away) proves by the
form's ticket that it was given to them once: what they wrote is kept as a supplement too. The phone's outbox asks for
the same answers as JSON: `state` is done, kept, correct, late, taken, moved, early or other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access
from care.errors import NotAllowed, NotFound
from care.people import Person
from engine import clock, db, forms, instances, run, submissions, tasks, verbs
from engine.errors import NotPossible
from engine.forms import Form
from engine.jobs import transaction
from engine.run import Completed
from engine.tasks import NotYours, SamePerson, TaskNotOpen, TaskRow
from web import ahead, attachments, formview, task_facts, task_lists, task_verbs, task_view, tickets, worklist
from web.api import drafts
from web.api.problems import is_api
from web.attachments import FileRefused
from web.errors import refuse, wants_json
from web.language import gettext, language, task_name
from web.pages import page
from web.said import said
from web.signed_in import me
from web.words import moment

bp = Blueprint("task", __name__)


@bp.get("/tasks/<uuid:task_id>")
def show(task_id: UUID) -> ResponseReturnValue:
    with db.reading() as session:
        task = task_view.visible(session, task_id)
        shown = _over(session, task) if task.state != tasks.OPEN else _page(session, task)
        unread = tasks.words.is_unread(session, task.id, me().id)
    if unread:
        with db.writing() as session:
            tasks.words.seen(session, task_id, me().id)
    return shown


@bp.post("/tasks/<uuid:task_id>/claim")
def claim(task_id: UUID) -> ResponseReturnValue:
    """Take it: others see that it is taken. Taken already: 409 with who."""
    try:
        take(task_id)
    except NotYours as fault:
        flash(gettext("%(who)s 已接手。", who=task_view.name_of(fault.who)))
    except NotPossible as fault:
        flash(fault.en if language() == "en" else fault.zh)
    except SamePerson:
        flash(gettext("前面那一步是你办的，这一步要换一个人。请社区或街道安排别人。"))
    except TaskNotOpen:
        pass  # the page says who finished it
    desk = request.args.get("desk")
    if desk is not None:
        return redirect(url_for("desk.index", queue=desk, task=task_id))
    return redirect(url_for("task.show", task_id=task_id))


def take(task_id: UUID) -> None:
    """The task is this person's from now on; raises NotYours and TaskNotOpen."""
    person = me()
    with transaction() as session:
        task = task_view.visible(session, task_id)
        access.require(session, person, "claim", task)
        verbs.claim(session, task_id, person.id, taking_over=not access.holds(person, task))


@bp.post("/tasks/<uuid:task_id>")
def complete(task_id: UUID) -> ResponseReturnValue:
    with db.reading() as session:
        task = given(session, task_id)
    return _submitted(task)


@bp.post("/tasks/<uuid:task_id>/draft")
def keep_draft(task_id: UUID) -> ResponseReturnValue:
    """Keep the form as far as it is filled in, over the draft before; 409 when it is not this person's to fill in."""
    person = me()
    with db.writing() as session:
        task = given(session, task_id)
        form = task_view.form_of(session, task)
        if form is None or task.state != tasks.OPEN or not access.may(session, person, "complete", task):
            return jsonify(saved_at=None), 409
        typed = forms.from_html(form, request.form)
        try:
            forms.refuse_unstorable(typed)
        except forms.Invalid:
            return jsonify(saved_at=None), 422
        return jsonify(saved_at=drafts.save(session, task_id, person.id, typed).saved_at.isoformat())


@bp.get("/tasks/<uuid:task_id>/ahead/<element>")
def show_ahead(task_id: UUID, element: str) -> ResponseReturnValue:
    """The form of a later step, for a phone that will have no network when it comes to that."""
    with db.reading() as session:
        return _page(session, later_step(session, task_id, element))


def later_step(session: Session, task_id: UUID, element: str) -> TaskRow:
    """A step that may follow this person's task, as a row; NotFound when it cannot follow."""
    task = task_view.visible(session, task_id)
    access.require(session, me(), "complete", task)
    later = ahead.step(session, task, element)
    if later is None:
        raise NotFound(element)
    return later


@bp.post("/tasks/<uuid:task_id>/ahead/<element>")
def complete_ahead(task_id: UUID, element: str) -> ResponseReturnValue:
    """A form that was filled in before its task was there: the task if it is there now, else `early` (425)."""
    with db.reading() as session:
        task = ahead.arrived(session, given(session, task_id), element)
    if task is None:
        told = gettext("前面那一步还没交上来，稍后自己再交。")
        return _answer(425, "early", told) if wants_json() else refuse(425, sentence=told)
    return _submitted(task)


def _submitted(task: TaskRow) -> ResponseReturnValue:
    person = me()
    submission_id = _submission()
    with db.reading() as session:
        form = task_view.form_of(session, task)
        facts = task_facts.known(session, person, task) if form else {}
        last = task_facts.last_answers(session, task) if form else {}
    try:
        stored = list(attachments.take(request.files, person.id, task.subject_id, submission_id))
    except FileRefused as fault:
        said_of: dict[str, Any] = {"faults": _at_its_field(fault)} if fault.field else {"told": str(fault)}
        return _again(task, form, _read(form, facts, last, []), submission_id, status=422, **said_of)
    answers = _read(form, facts, last, stored)
    return send(person, task, form, answers, submission_id)


def _at_its_field(fault: FileRefused) -> dict[str, forms.Words]:
    """As a fault of the form; the sentence was made in the reader's language."""
    return {fault.field: {"zh": str(fault), "en": str(fault)}}


def send(
    person: Person, task: TaskRow, form: Form | None, answers: dict[str, Any], submission_id: UUID
) -> ResponseReturnValue:
    """Complete the task; every refusal becomes the page that keeps what was typed."""
    try:
        with transaction() as session:
            if task.state == tasks.OPEN:
                access.require(session, person, "complete", task)
            done = run.complete_task(session, task.id, answers, by=person.id, submission_id=submission_id)
            drafts.drop(session, task.id, person.id)
    except (NotFound, NotAllowed):
        return _moved(person, task, answers, submission_id)
    except forms.Invalid as fault:
        told = _of_old_version(form, answers)
        return _again(task, form, answers, submission_id, faults=fault.faults, told=told, status=422)
    except TaskNotOpen as fault:
        return _too_late(task, form, answers, fault)
    except NotYours as fault:
        told = gettext("%(who)s 已接手。你写的还在下面，可以抄给他。", who=task_view.name_of(fault.who))
        return _again(task, form, answers, submission_id, told=told, status=409, state="taken")
    except SamePerson:
        told = gettext("前面那一步是你办的，这一步要换一个人。请社区或街道安排别人。")
        return _again(task, form, answers, submission_id, told=told, status=409, state="taken")
    except NotPossible as fault:
        told = fault.en if language() == "en" else fault.zh
        return _again(task, form, answers, submission_id, told=told, status=409)
    except submissions.OtherContent:
        told = gettext("这张表已经交过一次，内容以第一次为准。要改的请写成补充。")
        return _again(task, form, answers, db.new_id(), told=told, status=409, state="other")
    except instances.Suspended:
        return _answer(202, "kept") if wants_json() else page("worklist/kept.html", 202, task=task, suspended=True)
    except run.StepFailed:
        return _answer(202, "kept") if wants_json() else page("worklist/kept.html", 202, task=task)
    return _onward(person, done, task_name(task.name))


def _of_old_version(form: Form | None, answers: Mapping[str, Any]) -> str:
    """What to tell whoever filled in another version of the form, with what has no place any more; "" else."""
    version = "" if is_api() else request.form.get("form_version", "")
    if form is None or version in ("", str(form.version)):
        return ""
    told = gettext("这张表换了新版。填过的都在，请看一遍再交。")
    left = [str(value) for name, value in answers.items() if name not in form.schema["properties"]]
    return told + (gettext("新表里没有地方放的：%(words)s", words="；".join(left)) if left else "")


def _answer(status: int, state: str, told: str = "", **more: Any) -> ResponseReturnValue:
    if is_api() and status >= 400:
        return refuse(status, sentence=told, state=state, **more)
    return jsonify(state=state, message=told, **more), status


def _moved(person: Person, task: TaskRow, answers: dict[str, Any], submission_id: UUID) -> ResponseReturnValue:
    """The task is no longer this person's; what was written is kept for the village desk to look at.

    The same form with other content is kept beside the first: nobody who lost the task can be asked about it.
    """
    if not tickets.proves(_ticket(), person.id, task):
        raise NotFound(str(task.id))
    try:
        keep_supplement(person, task, answers, submission_id)
    except submissions.OtherContent:
        keep_supplement(person, task, answers, uuid5(submission_id, submissions.hash_of(answers).hex()))
    told = gettext("这件事已转给别人办。你写的没有丢，已作为补充留给社区看。")
    return _answer(409, "moved", told) if wants_json() else refuse(409, gettext("这件事已转给别人"), told)


def keep_supplement(person: Person, task: TaskRow, answers: dict[str, Any], submission_id: UUID) -> bool:
    """Keep what was written for a person to look at; False when it was kept before. Raises OtherContent."""
    with transaction() as session:
        return run.supplement(session, task.id, answers, person.id, submission_id)


def _onward(person: Person, done: Completed, what: str) -> ResponseReturnValue:
    """The next task of the same matter if it is this person's, else the worklist."""
    following = _next_of(person, done)
    address = _onward_to(person, following)
    if not wants_json() or request.headers.get("X-Here"):  # not when a phone sends by itself what waited
        flash(gettext("已提交") + gettext("：") + what)
        if not done.replayed and task_verbs.undoable(person, done.task_id):
            flash(url_for("task_verbs.use", task_id=done.task_id, verb="undo"), "undo")
    if is_api():
        return _answer(200, "done", next_task=following)
    return _answer(200, "done", next=address) if wants_json() else redirect(address)


def _onward_to(person: Person, following: UUID | None) -> str:
    if "desk" in request.args:
        from web.desk import after

        return after(person, following)
    return url_for("task.show", task_id=following) if following else url_for("worklist.index")


def _next_of(person: Person, done: Completed) -> UUID | None:
    with db.reading() as session:
        for task_id in done.opened:
            following = tasks.get(session, task_id)
            if following.state == tasks.OPEN and access.may(session, person, "complete", following):
                return task_id
    return None


def _ticket() -> str:
    """The ticket that came with the form."""
    sent = request.get_json(silent=True) if request.is_json else request.form
    found = sent.get("ticket") if isinstance(sent, Mapping) else None
    return found if isinstance(found, str) else ""


def given(session: Session, task_id: UUID) -> TaskRow:
    """The task if this person may see it, or was given its form once; NotFound otherwise."""
    try:
        return task_view.visible(session, task_id)
    except NotFound:
        task = tasks.get(session, task_id) if tickets.names(_ticket(), me().id, task_id) else None
        if task is None:
            raise
        return task


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
    task: TaskRow,
    form: Form | None,
    answers: dict[str, Any],
    submission_id: UUID,
    state: str = "correct",
    **options: Any,
) -> ResponseReturnValue:
    """The form again with what is wrong; for the outbox the same as (id, name, sentence) of each fault."""
    found = options.get("faults") or {}
    if is_api():
        errors = [{"field": path, "detail": words[language()]} for path, words in found.items()]
        return _answer(options["status"], state, options.get("told", ""), errors=errors)
    if wants_json():
        view = formview.build(form, action="", answers=answers, faults=found) if form else None
        return _answer(options["status"], state, options.get("told", ""), faults=view.faults if view else [])
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
    """The page of the task, or the desk around it when its form was opened there."""
    desk = request.args.get("desk")
    values = task_view.shown(
        session, task, desk, answers=answers, submission_id=submission_id, faults=faults, told=told
    )
    if desk is not None:
        from web.desk import around

        return around(session, status, **values)
    return page("worklist/task.html", status, **values)


def _over(session: Session, task: TaskRow, status: int = 200, **options: Any) -> ResponseReturnValue:
    written = submissions.newest(session, task.id, submissions.ACCEPTED) if task.done_by == me().id else None
    return page(
        "worklist/over.html",
        status,
        task=task,
        item=worklist.items_of(session, me(), [task])[0],
        written=said(task_view.form_of(session, task), written.body) if written else [],
        going_on=task_lists.going_on(session, task.instance_id) if task.instance_id else [],
        who=task_view.name_of(task.done_by) if task.done_by else "",
        when=moment(task.done_at, clock.now(), language()) if task.done_at else "",
        story=task_view.story(session, task, False),
        offered=task_verbs.offered(session, me(), task, False),
        said=task_verbs.said_of(session, task),
        given=[],
        **options,
    )


def _too_late(task: TaskRow, form: Form | None, answers: dict[str, Any], fault: TaskNotOpen) -> ResponseReturnValue:
    """409: who finished it and when; what was written stands below and is kept as a supplement."""
    if wants_json():
        return _answer(409, "late", task_view.finished(fault))
    with db.reading() as session:
        return _over(session, tasks.get(session, task.id), 409, kept=said(form, answers))
