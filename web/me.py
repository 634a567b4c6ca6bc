"""«My» page: language, size of letters, my posts, signing out here or everywhere."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from care import organisation, people, roles
from care.errors import RuleBroken
from engine import db
from web import sessions, signed_in
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("me", __name__)
navigation = [Entry("me.index", N_("我的"), "me", order=95, below=("me.",))]


@bp.get("/me")
def index() -> ResponseReturnValue:
    person = me()
    with db.reading() as database:
        posts = [
            (roles.title(post.role, language()), organisation.title(database, post.unit_path), post.stands_in_for)
            for post in person.posts
        ]
    return page("me/me.html", posts=posts)


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
        return page("me/me.html", 422, posts=[], fault=gettext("两次新密码不一样，再输一次。"))
    with db.writing() as database:
        answer = people.sign_in(database, person.user_name, request.form.get("old", ""))
        fault = "" if answer.person else gettext("原密码不对。")
        if not fault:
            try:
                people.set_password(people.find_staff(database, person.id), request.form["new"])
                sessions.revoke_all(database, person.id)
            except RuleBroken as rule:
                fault = rule.en if language() == "en" else rule.zh
    if fault:
        return page("me/me.html", 422, posts=[], fault=fault)
    signed_in.begin(person)
    flash(gettext("密码已换，其他地方都已退出"))
    return redirect(url_for("me.index"))
