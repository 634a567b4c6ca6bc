"""Elders: the list of those a person works with, the file with masked numbers, and calling without showing the number.

Opening a file, showing a masked value and dialling are written into the access log (care/files.py). City desks open a
single file only after giving a reason. Source: people-forms-indicators 5.2.
"""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from care import access, device_checks, devices, files, liaison_cards, organisation, people, roles
from care.cases import KINDS, Case
from care.devices import Device, Placement
from care.elders import CATEGORY_TITLES, STATUS_TITLES, TIERS, Elder
from care.errors import NotFound, RuleBroken
from care.people import Person
from care.roles import Part
from engine import db, history, tasks
from web import begin, briefs, case_views, elder_story, stories
from web.errors import wants_json
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me
from web.worklist import items_of

bp = Blueprint("elders", __name__)
navigation = [
    Entry(
        "elders.index",
        N_("老人档案"),
        "people",
        order=40,
        rights=frozenset(("start_emergency", "register", "search", "export", "see_log")),
        figures=True,
        below=("elders.",),
    )
]

PAGE = 40
_rank = case({tier: rank for rank, tier in enumerate(TIERS)}, value=Elder.tier, else_=9)


@bp.get("/elders")
def index() -> ResponseReturnValue:
    """Elders in scope, the highest tier first; `q` searches, `tier` and `unit` (a path) narrow, `after` goes on."""
    person = me()
    wanted = request.args.get("q", "").strip()
    with db.reading() as session:
        found = access.search(session, person, wanted, 30) if wanted else _listed(session, person)
        shown = found[:PAGE]
        seen = briefs.of_elders(session, person, [elder.id for elder in shown])
        rows = [(seen[elder.id], briefs.living(elder.categories or ())) for elder in shown if elder.id in seen]
        more = _more(shown[-1]) if len(found) > PAGE else ""
        unit = organisation.title(session, request.args.get("unit", "")) if request.args.get("unit") else ""
    return page(
        "elders/list.html",
        rows=rows,
        q=wanted,
        unit=unit,
        more=more,
        may_register=begin.place_of(person) is not None,
        asks_reason=any(roles.role(role).with_reason for role in person.roles),
    )


def _listed(session: Session, person: Person) -> list[Elder]:
    asked = select(Elder).where(access.visible_elders(person), Elder.status != "exited")
    if request.args.get("tier") in TIERS:
        asked = asked.where(Elder.tier == request.args["tier"])
    path = request.args.get("unit", "")
    if path.startswith("/") and path.endswith("/"):
        asked = asked.where(organisation.within(Elder.unit_path, path))
    rank, _, last = request.args.get("after", "").partition("-")
    if rank.isdigit() and last.isdigit():
        asked = asked.where(or_(_rank > int(rank), and_(_rank == int(rank), Elder.id > int(last))))
    return list(session.scalars(asked.order_by(_rank, Elder.id).limit(PAGE + 1)))


def _more(last: Elder) -> str:
    after = f"{TIERS.index(last.tier) if last.tier in TIERS else 9}-{last.id}"
    return url_for("elders.index", after=after, tier=request.args.get("tier"), unit=request.args.get("unit"))


@bp.post("/elders/reason")
def open_with_reason() -> ResponseReturnValue:
    """A city desk opens one file by its number, with a reason that the log keeps."""
    number, reason = request.form.get("number", "").strip().upper(), request.form.get("reason", "")
    try:
        with db.writing() as session:
            opened = files.open_with_reason(session, me(), number, reason, request.remote_addr or "")
    except NotFound:
        flash(gettext("没有这个编号。"))
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    else:
        return redirect(url_for("elders.show", elder_id=opened.id))
    return redirect(url_for("elders.index"))


@bp.get("/elders/<int:elder_id>")
def show(elder_id: int) -> ResponseReturnValue:
    return _file(elder_id, {})


