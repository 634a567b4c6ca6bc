"""One task by link: the page that opens without an account and without script, and where a worker makes the link.

The public page names nobody in full and shows no address, telephone, tier or illness; a wrong, old or revoked link
names the hotline and says nothing more. One address opens sixty links an hour and sends twenty answers.
Source: R-NET-08; people-forms-indicators 5.2 (family, volunteer: hidden), 5.3 no. 9 and 13.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, masking, organisation, people, task_links
from care.errors import RuleBroken
from care.task_links import TaskLink
from engine import db, forms, instances, run, tasks
from engine.jobs import transaction
from engine.settings import settings
from engine.submissions import OtherContent
from engine.tasks import TaskNotOpen, TaskRow
from web import attachments, task_view
from web.attachments import FileRefused
from web.language import gettext, language
from web.marks import open_to_all
from web.neighbours import qr
from web.pages import BARE, page
from web.security import limiter
from web.signed_in import me

bp = Blueprint("task_links", __name__)
NOBODY = 0  # who sent a file without an account
MOST_PHOTOS = 4


@bp.get("/t/<token>")
@open_to_all
@limiter.limit("60/hour")
def show(token: str) -> ResponseReturnValue:
    """The task behind a link."""
    with db.reading() as session:
        try:
            row = task_links.find(session, token)
        except task_links.Dead:
            return _dead()
        return _page(session, row, token)


@bp.post("/t/<token>")
@open_to_all
@limiter.limit("20/hour")
def send(token: str) -> ResponseReturnValue:
    """The answer; 422 keeps what was typed."""
    typed = {
        "choice": request.form.get("choice", ""),
        "words": request.form.get("words", "").strip()[:300],
        "money": request.form.get("money", "").strip()[:6],
        "submission": request.form.get("submission", ""),
    }
    sent = _number(typed["submission"])
    try:
        with db.reading() as session:
            task_links.find(session, token)
        photos = _photos(token, sent)
        with transaction() as session:
            row = task_links.find(session, token)
            money = int(typed["money"]) if typed["money"].isdigit() else 0
            task_links.answer(session, row, typed["choice"], typed["words"], photos, money, sent)
    except task_links.Dead:
        return _dead()
    except FileRefused as fault:
        return _again(token, typed, str(fault))
    except RuleBroken as fault:
        return _again(token, typed, fault.en if language() == "en" else fault.zh)
    except forms.Invalid as fault:
        return _again(token, typed, "；".join(words[language()] for words in fault.faults.values()))
    except TaskNotOpen:
        return page("task_links/over.html", 409, shell=BARE, late=True)
    except (OtherContent, run.StepFailed, instances.Suspended):
        pass  # kept: tried again by itself, or sent before
    return redirect(url_for("task_links.sent"))


@bp.get("/t/sent")
@open_to_all
def sent() -> ResponseReturnValue:
    return page("task_links/sent.html", shell=BARE)


@bp.get("/tasks/<uuid:task_id>/links")
def links(task_id: UUID) -> ResponseReturnValue:
    """The links of a task, with a new one or the code of one that is good (`shown`)."""
    with db.reading() as session:
        task = _held(session, task_id)
        rows = task_links.of_task(session, task_id)
        good = {row.id for row in rows if task.state == tasks.OPEN and task_links.is_good(session, row)}
        shown = next((row for row in rows if row.id in good and str(row.id) == request.args.get("shown")), None)
        address = _address(shown) if shown is not None else ""
        names = people.names(session, {row.made_by for row in rows if row.made_by})
        kind = task_links.kind_of(task)
    return page(
        "task_links/links.html",
        task=task,
        kind=kind,
        rows=[(row, row.id in good, names.get(row.made_by or 0, "")) for row in rows],
        shown=shown,
        address=address,
        picture=qr(address) if address else "",
        texts=bool(settings().public_address),
    )


@bp.post("/tasks/<uuid:task_id>/links")
def make(task_id: UUID) -> ResponseReturnValue:
    """A link for the contact person, or for whoever the worker names; by text as well, where a number is known."""
    reader, phone = request.form.get("reader", "").strip(), request.form.get("phone", "").strip()
    shown = None
    try:
        with transaction() as session:
            task = _held(session, task_id)
            kind = task_links.kind_of(task)
            if kind is not None and kind.audience == task_links.FAMILY:
                row = task_links.make_for_contact(session, task, me().id)
                if row is None:
                    raise RuleBroken("没有可以联系的家属", "there is no contact of the family to be asked")
            elif not reader:
                raise RuleBroken("写明给谁", "say whom it is for")
            else:
                row = task_links.make(session, task, me().id, reader, phone)
            if "text" in request.form:
                task_links.send(session, row)
            shown = row.id
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    return redirect(url_for("task_links.links", task_id=task_id, shown=shown))


@bp.post("/tasks/<uuid:task_id>/links/<int:link_id>/revoke")
def revoke(task_id: UUID, link_id: int) -> ResponseReturnValue:
    """The link opens nothing from now on."""
    with transaction() as session:
        task = _held(session, task_id)
        task_links.revoke(session, task_links.get(session, link_id, task.id), me().id)
    flash(gettext("链接已停用"))
    return redirect(url_for("task_links.links", task_id=task_id))


def _held(session: Session, task_id: UUID) -> TaskRow:
    """The task, if it is this person's to do and can be done by link; 404 or 403 otherwise."""
    task = task_view.visible(session, task_id)
    access.require(session, me(), "complete", task)
    if task_links.kind_of(task) is None:
        abort(404)
    return task


