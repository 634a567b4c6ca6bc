"""Every request has an id: in each log line of it and in the answer, so that both can be laid side by side.

A proxy that gives its own (`X-Request-ID`) has it kept. What a line says of the request is the endpoint, never the
address: that may hold what somebody searched for.
"""

from __future__ import annotations

import logging
import re
import secrets

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, reset_contextvars

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9._-]{8,64}")


def install(app: Flask) -> None:
    app.before_request_funcs.setdefault(None, []).insert(0, _begin)  # whatever else is asked before a view has it
    app.after_request(_answered)
    app.teardown_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _FIT.fullmatch(given) else secrets.token_hex(8)
    g.log_tokens = bind_contextvars(request=g.request_id)


def _answered(response: Response) -> Response:
    if "request_id" in g:
        response.headers[HEADER] = g.request_id
    logger.debug("answered", extra={"endpoint": request.endpoint, "status": response.status_code})
    return response


def _end(fault: BaseException | None) -> None:
    tokens = g.pop("log_tokens", None)
    if tokens:
        reset_contextvars(**tokens)
