"""The whole site in view: `create_app()`.

To add pages: a module with a blueprint `bp` (and, for the navigation, a list `navigation` of `pages.Entry`),
its name in PAGES. Everything is behind sign-in unless the view is marked `open_to_all`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from care import calendar_change
from engine import jobs
from engine.settings import settings
from engine.vault import secret_file
from web import assets, errors, language, pages, plain_forms, security, sessions, signed_in
from web.api import site
from web.api.problems import ROOT, is_api

PAGES = (
    "web.assets",
    "web.language",
    "web.auth",
    "web.home",
    "web.task_links",
    "web.liaison",
    "web.duty_papers",
    "web.handover_papers",
    "web.documents",
    "web.norm",
    "web.worklist",
    "web.task_page",
    "web.task_verbs",
    "web.task_lists",
    "web.batch",
    "web.desk",
    "web.trip",
    "web.lone_trips",
    "web.phone",
    "web.elders",
    "web.begin",
    "web.dwellings",
    "web.report",
    "web.attachments",
    "web.me",
    "web.notices",
    "web.board",
    "web.calls",
    "web.cases",
    "web.ledgers",
    "web.imports",
    "web.neighbours",
    "web.periods",
    "web.answers",
    "web.duties",
    "web.gaps",
    "web.rota",
    "web.campaigns",
    "web.staff",
    "web.providers",
    "web.overview",
    "web.indicators",
    "web.programme",
    "web.oversight",
    "web.policy",
    "web.tier_story",
    "web.elder_story",
    "web.instances",
    "web.operating",
    "web.operating_many",
    "web.held_back",
    "web.events",
    "web.designer",
    "web.releases",
    "web.demo",
    "web.health",
    "web.device_push",
)

LARGEST_REQUEST = 40 * 1024 * 1024  # bytes: a form with six photos of 6 MB


class _Sessions(SecureCookieSessionInterface):
    """The signed cookie. Files of the pages neither read nor vary by it, so that browsers keep them; the API, which
    programs ask with tokens, has none."""

    def open_session(self, app: Flask, asked: Request) -> SecureCookieSession | None:
        return self.session_class() if asked.path.startswith(ROOT) else super().open_session(app, asked)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "assets.static" and not is_api():
            super().save_session(app, session, response)


def secret_key() -> str:
    """The key of the web sessions."""
    return settings().secret_key or secret_file("session.key").hex()


def create_app(configuration: Mapping[str, Any] | None = None) -> Flask:
    """The site; `configuration` overrides Flask's settings (tests)."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=secret_key(),
        SESSION_COOKIE_NAME="visitflow",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=sessions.LASTS,
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_SECURE=settings().secure_cookies,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=False,  # behind a proxy the scheme differs; the token itself is checked
        RATELIMIT_HEADERS_ENABLED=False,
    )
    app.config.update(configuration or {})
    app.session_interface = _Sessions()
    if settings().demo:
        app.before_request(jobs.follow_clock)
    modules = [importlib.import_module(name) for name in PAGES]
    app.after_request(assets.compress)  # after_request runs in reverse: compressing comes last
    language.install(app)
    security.install(app)
    signed_in.install(app)
    plain_forms.install(app)
    app.before_request(calendar_change.look_again)
    errors.install(app)
    pages.install(app, (entry for module in modules for entry in getattr(module, "navigation", ())))
    for module in modules:
        _register(app, module)
    site.install(app)
    return app


def _register(app: Flask, module: ModuleType) -> None:
    app.register_blueprint(module.bp)
