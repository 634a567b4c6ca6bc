"""Signing in and out.

The answer to a wrong name and to a wrong password is the same. After five failures the account rests for a quarter of
an hour (care/people); besides, one address may try one name 20 times a minute. In a demonstration the accounts stand
on the page and one click signs in; outside it that address answers 404.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask import session as flask_session
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import people
from care.people import Person, SignIn, Staff
from engine import clock, db
from engine.settings import settings
from engine.vault import blind_index
from web import demo_accounts, signed_in
from web.language import gettext, here_again
from web.pages import BARE, PHONE, page, shell_of
from web.security import limiter
from web.signed_in import current_person, open_to_all
from web.words import clock_time

__all__ = ["Person", "bp", "current_person", "open_to_all"]

bp = Blueprint("auth", __name__)


@bp.get("/sign-in")
@open_to_all
def sign_in() -> ResponseReturnValue:
    if current_person() is not None:
        return redirect(url_for("home.index"))
    return _page()


@bp.post("/sign-in")
@open_to_all
@limiter.limit("300/minute")
@limiter.limit("20/minute", key_func=lambda: f"{request.remote_addr} {request.form.get('name', '')}")
def enter() -> ResponseReturnValue:
    """Check name and password; 422 with one sentence when they do not fit, the name kept."""
    name = request.form.get("name", "").strip()
    password = request.form.get("password", "")
    if not name or not password:
        return _page(422, name, gettext("两项都要填。"))
    with db.writing() as session:
        answer = people.sign_in(session, user_name_of(session, name), password)
    if answer.person is None:
        return _page(422, name, reason(answer))
    return _enter(answer.person)


@bp.post("/sign-in/demo")
@open_to_all
def enter_demo() -> ResponseReturnValue:
    """One click in a demonstration: no password, and only accounts that the page shows."""
    if not settings().demo:
        abort(404)
    with db.reading() as session:
        person = people.by_user_name(session, request.form.get("name", ""))
        shown = person and person.user_name in {each.user_name for each in demo_accounts.shown(session)}
    if person is None or not shown:
        abort(404)
    return _enter(person)


def _enter(person: Person) -> ResponseReturnValue:
    """Begin a session. A phone keeps its cookie when the browser is killed; desks share computers and do not."""
    signed_in.begin(person)
    flask_session.permanent = shell_of(person) == PHONE
    return redirect(here_again())


@bp.post("/sign-out")
@open_to_all
def sign_out() -> ResponseReturnValue:
    signed_in.end()
    flash(gettext("已退出"))
    return redirect(url_for("auth.sign_in"))


def _page(status: int = 200, name: str = "", fault: str = "") -> ResponseReturnValue:
    wanted = request.form.get("next") or request.args.get("next") or "/"
    accounts = []
    if settings().demo:
        with db.reading() as session:
            accounts = demo_accounts.shown(session)
    return page("auth/sign_in.html", status, shell=BARE, name=name, fault=fault, next=wanted, accounts=accounts)


def reason(answer: SignIn) -> str:
    if answer.refused == "locked" and answer.locked_until is not None:
        minutes = max(1, int((answer.locked_until - clock.now()).total_seconds() // 60))
        return gettext(
            "试错 5 次，账号休息到 %(time)s（约 %(minutes)s 分钟）。急事先打电话。",
            time=clock_time(answer.locked_until),
            minutes=minutes,
        )
    return gettext("工号或密码不对。")


def user_name_of(session: Session, name: str) -> str:
    """What was typed is a user name, or the telephone number of an account."""
    if not name.isdigit() or len(name) < 8:
        return name
    found = session.scalar(select(Staff.user_name).where(Staff.phone_index == blind_index("phone", name)))
    return found or name
