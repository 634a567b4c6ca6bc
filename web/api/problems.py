"""Errors of the API as problem details (RFC 9457), in the caller's language.

`type` names the case for programs (`urn:visitflow:problem:late`), `title` and `detail` are sentences for people,
`errors` say which field is wrong. Nothing that a person wrote and no data of an elder stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from flask import Response, request
from werkzeug.exceptions import HTTPException

from web.language import gettext

MEDIA_TYPE = "application/problem+json"
ROOT = "/api/v1/"


def is_api() -> bool:
    """Whether this request came to the JSON API."""
    return request.path.startswith(ROOT)


def problem(
    status: int, title: str, detail: str, state: str = "", errors: Iterable[Mapping[str, str]] = (), **more: Any
) -> Response:
    """The answer; `state` is the case, default the number of the status."""
    body = {
        "type": f"urn:visitflow:problem:{state or status}",
        "title": title,
        "status": status,
        "detail": detail,
        **more,
    }
    listed = list(errors)
    if listed:
        body["errors"] = listed
    return Response(orjson.dumps(body), status, content_type=MEDIA_TYPE)


def errors_of(fault: HTTPException) -> list[dict[str, str]]:
    """What webargs found wrong with a request, one entry for each field; [] for other faults."""
    messages = (getattr(fault, "data", None) or {}).get("messages")
    return list(_entries(messages, "")) if isinstance(messages, Mapping) else []


def _entries(messages: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            yield from _entries(below, f"{path}.{name}" if path else str(name))
    else:
        reason = "; ".join(str(each) for each in messages) if isinstance(messages, list) else str(messages)
        yield {"field": path, "detail": gettext("没有填，或填得不对。"), "reason": reason}
