"""`/`: everybody's first page, by what they work with."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from web.signed_in import me, sees_figures

bp = Blueprint("home", __name__)

_BOARD_FIRST = frozenset(("monitor_desk", "monitor_lead", "hotline", "hotline_lead", "district_emergency"))
_FIGURES_FIRST = frozenset(("city_manager", "city_desk", "district_lead", "township_lead"))


@bp.get("/")
def index() -> ResponseReturnValue:
    person = me()
    known = current_app.view_functions
    if person.roles & _BOARD_FIRST and "board.index" in known:
        return redirect(url_for("board.index"))
    if person.roles & _FIGURES_FIRST and sees_figures(person) and "overview.index" in known:
        return redirect(url_for("overview.index"))
    if "designer" in person.roles and "designer.index" in known:
        return redirect(url_for("designer.index"))
    return redirect(url_for("worklist.index" if "worklist.index" in known else "me.index"))
