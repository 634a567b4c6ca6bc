"""Going out alone: a worker says where to and until when, and that they are back; desks see who is out.

Works with weak network: two short forms; who has none is called by the village. Source: R-USR-10; processes P08 T1.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from care import lone_trips, organisation, people, roles
from care.errors import RuleBroken
from care.lone_trips import LoneTrip
from care.people import Person
from engine import clock, db, instances, jobs
from engine.tasks import TaskRow
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me
from web.words import moment

bp = Blueprint("lone_trips", __name__, url_prefix="/out")
RIGHT = "assign"
navigation = [Entry("lone_trips.index", N_("独自外出"), "pin", 51, rights=frozenset((RIGHT,)), below=("lone_trips.",))]
FORMS = frozenset(("trip_call", "trip_search"))
STATES = {"out": N_("在外"), "missing": N_("没有联系上"), "back": N_("已回来")}
MOST = 100


@bp.get("/")
def index() -> ResponseReturnValue:
    """One's own trip, and for desks who is out in their units."""
    person = me()
    with db.reading() as session:
        own = lone_trips.current(session, person.id)
        desk = _desk_paths(person)
        rows = _out(session, desk)
        names = people.names(session, {row.staff_id for row in rows})
    default = clock.local(clock.now()) + timedelta(hours=3)
    return page(
        "lone_trips/index.html", own=own, rows=rows, names=names, desk=bool(desk), states=STATES, default=default,
        grace=lone_trips.GRACE,
    )  # fmt: skip


def _desk_paths(person: Person) -> list[str]:
    return sorted({post.unit_path for post in person.posts if RIGHT in roles.role(post.role).rights})


def _out(session: Session, paths: list[str]) -> list[LoneTrip]:
    """Who is out in these units, the longest overdue first."""
    if not paths:
        return []
    here = or_(*(organisation.within(LoneTrip.unit_path, path) for path in paths))
    asked = select(LoneTrip).where(LoneTrip.back_at.is_(None), here).order_by(LoneTrip.expected_at).limit(MOST)
    return list(session.scalars(asked))


@bp.post("/")
def go() -> ResponseReturnValue:
    """Leave now; `day` and `hour` are those of the city."""
    try:
        expected = _moment()
        with jobs.transaction() as session:
            lone_trips.begin(session, me().id, request.form.get("place", ""), expected)
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    else:
        flash(gettext("已登记。回来后请按「我回来了」，过时30分钟村（社区）会找您。"))
    return redirect(url_for("lone_trips.index"))


def _moment() -> datetime:
    form = request.form
    try:
        said = datetime.combine(date.fromisoformat(form["day"]), time.fromisoformat(form["hour"]), tzinfo=clock.zone())
    except (KeyError, ValueError):
        raise RuleBroken("写明哪天几点回来", "say the day and hour of return") from None
    return said


@bp.post("/back")
def back() -> ResponseReturnValue:
    """Back again."""
    with jobs.transaction() as session:
        row = lone_trips.current(session, me().id)
        if row is not None:
            lone_trips.back(session, row)
    flash(gettext("平安回来就好。"))
    return redirect(url_for("lone_trips.index"))


def known(session: Session, task: TaskRow) -> dict[str, Any]:
    """What the forms of calling and looking for a worker know: `lone_trip.…`; {} for other forms."""
    if task.form_key not in FORMS or task.instance_id is None:
        return {}
    key = instances.get(session, task.instance_id).key or ""
    row = session.get(LoneTrip, int(key)) if key.isdigit() else None
    if row is None:
        return {}
    staff = people.find_staff(session, row.staff_id)
    return {
        "who": staff.name,
        "phone": staff.phone,
        "where": row.place,
        "expected": moment(row.expected_at, clock.now(), language()),
        "called": row.said,
    }
