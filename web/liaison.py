"""Liaison cards (联系卡): which ones are to be printed, the sheets, and the photo of a visitor on them.

Desks that register elders print the cards of their units. Telephones stand on a card in full, so each card that is
made is written into the access log as an export, and its sheet opens only for whoever made it, for half a day.
Source: R-NET-12, R-USR-09; people-forms-indicators 5.2, 5.3 no. 10 and 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, files, liaison_cards, organisation, people, report_codes, roles
from care.elders import Elder
from care.liaison_cards import Card
from care.organisation import Unit
from care.people import Person
from care.visitors import Responsibility, holds_today
from engine import clock, db, jobs
from web import attachments
from web.attachments import Attachment, FileRefused
from web.language import N_, gettext
from web.neighbours import qr
from web.pages import BARE, Entry, page
from web.signed_in import me

bp = Blueprint("liaison", __name__, url_prefix="/cards")
navigation = [Entry("liaison.index", N_("联系卡"), "phone", 48, rights=frozenset(("register",)), below=("liaison.",))]
_RIGHT = "register"
SIZES = ("a4", "a6")  # four cards on a sheet, one on a card
PHOTOS = frozenset(("image/jpeg", "image/png", "image/webp"))


@bp.get("/")
def index() -> ResponseReturnValue:
    """The cards of a village or grid; `all` shows those as well that need no printing."""
    person = me()
    with db.reading() as session:
        units = _places(session, person)
        if not units:
            abort(403)
        unit = _unit(units)
        found = liaison_cards.of_unit(session, unit.path)
        state = liaison_cards.states(session, found)
    due = [each for each in found if state[each.elder_id][1]]
    every = "all" in request.args or not due
    return page(
        "liaison/index.html",
        units=units,
        unit=unit,
        rows=[(each, *state[each.elder_id]) for each in (found if every else due)],
        total=len(found),
        due=len(due),
        every=every,
        most=liaison_cards.MOST,
    )


@bp.post("/print")
def prepare() -> ResponseReturnValue:
    """Make the cards of the chosen elders ready to print; each is written down."""
    person = me()
    wanted = [int(each) for each in request.form.getlist("elder") if each.isdigit()][: liaison_cards.MOST]
    batch = db.new_id()
    with jobs.transaction() as session:
        found = _own(session, person, wanted)
        if not found:
            abort(404)
        liaison_cards.printed(session, found, person.id, batch, lost="lost" in request.form)
        paths = {each.elder_id: each.unit_path for each in found}
        files.record_export(session, person, paths, "export:liaison_card", gettext("打印联系卡"))
    return redirect(url_for("liaison.sheet", batch_id=batch, size=_size(request.form.get("size"))))


@bp.get("/sheets/<uuid:batch_id>")
def sheet(batch_id: UUID) -> ResponseReturnValue:
    """A batch of cards, to be printed: `size` a4 (four to a sheet) or a6."""
    person = me()
    with db.reading() as session:
        found = _own(session, person, liaison_cards.batch(session, batch_id, person.id))
        if not found:
            abort(404)
        codes = report_codes.cards_of(session, [each.elder_id for each in found])
        addresses = {
            elder_id: url_for("neighbours.report", token=row.token, _external=True) for elder_id, row in codes.items()
        }
    size = _size(request.args.get("size"))
    return page(
        "liaison/sheet.html",
        shell=BARE,
        sheets=[found[at : at + 4] for at in range(0, len(found), 4)] if size == "a4" else [[each] for each in found],
        size=size,
        batch_id=batch_id,
        codes={elder_id: qr(address) for elder_id, address in addresses.items()},
        count=len(found),
        today=clock.today(),
    )


@bp.get("/photos/<int:staff_id>")
def photo(staff_id: int) -> ResponseReturnValue:
    """The photo of a worker, for themselves and for those who see an elder whom the worker visits."""
    person = me()
    with db.reading() as session:
        if staff_id != person.id and not _visits_for(session, person, staff_id):
            abort(404)
        stored = people.find_staff(session, staff_id).photo
        row = session.get(Attachment, UUID(stored)) if stored else None
        if row is None:
            abort(404)
        body, kind = attachments.read(row), row.kind
    return Response(body, content_type=kind, headers={"Content-Security-Policy": "sandbox; default-src 'none'"})


@bp.get("/photo")
def own_photo() -> ResponseReturnValue:
    """The worker's own photo, and the form for another."""
    with db.reading() as session:
        stored = people.find_staff(session, me().id).photo
    return page("liaison/photo.html", stored=stored)


@bp.post("/photo")
def take_photo() -> ResponseReturnValue:
    """A worker's own photo for the cards; without a file the photo is taken off."""
    person = me()
    file = request.files.get("photo")
    body = file.stream.read(attachments.LARGEST + 1) if file else b""
    try:
        if body and attachments.kind_of(body) not in PHOTOS:
            raise FileRefused(gettext("请选一张照片。"))
        with db.writing() as session:
            stored = str(attachments.store(session, body, person.id)) if body else ""
            people.find_staff(session, person.id).photo = stored
    except FileRefused as fault:
        flash(str(fault))
    else:
        flash(gettext("照片已保存，印在联系卡上。") if body else gettext("照片已去掉。"))
    return redirect(url_for("liaison.own_photo"))


def _visits_for(session: Session, person: Person, staff_id: int) -> bool:
    asked = select(Responsibility.id).where(
        Responsibility.staff_id == staff_id,
        holds_today(),
        access.visible(person, Responsibility.elder_id, Responsibility.unit_path),
    )
    return session.scalar(asked.limit(1)) is not None


def _paths(person: Person) -> list[str]:
    return sorted({post.unit_path for post in person.posts if _RIGHT in roles.role(post.role).rights})


def _places(session: Session, person: Person) -> list[Unit]:
    """The villages below the person's units; the grid of whoever has a grid alone."""
    found: dict[str, Unit] = {}
    for path in _paths(person):
        own = organisation.by_path(session, path)
        below = organisation.below(session, path, "village")
        found |= {unit.path: unit for unit in below or ([own] if own else [])}
    return [found[path] for path in sorted(found)]


def _unit(units: Sequence[Unit]) -> Unit:
    wanted = request.args.get("unit")
    if not wanted:
        return units[0]
    return next((each for each in units if each.path == wanted), None) or abort(404)


def _own(session: Session, person: Person, elder_ids: Sequence[int]) -> list[Card]:
    """The cards of those elders whom the person registers and sees; the others are left out."""
    if not elder_ids or not _paths(person):
        return []
    asked = select(Elder.id, Elder.unit_path).where(Elder.id.in_(elder_ids), access.visible_elders(person))
    theirs = [
        elder_id
        for elder_id, unit_path in session.execute(asked)
        if any(organisation.is_within(unit_path, path) for path in _paths(person))
    ]
    return liaison_cards.cards(session, theirs)


def _size(wanted: Any) -> str:
    return wanted if wanted in SIZES else SIZES[0]
