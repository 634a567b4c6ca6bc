"""What a phone needs to work without network: the service worker, what to keep, the outbox page.

A page that may be kept says for whom in `X-Phone`; the service worker keeps no other page and never shows one person's
pages to another. `hello` tells the phone who is signed in, gives a fresh token against forged forms, and names the
pages to keep: the worklist, the report, the outbox, and for the tasks of the next days each task's page and the forms
of the steps that may follow. The least data that does the job: no more than MOST tasks, nothing later than AHEAD.
Source: frontend §3.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from care.people import Person
from engine import clock, db, tasks
from engine.settings import settings
from engine.tasks import TaskRow
from web import ahead, assets
from web.language import language
from web.marks import open_to_all
from web.pages import PHONE, page, shell_of
from web.signed_in import current_person, me

bp = Blueprint("phone", __name__)

MOST = 30  # tasks kept on a phone
AHEAD = timedelta(days=3)
KEPT_FILES = ("look.css", "app.js", "form.js", "field.js", "outbox.js", "live.js", "mark.svg")
LASTING = ("worklist.index", "trip.index", "report.index", "phone.outbox", "me.index")
_KEEPS = frozenset((*LASTING, "task.show", "task.show_ahead"))


@bp.record_once
def _mark_pages(state: Any) -> None:
    app: Flask = state.app
    app.jinja_env.globals["phone_owner"] = owner
    app.after_request(_for_whom)


def _for_whom(answer: Response) -> Response:
    """Pages of a phone that may be kept say whose they are."""
    person = current_person() if request.endpoint in _KEEPS and answer.status_code == 200 else None
    if person is not None and shell_of(person) == PHONE:
        answer.headers["X-Phone"] = owner(person)
    return answer


def owner(person: Person) -> str:
    """A name for the person on this device that says nothing about them."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"phone:{person.id}".encode(), hashlib.sha256).hexdigest()[:24]


@bp.get("/sw.js")
@open_to_all
def service_worker() -> ResponseReturnValue:
    """The service worker; its text changes with the files it keeps, so browsers notice a new version."""
    files = [assets.address(name) for name in KEPT_FILES]
    answer = make_response(render_template("phone/sw.js", files=files, offline=url_for("phone.no_network")))
    answer.content_type = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


@bp.get("/manifest.webmanifest")
@open_to_all
def manifest() -> ResponseReturnValue:
    """What an installed page is called and looks like."""
    icon = {"src": assets.address("mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    answer = jsonify(
        name=settings().site_name,
        short_name=settings().site_name[:6],
        lang="zh-CN" if language() == "zh" else "en",
        start_url=url_for("worklist.index"),
        scope="/",
        display="standalone",
        background_color="#f2f5f3",
        theme_color="#12312a",
        icons=[icon],
    )
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/phone/no-network")
@open_to_all
def no_network() -> ResponseReturnValue:
    """Shown by the service worker for a page that is not on the phone."""
    return page("phone/no_network.html", shell="layout/bare.html")


@bp.get("/outbox")
def outbox() -> ResponseReturnValue:
    """What is on the phone and not on the server yet; the page fills itself from the phone."""
    return page("phone/outbox.html")


@bp.get("/phone/hello")
def hello() -> ResponseReturnValue:
    """Who is signed in, the token, and the pages to keep, each with a mark that changes when the page does."""
    person = me()
    with db.reading() as session:
        rows = tasks.worklist(session, person.worklist_posts, person.id, limit=MOST).rows
        near = [row for row in rows if row.due_at is None or row.due_at < clock.now() + AHEAD]
        running = ahead.Instances(session, near)
        kept = [entry for row in near for entry in _pages_of(running, row)]
    lasting = [(url_for(name), "") for name in LASTING]
    return jsonify(owner=owner(person), token=generate_csrf(), now=clock.now().isoformat(), keep=kept + lasting)


def _pages_of(running: ahead.Instances, row: TaskRow) -> list[tuple[str, str]]:
    mark = f"{row.form_version}.{row.claimed_by}.{row.due_at}.{language()}"
    pages = [(url_for("task.show", task_id=row.id), mark)]
    front, seen = [row], {row.element_id}
    while front:
        here = front.pop(0)
        for later in running.steps(here):
            made = running.step(row, later.element) if later.element not in seen else None
            seen.add(later.element)
            if made is not None:
                pages.append((url_for("task.show_ahead", task_id=row.id, element=later.element), mark))
                front.append(made)
    return pages
