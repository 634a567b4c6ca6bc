"""Effects that a restore held back: send or never send, with the reason, and who decided what before.

For administrators. What an effect says stays encrypted; shown are its channel, key and instance.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from care import people
from engine import db, held, jobs
from web.language import gettext
from web.operators import units
from web.pages import page
from web.signed_in import me

PAGE = 100
MOST = 5_000
"""Settled in one transaction; the page asks again for what is left."""
bp = Blueprint("held_back", __name__, url_prefix="/instances/held")


def _administrators_only() -> None:
    if not units(me(), "edit"):
        abort(403)


@bp.get("/")
def index(refusal: str = "", status: int = 200) -> ResponseReturnValue:
    """What is held, oldest first, and the last decisions."""
    _administrators_only()
    with db.reading() as session:
        rows = held.find(session, PAGE + 1, _after())
        total = held.number(session)
        decided = held.decided(session)
        names = people.names(session, {each.who for each in decided if each.who})
    return page(
        "instances/held.html",
        status,
        rows=rows[:PAGE],
        more=rows[PAGE - 1] if len(rows) > PAGE else None,
        total=total,
        decided=decided,
        names=names,
        refusal=refusal,
    )


def _after() -> tuple[datetime, UUID] | None:
    at, last = request.args.get("at"), request.args.get("id")
    try:
        return (datetime.fromisoformat(at), UUID(last)) if at and last else None
    except ValueError:
        abort(400)


@bp.post("/")
def settle() -> ResponseReturnValue:
    """Release or drop the ticked effects, or all of them."""
    _administrators_only()
    what, why = request.form.get("what", ""), request.form.get("reason", "").strip()
    if what not in (held.RELEASED, held.DROPPED):
        abort(400)
    if not why:
        return index(gettext("请写明原因。"), 422)
    decide = held.release if what == held.RELEASED else held.drop
    with jobs.transaction() as session:
        if request.form.get("every") == "1":
            chosen = [each.id for each in held.find(session, MOST)]
        else:
            chosen = request.form.getlist("id", type=UUID)
        done = sum(decide(session, each, me().id, why) for each in chosen)
    flash(gettext("已放行 %(n)s 条。", n=done) if what == held.RELEASED else gettext("已作废 %(n)s 条。", n=done))
    return redirect(url_for("held_back.index"))
