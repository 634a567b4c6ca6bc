"""What protects every page: tokens against forged forms, headers, and a limit on signing in.

Scripts run only from our own files or with the nonce of the request; styles only from our own files, except on pages
that draw diagrams (`allow_inline_styles`), because bpmn-js sets them. Pages are never stored by browsers: desks share
computers. Source: OWASP ASVS 5.0 chapters V3 and V14.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from engine.settings import settings
from web.marks import View

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://")


def install(app: Flask) -> None:
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_headers)


def without_token(view: View) -> View:
    """Marks a view that machines post to: no token against forged forms, it proves its sender in another way."""
    csrf.exempt(view)
    return view


def nonce() -> str:
    """The nonce of this request, for `<script nonce=…>`."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def allow_inline_styles() -> None:
    """For pages with diagrams: bpmn-js places what it draws by style attributes."""
    g.inline_styles = True


def _policy() -> str:
    styles = "'self' 'unsafe-inline'" if g.get("inline_styles") else "'self'"
    scripts = f"'self' 'nonce-{g.nonce}'" if "nonce" in g else "'self'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src 'self' data: blob:; "
        "media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _headers(answer: Response) -> Response:
    headers = answer.headers
    headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint == "assets.static":
        return answer  # the rest is about pages; on each file it would cost a phone half a kilobyte
    headers["Content-Security-Policy"] = _policy()
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"
    headers.setdefault("Cache-Control", "no-store")
    if settings().secure_cookies:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return answer
