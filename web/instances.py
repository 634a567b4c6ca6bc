"""Instances of processes: what runs, what is stuck and why, one instance with its diagram, and trying again.

Whoever watches processes but not people (designers, administrators) sees numbers of elders, never names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, elders, people, roles
from care.organisation import is_within
from engine import db, definitions, held, history, incidents, instances, jobs, run, tasks, waits
from engine.history import HistoryRow
from engine.instances import Instance
from web import case_views, diagram_state, instance_words, operators
from web.language import N_, gettext
from web.pages import Entry, page
from web.security import allow_inline_styles
from web.signed_in import Person, me

_MANY = {
    "live": ("suspend", "retry", "move", "edit", "undo", "cancel"),
    "suspended": ("resume", "edit", "undo", "cancel"),
}
WATCHERS = frozenset(("see_processes", "see_incidents"))
PAGE = 50

bp = Blueprint("instances", __name__, url_prefix="/instances")
navigation = [
    Entry(
        "instances.index",
        N_("流程实例"),
        "flow",
        60,
        WATCHERS,
        below=("instances.", "operating.", "many.", "held_back."),
    )
]


@bp.app_template_filter("role_title")
def role_title(role: str) -> str:
    """The title of a role in the reader's language; an unknown one as it is."""
    return case_views.role_title(role)


def scope(person: Person) -> list[str]:
    """Unit paths whose instances the person may watch; the whole city for those who watch processes, not people."""
    if any(person.has_right(right) for right in ("see_processes", "retry")):
        return ["/"]
    return access.figures_scope(person) if person.has_right("see_incidents") else []


def may_retry(person: Person) -> bool:
    """Administrators and the desks that lead a unit; designers and auditors only watch."""
    rights = [roles.role(post.role).rights for post in person.posts]
    return any("retry" in each or ("see_incidents" in each and "see_processes" not in each) for each in rights)


def _require_scope() -> list[str]:
    paths = scope(me())
    if not paths:
        abort(403)
    return paths


@bp.get("/")
def index() -> ResponseReturnValue:
    """Running instances newest first, those that are stuck on top, and figures by process."""
    paths = _require_scope()
    process_id = request.args.get("process") or None
    state = request.args.get("state", "live")
    with db.reading() as session:
        names = {each.process_id: each.name for each in definitions.every(session)}
        stuck = [each for path in paths for each in incidents.find(session, unit_path=path, limit=100)]
        rows = _rows(session, paths, process_id, state, _before())
        running: dict[str, int] = {}
        for path in paths:
            for name, number in instances.counts(session, path).items():
                running[name] = running.get(name, 0) + number
        numbers = elders.numbers(session, {row.subject_id for row in rows if row.subject_id})
        waiting = held.number(session) if operators.units(me(), "edit") else 0
        elements = diagram_state.element_names(session, {each.process_id for each in stuck if each.process_id})
    more = rows[PAGE - 1] if len(rows) > PAGE else None
    return page(
        "instances/list.html",
        rows=rows[:PAGE],
        more=more,
        stuck=stuck,
        running=running,
        names=names,
        numbers=numbers,
        elements=elements,
        may_retry=may_retry(me()),
        process_id=process_id,
        state=state,
        held=waiting,
        many=[(each, operators.title(each)) for each in _MANY.get(state, ()) if operators.units(me(), each)],
        may_migrate=bool(process_id and operators.units(me(), "migrate")),
    )


def _before() -> tuple[datetime, UUID] | None:
    at, last = request.args.get("at"), request.args.get("id")
    try:
        return (datetime.fromisoformat(at), UUID(last)) if at and last else None
    except ValueError:
        abort(400)


def _rows(
    session: Session, paths: list[str], process_id: str | None, state: str, before: tuple[datetime, UUID] | None
) -> list[Instance]:
    """One page and one row more, over all the paths the person watches."""
    wanted = state if state in (*instances.UNDER_WAY, instances.ENDED, instances.CANCELLED) else None
    closed = _closed(session)
    found: list[Instance] = []
    for path in paths:
        found += instances.find(
            session,
            process_ids=(process_id,) if process_id else (),
            state=wanted,
            unit_path=path,
            before=before,
            limit=PAGE + 1,
            without=closed,
        )
    return sorted(found, key=lambda row: (row.started_at, row.id), reverse=True)[: PAGE + 1]