@bp.get("/elders/number/<number>")
def by_number(number: str) -> ResponseReturnValue:
    """The file by the elder's number (E000123), for links from lists and other pages."""
    with db.reading() as session:
        asked = select(Elder.id).where(Elder.number == number.strip().upper(), access.visible_elders(me()))
        found = session.scalar(asked)
    if found is None:
        raise NotFound(number)
    return redirect(url_for("elders.show", elder_id=found))


@bp.post("/elders/<int:elder_id>/reveal")
def reveal(elder_id: int) -> ResponseReturnValue:
    """One masked value in full (`what`: phone, id_number, contact:<id>, neighbour:<id>), written down."""
    what = request.form.get("what", "")
    with db.writing() as session:
        value = files.reveal(session, me(), elder_id, what, request.remote_addr or "")
    return jsonify(value=value) if wants_json() else _file(elder_id, {what: value})


@bp.get("/elders/<int:elder_id>/call/<what>")
def call(elder_id: int, what: str) -> ResponseReturnValue:
    """Dial without showing the number: the browser is sent to `tel:`. Written down like showing it."""
    with db.writing() as session:
        value = files.reveal(session, me(), elder_id, what, request.remote_addr or "")
    if not value:
        return _file(elder_id, {}, gettext("没有登记电话。"))
    return redirect("tel:" + "".join(sign for sign in value if sign.isdigit() or sign == "+"))


def _file(elder_id: int, revealed: dict[str, str], notice: str = "") -> ResponseReturnValue:
    person = me()
    with db.writing() as session:
        opened = files.open_file(session, person, elder_id, address=request.remote_addr or "")
        mine = tasks.worklist(
            session, person.worklist_posts, person.id, filters=tasks.Filters(subject_id=elder_id), limit=10
        )
        return page(
            "elders/file.html",
            file=opened,
            revealed=revealed,
            notice=notice,
            standing="" if opened.status == "in_register" else STATUS_TITLES[opened.status][language() == "en"],
            has_left=opened.status == "exited",
            categories=[
                CATEGORY_TITLES[code][language() == "en"] for code in opened.categories if code in CATEGORY_TITLES
            ],
            tasks=items_of(session, person, mine.rows),
            emergencies=_emergencies(session, person, elder_id),
            recent=stories.of_rows(session, _recent(session, person, opened.parts, elder_id)),
            devices=_devices(session, opened.parts, elder_id),
            unmonitored=bool(device_checks.unmonitored(session, [elder_id])),
            card=liaison_cards.shows(session, elder_id)
            if access.may(session, person, "register", opened.unit_path)
            else "",
            may_report=person.has_right("start_emergency"),
            may_begin=begin.may_begin(session, person, elder_id),
            log=_log(session, person, elder_id),
        )


def _recent(session: Session, person: Person, parts: frozenset[Part], elder_id: int) -> list[history.HistoryRow]:
    """What happened lately; nothing of a closed file that the person is not named in."""
    if not parts & {Part.VISITS, Part.CASES}:
        return []
    return elder_story.told(session, person, elder_id, limit=8)


def _emergencies(session: Session, person: Person, elder_id: int) -> list[tuple[Case, str]]:
    """Emergencies of the elder that run, as far as the person may open them, with their kind in words."""
    asked = select(Case).where(Case.elder_id == elder_id, Case.state == "open", case_views.visible(person))
    rows = session.scalars(asked.order_by(Case.opened_at.desc()).limit(5))
    return [(row, case_views.spoken(KINDS.get(row.kind, (row.kind, row.kind)))) for row in rows]


def _devices(session: Session, parts: frozenset[Part], elder_id: int) -> list[tuple[Device, Placement]]:
    return devices.of_elder(session, elder_id) if Part.DEVICES in parts else []


def _log(session: Session, person: Person, elder_id: int) -> list[tuple[files.AccessLog, str]]:
    """The last readings of this file with names, for those who may see the log."""
    if not person.has_right("see_log"):
        return []
    rows = files.log_of(session, person, elder_id, limit=10)
    names = people.names(session, {row.staff_id for row in rows})
    return [(row, names.get(row.staff_id, "—")) for row in rows]
