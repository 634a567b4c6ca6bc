"""Files of supporters' duty: those in which the signed-in person is named, and no others.

They stand in no search, no list of cases and no bulletin; to everybody else a file does not exist (404).
Source: processes P19; people-forms-indicators 5.2 (duty cases closed); R-USR-05.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, duties, handovers, people
from care.duties import DutyCase
from care.elders import Elder
from care.errors import RuleBroken
from care.organisation import prefix
from engine import db, submissions
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("duties", __name__, url_prefix="/duties")
navigation = [
    Entry("duties.index", N_("赡养督促"), "file", order=46, rights=frozenset(("register",)), below=("duties.",))
]
PAGE = 40
PAPERS = {"letter": "urge", "transfer": "make_transfer"}
"""What can be printed of a file, and the step whose words it holds (web/duty_papers.py)."""


@bp.get("/")
def index() -> ResponseReturnValue:
    """The files of the person, newest first; `after` goes on."""
    try:
        after = int(request.args.get("after", 0))
    except ValueError:
        abort(400)
    with db.reading() as session:
        asked = select(DutyCase, Elder).join(Elder, Elder.id == DutyCase.elder_id)
        asked = asked.where(access.visible_duties(me())).order_by(DutyCase.id.desc()).limit(PAGE + 1)
        if after:
            asked = asked.where(DutyCase.id < after)
        rows = [(row, elder) for row, elder in session.execute(asked)]
    more = rows[PAGE - 1][0].id if len(rows) > PAGE else None
    return page("duties/list.html", rows=rows[:PAGE], more=more, words=_words())


@bp.get("/<int:duty_id>")
def show(duty_id: int) -> ResponseReturnValue:
    """One file with everything that was written into it."""
    with db.reading() as session:
        row = visible(session, duty_id)
        entries = duties.entries(session, row.id)
        names = people.names(session, {each.who for each in entries if each.who is not None})
        readers = people.names(session, duties.readers(session, row.id))
        elder = session.get_one(Elder, row.elder_id)
        papers = [paper for paper, element in PAPERS.items() if said_in(session, row, element)]
        hold = elder.protective_hold or any(each.what == "protected" for each in entries)
    return page(
        "duties/file.html",
        row=row,
        elder=elder,
        entries=entries,
        names=names,
        words=_words(),
        may_lift=hold and me().has_right("lift_hold"),
        may_name=me().has_right("lift_hold"),
        named=sorted(readers.values()),
        papers=papers,
    )


@bp.post("/<int:duty_id>/lift")
def lift(duty_id: int) -> ResponseReturnValue:
    """The township's lead lets notices to the family go out again, with a reason."""
    if not me().has_right("lift_hold"):
        abort(403)
    try:
        with db.writing() as session:
            duties.lift_hold(session, visible(session, duty_id), me().id, request.form.get("reason", ""))
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    else:
        flash(gettext("已恢复通知。"))
    return redirect(url_for("duties.show", duty_id=duty_id))


@bp.post("/<int:duty_id>/name")
def name(duty_id: int) -> ResponseReturnValue:
    """The lead names one more worker, who may read this file from now on."""
    if not me().has_right("lift_hold"):
        abort(403)
    with db.writing() as session:
        row = visible(session, duty_id)
        township = prefix(row.unit_path, "township") or row.unit_path
        worker = handovers.named(session, township, request.form.get("worker", "").strip())
        if worker is not None:
            duties.name(session, row, worker)
    flash(gettext("已加入。") if worker else gettext("没有这位工作人员，或有重名，请写账号。"))
    return redirect(url_for("duties.show", duty_id=duty_id))


def said_in(session: Session, row: DutyCase, element: str) -> Mapping[str, Any]:
    """The newest answers of a step of a file; empty before it was done."""
    return submissions.of(session, row.instance_id, element) if row.instance_id else {}


def visible(session: Session, duty_id: int) -> DutyCase:
    found = session.scalar(select(DutyCase).where(DutyCase.id == duty_id, access.visible_duties(me())))
    if found is None:
        abort(404)
    return found


def _words() -> dict[str, dict[str, str]]:
    """Codes of the files in the reader's language."""
    place = int(language() == "en")
    tables = {
        "kind": duties.KINDS,
        "stage": duties.STAGES,
        "outcome": duties.OUTCOMES,
        "what": duties.HAPPENED,
    }
    return {name: {code: said[place] for code, said in table.items()} for name, table in tables.items()}
