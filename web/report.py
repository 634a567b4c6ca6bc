"""Reporting an emergency in four taps: who, what, danger, and if there is time a word or a photo.

The report is written down as the message `emergency.offline` under the number the page was given, so a double click
reports once; the process takes it up after the commit, in the alarm lane. Source: 附5二; processes P16.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access
from care.elders import Elder
from care.people import Person
from engine import clock, db, forms, incoming, work
from engine.jobs import transaction
from web import attachments, briefs
from web.attachments import FileRefused
from web.briefs import Brief
from web.errors import wants_json
from web.language import N_, gettext, language
from web.pages import page
from web.signed_in import me

bp = Blueprint("report", __name__)

LISTED = 80  # elders offered without searching
KINDS = (
    ("illness", N_("突发疾病"), "medical"),
    ("fall", N_("跌倒受伤"), "fall"),
    ("missing", N_("走失失联"), "lost"),
    ("fire", N_("火灾冒烟"), "fire"),
    ("gas", N_("燃气泄漏"), "gas"),
    ("abuse", N_("受虐弃养"), "shield"),
    ("dispute", N_("纠纷"), "dispute"),
    ("unknown", N_("其他"), "more"),
)
DANGER = (("yes", N_("有"), "danger"), ("no", N_("没有"), ""), ("unknown", N_("说不清"), ""))


@bp.get("/report")
def index() -> ResponseReturnValue:
    return _page(db.new_id(), {"elder": request.args.get("elder", "")}, {})


@bp.post("/report")
def send() -> ResponseReturnValue:
    """Write the report down and say what happens now; 422 keeps what was chosen and typed."""
    person = me()
    chosen = _chosen()
    submission_id = _number(request.form.get("submission"))
    with db.reading() as session:
        elder = elder_of(session, chosen["elder"])
    faults = faults_of(chosen, elder)
    if faults:
        return _page(submission_id, chosen, faults, 422)
    try:
        about = elder.id if elder else None
        files = [file for _, file in attachments.take(request.files, person.id, about, submission_id)]
    except FileRefused as fault:
        return _page(submission_id, chosen, {"photos": str(fault)}, 422)
    write_down(chosen, elder, person, files, submission_id)
    address = url_for("report.sent", elder=elder.id if elder else None, kinds=chosen["kinds"])
    return jsonify(state="done", next=address) if wants_json() else redirect(address)


def write_down(chosen: dict[str, Any], elder: Brief | None, by: Person, files: list[str], submission_id: UUID) -> None:
    """The report becomes a message, once for each submission. A mere place lies where the reporter works."""
    payload = _payload(chosen, elder, by, files)
    key = f"{elder.id}:{payload['kind']}" if elder else f"place:{submission_id}"
    with transaction() as session:
        incoming.message(
            session, "emergency.offline", key, payload, event_id=f"report:{submission_id}", lane=work.ALARM
        )


@bp.get("/report/sent")
def sent() -> ResponseReturnValue:
    """What was reported and what happens now, and the way to see where it stands."""
    with db.reading() as session:
        elder = elder_of(session, request.args.get("elder", ""))
    titles = {code: gettext(title) for code, title, _ in KINDS}
    kinds = [titles[code] for code in request.args.getlist("kinds") if code in titles]
    return page("report/sent.html", elder=elder, kinds=kinds)


def _chosen() -> dict[str, Any]:
    return {
        "elder": request.form.get("elder", ""),
        "place": request.form.get("place", "").strip()[:200],
        "kinds": request.form.getlist("kinds"),
        "danger": request.form.get("danger", ""),
        "words": request.form.get("words", "").strip()[:1000],
    }


def _number(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        return db.new_id()


def faults_of(chosen: dict[str, Any], elder: Brief | None) -> dict[str, str]:
    """What is missing, by field."""
    faults = {}
    if elder is None and not chosen["place"]:
        faults["elder"] = gettext("选一位老人；不认识就写地点。")
    if not set(chosen["kinds"]) & {code for code, _, _ in KINDS}:
        faults["kinds"] = gettext("至少选一样。")
    if chosen["danger"] not in {code for code, _, _ in DANGER}:
        faults["danger"] = gettext("选一个，说不清也行。")
    return faults


def _payload(chosen: dict[str, Any], elder: Brief | None, by: Person, files: list[str]) -> dict[str, Any]:
    """The message's payload; the answers pass the form `emergency`, so pages and reports by telephone agree."""
    in_danger = chosen["danger"] != "no"
    answers: dict[str, Any] = {
        "found_at": clock.local(clock.now()).isoformat(timespec="minutes"),
        "channel": "visit",
        "kinds": [code for code, _, _ in KINDS if code in chosen["kinds"]],
        "danger": in_danger,
        "what_happened": chosen["words"] or gettext("现场一键上报"),
        **({"elder_number": elder.number} if elder else {"place": chosen["place"]}),
        **({"breathing": "unknown", "awake": "unknown"} if in_danger else {}),
    }
    clean = forms.load("emergency", None, answers)
    return {
        "elder_id": elder.id if elder else None,
        "kind": clean["kinds"][0],
        "kinds": clean["kinds"],
        "danger": clean["danger"],
        "channel": clean["channel"],
        "place": None if elder else chosen["place"],
        "report": clean["what_happened"],
        "reported_by": by.id,
        **({} if elder or not by.posts else {"unit_path": by.posts[0].unit_path}),
        "attachments": files,
    }


def elder_of(session: Session, wanted: str) -> Brief | None:
    """The elder chosen, if this person may see it."""
    if not wanted.isdigit():
        return None
    found = session.scalar(select(Elder.id).where(Elder.id == int(wanted), access.visible_elders(me())))
    return briefs.of_elders(session, me(), [found])[found] if found is not None else None


def _page(
    submission_id: UUID, chosen: dict[str, Any], faults: dict[str, str], status: int = 200
) -> ResponseReturnValue:
    names = {
        "elder": gettext("谁"),
        "kinds": gettext("什么事"),
        "danger": gettext("有生命危险吗"),
        "photos": gettext("照片"),
    }
    if wants_json():
        listed = [(name, names[name], sentence) for name, sentence in faults.items()]
        return jsonify(state="correct", faults=listed), status
    with db.reading() as session:
        elder = elder_of(session, str(chosen.get("elder", "")))
        offered = _offered(session)
    return page(
        "report/report.html",
        status,
        submission=submission_id,
        chosen=chosen,
        elder=elder,
        offered=offered,
        kinds=KINDS,
        dangers=DANGER,
        faults=faults,
        listed=[(name, names[name], sentence) for name, sentence in faults.items()],
        language_code=language(),
    )


def _offered(session: Session) -> list[Brief]:
    """Elders to choose from: those in scope when they are few, by name; none for desks with a whole city."""
    person = me()
    asked = select(Elder.id).where(access.visible_elders(person), Elder.status != "exited").limit(LISTED + 1)
    ids = list(session.scalars(asked))
    if len(ids) > LISTED:
        return []
    return sorted(briefs.of_elders(session, person, ids).values(), key=lambda brief: (not brief.own, brief.name))
