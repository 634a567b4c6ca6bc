"""The whole site in view: `create_app()`.

To add pages: a module with a blueprint `bp` (and, for the navigation, a list `navigation` of `pages.Entry`),
its name in PAGES. Everything is behind sign-in unless the view is marked `open_to_all`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from engine.settings import settings
from engine.vault import secret_file
from web import assets, errors, language, pages, security, signed_in

PAGES = (
    "web.assets",
    "web.language",
    "web.auth",
    "web.home",
    "web.worklist",
    "web.task_page",
    "web.elders",
    "web.report",
    "web.attachments",
    "web.me",
    "web.board",
    "web.cases",
    "web.overview",
    "web.instances",
    "web.events",
    "web.designer",
    "web.demo",
    "web.health",
    "web.device_push",
)

LARGEST_REQUEST = 40 * 1024 * 1024  # bytes: a form with six photos of 6 MB


class _Sessions(SecureCookieSessionInterface):
    """The signed cookie, but files of the pages neither read nor vary by it, so that browsers keep them."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "assets.static":
            super().save_session(app, session, response)


def create_app(configuration: Mapping[str, Any] | None = None) -> Flask:
    """The site; `configuration` overrides Flask's settings (tests)."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=settings().secret_key or secret_file("session.key").hex(),
        SESSION_COOKIE_NAME="visitflow",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().secure_cookies,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,  # behind a proxy the scheme differs; the token itself is checked
        RATELIMIT_HEADERS_ENABLED=False,
    )
    app.config.update(configuration or {})
    app.session_interface = _Sessions()
    modules = [importlib.import_module(name) for name in PAGES]
    app.after_request(assets.compress)  # after_request runs in reverse: compressing comes last
    language.install(app)
    security.install(app)
    signed_in.install(app)
    errors.install(app)
    pages.install(app, (entry for module in modules for entry in getattr(module, "navigation", ())))
    for module in modules:
        _register(app, module)
    return app


def _register(app: Flask, module: ModuleType) -> None:
    app.register_blueprint(module.bp)
