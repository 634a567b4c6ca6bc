"""External events that need an eye: held, refused and late ones, and who sends them, for whoever looks after devices.

City-wide for those who watch connectors; elsewhere only devices of elders below the person's units, so an event of an
unknown device is seen by the city alone. No payload is shown, and no name.
Source: contracts/device-events.md (held and refused are shown to the operator).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import organisation, roles
from care.devices import Device, Placement
from care.elders import Elder
from engine import clock, db, incoming
from web.language import N_, gettext
from web.pages import Entry, page
from web.signed_in import Person, me
from web.task_facts import REASONS

RIGHTS = frozenset(("see_devices", "see_connectors"))
KINDS = {"held": N_("暂扣"), "refused": N_("拒收"), "late": N_("迟到")}
_REASONS = REASONS | {
    "the device is not the device of the topic": N_("设备与主题不符"),
    "the signature is missing": N_("没有签名"),
    "the signature is wrong": N_("签名不对"),
    "the platform may not speak for this device": N_("平台无权代这台设备上报"),
}
PAGE = 100
COUNTED = timedelta(days=7)

bp = Blueprint("events", __name__, url_prefix="/events")
navigation = [Entry("events.index", N_("外部事件"), "cloud", 65, RIGHTS)]


@bp.app_template_filter("event_reason")
def event_reason(reason: str) -> str:
    """Why an event was held or refused, in words; what has none stays as it is."""
    return gettext(_REASONS[reason]) if reason in _REASONS else reason


@bp.get("/")
def index() -> ResponseReturnValue:
    """Held, refused or late events, newest first, and the senders of the last week with the most of them."""
    paths = _paths(me())
    if not paths:
        abort(403)
    what = request.args.get("what", "held")
    if what not in KINDS:
        abort(404)
    with db.reading() as session:
        city = organisation.city(session).path
        rows = incoming.unusual(session, what, PAGE + 1, _before())
        counted = incoming.tallies(session, clock.now() - COUNTED)
        if city not in paths:
            mine = _below(session, paths, [row.device for row in rows] + [device for device, _, _ in counted])
            rows = [row for row in rows if row.device in mine]
            counted = [each for each in counted if each[0] in mine]
    more = rows[PAGE - 1].stored_at if len(rows) > PAGE else None
    return page("events/list.html", rows=rows[:PAGE], counted=counted, what=what, kinds=KINDS, more=more)


def _paths(person: Person) -> list[str]:
    return [post.unit_path for post in person.posts if roles.role(post.role).rights & RIGHTS]


def _before() -> datetime | None:
    at = request.args.get("at")
    try:
        return datetime.fromisoformat(at) if at else None
    except ValueError:
        abort(400)


def _below(session: Session, paths: Iterable[str], numbers: Iterable[str | None]) -> set[str]:
    """Which of these devices an elder below one of the units has now."""
    asked = (
        select(Device.number, Elder.unit_path)
        .join(Placement, Placement.device_id == Device.id)
        .join(Elder, Elder.id == Placement.elder_id)
        .where(Device.number.in_({each for each in numbers if each}), Placement.until_at.is_(None))
    )
    found = session.execute(asked).all()
    return {number for number, unit in found if any(organisation.is_within(unit, path) for path in paths)}
