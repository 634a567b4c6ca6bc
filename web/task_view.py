"""A task as a page, the desk and the API show it: who it is about, why it is theirs, its form, what happened so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from care import access, files, people, roles, task_links, visiting_norm
from care.errors import NotFound
from care.people import Person
from engine import clock, db, definitions, forms, history, tasks
from engine.forms import Form
from engine.tasks import TaskNotOpen, TaskRow
from web import ahead, briefs, formview, stories, task_facts, task_verbs, tickets
from web.api import drafts
from web.formview import FormView
from web.language import gettext, language
from web.signed_in import me
from web.words import moment
from web.worklist import as_read_by, why


def visible(session: Session, task_id: UUID) -> TaskRow:
    """The task if this person may see it; NotFound otherwise. Who did it may see it for ever."""
    try:
        task = tasks.get(session, task_id)
    except tasks.NoSuchTask:
        raise NotFound(str(task_id)) from None
    if task.done_by != me().id:
        access.require(session, me(), "see", task)
    return task


def form_of(session: Session, task: TaskRow) -> Form | None:
    return definitions.form(session, task.form_key, task.form_version) if task.form_key else None


def shown(
    session: Session,
    task: TaskRow,
    desk: str | None = None,
    *,
    answers: dict[str, Any] | None = None,
    submission_id: UUID | None = None,
    faults: Mapping[str, forms.Words] | None = None,
    told: str = "",
) -> dict[str, Any]:
    """What worklist/about.html draws of an open task. `desk` is the queue of the desk that it was opened from."""
    person = me()
    mine = access.may(session, person, "complete", task)
    others = task.claimed_by is not None and task.claimed_by != person.id
    above = mine and not access.holds(person, task)
    resting = task.hidden_until == tasks.NO_DUE
    may_fill = mine and not resting and (above or not others)
    free = task.claimed_by is None and (task.assignee_id is None or task.priority == "urgent")
    return {
        "task": task,
        "desk": desk,
        "view": _view(session, person, task, answers, faults, submission_id, desk) if may_fill else None,
        "told": told,
        "resting": resting,
        "mine": mine,
        "taken_by": name_of(task.claimed_by) if others else "",
        "may_take": above or (mine and free),
        "by_link": may_fill and task_links.kind_of(task) is not None,
        "why": why(as_read_by(person, task)) if mine else "",
        "detail": task_facts.detail(session, task),
        "offered": task_verbs.offered(session, person, task, mine),
        "said": task_verbs.said_of(session, task),
        "given": task_verbs.given_of(session, task),
        "later": ahead.steps(session, task) if mine else [],
        **_about(session, person, task, mine),
    }


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
        "story": story(session, task, mine),
    }


def story(session: Session, task: TaskRow, mine: bool) -> list[stories.Step]:
    rows = history.of_instance(session, task.instance_id) if task.instance_id else []
    if task.state != tasks.OPEN:
        return stories.of_rows(session, rows, reasons=True)
    following = task.next_role or ""
    title = roles.title(following, language()) if roles.is_known(following) else following
    return stories.of_rows(session, rows, reasons=True) + stories.now_and_next(task, mine, title)


def _norm(session: Session) -> dict[str, str]:
    """What the norm of visiting work says, by section of the visit form."""
    return visiting_norm.in_force(session, clock.today()).help(int(language() == "en"))


def _view(
    session: Session,
    person: Person,
    task: TaskRow,
    answers: dict[str, Any] | None,
    faults: Mapping[str, forms.Words] | None,
    submission_id: UUID | None,
    desk: str | None = None,
) -> FormView | None:
    form = form_of(session, task)
    if form is None:
        return None
    later = ahead.element_of(task)
    saved_at = None
    if answers is None:
        answers, saved_at = _begun_with(session, person, task, form)
    action = url_for("task.complete", task_id=task.id, desk=desk)
    if later:
        action = url_for("task.complete_ahead", task_id=task.id, element=later)
    return formview.build(
        form,
        action=action,
        answers=answers,
        faults=faults,
        known=task_facts.known(session, person, task),
        last=task_facts.last_answers(session, task),
        submission=str(submission_id or db.new_id()),
        draft=f"{task.id}-{later}" if later else str(task.id),
        keep="" if later else url_for("task.keep_draft", task_id=task.id),
        saved_at=saved_at,
        ticket=tickets.ticket(person.id, task),
        report_url=url_for("report.index", elder=task.subject_id) if person.has_right("start_emergency") else "",
        norm=_norm(session) if form.id == "visit" else None,
    )


def _begun_with(
    session: Session, person: Person, task: TaskRow, form: Form
) -> tuple[dict[str, Any] | None, datetime | None]:
    """What the form opens with: this person's draft with its time, or what was handed in since."""
    before = task_facts.written_before(session, task)
    kept = drafts.of(session, task.id, person.id) if not ahead.element_of(task) else None
    if kept is not None and (before is None or before.at < kept.saved_at):
        return formview.fitting(form.schema, kept.body), kept.saved_at
    return before.body if before is not None else None, None


def finished(fault: TaskNotOpen, kept: bool = True) -> str:
    """Who finished the task and when, or that it is over; and that what was written is kept."""
    kept_words = gettext("你写的没有丢，已作为补充留在这件事里，社区能看到。") if kept else ""
    if fault.state != tasks.DONE or fault.when is None:
        return gettext("这件事不用办了") + "。" + kept_words
    when = moment(fault.when, clock.now(), language())
    return gettext("%(who)s %(when)s 已办完", who=name_of(fault.who) or gettext("系统"), when=when) + "。" + kept_words


def name_of(person_id: int | None) -> str:
    if person_id is None:
        return ""
    with db.reading() as session:
        return people.names(session, [person_id]).get(person_id, "—")
