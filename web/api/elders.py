"""Elders within one's scope: found, and the card as far as one's roles go. Every reading is written down."""

from __future__ import annotations

from typing import Any

from flask import request

from care import access, files
from care.files import File, Known
from engine import clock, db
from web import briefs
from web.api.asking import Blueprint
from web.api.schemas import LARGEST_ID, ElderCard, Elders, Reveal, Revealed, SearchElders
from web.signed_in import me
from web.words import age

bp = Blueprint("api-elders", __name__, description="Elders within one's scope")
MOST = 20


@bp.get("/elders")
@bp.arguments(SearchElders, location="query")
@bp.response(200, Elders)
@bp.needs("elders")
def search(asked: dict[str, Any]) -> Any:
    """At most twenty elders that this person may see."""
    person = me()
    with db.reading() as session:
        found = [elder.id for elder in access.search(session, person, asked["q"], MOST)]
        known = briefs.of_elders(session, person, found)
    return {"elders": [_row(known[each]) for each in found if each in known]}


@bp.get(f"/elders/<int(max={LARGEST_ID}):elder_id>")
@bp.response(200, ElderCard)
@bp.needs("elders")
def card(elder_id: int) -> Any:
    """The card; numbers are masked."""
    with db.writing() as session:
        return _card(files.open_file(session, me(), elder_id, address=request.remote_addr or ""))


@bp.post(f"/elders/<int(max={LARGEST_ID}):elder_id>/reveal")
@bp.arguments(Reveal)
@bp.response(200, Revealed)
@bp.needs("elders")
def reveal(asked: dict[str, Any], elder_id: int) -> Any:
    """One masked number in full."""
    with db.writing() as session:
        return {"value": files.reveal(session, me(), elder_id, asked["what"], request.remote_addr or "")}


def _row(brief: briefs.Brief) -> dict[str, Any]:
    return {
        "id": brief.id,
        "name": brief.name,
        "years": age(brief.born_on, clock.today()),
        "living": briefs.living(brief.categories),
        "tier": brief.tier,
        "where": brief.unit,
    }


def _card(file: File) -> dict[str, Any]:
    told = dict(file.__dict__)
    told["contacts"] = [_known(each) for each in file.contacts]
    told["neighbours"] = [_known(each) for each in file.neighbours]
    return told


def _known(each: Known) -> dict[str, Any]:
    return {**each.__dict__, "what": f"{each.kind}:{each.id}"}
