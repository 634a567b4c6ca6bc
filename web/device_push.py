"""`POST /api/devices/events`: a platform, or a device with its own secret, pushes events over signed HTTP.

Authenticated is answered with 200 as soon as the rows are committed, whatever the answers are; 401 wrong signature;
413 over 1 MB or 500 payloads. Never limited by rate: a flood may contain a cry for help.
"""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from care import devices
from connectors import push
from engine import clock, db
from web.marks import open_to_all
from web.security import without_token

bp = Blueprint("device_push", __name__)


@bp.post("/api/devices/events")
@without_token
@open_to_all
def events() -> ResponseReturnValue:
    """Store and answer `[{"id", "answer", "case"}]` in the order of the payloads."""
    if (request.content_length or 0) > push.MAX_BYTES:
        return jsonify(error="at most 1 MB"), 413
    try:
        answers = push.accept(
            request.get_data(cache=False),
            request.headers.get("X-Signature"),
            _sender,
            clock.wall().timestamp(),
        )
    except push.NotAuthenticated as fault:
        return jsonify(error=str(fault)), 401
    except push.TooMuch as fault:
        return jsonify(error=str(fault)), 413
    return jsonify([{"id": each.id, "answer": each.answer, "case": each.case} for each in answers])


def _sender(kid: str) -> push.Sender | None:
    """The platform of that key id, or the device of that number with its own secret."""
    with db.reading() as session:
        platform = devices.platform(session, kid)
        if platform is not None:
            return push.Sender(bytes.fromhex(platform.key), lambda number: devices.may_push(platform, number), kid)
        secret = devices.secret_of(session, kid)
    return None if secret is None else push.Sender(secret, lambda number: number == kid, None)