def _page(
    session: Session, row: TaskLink, token: str, typed: dict[str, Any] | None = None, fault: str = ""
) -> ResponseReturnValue:
    task = tasks.get(session, row.task_id)
    if task.state != tasks.OPEN:
        return page("task_links/over.html", shell=BARE, late=False)
    elder = task_links.subject(session, row)
    place = elder.unit_path if elder else row.unit_path
    side = int(language() == "en")
    return page(
        "task_links/task.html",
        422 if fault else 200,
        shell=BARE,
        row=row,
        token=token,
        title=row.kind.title[side],
        about=task_links.about(session, row)[side],
        who=masking.name(elder.name) if elder else "",
        village=organisation.names_at(session, {place}, "village").get(place, ""),
        choices=[(code, words[side]) for code, words in row.kind.choices.items()],
        due_at=task.due_at,
        typed=typed or {},
        fault=fault,
        submission=(typed or {}).get("submission") or db.new_id(),
    )


def _again(token: str, typed: dict[str, Any], fault: str) -> ResponseReturnValue:
    with db.reading() as session:
        return _page(session, task_links.find(session, token), token, typed, fault)


def _dead() -> ResponseReturnValue:
    return page("task_links/dead.html", 404, shell=BARE)


def _photos(token: str, sent: UUID) -> list[str]:
    """The photos that came with the answer, stored; raises FileRefused. Only for links that ask for some."""
    with db.reading() as session:
        row = task_links.find(session, token)
        wanted, elder_id = row.kind.photo, row.elder_id
    if not wanted:
        return []
    files = [file for file in request.files.getlist("photo") if file.filename][:MOST_PHOTOS]
    for file in files:
        kind = attachments.kind_of(file.stream.read(64))
        file.stream.seek(0)
        if kind is None or not kind.startswith("image/"):
            raise FileRefused(gettext("请选一张照片。"))
    stored = attachments.take(request.files, NOBODY, elder_id, sent) if files else ()
    return [identity for _, identity in stored][:MOST_PHOTOS]


def _address(row: TaskLink) -> str:
    return task_links.address(row) or url_for("task_links.show", token=task_links.token(row), _external=True)


def _number(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return db.new_id()
