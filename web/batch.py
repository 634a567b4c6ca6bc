"""The same form for several tasks at once (一起办): each is completed by itself, and the page says what became of each.

A selection with different forms, or versions of one, goes group by group: one form is filled in, the tasks of the
others wait behind it and are named among the outcomes until it is their turn. A number for the whole batch comes with
its page, and each task's submission follows from it: a batch that is sent twice completes nothing twice. The page
carries the ticket of each task: what was written for one that was taken away meanwhile is kept as a supplement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from care import access
from care.errors import NotAllowed, NotFound, RuleBroken
from care.people import Person
from engine import db, definitions, forms, instances, run, submissions, tasks, verbs
from engine.errors import NotPossible
from engine.forms import Form
from engine.jobs import transaction
from engine.submissions import OtherContent
from engine.tasks import NotYours, SamePerson, TaskNotOpen, TaskRow
from web import formview, tickets
from web.errors import wants_json
from web.language import N_, gettext, language
from web.pages import page
from web.said import said
from web.signed_in import me
from web.task_page import keep_supplement
from web.task_view import visible
from web.worklist import Item, items_of

bp = Blueprint("batch", __name__)
MOST = 50  # tasks
LISTED = 200  # tasks to choose from
OUTCOMES = {
    "done": N_("已办完"),
    "late": N_("别人已办完或不用办了，你写的留作补充"),
    "moved": N_("已转给别人，你写的留作补充"),
    "taken": N_("别人已接手"),
    "same": N_("前一步是你办的，要换人"),
    "refused": N_("不归你办"),
    "wrong": N_("表单不合这一件，请单独办"),
    "kept": N_("已收下，稍后接着办"),
    "waits": N_("还没办，要填另一张表"),
}
KEPT = frozenset(("done", "late", "moved", "kept"))
"""Outcomes after which nothing that was written could be lost."""


@dataclass(frozen=True)
class Outcome:
    """What became of one task: a code of OUTCOMES, and a sentence where there is more to say."""

    task: TaskRow
    state: str
    told: str = ""


@dataclass(frozen=True)
class Group:
    """Tasks of a selection that share one version of a form."""

    form: Form
    tasks: list[TaskRow]


@bp.get("/tasks/batch")
def ask() -> ResponseReturnValue:
    """The form of the first group chosen; without any, the tasks to choose from."""
    if not request.args.getlist("id"):
        return _choices()
    with db.reading() as session:
        groups = groups_of(session, _seen(session, request.args.getlist("id")))
    later = [task for group in groups[1:] for task in group.tasks]
    return _page(groups[0], later, db.new_id())


@bp.post("/tasks/batch")
def complete() -> ResponseReturnValue:
    person, shown = me(), request.form.getlist("ticket")
    sent = MultiDict([(name, value) for name, value in request.form.items(multi=True) if name not in _OWN])
    with db.reading() as session:
        chosen = _seen(session, request.form.getlist("id"), shown)
        form = max(groups_of(session, chosen), key=lambda group: len(group.tasks)).form
        waiting = request.form.getlist("later")
        later = _seen(session, waiting, shown) if waiting else []
    answers = formview.answers_of(form, sent, known={}, last={}, files=[])
    try:
        number = UUID(request.form.get("submission", ""))
    except ValueError:
        number = db.new_id()
    try:
        forms.load(form, None, answers)
    except forms.Invalid as fault:
        return _page(Group(form, chosen), later, number, answers, fault)
    found = complete_each(person, chosen, lambda _: answers, number, shown)
    found += [Outcome(each, "waits") for each in later]
    if wants_json():
        return jsonify(items=[{"task": str(each.task.id), "state": each.state, "message": each.told} for each in found])
    written = said(form, answers) if any(each.state not in KEPT for each in found) else []
    return page("worklist/outcomes.html", found=found, outcomes=OUTCOMES, written=written, later=later)


_OWN = frozenset(("csrf_token", "id", "later", "ticket", "submission"))
"""Fields of the page that are no answers."""


def complete_each(
    person: Person,
    chosen: Collection[TaskRow],
    answers_for: Callable[[TaskRow], dict[str, Any]],
    number: UUID,
    shown: Collection[str] = (),
) -> list[Outcome]:
    """Complete each task in a transaction of its own; `number` is the batch's, `shown` are tickets of its page."""
    return [_one(person, task, answers_for(task), uuid5(number, str(task.id)), shown) for task in chosen]


