"""`/health`: alive; `/ready`: able to work, with reasons; `/metrics`: figures for Prometheus. For machines, no sign-in.

`/ready` asks for the whole city; `/ready?part=web` only for what the pages need, for the balancer in front of them:
that a listener lost its broker is no reason to take the worklists away.
"""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from engine import db, metrics, standing
from engine.settings import settings
from web import readiness
from web.marks import open_to_all
from web.security import limiter

bp = Blueprint("health", __name__)
_LOOPBACK = frozenset(("127.0.0.1", "::1"))
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


@bp.get("/health")
@open_to_all
@limiter.exempt
def health() -> ResponseReturnValue:
    """200 when a row can be read; anything else means that nothing can be promised."""
    with db.reading() as session:
        session.execute(text("SELECT 1"))
    return jsonify(state="ok")


@bp.get("/ready")
@open_to_all
@limiter.exempt
def ready() -> ResponseReturnValue:
    """200 when every check holds, else 503; either way the checks with their reasons."""
    part = request.args.get("part", readiness.CITY)
    if part not in readiness.PARTS:
        abort(404)
    checks = readiness.of(part)
    is_ready = all(each.ok for each in checks)
    told = [{"name": each.name, "ok": each.ok, "reason": each.reason} for each in checks]
    return jsonify(ready=is_ready, checks=told), 200 if is_ready else 503


@bp.get("/metrics")
@open_to_all
@limiter.exempt
def figures() -> ResponseReturnValue:
    """Whoever has no right to it is told that there is nothing."""
    via = any(name in request.headers for name in _FORWARDED)
    if not may_see(request.remote_addr or "", request.headers.get("Authorization", ""), via):
        abort(404)
    return Response(metrics.shown([standing.REGISTRY]), content_type=metrics.TYPE)


def may_see(address: str, authorization: str, through_proxy: bool) -> bool:
    """By the token of the settings; without one only from this machine itself."""
    token = settings().metrics_token
    if token:
        return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
    return address in _LOOPBACK and not through_proxy
