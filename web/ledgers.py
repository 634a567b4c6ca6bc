"""Ledgers: chosen by unit and month, read on a page that prints well, taken along as a spreadsheet.

Only who works with those files reads them; the city has the figures. The page is the printed sheet, so who opened it
stands in the history. A spreadsheet leaves the house: it needs the right to export, and each elder in it gets a line in
the access log. Source: R-VIS-05, R-VIS-09.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, files, ledgers, organisation, roles
from care.ledgers import Cell, Key, Ledger, Line, Photo
from care.organisation import Unit
from care.people import Person
from care.roles import Part, Scope
from engine import clock, db, jobs
from web import spreadsheets
from web.documents import note_printed
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me
from web.words import written

PAGE = 200
MOST = 20_000  # lines of one spreadsheet; a district's month has fewer

bp = Blueprint("ledgers", __name__, url_prefix="/ledgers")
navigation = [
    Entry("ledgers.index", N_("台账"), "file", 45, rights=frozenset(("register", "export")), below=("ledgers.",))
]


@bp.get("/")
def index() -> ResponseReturnValue:
    """The ledgers that the person may read, and the units to choose from."""
    person = me()
    with db.reading() as session:
        units = [organisation.by_path(session, path) for path in _paths(person)]
        below = [each for unit in units if unit for each in (unit, *organisation.children(session, unit))]
    if not below:
        abort(403)
    return page("ledgers/index.html", ledgers=ledgers.LEDGERS.values(), units=below, month=clock.today())


@bp.get("/<ledger_id>")
def show(ledger_id: str) -> ResponseReturnValue:
    """One ledger of a unit and a month; `after` goes on behind a line."""
    ledger, month = _ledger(ledger_id), _month()
    with db.reading() as session:
        unit = _unit(session, me(), ledger)
        found = ledgers.lines(session, ledger, unit.path, month, _after(), PAGE + 1)
        title = organisation.title(session, unit.path) or unit.name
        may_export = access.may(session, me(), "export", unit.path)
    note_printed(f"ledger:{ledger.id}", unit.path, month=f"{month:%Y-%m}")
    return page(
        "ledgers/ledger.html",
        ledger=ledger,
        unit=unit,
        unit_title=title,
        month=month,
        lines=[
            (line, [cell if isinstance(cell, Photo) else _shown(cell) for cell in line.cells]) for line in found[:PAGE]
        ],
        after=_key(found[PAGE - 1]) if len(found) > PAGE else "",
        may_export=may_export,
        printed_at=clock.now(),
    )


@bp.get("/<ledger_id>.xlsx")
def spreadsheet(ledger_id: str) -> ResponseReturnValue:
    """The whole month as a spreadsheet; who took whose line along is written down."""
    ledger, month, person = _ledger(ledger_id), _month(), me()
    elders: dict[int, str] = {}
    with db.reading() as session:
        unit = _unit(session, person, ledger)
        access.require(session, person, "export", unit.path)
        title = f"{unit.name} {_said(ledger.title)} {month:%Y-%m}"
        lines = _texts(_all_lines(session, ledger, unit, month), elders)
        target = spreadsheets.written(title, [(_said(ledger.title), [_said(words) for words in ledger.columns], lines)])
    with jobs.transaction() as session:
        files.record_export(session, person, elders, f"export:{ledger.id}", title)
    return spreadsheets.sent(target, title)


def _texts(every: Iterator[Line], elders: dict[int, str]) -> Iterator[list[str]]:
    """The lines as texts; the elders in them with their units are noted on the way."""
    for line in every:
        elders[line.elder_id] = line.unit_path
        yield [_shown(cell) for cell in line.cells]


def _all_lines(session: Session, ledger: Ledger, unit: Unit, month: date) -> Iterator[Line]:
    def pages() -> Iterator[list[Line]]:
        after, left = None, MOST
        while left > 0 and (found := ledgers.lines(session, ledger, unit.path, month, after, min(1000, left))):
            yield found
            after, left = found[-1].key, left - len(found)

    return chain.from_iterable(pages())


def _paths(person: Person, part: Part = Part.VISITS) -> list[str]:
    """The units whose files the person works with, those inside another left out."""
    paths = sorted(
        {
            post.unit_path
            for post in person.posts
            if roles.role(post.role).scope is Scope.UNIT and part in roles.role(post.role).parts
        }
    )
    return [path for path in paths if not any(path != o and organisation.is_within(path, o) for o in paths)]


def _unit(session: Session, person: Person, ledger: Ledger) -> Unit:
    """The unit asked for if its files are the person's, else the first of their own; 403 and 404 as everywhere."""
    paths = _paths(person, ledger.part)
    if not paths:
        abort(403)
    wanted = request.args.get("unit") or paths[0]
    found = organisation.by_path(session, wanted) if any(organisation.is_within(wanted, o) for o in paths) else None
    if found is None:
        abort(404)
    return found


def _ledger(ledger_id: str) -> Ledger:
    return ledgers.LEDGERS.get(ledger_id) or abort(404)


def _month() -> date:
    text = request.args.get("month", "")
    try:
        return date.fromisoformat(f"{text}-01") if text else clock.today().replace(day=1)
    except ValueError:
        abort(400, gettext("月份写作 2026-08。"))


def _after() -> Key | None:
    moment, _, last = request.args.get("after", "").partition("|")
    try:
        return (datetime.fromisoformat(moment), int(last)) if moment else None
    except ValueError:
        abort(400)


def _key(line: Line) -> str:
    return f"{line.key[0].isoformat()}|{line.key[1]}"


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Photo):
        return gettext("有照片")
    if isinstance(cell, tuple):
        return _said(cell)
    if isinstance(cell, datetime):
        return written(cell)
    return f"{cell:%Y-%m-%d}" if isinstance(cell, date) else cell


def _said(words: tuple[str, str]) -> str:
    return words[language() == "en"]