def _choices() -> ResponseReturnValue:
    """The open tasks of the person by form, where several share one."""
    person = me()
    with db.reading() as session:
        found = tasks.worklist(session, person.worklist_posts, person.id, limit=LISTED)
        items = items_of(session, person, [row for row in found.rows if row.claimed_by in (None, person.id)])
        groups: dict[tuple[str, int | None], list[Item]] = {}
        for item in items:
            if item.task.form_key and item.group != "urgent":
                groups.setdefault((item.task.form_key, item.task.form_version), []).append(item)
        several = [
            (definitions.form(session, *key).title[language()], members)
            for key, members in groups.items()
            if len(members) > 1
        ]
    return page("worklist/choose.html", groups=several, most=MOST)


def _seen(session: Session, ids: list[str], shown: Collection[str] = ()) -> list[TaskRow]:
    """The tasks chosen that this person may see, or had on the page of the batch; raises RuleBroken, NotFound."""
    if not 0 < len(ids) <= MOST:
        raise RuleBroken(f"一次选 1 到 {MOST} 件", f"choose 1 to {MOST} tasks")
    try:
        found = [given(session, UUID(each), shown) for each in dict.fromkeys(ids)]
    except ValueError:
        raise NotFound("task") from None
    if not any(found):
        raise NotFound("task")
    return [each for each in found if each is not None]


def given(session: Session, task_id: UUID, shown: Collection[str]) -> TaskRow | None:
    """The task if this person may see it, or was given its form once (tickets `shown`)."""
    try:
        return visible(session, task_id)
    except NotFound:
        proved = any(tickets.names(each, me().id, task_id) for each in shown)
        return tasks.get(session, task_id) if proved else None


def groups_of(session: Session, chosen: Collection[TaskRow]) -> list[Group]:
    """Tasks by form and version, in the order of the first of each; raises RuleBroken for one without a form."""
    found: dict[tuple[str | None, int | None], list[TaskRow]] = {}
    for each in chosen:
        found.setdefault((each.form_key, each.form_version), []).append(each)
    if not all(key for key, _ in found):
        raise RuleBroken("没有表单的要单独办", "what has no form is done by itself")
    return [Group(definitions.form(session, str(key), version), rows) for (key, version), rows in found.items()]


def _one(
    person: Person, task: TaskRow, answers: dict[str, Any], submission_id: UUID, shown: Collection[str]
) -> Outcome:
    """Complete one task in a transaction of its own."""
    try:
        with transaction() as session:
            if task.state == tasks.OPEN:
                access.require(session, person, "complete", task)
                verbs.policy.require(session, task, "batch")
            run.complete_task(session, task.id, answers, person.id, submission_id)
    except TaskNotOpen:
        return Outcome(task, "late")
    except NotYours:
        return Outcome(task, "taken")
    except SamePerson:
        return Outcome(task, "same")
    except (NotFound, NotAllowed):
        return _not_theirs(person, task, answers, submission_id, shown)
    except NotPossible as fault:
        return Outcome(task, "refused", fault.en if language() == "en" else fault.zh)
    except forms.Invalid as fault:
        return Outcome(task, "wrong", gettext("；").join(words[language()] for words in fault.faults.values()))
    except OtherContent:
        return Outcome(task, "wrong")
    except (instances.Suspended, run.StepFailed):
        return Outcome(task, "kept")
    return Outcome(task, "done")


def _not_theirs(
    person: Person, task: TaskRow, answers: dict[str, Any], submission_id: UUID, shown: Collection[str]
) -> Outcome:
    """Who was given its form before it went to somebody else has what was written kept as a supplement."""
    if not any(tickets.proves(each, person.id, task) for each in shown):
        return Outcome(task, "taken" if task.claimed_by not in (None, person.id) else "refused")
    try:
        keep_supplement(person, task, answers, submission_id)
    except OtherContent:
        keep_supplement(person, task, answers, uuid5(submission_id, submissions.hash_of(answers).hex()))
    return Outcome(task, "moved")


def _page(
    group: Group,
    later: list[TaskRow],
    number: UUID,
    answers: dict[str, Any] | None = None,
    fault: forms.Invalid | None = None,
) -> ResponseReturnValue:
    view = formview.build(
        group.form,
        action=url_for("batch.complete"),
        answers=answers,
        faults=fault.faults if fault else None,
        known={},
        last={},
        submission=str(number),
    )
    title = gettext("一起办 %(n)s 件", n=len(group.tasks))
    shown = [tickets.ticket(me().id, each) for each in (*group.tasks, *later)]
    return page(
        "worklist/batch.html",
        422 if fault else 200,
        chosen=group.tasks,
        later=later,
        tickets=shown,
        view=view,
        heading=title,
    )
