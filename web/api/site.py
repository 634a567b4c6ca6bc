"""Puts the API and its description into the site."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Flask
from flask_smorest import Api as SmorestApi

from web.api import batches, calls, elders, files, leaves, reports, signing_in, tasks, verbs, worklist
from web.api.problems import MEDIA_TYPE, ROOT
from web.api.schemas import Problem
from web.marks import open_to_all
from web.security import csrf

PARTS = (signing_in, worklist, tasks, verbs, batches, leaves, elders, files, reports, calls)
ABOUT = (
    "Everything a worker can do. Get a token by name and password (POST /tokens), on the page «我的», or by "
    "the command `visitflow token make`. Send `Accept-Language: zh` or `en` for the language of all words. "
    "Errors are problem details (RFC 9457)."
)


class Api(SmorestApi):  # type: ignore[misc]
    """flask-smorest with our own errors: web/errors.py answers for the whole site."""

    ERROR_SCHEMA: ClassVar[Any] = Problem

    def _register_error_handlers(self) -> None:
        pass

    @open_to_all
    def _openapi_json(self) -> Any:
        """The description, for everybody."""
        return super()._openapi_json()

    def _register_responses(self) -> None:
        """The usual errors, as problem details."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = MEDIA_TYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


def install(app: Flask) -> None:
    app.config.update(
        API_TITLE="Visitflow",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=ROOT.rstrip("/"),
        API_SPEC_OPTIONS={
            "info": {"description": ABOUT},
            "servers": [{"url": "/"}],
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        },
    )
    api = Api(app)
    for part in PARTS:
        csrf.exempt(part.bp)
        api.register_blueprint(part.bp, url_prefix=ROOT.rstrip("/"))


__all__ = ["install"]
