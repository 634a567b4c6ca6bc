"""«My» page: language, size of letters, my posts, signing out here or everywhere."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from care import leaves, organisation, people, roles, task_verbs
from care.errors import RuleBroken
from engine import clock, db
from engine.jobs import transaction
from web import sessions, signed_in
from web.api import tokens
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("me", __name__)
navigation = [Entry("me.index", N_("我的"), "me", order=95, below=("me.",))]


@bp.get("/me")
def index() -> ResponseReturnValue:
    return _page()


def _page(status: int = 200, **values: Any) -> ResponseReturnValue:
    person = me()
    with db.reading() as database:
        posts = [
            (roles.title(post.role, language()), organisation.title(database, post.unit_path), post.stands_in_for)
            for post in person.posts
        ]
        valid = tokens.valid_of(database, person.id)
        coming = leaves.coming(database, person.id)
        names = people.names(database, {each.stand_in_id for each in coming if each.stand_in_id})
    return page(
        "me/me.html", status, posts=posts, coming=coming, names=names, tokens=valid, scopes=tokens.SCOPES, **values
    )


@bp.post("/me/tokens")
def make_token() -> ResponseReturnValue:
    """A token of the JSON API, shown on this page and never again."""
    scopes = [scope for scope in request.form.getlist("scopes") if scope in tokens.SCOPES]
    label = request.form.get("label", "").strip()
    days = request.form.get("days", type=int) or 0
    if not scopes or not label or not 1 <= days <= tokens.LONGEST.days:
        return _page(422, token_fault=gettext("写明用途，选能做什么，天数 1 到 365。"))
    with db.writing() as database:
        _, text = tokens.make(database, me().id, label, scopes, timedelta(days=days))
    return _page(token=text)


@bp.post("/me/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    with db.writing() as database:
        found = tokens.revoke(database, token_id, me().id)
    if not found:
        abort(404)
    flash(gettext("令牌已作废"))
    return redirect(url_for("me.index"))


@bp.get("/me/leave")
def leaving() -> ResponseReturnValue:
    with db.reading() as database:
        return page("me/leave.html", colleagues=task_verbs.stand_ins(database, me()), typed=request.form)


@bp.post("/me/leave")
def leave() -> ResponseReturnValue:
    """Everything goes to the stand-in, from now or the day that is said until the day of return."""
    person = me()
    try:
        with transaction() as database:
            stand_in = request.form.get("stand_in", type=int) or 0
            until, since = _day("until"), _day("since")
            gone = task_verbs.leave(database, person, stand_in, until, request.form.get("why", ""), since)
    except RuleBroken as rule:
        with db.reading() as database:
            told = rule.en if language() == "en" else rule.zh
            found = task_verbs.stand_ins(database, person)
            return page("me/leave.html", 422, colleagues=found, typed=request.form, told=told)
    flash(gettext("已登记，到时自动交接") if gone is None else gettext("已交接 %(n)s 件", n=gone))
    return redirect(url_for("me.index"))


@bp.post("/me/leave/off")
def call_off() -> ResponseReturnValue:
    """A leave that has not begun is called off."""
    with transaction() as database:
        leaves.call_off(database, me().id, request.form.get("leave", type=int) or 0)
    flash(gettext("已取消离岗"))
    return redirect(url_for("me.index"))


def _day(name: str) -> datetime | None:
    """The beginning of the day that is said, None without one."""
    try:
        day = date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
    return datetime.combine(day, time(), tzinfo=clock.zone())


@bp.post("/me/letters")
def letters() -> ResponseReturnValue:
    """Larger letters and targets in this browser, or the ordinary size again."""
    if request.form.get("mode") == "elder":
        session["mode"] = "elder"
    else:
        session.pop("mode", None)
    return redirect(url_for("me.index"))


@bp.post("/me/password")
def password() -> ResponseReturnValue:
    """A new password; whoever knows the old one is signed out everywhere else."""
    person = me()
    if request.form.get("new", "") != request.form.get("again", ""):
        return _page(422, fault=gettext("两次新密码不一样，再输一次。"))
    with db.writing() as database:
        answer = people.sign_in(database, person.user_name, request.form.get("old", ""))
        fault = "" if answer.person else gettext("原密码不对。")
        if not fault:
            try:
                people.set_password(people.find_staff(database, person.id), request.form["new"])
                sessions.revoke_all(database, person.id)
                tokens.revoke_all(database, person.id)
            except RuleBroken as rule:
                fault = rule.en if language() == "en" else rule.zh
    if fault:
        return _page(422, fault=fault)
    signed_in.begin(person)
    flash(gettext("密码已换，其他地方都已退出"))
    return redirect(url_for("me.index"))
