"""Workers of a unit: who there is of each kind and in each of the three teams, and setting it.

Every number opens its list. Who may make accounts changes kind, team and languages, for workers all of whose posts lie
in the person's units. Source: issued plan 四(四), 五(一); R-SUP-01, R-SUP-02, R-PRJ-11, R-NET-08, R-ORG-09.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import organisation, people, roles
from care.errors import NotFound
from care.people import KINDS, TEAMS, Person, Post, Staff
from engine import db, jobs
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("staff", __name__, url_prefix="/staff")
SEES, CHANGES = frozenset(("assign", "accounts")), "accounts"
navigation = [Entry("staff.index", N_("工作人员"), "people", 47, rights=SEES, below=("staff.",))]
PAGE = 60
UNSAID = "none"


def _choices(words: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(code, pair[language() == "en"]) for code, pair in words.items()]


def _paths(person: Person, rights: frozenset[str]) -> list[str]:
    """The units in which the person has one of these rights; those inside another are left out."""
    held = {post.unit_path for post in person.posts if rights & roles.role(post.role).rights}
    return sorted(
        path for path in held if not any(path != each and organisation.is_within(path, each) for each in held)
    )


def _wanted(name: str, words: dict[str, tuple[str, str]]) -> str | None:
    """The code asked for: None for all, "" for workers of whom nothing was said."""
    said = request.args.get(name, "")
    if said and said != UNSAID and said not in words:
        abort(404)
    return "" if said == UNSAID else said or None


@bp.get("/")
def index() -> ResponseReturnValue:
    """Figures by kind and team, and the workers of what was chosen; `after` goes on."""
    person = me()
    paths = _paths(person, SEES)
    if not paths:
        abort(403)
    kind, team = _wanted("kind", KINDS), _wanted("team", TEAMS)
    given = request.args.get("after", "0")
    with db.reading() as session:
        counts = people.kind_counts(session, paths)
        asked = people.workers(paths, int(given) if given.isdigit() else 0, PAGE + 1, kind=kind, team=team)
        rows = list(session.scalars(asked))
        posts = _posts(session, [row.id for row in rows[:PAGE]])
    return page(
        "staff/index.html",
        kinds=[*_counted(KINDS, counts, 0), (UNSAID, gettext("没有填写"), _sum(counts, 0, ""))],
        teams=[*_counted(TEAMS, counts, 1), (UNSAID, gettext("没有填写"), _sum(counts, 1, ""))],
        total=sum(counts.values()), kind=request.args.get("kind", ""), team=request.args.get("team", ""),
        rows=rows[:PAGE], posts=posts, may=_paths(person, frozenset((CHANGES,))), kind_choices=_choices(KINDS),
        team_choices=_choices(TEAMS), words={**dict(_choices(KINDS)), **dict(_choices(TEAMS))},
        after=rows[PAGE - 1].id if len(rows) > PAGE else None,
    )  # fmt: skip


def _counted(
    words: dict[str, tuple[str, str]], counts: dict[tuple[str, str], int], place: int
) -> list[tuple[str, str, int]]:
    return [(code, title, _sum(counts, place, code)) for code, title in _choices(words)]


def _sum(counts: dict[tuple[str, str], int], place: int, code: str) -> int:
    return sum(number for pair, number in counts.items() if pair[place] == code)


def _posts(session: Session, staff_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """(role, unit name) of the posts of these workers today, in one question."""
    asked = select(Post.staff_id, Post.role, organisation.Unit.name).join(
        organisation.Unit, organisation.Unit.id == Post.unit_id
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for staff_id, role, name in session.execute(asked.where(Post.staff_id.in_(staff_ids), people.held_today())):
        found.setdefault(staff_id, []).append((roles.title(role, language()), name))
    return found


@bp.post("/<int:worker_id>")
def change(worker_id: int) -> ResponseReturnValue:
    """Kind, team and languages of a worker."""
    person, form = me(), request.form
    said: dict[str, Any] = {"kind": form.get("kind", ""), "team": form.get("team", "")}
    if said["kind"] not in {"", *KINDS} or said["team"] not in {"", *TEAMS}:
        abort(400)
    with jobs.transaction() as session:
        staff = _worker(session, person, worker_id)
        staff.kind, staff.team = said["kind"], said["team"]
        staff.speaks = form.get("speaks", "").strip()[:40] or staff.speaks
        name = staff.name
    flash(gettext("%(name)s 的类别已保存。", name=name))
    return redirect(url_for("staff.index", kind=request.args.get("kind"), team=request.args.get("team")))


def _worker(session: Session, person: Person, worker_id: int) -> Staff:
    """The worker, all of whose posts lie in units where the person makes accounts; raises NotFound."""
    scope = _paths(person, frozenset((CHANGES,)))
    posts = people.posts_of(session, worker_id)
    inside = [any(organisation.is_within(post.unit_path, path) for path in scope) for post in posts]
    if not posts or not all(inside):
        raise NotFound(f"staff {worker_id}")
    return people.find_staff(session, worker_id)
