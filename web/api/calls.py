"""What the telephone system of the hotline says: a call has come."""

from __future__ import annotations

from typing import Any

from care import calls
from care.errors import NotAllowed
from engine import jobs
from web.api.asking import Blueprint
from web.api.schemas import Called, CallSent
from web.signed_in import me

bp = Blueprint("api-calls", __name__, description="Calls to the hotline")


@bp.post("/calls")
@bp.arguments(Called)
@bp.response(201, CallSent)
@bp.needs("calls")
def call(sent: dict[str, Any]) -> Any:
    """A call rings: its ticket and the caller's card open at the hotline. The same `id` again changes nothing."""
    if not me().has_right(calls.RIGHT):
        raise NotAllowed(calls.RIGHT)
    with jobs.transaction() as session:
        is_new = calls.arrived(session, sent["id"], sent["phone"], sent.get("recording"))
    return {"state": "done" if is_new else "known"}
