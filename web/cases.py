"""One case: the five stages, what happened, who comes next, the diagram with its tokens; and its file for print."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, cases, people
from care.cases import Case
from care.elders import Elder
from engine import clock, db, definitions, history, incidents, instances, tasks, waits
from engine.diagrams import Process
from engine.history import HistoryRow
from web import case_story, case_views, diagram_state
from web import instances as instances_page
from web.diagram_state import Drawing
from web.documents import note_printed
from web.language import gettext, language
from web.pages import page
from web.security import allow_inline_styles
from web.signed_in import me
from web.words import moment, written

bp = Blueprint("cases", __name__, url_prefix="/cases")


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
        shown = case_views.rows(session, me(), [case], inside=True)[0]
        happened, drawn, processes = _course(session, case)
        told = case_story.story(session, case, shown, happened, processes)
        opens = session.scalar(select(Elder.id).where(Elder.id == case.elder_id, access.visible_elders(me())))
        faults = [
            each
            for each in (incidents.of_instance(session, case.instance_id) if case.instance_id else [])
            if each.closed_at is None
        ]
    return page(
        "cases/case.html",
        row=shown,
        case=case,
        story=told,
        notes=_stage_notes(case, shown),
        drawn=drawn,
        chosen=diagram_state.in_use(drawn, request.args.get("diagram")),
        faults=faults,
        opens=opens,
        mine=[task for task in shown.tasks if case_views.is_theirs(me(), task)],
        watches=bool(instances_page.scope(me())),
    )


@bp.get("/<int:case_id>/file")
def file(case_id: int) -> ResponseReturnValue:
    """The case file, made for print: head, stages with times, every round, every line of the record. Written down."""
    with db.reading() as session:
        case = _visible(session, case_id)
        shown = case_views.rows(session, me(), [case], inside=True)[0]
        entries = cases.timeline(session, case_id)
        attempts = cases.attempts(session, case_id)
        turns = cases.rounds(session, case_id)
        who = {each.who for each in entries if each.who} | {each.reviewed_by for each in turns if each.reviewed_by}
        names = people.names(session, {each for each in who if each is not None})
    note_printed("case", case.unit_path, case.elder_id, case=case_id)
    return page(
        "cases/file.html",
        row=shown,
        case=case,
        entries=[(each, case_story.said(each)) for each in entries],
        notes=[each and written(each) for each in _stages(case)],
        attempts=[(each, case_story.called(each)) for each in attempts],
        turns=turns,
        names=names,
        printed_at=clock.now(),
    )


def _visible(session: Session, case_id: int) -> Case:
    found = session.scalar(select(Case).where(Case.id == case_id, case_views.visible(me())))
    if found is None:
        abort(404)
    return found


def _stages(case: Case) -> list[datetime | None]:
    """When each of the five stages was reached."""
    return [case.found_at, case.reported_at, case.handled_at, case.fed_back_at, case.reviewed_at]


def _stage_notes(case: Case, shown: case_views.Shown) -> list[str]:
    """The small line under each stage: when it was reached, or by when it is owed."""
    now, spoken = clock.now(), language()
    notes = [moment(at, now, spoken) if at else "" for at in _stages(case)]
    if not notes[3] and case.state == "open":
        notes[3] = gettext("%(at)s 前", at=moment(cases.feedback_due_at(case), now, spoken))
    if not notes[4] and case.state == "open":
        due = shown.due_at if shown.at == 5 else None
        notes[4] = gettext("%(at)s 前", at=moment(due, now, spoken)) if due else gettext("反馈后 3 个工作日，换人上门")
    return notes


def _course(session: Session, case: Case) -> tuple[list[HistoryRow], list[Drawing], list[Process]]:
    """(history, drawings, processes) of the instance that handles the case; nothing when none does."""
    if case.instance_id is None:
        return [], [], []
    try:
        instance = instances.get(session, case.instance_id)
        happened = history.of_instance(session, instance.id)
        drawn = diagram_state.drawings(
            session,
            instance,
            tasks.of_instance(session, instance.id),
            waits.of_instance(session, instance.id),
            happened,
        )
        return happened, drawn, [process for process, _ in diagram_state.processes(session, instance)]
    except (instances.NoSuchInstance, definitions.NotDeployed):
        return [], [], []
