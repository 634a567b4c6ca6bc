"""The desk in three panes: queues, list, and the task with the caller's card, all in one page and by keyboard.

`queue` chooses what the list shows (all, urgent, late, today, or `p.` with a process), `only` narrows it,
`q` searches elders within one's
scope and their tasks, `task` or `elder` is what the third pane shows. A form is sent with `desk`, the queue it was
opened from: then the next task of that queue opens. Source: frontend §5; design/look screen-desk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, files
from care.errors import NotFound
from care.finding import initials
from care.people import Person
from engine import clock, db, definitions, tasks
from engine.tasks import Filters
from web import briefs, desk_kept, task_verbs, task_view, worklist
from web.language import N_, gettext, translated
from web.pages import DESK, Entry, fragment, page, shell_of
from web.signed_in import me

bp = Blueprint("desk", __name__, url_prefix="/desk")
navigation = [Entry("desk.index", N_("工作台"), "board", order=15, below=("desk.",))]

COUNTED = 200  # rows that the counts of the queues look at
LISTED = 12  # processes among the queues
FOUND = 20  # elders of a search
QUEUES = {"all": N_("全部待办"), "urgent": N_("紧急"), "late": N_("已超期"), "today": N_("今天到期")}
MARKS = {"urgent": N_("紧急"), "late": N_("已超期"), "mine": N_("我接手的")}
_OF_PROCESS = "p."


@dataclass(frozen=True)
class Queue:
    """A line of the first pane; `count` is words, because it ends at COUNTED, `find` what a command finds it by."""

    code: str
    title: str
    count: str
    danger: bool = False
    find: str = ""


@bp.app_template_filter("findable")
@lru_cache(1024)
def findable(title: str) -> str:
    """What a command is found by: its Chinese name, the initials of its pinyin, its English name."""
    return " ".join((title, initials(title), translated(title, "en"))).lower()


@bp.get("/")
def index() -> ResponseReturnValue:
    if shell_of(me()) != DESK:
        return redirect(url_for("worklist.index"))
    with db.writing() if "elder" in request.args else db.reading() as session:  # opening a file is written down
        return page("desk/desk.html", **_values(session), **_third(session))


@bp.get("/rows")
def rows() -> ResponseReturnValue:
    """The list again, for the page that shows it."""
    with db.reading() as session:
        return fragment("desk/rows.html", **_list(session))


@bp.post("/looking/<uuid:task_id>")
def looking(task_id: UUID) -> ResponseReturnValue:
    """This person looks at the task: the names of others who do at this moment."""
    with db.writing() as session:
        task_view.visible(session, task_id)
        names = desk_kept.look(session, me(), task_id)
    said = gettext("%(who)s 也在看", who="、".join(names)) if names else ""
    return jsonify(names=names, words=said)


@bp.post("/kept")
def keep() -> ResponseReturnValue:
    """Keep the filter or the text for oneself, or share it with the unit of one's first post."""
    kind, name = request.form.get("kind", ""), request.form.get("name", "").strip()[:40]
    body = request.form.get("body", "").strip()[:500]
    if kind not in (desk_kept.FILTER, desk_kept.NOTE) or not name or not body:
        abort(400)
    with db.writing() as session:
        desk_kept.keep(session, me(), kind, name, body, request.form.get("shared") == "yes")
    flash(gettext("已存"))
    return redirect(_here())


@bp.post("/kept/<int:kept_id>/drop")
def drop(kept_id: int) -> ResponseReturnValue:
    with db.writing() as session:
        if not desk_kept.drop(session, me(), kept_id):
            raise NotFound(str(kept_id))
    return redirect(_here())


def around(session: Session, status: int, **of_task: Any) -> Response:
    """The desk around a task whose form comes back with faults."""
    return page("desk/desk.html", status, **_values(session), elder=None, owed=[], **of_task)


def after(person: Person, following: UUID | None) -> str:
    """Where to go when a task is done: the next of its matter, else the first of the queue."""
    code = request.args.get("desk", "all")
    if following is None:
        with db.reading() as session:
            first = tasks.worklist(session, person.worklist_posts, person.id, limit=1, filters=filters_of(code)).rows
        following = first[0].id if first else None
    return url_for("desk.index", queue=code, task=following)


def filters_of(code: str, only: Collection[str] = ()) -> Filters:
    """What a queue lists, narrowed by marks of MARKS; an unknown queue lists everything."""
    found = _of_queue(code)
    if "late" in only:
        found = replace(found, late=True)
    if "urgent" in only:
        found = replace(found, priority="urgent")
    return replace(found, claimed_by=me().id) if "mine" in only else found


