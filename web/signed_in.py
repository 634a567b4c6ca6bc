"""Who is looking: the signed-in person of this request, with the posts held at this moment.

Every page asks for a signed-in person unless its view is marked `@open_to_all`. Rights are read from the database at
each request, so what is taken away is gone at once.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Request, current_app, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_user, logout_user

from care import people, roles
from care.people import Person
from engine import db
from web import sessions
from web.api import tokens
from web.api.problems import ROOT
from web.language import gettext
from web.marks import is_open_to_all, open_to_all

_manager = LoginManager()
_KEPT = ("language", "mode")  # what a browser keeps over signing in and out


class _Visitor:
    """What Flask-Login carries: the token of the session and the person."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, token: str, person: Person) -> None:
        self.token, self.person = token, person

    def get_id(self) -> str:
        return self.token


def current_person() -> Person | None:
    """The signed-in person; None before signing in. Read once per request."""
    return cast("Person | None", getattr(current_user, "person", None)) if request else None


def forget_who_is_looking() -> None:
    """For the rest of this request nobody is signed in: a page about the database's trouble must not ask it."""
    g._login_user = AnonymousUserMixin()


def me() -> Person:
    """The signed-in person in a view that nobody else reaches."""
    person = current_person()
    assert person is not None, "this view is reached only by signed-in people"
    return person


def sees_figures(person: Person) -> bool:
    return any(roles.role(role).figures for role in person.roles)


def begin(person: Person) -> None:
    """Sign the person in with a new session; what the browser had before is thrown away."""
    kept = {name: session[name] for name in _KEPT if name in session}
    with db.writing() as database:
        token = sessions.begin(database, person.id, request.headers.get("User-Agent", ""))
    session.clear()
    session.update(kept)
    login_user(cast(Any, _Visitor(token, person)))


def end() -> None:
    """Sign this browser out; its token is worthless from now on."""
    token = getattr(current_user, "token", None)
    if token:
        with db.writing() as database:
            sessions.revoke(database, token)
    kept = {name: session[name] for name in _KEPT if name in session}
    logout_user()
    session.clear()
    session.update(kept)


def install(app: Flask) -> None:
    _manager.init_app(app)
    app.before_request(_guard)


@_manager.user_loader  # type: ignore[untyped-decorator]
def _load(token: str) -> _Visitor | None:
    with db.reading() as database:
        person_id = sessions.person_of(database, token)
        person = people.person(database, person_id) if person_id is not None else None
    return _Visitor(token, person) if person else None


@_manager.request_loader  # type: ignore[untyped-decorator]
def _of_token(asked: Request) -> _Visitor | None:
    """Who a program of the API acts for. A token opens nothing but the API."""
    scheme, _, text = asked.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not asked.path.startswith(ROOT):
        return None
    with db.reading() as database:
        g.token = tokens.holder(database, text.strip())
        person = people.person(database, g.token.person_id) if g.token else None
    if g.token and g.token.is_unnoted:
        with db.writing() as database:
            tokens.note_use(database, g.token.token_id)
    return _Visitor("", person) if person else None


def _guard() -> ResponseReturnValue | None:
    from web.errors import refuse, wants_json

    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or is_open_to_all(view) or current_person() is not None:
        return None
    if wants_json() or request.headers.get("X-Fragment"):
        return refuse(401)
    if request.method == "GET":
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    flash(gettext("登录到期了。填的内容存在这台设备里，登录后接着办。"))
    return redirect(url_for("auth.sign_in", next=_page_of_the_form()))


def _page_of_the_form() -> str:
    """Where a form that came too late stood, if its address can be opened; else the first page."""
    can_be_opened = current_app.url_map.bind("").test(request.path, "GET")
    return request.path if can_be_opened else "/"


__all__ = ["Person", "begin", "current_person", "end", "install", "me", "open_to_all", "sees_figures"]
