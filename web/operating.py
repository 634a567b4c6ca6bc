"""Operate one instance by hand, after a page that shows what would happen (many at once: `operating_many`).

Who may: administrators, and the desks that lead a unit for its instances; data and versions are for administrators.
Every operation asks for a reason; without a script every page works the same.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine import db, definitions, instances, jobs, migration, run
from engine.errors import NotPossible
from engine.instances import Instance
from web.diagram_state import element_names
from web.instances import find_watched
from web.language import gettext, language
from web.operators import ACTIONS, is_within, json_value, title, units
from web.pages import page
from web.signed_in import me

bp = Blueprint("operating", __name__, url_prefix="/instances")


def _instance(session: Session, instance_id: UUID, action: str) -> Instance:
    row = find_watched(session, instance_id)
    if action not in ACTIONS:
        abort(404)
    if not is_within(row, units(me(), action)):
        abort(403)
    return row


@bp.get("/<uuid:instance_id>/<any(suspend, resume, cancel, move, edit, migrate, undo):action>")
def confirm(instance_id: UUID, action: str) -> ResponseReturnValue:
    """What would happen, and the question why."""
    return _confirming(instance_id, action)


def _confirming(instance_id: UUID, action: str, refusal: str = "", status: int = 200) -> ResponseReturnValue:
    given = request.values
    with db.reading() as session:
        row = _instance(session, instance_id, action)
        shown: dict[str, Any] = {}
        try:
            shown = _PREVIEWS.get(action, _nothing)(session, row)
        except NotPossible as fault:
            refusal = refusal or _sentence(fault)
        names = element_names(session, {row.process_id})
        definition = definitions.get(session, row.definition_id)
    return page(
        "instances/operate.html",
        status,
        action=action,
        title=title(action),
        sentence=gettext(ACTIONS[action][1]),
        instance=row,
        definition=definition,
        refusal=refusal or shown.get("refused", ""),
        reason=given.get("reason", ""),
        given=given,
        names=names,
        **shown,
    )


def _nothing(session: Session, row: Instance) -> dict[str, Any]:
    return {}


def _look_at_move(session: Session, row: Instance) -> dict[str, Any]:
    standing = run.tokens(session, row.id)
    source, target = request.values.get("from", ""), request.values.get("to")
    chosen = next((token for token, _ in standing if str(token.id) == source), None)
    chosen = chosen or (standing[0][0] if len(standing) == 1 else None)
    targets = next((targets for token, targets in standing if token is chosen), [])
    shown: dict[str, Any] = {"standing": standing, "chosen": chosen, "targets": targets, "target": target}
    if chosen is not None and target is not None:
        try:
            shown["seen"] = run.preview(session, row.id, chosen.id, target or None)
        except NotPossible as fault:
            shown["refused"] = _sentence(fault)
    return shown


def _look_at_data(session: Session, row: Instance) -> dict[str, Any]:
    data = run.data_of(session, row.id)
    written = {name: orjson.dumps(value).decode() for name, value in sorted(data.items())}
    return {"data": written}


def _look_at_version(session: Session, row: Instance) -> dict[str, Any]:
    versions = [each for each in definitions.versions(session, row.process_id) if each.id != row.definition_id]
    wanted = request.values.get("to", type=int)
    target = next((each for each in versions if each.version == wanted), versions[0] if versions else None)
    if target is None:
        return {"versions": [], "to_version": None}
    return {"versions": versions, "to_version": target, "verdict": migration.preview(session, row.id, target.id)}


_PREVIEWS = {"move": _look_at_move, "edit": _look_at_data, "migrate": _look_at_version}


@bp.post("/<uuid:instance_id>/<any(suspend, resume, cancel, move, edit, migrate, undo):action>")
def do(instance_id: UUID, action: str) -> ResponseReturnValue:
    """Do it; what is refused comes back with the sentence and everything typed."""
    reason = request.form.get("reason", "").strip()
    if not reason and action != "resume":
        return _confirming(instance_id, action, gettext("请写明原因，它会留在经过里。"), 422)
    try:
        with jobs.transaction() as session:
            row = _instance(session, instance_id, action)
            _DOES[action](session, row, reason)
    except NotPossible as fault:
        return _confirming(instance_id, action, _sentence(fault), 422)
    except instances.Suspended:
        return _confirming(instance_id, action, gettext("这个流程已暂停，先恢复。"), 409)
    except run.StepFailed as fault:
        return _confirming(instance_id, action, gettext("走不下去，什么都没改：%(why)s", why=str(fault)), 422)
    flash(gettext("已办：%(what)s", what=title(action)))
    return redirect(url_for("instances.show", instance_id=instance_id))


def _sentence(fault: NotPossible) -> str:
    return fault.en if language() == "en" else fault.zh


def _move(session: Session, row: Instance, reason: str) -> None:
    source = request.form.get("from", type=UUID)
    if source is None:
        raise NotPossible("请选从哪一步移动。", "Choose the step to move from.")
    run.move(session, row.id, source, request.form.get("to") or None, me().id, reason)


def _edit(session: Session, row: Instance, reason: str) -> None:
    name, text = request.form.get("name", "").strip(), request.form.get("value", "").strip()
    run.edit(session, row.id, {name: json_value(text)}, reason, me().id)


def _migrate(session: Session, row: Instance, reason: str) -> None:
    wanted = request.form.get("to", type=int)
    target = next((each for each in definitions.versions(session, row.process_id) if each.version == wanted), None)
    if target is None:
        raise NotPossible("请选一个版本。", "Choose a version.")
    migration.move(session, row.id, target.id, me().id, reason)


_DOES: dict[str, Any] = {
    "suspend": lambda session, row, reason: run.suspend(session, row.id, reason, me().id),
    "resume": lambda session, row, reason: run.resume(session, row.id, reason, me().id),
    "cancel": lambda session, row, reason: run.cancel(session, row.id, reason, me().id),
    "move": _move,
    "edit": _edit,
    "migrate": _migrate,
    "undo": lambda session, row, reason: migration.undo(session, row.id, me().id, reason),
}