def _closed(session: Session) -> set[UUID]:
    """Instances of closed files that the person may not know of; who repairs instances does, without names."""
    return set() if me().has_right("retry") else access.closed_instances(session, me())


def find_watched(session: Session, instance_id: UUID) -> Instance:
    """The instance if the signed-in person may watch it; 404 otherwise."""
    try:
        found = instances.get(session, instance_id)
    except instances.NoSuchInstance:
        abort(404)
    if not any(path == "/" or is_within(found.unit_path, path) for path in scope(me())):
        abort(404)
    if found.id in _closed(session):
        abort(404)
    return found


@bp.get("/<uuid:instance_id>")
def show(instance_id: UUID) -> ResponseReturnValue:
    """The diagram with its tokens, what the instance waits for, what happened, and what went wrong."""
    allow_inline_styles()
    with db.reading() as session:
        found = find_watched(session, instance_id)
        opened = tasks.of_instance(session, instance_id)
        waited = waits.of_instance(session, instance_id)
        happened = history.of_instance(session, instance_id)
        faults = incidents.of_instance(session, instance_id)
        open_faults = [each for each in faults if each.closed_at is None]
        drawn = diagram_state.drawings(
            session, found, opened, waited, happened, (each.element for each in open_faults if each.element)
        )
        chosen = diagram_state.in_use(drawn, request.args.get("diagram"))
        names = people.names(session, {row.who for row in happened if row.who})
        reasons = _reasons(session, found, happened)
        numbers = elders.numbers(session, {found.subject_id} if found.subject_id else set())
        definition = definitions.get(session, found.definition_id)
        actions = operators.offered(me(), found, session)
    sees_ids = me().has_right("see_processes")
    return page(
        "instances/instance.html",
        instance=found,
        definition=definition,
        open_tasks=[each for each in opened if each.state == "open"],
        timers=[each for each in waited if each.kind == waits.TIMER],
        messages=[each for each in waited if each.kind == waits.MESSAGE],
        happened=[each for each in reversed(happened) if sees_ids or not instance_words.is_silent(each, drawn)],
        reasons=reasons,
        say=instance_words,
        sees_ids=sees_ids,
        faults=open_faults,
        drawn=drawn,
        chosen=chosen,
        names=names,
        numbers=numbers,
        may_retry=may_retry(me()),
        actions=[(each, operators.title(each)) for each in actions],
    )


def _reasons(session: Session, found: Instance, happened: Sequence[HistoryRow]) -> dict[int, str]:
    """Why somebody transferred, sent back, urged …, by row: for those who lead the unit, not who watches only."""
    if not any(is_within(found.unit_path, path) for path in access.figures_scope(me())):
        return {}
    of_row = {row.id: UUID(str(row.ids["word"])) for row in happened if row.ids and row.ids.get("word")}
    texts = tasks.words.texts(session, set(of_row.values()))
    return {row_id: texts[word] for row_id, word in of_row.items() if texts.get(word)}


@bp.get("/diagrams/<int:definition_id>.bpmn")
def diagram(definition_id: int) -> ResponseReturnValue:
    """The file of one version; it never changes, and it holds no person."""
    with db.reading() as session:
        try:
            text = definitions.xml(session, definition_id)
        except definitions.NotDeployed:
            abort(404)
    answer = Response(text, mimetype="application/xml")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@bp.post("/incidents/<uuid:incident_id>/retry")
def retry(incident_id: UUID) -> ResponseReturnValue:
    """Try again what could not go on."""
    if not may_retry(me()):
        abort(403)
    with db.reading() as session:
        try:
            found = incidents.get(session, incident_id)
        except incidents.NoSuchIncident:
            abort(404)
        if found.instance_id is not None:
            find_watched(session, found.instance_id)
        elif not any(path == "/" or is_within(found.unit_path, path) for path in scope(me())):
            abort(404)
    with jobs.transaction() as session:
        run.retry(session, incident_id, me().id)
    flash(gettext("已重新排队，几秒后见结果。"))
    if found.instance_id is not None:
        return redirect(url_for("instances.show", instance_id=found.instance_id))
    return redirect(url_for("instances.index"))
