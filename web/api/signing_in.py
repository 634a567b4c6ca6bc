"""Tokens: by name and password, listed, revoked; and who one is."""

from __future__ import annotations

from typing import Any

from flask import g, request

from care import people, roles
from engine import clock, db
from web import auth
from web.api import tokens
from web.api.asking import Blueprint
from web.api.problems import problem
from web.api.schemas import LARGEST_ID, Me, NewToken, SignIn, Token
from web.errors import refuse
from web.language import gettext, language
from web.marks import open_to_all
from web.security import limiter
from web.signed_in import me

bp = Blueprint("api-tokens", __name__, description="Tokens and who they act for")


@bp.post("/tokens")
@open_to_all
@limiter.limit("300/minute")
@limiter.limit("20/minute", key_func=lambda: f"api {request.remote_addr}")
@bp.arguments(SignIn)
@bp.response(201, NewToken)
def sign_in(asked: dict[str, Any]) -> Any:
    """A token for twelve hours by name and password; 422 when they do not fit."""
    with db.writing() as session:
        answer = people.sign_in(session, auth.user_name_of(session, asked["user_name"].strip()), asked["password"])
        if answer.person is not None:
            row, text = tokens.make(session, answer.person.id, asked["label"], asked["scopes"])
            return {**_told(row), "token": text}
    return problem(422, gettext("登录不了"), auth.reason(answer), state="sign_in")


@bp.get("/me")
@bp.doc(security=[{"token": []}])
@bp.response(200, Me)
def who() -> Any:
    """Who the token acts for, with the posts held today and the server's time."""
    person = me()
    posts = [
        {"role": post.role, "title": roles.title(post.role, language()), "unit_path": post.unit_path}
        for post in person.posts
    ]
    return {
        "id": person.id,
        "name": person.name,
        "posts": posts,
        "scopes": sorted(g.token.scopes),
        "now": clock.now(),
    }


@bp.get("/tokens")
@bp.doc(security=[{"token": []}])
@bp.response(200, Token(many=True))
def listed() -> Any:
    """This person's tokens that still open something, without their text."""
    with db.reading() as session:
        return [_told(row) for row in tokens.valid_of(session, me().id)]


@bp.delete(f"/tokens/<int(max={LARGEST_ID}):token_id>")
@bp.doc(security=[{"token": []}])
@bp.response(204)
def revoke(token_id: int) -> Any:
    """Make one of this person's tokens worthless, this one included."""
    with db.writing() as session:
        found = tokens.revoke(session, token_id, me().id)
    return None if found else refuse(404)


def _told(row: tokens.ApiToken) -> dict[str, Any]:
    current = "token" in g and g.token is not None and g.token.token_id == row.id
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes.split(),
        "made_at": row.made_at,
        "ends_at": row.ends_at,
        "used_at": row.used_at,
        "current": current,
    }
