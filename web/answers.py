"""Published answers to anonymous complaints: found by the complaint's number, nobody signed in, nobody named.

Source: processes P22 (anonymous allowed); draft 七(五); R-EVAL-02.
"""

from __future__ import annotations

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from care import complaints
from care.complaints import Complaint
from engine import db
from web.language import N_, language
from web.marks import open_to_all
from web.pages import BARE, page
from web.security import limiter

bp = Blueprint("answers", __name__, url_prefix="/answers")
PAGE = 20
AGAINST = {
    "worker": N_("探访人员"),
    "village": N_("村（社区）"),
    "township": N_("乡镇（街道）"),
    "district": N_("旗县区"),
    "hotline": N_("热线坐席"),
    "provider": N_("服务机构"),
    "city": N_("市级"),
}


@bp.get("/")
@open_to_all
@limiter.limit("120/hour")
def index() -> ResponseReturnValue:
    """The newest published answers, or the one of a number; `before` goes on."""
    number = request.args.get("number", "").strip()[:32]
    try:
        before = int(request.args["before"]) if "before" in request.args else None
    except ValueError:
        abort(400)
    with db.reading() as session:
        if number:
            one = complaints.published_of(session, number)
            rows = [one] if one is not None else []
        else:
            rows = complaints.published(session, before, PAGE + 1)
        shown = [_shown(row) for row in rows[:PAGE]]
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return page("answers/answers.html", shell=BARE, rows=shown, number=number, more=more)


def _shown(row: Complaint) -> dict[str, object]:
    """What everybody may know of it: no unit, no elder, no worker, not what was complained of in whose words."""
    return {
        "number": row.number,
        "against": AGAINST.get(row.against, ""),
        "finding": complaints.FINDINGS[row.finding][language() == "en"] if row.finding in complaints.FINDINGS else "",
        "words": row.published,
        "at": row.published_at,
    }
