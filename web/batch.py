"""The same form for several tasks at once (一起办): each is completed by itself, and the page says what became of each.

Only tasks with the same form go together. A number for the whole batch is given with its page, and each task's
submission follows from it, so a batch that is sent twice completes nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from care import access
from care.errors import NotAllowed, NotFound, RuleBroken
from care.people import Person
from engine import db, definitions, forms, instances, run, tasks, verbs
from engine.errors import NotPossible
from engine.forms import Form
from engine.jobs import transaction
from engine.submissions import OtherContent
from engine.tasks import NotYours, SamePerson, TaskNotOpen, TaskRow
from web import formview
from web.errors import wants_json
from web.language import N_, gettext, language
from web.pages import page
from web.signed_in import me
from web.task_view import visible
from web.worklist import Item, items_of

bp = Blueprint("batch", __name__)
MOST = 50  # tasks
LISTED = 200  # tasks to choose from
OUTCOMES = {
    "done": N_("已办完"),
    "late": N_("别人已办完或不用办了，你写的留作补充"),
    "taken": N_("别人已接手"),
    "same": N_("前一步是你办的，要换人"),
    "refused": N_("不归你办"),
    "wrong": N_("表单不合这一件，请单独办"),
    "kept": N_("已收下，稍后接着办"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of one task: a code of OUTCOMES, and a sentence where there is more to say."""

    task: TaskRow
    state: str
    told: str = ""


@bp.get("/tasks/batch")
def ask() -> ResponseReturnValue:
    """The shared form of the tasks chosen; without any, the tasks to choose from."""
    if not request.args.getlist("id"):
        return _choices()
    with db.reading() as session:
        chosen, form = _chosen(session, request.args.getlist("id"))
    return _page(chosen, form, db.new_id())


@bp.post("/tasks/batch")
def complete() -> ResponseReturnValue:
    person = me()
    sent = MultiDict(request.form)
    with db.reading() as session:
        chosen, form = _chosen(session, sent.poplist("id"))
    answers = formview.answers_of(form, sent, known={}, last={}, files=[])
    try:
        number = UUID(request.form.get("submission", ""))
    except ValueError:
        number = db.new_id()
    try:
        forms.load(form, None, answers)
    except forms.Invalid as fault:
        return _page(chosen, form, number, answers, fault)
    found = [_one(person, task, answers, uuid5(number, str(task.id))) for task in chosen]
    if wants_json():
        return jsonify(items=[{"task": str(each.task.id), "state": each.state, "message": each.told} for each in found])
    return page("worklist/outcomes.html", found=found, outcomes=OUTCOMES)


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


def _chosen(session: Session, ids: list[str]) -> tuple[list[TaskRow], Form]:
    """The open tasks chosen and the form that they share; raises RuleBroken, NotFound."""
    if not 0 < len(ids) <= MOST:
        raise RuleBroken(f"一次选 1 到 {MOST} 件", f"choose 1 to {MOST} tasks")
    try:
        found = [visible(session, UUID(each)) for each in dict.fromkeys(ids)]
    except ValueError:
        raise NotFound("task") from None
    keys = {(each.form_key, each.form_version) for each in found}
    key, version = next(iter(keys))
    if len(keys) != 1 or not key:
        raise RuleBroken("只有表单相同的才能一起办", "only tasks with the same form are done together")
    return found, definitions.form(session, key, version)


def _one(person: Person, task: TaskRow, answers: dict[str, object], submission_id: UUID) -> Outcome:
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
        return Outcome(task, "taken" if task.claimed_by not in (None, person.id) else "refused")
    except NotPossible as fault:
        return Outcome(task, "refused", fault.en if language() == "en" else fault.zh)
    except (forms.Invalid, OtherContent):
        return Outcome(task, "wrong")
    except (instances.Suspended, run.StepFailed):
        return Outcome(task, "kept")
    return Outcome(task, "done")


def _page(
    chosen: list[TaskRow],
    form: Form,
    number: UUID,
    answers: dict[str, object] | None = None,
    fault: forms.Invalid | None = None,
) -> ResponseReturnValue:
    view = formview.build(
        form,
        action=url_for("batch.complete"),
        answers=answers,
        faults=fault.faults if fault else None,
        known={},
        last={},
        submission=str(number),
    )
    title = gettext("一起办 %(n)s 件", n=len(chosen))
    return page("worklist/batch.html", 422 if fault else 200, chosen=chosen, view=view, heading=title)