def _of_queue(code: str) -> Filters:
    if code == "urgent":
        return Filters(priority="urgent")
    if code == "late":
        return Filters(late=True)
    if code == "today":
        return Filters(due_before=_tomorrow())
    if code.startswith(_OF_PROCESS):
        return Filters(process_id=code.removeprefix(_OF_PROCESS))
    return Filters()


def _tomorrow() -> datetime:
    """When today ends in the city."""
    return clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _queue() -> str:
    return request.args.get("queue") or request.args.get("desk") or "all"


def _here() -> str:
    """This page again, with the queue, the search and the task that it shows."""
    asked = request.args
    return url_for(
        "desk.index", queue=asked.get("queue"), q=asked.get("q"), task=asked.get("task"), only=asked.getlist("only")
    )


def _values(session: Session) -> dict[str, Any]:
    """The first two panes."""
    person = me()
    kept = desk_kept.of(session, person)
    return {
        **_list(session),
        "queues": _queues(session, person),
        "filters": [each for each in kept if each.kind == desk_kept.FILTER],
        "notes": [each for each in kept if each.kind == desk_kept.NOTE],
        "verbs": {verb: each.title for verb, each in task_verbs.PAGES.items()},
        "here": _here(),
    }


def _queues(session: Session, person: Person) -> list[Queue]:
    """The queues with what the first COUNTED tasks say of them: no count goes over all rows."""
    known, more = tasks.outline(session, person.worklist_posts, person.id, limit=COUNTED)
    plus, now, tomorrow = "+" if more else "", clock.now(), _tomorrow()
    counts = {
        "all": len(known),
        "urgent": sum(row.priority == "urgent" for row in known),
        "late": sum(row.due_at is not None and row.due_at < now for row in known),
        "today": sum(row.due_at is not None and row.due_at < tomorrow for row in known),
    }
    found = [
        Queue(code, gettext(title), f"{counts[code]}{plus}", code == "urgent" and counts[code] > 0, findable(title))
        for code, title in QUEUES.items()
    ]
    names = {each.process_id: each.name for each in definitions.every(session)}
    of_process = Counter(row.process_id for row in known if row.process_id)
    found += [
        Queue(_OF_PROCESS + code, translated(name := names.get(code, code)), f"{number}{plus}", find=findable(name))
        for code, number in of_process.most_common(LISTED)
    ]
    return found


def _list(session: Session) -> dict[str, Any]:
    """The second pane: elders that were searched for, and the rows of the queue."""
    person = me()
    code, wanted = _queue(), request.args.get("q", "").strip()[:60]
    elders = access.search(session, person, wanted, FOUND) if wanted else []
    known = briefs.of_elders(session, person, [elder.id for elder in elders])
    only = [each for each in request.args.getlist("only") if each in MARKS]
    filters = Filters(subject_ids=tuple(known)) if wanted else filters_of(code, only)
    start = worklist.unpacked(request.args.get("after"))
    found = tasks.worklist(session, person.worklist_posts, person.id, start, worklist.PAGE, filters)
    after_last = worklist.packed(found.after)
    return {
        "queue": code,
        "q": wanted,
        "only": only,
        "marks": MARKS,
        "filter": "" if wanted else urlencode([("queue", code), *(("only", each) for each in only)]),
        "elders": [(known[each.id], briefs.living(each.categories or ())) for each in elders if each.id in known],
        "items": worklist.items_of(session, person, found.rows),
        "more": url_for("desk.index", queue=code, q=wanted or None, only=only, after=after_last) if after_last else "",
        "again": url_for("desk.rows", queue=code, q=wanted or None, only=only, after=request.args.get("after")),
        "chosen": request.args.get("task", ""),
    }


def _third(session: Session) -> Mapping[str, Any]:
    """The third pane: a task with the card of its elder, the card of an elder, or nothing yet."""
    nothing: dict[str, Any] = {"task": None, "elder": None, "owed": []}
    wanted, elder_id = request.args.get("task", ""), request.args.get("elder", type=int)
    try:
        if elder_id is not None:
            return nothing | _card(session, elder_id)
        if wanted:
            task = task_view.visible(session, UUID(wanted))
            if task.state == tasks.OPEN:
                return nothing | task_view.shown(session, task, desk=_queue())
    except (NotFound, ValueError):
        return nothing | {"gone": True}
    return nothing | ({"gone": True} if wanted else {})


def _card(session: Session, elder_id: int) -> dict[str, Any]:
    """The caller's card: the file as far as one's roles go (written down), and what is owed."""
    person = me()
    opened = files.open_file(session, person, elder_id, address=request.remote_addr or "")
    owed = tasks.worklist(session, person.worklist_posts, person.id, limit=10, filters=Filters(subject_id=elder_id))
    return {"elder": opened, "owed": worklist.items_of(session, person, owed.rows)}
