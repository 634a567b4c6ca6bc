"""The gap list (兜底缺口) and who is away: nobody is ever without a responsible person.

Source: R-GOV-11, R-USR-04; processes P36.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, gaps, handovers, organisation, people
from care.errors import RuleBroken
from care.gaps import GAPS
from engine import clock, db, jobs
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("gaps", __name__, url_prefix="/gaps")
navigation = [Entry("gaps.index", N_("兜底缺口"), "shield", order=48, rights=frozenset(("assign",)), below=("gaps.",))]
PAGE = 40
RIGHT = "assign"


@bp.get("/")
def index() -> ResponseReturnValue:
    """How many elders have each gap, the elders of the chosen one, and who is away; `after` goes on."""
    _require()
    chosen = request.args.get("gap", "visitor")
    if chosen not in GAPS:
        abort(404)
    try:
        after = int(request.args.get("after", 0))
    except ValueError:
        abort(400)
    with db.reading() as session:
        visible = access.visible_elders(me())
        numbers = gaps.counts(session, visible)
        rows = list(session.scalars(gaps.listed(chosen, visible, after, PAGE + 1)))
        places = organisation.names_at(session, {row.unit_path for row in rows[:PAGE]}, "village")
        away = handovers.open_ones(session, _paths())
        names = people.names(session, {row.staff_id for row in away})
        still = handovers.responsible_for(session, {row.staff_id for row in away})
    return page(
        "gaps/gaps.html",
        gaps=[(gap, words[int(language() == "en")], numbers[gap]) for gap, words in GAPS.items()],
        chosen=chosen,
        rows=rows[:PAGE],
        places=places,
        more=rows[PAGE - 1].id if len(rows) > PAGE else None,
        away=[(row, names.get(row.staff_id, "—"), still.get(row.staff_id, 0)) for row in away],
        reasons={code: words[int(language() == "en")] for code, words in handovers.REASONS.items()},
    )


@bp.post("/away")
def away() -> ResponseReturnValue:
    """A worker of the person's units is away or has left; the handing over begins at once."""
    _require()
    reason = request.form.get("reason", "absent")
    if reason not in handovers.REASONS:
        abort(400)
    try:
        with jobs.transaction() as session:
            worker = _worker(session, request.form.get("worker", ""))
            stand_in = _worker(session, request.form["stand_in"]) if request.form.get("stand_in") else None
            until = _until(request.form.get("until", ""))
            handovers.announce(session, worker, until, stand_in_id=stand_in, reason=reason)
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    else:
        flash(gettext("已登记，待办正在移交。"))
    return redirect(url_for("gaps.index"))


def _require() -> None:
    if not me().has_right(RIGHT):
        abort(403)


def _paths() -> list[str]:
    return sorted({post.unit_path for post in me().posts})


def _worker(session: Session, text: str) -> int:
    """The worker meant, among those of the person's own units."""
    found = {handovers.named(session, path, text.strip()) for path in _paths()} - {None}
    if len(found) != 1:
        raise RuleBroken("没有这位工作人员，或有重名，请写账号", "no such worker, or several: give the user name")
    return found.pop() or 0


def _until(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RuleBroken("日期写成2026-08-03这样", "write the day as 2026-08-03") from None
    if day < clock.today():
        raise RuleBroken("返岗日期不能早于今天", "the day of return lies before today")
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=clock.zone())
