"""Lists from spreadsheets on a page: check first, then import; all rows or none, every fault with its line.

A file is judged at each press of a button; the page keeps no copy of it. Who may import: desks with the right to
register elders or to make accounts, for the units of their own posts. Templates come as spreadsheets with the heads.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import xlsxwriter
from flask import Blueprint, abort, request, send_file
from flask.typing import ResponseReturnValue

from care import imports, roles
from care.imports import Kind, Report, RowsRefused
from care.people import Person
from engine import jobs
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me
from web.spreadsheets import TYPE as SPREADSHEET

MOST_SHOWN = 200  # sentences on the page; who has more faults mends these first

bp = Blueprint("imports", __name__, url_prefix="/imports")
navigation = [
    Entry(
        "imports.index",
        N_("导入表格"),
        "upload",
        46,
        rights=frozenset(("register", "accounts", "assign", "survey")),
        below=("imports.",),
    )
]


@bp.get("/")
def index() -> ResponseReturnValue:
    """What may be imported, each with its template."""
    return _page(_kinds(me()))


@bp.get("/<kind_id>.xlsx")
def template(kind_id: str) -> ResponseReturnValue:
    """An empty table with the heads, and what to write below each."""
    kind = _kind(kind_id)
    target = BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet(kind.zh)
        bold, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
        for at, column in enumerate(kind.columns):
            sheet.set_column(at, at, 16, text)
            sheet.write_string(0, at, column.zh + "*" * column.required, bold)
            if column.about:
                sheet.write_comment(0, at, column.about)
        sheet.freeze_panes(1, 0)
    target.seek(0)
    return send_file(target, mimetype=SPREADSHEET, as_attachment=True, download_name=f"{kind.zh}.xlsx")


@bp.post("/")
def take() -> ResponseReturnValue:
    """Check or import a file; `do` is check or import."""
    person = me()
    kind = _kind(request.form.get("kind", ""))
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _page(_kinds(person), kind=kind, faults=[gettext("请先选一个文件。")], status=422)
    only_check = request.form.get("do") != "import"
    try:
        with jobs.transaction() as session:
            report = imports.run(session, kind, sent.read(), _scope(person, kind))
            if only_check:
                session.rollback()
    except RowsRefused as refusal:
        return _page(_kinds(person), kind=kind, faults=refusal.faults, status=422)
    return _page(_kinds(person), kind=kind, report=report, only_check=only_check, file_name=sent.filename)


def _page(
    kinds: list[Kind],
    *,
    kind: Kind | None = None,
    faults: list[str] | None = None,
    report: Report | None = None,
    status: int = 200,
    **values: Any,
) -> ResponseReturnValue:
    if not kinds:
        abort(403)
    found = faults or []
    return page(
        "imports/imports.html",
        status,
        kinds=[(each, each.en if language() == "en" else each.zh) for each in kinds],
        chosen=kind or kinds[0],
        faults=found[:MOST_SHOWN],
        more=max(0, len(found) - MOST_SHOWN),
        report=report,
        notes=report.notes[:MOST_SHOWN] if report else [],
        **values,
    )


def _kinds(person: Person) -> list[Kind]:
    return [each for each in imports.KINDS.values() if each.right and _scope(person, each)]


def _kind(kind_id: str) -> Kind:
    found = imports.KINDS.get(kind_id)
    if found is None or found not in _kinds(me()):
        abort(404)
    return found


def _scope(person: Person, kind: Kind) -> list[str]:
    """The units for which the person has the right that this kind asks for."""
    return sorted({post.unit_path for post in person.posts if kind.right in roles.role(post.role).rights})
