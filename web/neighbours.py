"""What people without an account report from a poster's QR code, and the posters themselves.

The public page asks no name and shows nobody's; it takes no files, and one address may send ten reports an hour. Desks
that register elders make, print and revoke the posters of their units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from care import organisation, report_codes, roles
from care.errors import NotFound
from care.organisation import Unit
from care.people import Person
from care.report_codes import ReportCode
from engine import db, jobs
from web.language import N_, gettext
from web.marks import open_to_all
from web.pages import BARE, Entry, page
from web.report import DANGER, KINDS
from web.security import limiter
from web.signed_in import me

bp = Blueprint("neighbours", __name__)
navigation = [
    Entry("neighbours.index", N_("邻里随手报"), "ear", 47, rights=frozenset(("register",)), below=("neighbours.",))
]
_RIGHT = "register"


@bp.get("/n/<token>")
@open_to_all
def report(token: str) -> ResponseReturnValue:
    """The form behind a poster."""
    with db.reading() as session:
        code = report_codes.find(session, token)
        return _form(code, token, {}, {})


@bp.post("/n/<token>")
@open_to_all
@limiter.limit("10/hour")
def send(token: str) -> ResponseReturnValue:
    """Write it down; 422 keeps what was typed."""
    chosen: dict[str, Any] = {
        "place": request.form.get("place", "").strip()[:200],
        "kinds": [code for code, _, _ in KINDS if code in request.form.getlist("kinds")],
        "danger": request.form.get("danger", ""),
        "words": request.form.get("words", "").strip()[:500],
        "who": request.form.get("who", "").strip()[:80],
        "submission": request.form.get("submission", ""),
    }
    with jobs.transaction() as session:
        code = report_codes.find(session, token)
        faults = _faults(chosen, of_card=code is not None and code.elder_id is not None)
        if code is None or faults:
            return _form(code, token, chosen, faults, 422)
        words, in_danger = chosen["words"], chosen["danger"] != "no"
        report_codes.report(
            session,
            code,
            chosen["place"],
            chosen["kinds"],
            in_danger,
            words,
            chosen["who"],
            _number(chosen),
        )
    return redirect(url_for("neighbours.sent"))


@bp.get("/n/sent")
@open_to_all
def sent() -> ResponseReturnValue:
    return page("neighbours/sent.html", shell=BARE)


@bp.get("/posters/")
def index() -> ResponseReturnValue:
    """The posters of the person's units, and the form for another."""
    with db.reading() as session:
        paths = _paths(me())
        rows = report_codes.of_units(session, paths)
        names = organisation.names_at(session, {each.unit_path for each in rows}, "village")
        units = [each for path in paths for each in _places(session, path)]
    return page("neighbours/posters.html", rows=[(each, names.get(each.unit_path, "")) for each in rows], units=units)


@bp.post("/posters/")
def make() -> ResponseReturnValue:
    """A new poster for a place in one of the person's units."""
    place = request.form.get("place", "").strip()
    with jobs.transaction() as session:
        unit = organisation.by_path(session, request.form.get("unit", ""))
        if unit is None or not _is_theirs(me(), unit.path):
            abort(404)
        if not place:
            abort(400, gettext("写明贴在哪里。"))
        code = report_codes.make(session, unit, place, me().id)
        address = url_for("neighbours.poster", code_id=code.id)
    return redirect(address)


@bp.get("/posters/<int:code_id>")
def poster(code_id: int) -> ResponseReturnValue:
    """One poster, to be printed."""
    with db.reading() as session:
        code = _own(session, code_id)
        address = url_for("neighbours.report", token=code.token, _external=True)
        village = organisation.names_at(session, {code.unit_path}, "village")[code.unit_path]
    return page("neighbours/poster.html", code=code, village=village, address=address, picture=qr(address))


@bp.post("/posters/<int:code_id>/revoke")
def revoke(code_id: int) -> ResponseReturnValue:
    """The poster is gone or misused: its code ends."""
    with jobs.transaction() as session:
        report_codes.revoke(_own(session, code_id))
    return redirect(url_for("neighbours.index"))


def _form(
    code: ReportCode | None, token: str, chosen: Mapping[str, Any], faults: dict[str, str], status: int = 200
) -> ResponseReturnValue:
    if code is None:
        return page("neighbours/over.html", 404, shell=BARE)
    return page(
        "neighbours/report.html",
        status,
        shell=BARE,
        code=code,
        token=token,
        chosen=chosen,
        faults=faults,
        kinds=KINDS,
        dangers=DANGER,
        submission=chosen.get("submission") or db.new_id(),
    )


def _faults(chosen: Mapping[str, Any], of_card: bool) -> dict[str, str]:
    """What is missing; a card says itself whose door it is."""
    faults = {}
    if not chosen["place"] and not of_card:
        faults["place"] = gettext("写明在哪里：楼号、门牌或路口。")
    if not chosen["kinds"]:
        faults["kinds"] = gettext("至少选一样。")
    if chosen["danger"] not in {code for code, _, _ in DANGER}:
        faults["danger"] = gettext("选一个，说不清也行。")
    return faults


def _number(chosen: Mapping[str, Any]) -> UUID:
    try:
        return UUID(str(chosen["submission"]))
    except ValueError:
        return db.new_id()


def _paths(person: Person) -> list[str]:
    return sorted({post.unit_path for post in person.posts if _RIGHT in roles.role(post.role).rights})


def _is_theirs(person: Person, path: str) -> bool:
    return any(organisation.is_within(path, each) for each in _paths(person))


def _own(session: Session, code_id: int) -> ReportCode:
    code = report_codes.get(session, code_id)
    if code.elder_id is not None or not _is_theirs(me(), code.unit_path):
        raise NotFound(f"report code {code_id}")
    return code


def _places(session: Session, path: str) -> list[Unit]:
    """The villages and grids at or below a unit: where posters hang."""
    found = [*organisation.below(session, path, "village"), *organisation.below(session, path, "grid")]
    return sorted(found, key=lambda unit: unit.path)


def qr(address: str) -> Markup:
    """An address as a drawing that prints sharp."""
    drawn = segno.make(address, error="q").svg_inline(scale=6, border=2, svgclass="qr", lineclass=None, omitsize=True)
    return Markup(drawn)  # squares drawn by the library: nothing of it was typed
