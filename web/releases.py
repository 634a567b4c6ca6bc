"""Releases of diagrams: what was handed in, its findings, who approved it, what became of running instances.

A designer hands in a saved draft; whoever sees processes reads. Source: processes P45; 5.2 (designer is not approver).
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from care import people, releases
from care.errors import RuleBroken
from care.releases import STATES
from engine import db, jobs
from web import drafts
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("releases", __name__, url_prefix="/releases")
_READERS = frozenset(("design", "approve_release", "see_processes"))
navigation = [Entry("releases.index", N_("流程发布"), "upload", 71, _READERS, below=("releases.",))]


def _readers_only() -> None:
    if not any(me().has_right(right) for right in _READERS):
        abort(403)


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]


@bp.get("/")
def index() -> ResponseReturnValue:
    """Drafts that may be handed in, and every release."""
    _readers_only()
    with db.reading() as session:
        rows = releases.every(session)
        names = people.names(session, {each for row in rows for each in (row.proposed_by, row.decided_by) if each})
        waiting = sorted(drafts.saved(session)) if me().has_right("design") else []
    return page(
        "releases/index.html", rows=[(row, _words(STATES[row.state])) for row in rows], names=names, drafts=waiting
    )


@bp.post("/<process_id>")
def hand_in(process_id: str) -> ResponseReturnValue:
    """Hand the saved draft of a process in; another person approves it."""
    if not me().has_right("design"):
        abort(403)
    try:
        with jobs.transaction() as session:
            draft = drafts.of(session, process_id)
            if draft is None:
                abort(404)
            row = releases.propose(session, process_id, bytes(draft.xml), request.form.get("note", ""), me().id)
            release_id = row.id
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
        return redirect(url_for("releases.index"))
    flash(gettext("已交稿。"))
    return redirect(url_for("releases.show", release_id=release_id))


@bp.get("/<int:release_id>")
def show(release_id: int) -> ResponseReturnValue:
    """One release with its findings and its dry run."""
    _readers_only()
    with db.reading() as session:
        row = releases.get(session, release_id)
        names = people.names(session, {each for each in (row.proposed_by, row.decided_by) if each})
    return page("releases/show.html", row=row, state=_words(STATES[row.state]), names=names)
