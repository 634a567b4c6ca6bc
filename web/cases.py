"""One case: the five stages, what happened, who comes next, the diagram with its tokens; and its file for print."""

from __future__ import annotations

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import cases, people
from care.cases import Case, CaseEntry, ContactAttempt
from engine import clock, db, definitions, history, incidents, instances, tasks, waits
from web import case_views, diagram_state
from web.diagram_state import Drawing
from web.language import gettext, language
from web.pages import page
from web.security import allow_inline_styles
from web.signed_in import me
from web.stories import OF_CASE, Step
from web.words import moment

bp = Blueprint("cases", __name__, url_prefix="/cases")

_WHOM = {
    "elder": "联系老人",
    "family": "联系家属",
    "visitor": "联系探访责任人",
    "grid_worker": "网格员上门查看",
    "village": "社区到场",
    "district": "区应急到场",
    "police": "民警到场",
}


@bp.app_template_filter("case_state")
def case_state(state: str) -> str:
    """The state of a case in the reader's language."""
    return case_views.spoken(cases.STATES.get(state, (state, state)))


@bp.get("/<int:case_id>")
def show(case_id: int) -> ResponseReturnValue:
    """The case as it stands now."""
    allow_inline_styles()
    with db.reading() as session:
        case = _visible(session, case_id)
        shown = case_views.rows(session, me(), [case])[0]
        story = _story(session, case, shown)
        drawn = _drawings(session, case)
        faults = [
            each
            for each in (incidents.of_instance(session, case.instance_id) if case.instance_id else [])
            if each.closed_at is None
        ]
    return page(
        "cases/case.html",
        row=shown,
        case=case,
        story=story,
        notes=_stage_notes(case, shown),
        drawn=drawn,
        chosen=drawn[0] if drawn else None,
        faults=faults,
    )


@bp.get("/<int:case_id>/file")
def file(case_id: int) -> ResponseReturnValue:
    """The case file, made for print: head, stages with times, every round, every line of the record."""
    with db.reading() as session:
        case = _visible(session, case_id)
        shown = case_views.rows(session, me(), [case])[0]
        entries = cases.timeline(session, case_id)
        attempts = cases.attempts(session, case_id)
        turns = cases.rounds(session, case_id)
        who = {each.who for each in entries if each.who} | {each.reviewed_by for each in turns if each.reviewed_by}
        names = people.names(session, {each for each in who if each is not None})
    return page(
        "cases/file.html",
        row=shown,
        case=case,
        entries=[(each, said(each)) for each in entries],
        attempts=[(each, gettext(_WHOM.get(each.whom, each.whom))) for each in attempts],
        turns=turns,
        names=names,
        printed_at=clock.now(),
    )


def _visible(session: Session, case_id: int) -> Case:
    found = session.scalar(select(Case).where(Case.id == case_id, case_views.visible(me())))
    if found is None:
        abort(404)
    return found


def said(entry: CaseEntry) -> str:
    """A line of the record in words."""
    return gettext(OF_CASE.get(entry.what, entry.what))


def _story(session: Session, case: Case, shown: case_views.Shown) -> list[Step]:
    """What happened, oldest first, then what is open now, then who comes next."""
    entries, attempts = cases.timeline(session, case.id), cases.attempts(session, case.id)
    names = people.names(session, {each.who for each in entries if each.who is not None})
    steps = [(each.at, _entry_step(each, names)) for each in entries]
    steps += [(each.at, _attempt_step(each)) for each in attempts]
    told = [step for _, step in sorted(steps, key=lambda pair: pair[0])]
    now = clock.now()
    for task in shown.tasks:
        told.append(Step("now", moment(task.created_at, now, language()), gettext(task.name), shown.holder))
    for task in shown.tasks:
        if task.next_at is not None and task.next_role is not None:
            told.append(Step("next", moment(task.next_at, now, language()), case_views.next_words(task), task.name))
    return told


def _entry_step(entry: CaseEntry, names: dict[int, str]) -> Step:
    note = "，".join(part for part in (names.get(entry.who or 0, ""), entry.text or "") if part)
    stage = "missed" if entry.what in ("feedback_late", "reopened") else "done"
    return Step(stage, moment(entry.at, clock.now(), language()), said(entry), note)


def _attempt_step(attempt: ContactAttempt) -> Step:
    title = gettext(_WHOM.get(attempt.whom, attempt.whom))
    words = gettext("接通") if attempt.answered else gettext("没联系上")
    return Step("done" if attempt.answered else "missed", moment(attempt.at, clock.now(), language()), title, words)


def _stage_notes(case: Case, shown: case_views.Shown) -> list[str]:
    """The small line under each stage: when it was reached, or by when it is owed."""
    now, spoken = clock.now(), language()
    reached = [case.found_at, case.reported_at, case.handled_at, case.fed_back_at, case.reviewed_at]
    notes = [moment(at, now, spoken) if at else "" for at in reached]
    if not notes[3] and case.state == "open":
        notes[3] = gettext("%(at)s 前", at=moment(cases.feedback_due_at(case), now, spoken))
    if not notes[4] and case.state == "open":
        due = shown.due_at if shown.at == 5 else None
        notes[4] = gettext("%(at)s 前", at=moment(due, now, spoken)) if due else gettext("反馈后 3 个工作日，换人上门")
    return notes


def _drawings(session: Session, case: Case) -> list[Drawing]:
    if case.instance_id is None:
        return []
    try:
        instance = instances.get(session, case.instance_id)
        return diagram_state.drawings(
            session,
            instance,
            tasks.of_instance(session, instance.id),
            waits.of_instance(session, instance.id),
            history.of_instance(session, instance.id),
        )
    except (instances.NoSuchInstance, definitions.NotDeployed):
        return []
