"""The norm of visiting work: the text in force, its earlier versions, and a new version by the city's desk.

Everybody who is signed in reads and prints it; the visit form shows each item beside its section.
Source: R-VIS-07 (D 四(2)).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from care import visiting_norm
from care.errors import RuleBroken
from engine import clock, db, history, jobs
from web.language import gettext, language
from web.pages import page
from web.signed_in import me

bp = Blueprint("norm", __name__, url_prefix="/norm")


@bp.get("/")
def show() -> ResponseReturnValue:
    """The norm of today, or the version of that `number`."""
    number = request.args.get("number", type=int)
    with db.reading() as session:
        today = visiting_norm.in_force(session, clock.today())
        norm = visiting_norm.version(session, number) if number else today
        versions = visiting_norm.versions(session)
    return page(
        "norm/show.html",
        norm=norm,
        versions=versions,
        in_force=today.number,
        side=int(language() == "en"),
        may_write=_may_write(),
    )


@bp.get("/new")
def edit() -> ResponseReturnValue:
    """The newest text, to be written anew."""
    return _form({}, "")


@bp.post("/new")
def write() -> ResponseReturnValue:
    """A new version from a day on; 422 keeps what was typed."""
    _require()
    sent = request.form
    try:
        from_on = date.fromisoformat(sent.get("from_on", ""))
    except ValueError:
        return _form(sent, gettext("写明从哪天起。"))
    texts = {
        name.removeprefix("zh."): (sent[name], sent.get(f"en.{name.removeprefix('zh.')}", ""))
        for name in sent
        if name.startswith("zh.")
    }
    try:
        with jobs.transaction() as session:
            norm = visiting_norm.write(session, me().id, from_on, texts, sent.get("note", ""))
            history.write(session, None, me().id, "norm_written", f"visiting_norm:{norm.number}")
    except RuleBroken as fault:
        return _form(sent, fault.en if language() == "en" else fault.zh)
    return redirect(url_for("norm.show", number=norm.number))


def _form(typed: Any, fault: str) -> ResponseReturnValue:
    _require()
    with db.reading() as session:
        norm = visiting_norm.versions(session)[0]
    return page(
        "norm/edit.html",
        422 if fault else 200,
        norm=norm,
        typed=typed,
        fault=fault,
        side=int(language() == "en"),
        longest=visiting_norm.LONGEST,
        today=clock.today(),
    )


def _may_write() -> bool:
    """The city's desk and manager, not the districts that choose among policies."""
    return any(post.role in ("city_desk", "city_manager") for post in me().posts)


def _require() -> None:
    if not _may_write():
        abort(403)
