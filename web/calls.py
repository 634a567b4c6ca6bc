"""Who is calling the hotline: the caller's card opens by the number, the ticket is a click away. Renews every second.

Source: processes P21; persona 4 (the caller pops up with the card in a second).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from care import calls, organisation
from care.calls import Call
from care.elders import Elder
from engine import db
from web.language import N_, gettext, task_name
from web.pages import Entry, fragment, page
from web.signed_in import me

bp = Blueprint("calls", __name__, url_prefix="/calls")
navigation = [Entry("calls.index", N_("来电"), "phone", 11, rights=frozenset((calls.RIGHT,)), below=("calls.",))]
MODES = {"home": N_("上门"), "phone": N_("电话"), "video": N_("视频")}


@bp.get("/")
def index() -> ResponseReturnValue:
    return page("calls/calls.html", **_values())


@bp.get("/rows")
def rows() -> ResponseReturnValue:
    """The calls again, for the page that shows them."""
    return fragment("calls/rows.html", **_values())


def _values() -> dict[str, Any]:
    person = me()
    if not person.has_right(calls.RIGHT):
        abort(403)
    with db.reading() as session:
        found = calls.waiting(session, person)
        seen: list[Elder] = [elder for call in found for elder in ([call.elder] if call.elder else call.others)]
        places = organisation.names_at(session, {elder.unit_path for elder in seen}, "village")
    return {"calls": [(call, _visited(call), _tasks(call)) for call in found], "places": places}


def _visited(call: Call) -> tuple[str, Any] | None:
    visit = call.last_visit
    return None if visit is None else (gettext(MODES.get(visit.mode, visit.mode)), visit.arrived_at)


def _tasks(call: Call) -> list[tuple[str, Any]]:
    return [(task_name(name), due_at) for name, due_at in call.under_way]
