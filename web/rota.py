"""The rota page of a unit: who mans which office now, who is on call, and whose turn the new alarms of each elder are.

An empty office shows red with where its work goes meanwhile. Source: R-USR-07, R-PRJ-12; processes P36.
"""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, duty_roster, handovers, organisation, people, roles, rota, visitors
from care.elders import Elder
from care.errors import RuleBroken
from care.organisation import Unit
from care.people import Person
from care.visitors import Responsibility
from engine import clock, db, jobs
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("rota", __name__, url_prefix="/rota")
RIGHT = "assign"
navigation = [Entry("rota.index", N_("值班轮值"), "calendar", 50, rights=frozenset((RIGHT,)), below=("rota.",))]
DAYS, PAGE = 14, 40


def _paths(person: Person) -> list[str]:
    found = sorted({post.unit_path for post in person.posts if RIGHT in roles.role(post.role).rights})
    if not found:
        abort(403)
    return found


def _unit(session: Session, person: Person) -> tuple[Unit, list[Unit]]:
    """The unit asked for, if the person assigns there, and the way to it."""
    paths = _paths(person)
    wanted = request.args.get("unit") or paths[0]
    found = organisation.by_path(session, wanted)
    if found is None or found.level == "grid" or not any(organisation.is_within(wanted, path) for path in paths):
        abort(404)
    chain = organisation.chain(session, found.path)
    return found, [each for each in chain if any(organisation.is_within(each.path, path) for path in paths)]


@bp.get("/")
def index() -> ResponseReturnValue:
    """The office, those directly below, the roster of two weeks, and in a village the rota of A and B."""
    person = me()
    given = request.args.get("after", "0")
    after = int(given) if given.isdigit() else 0
    with db.reading() as session:
        unit, crumbs = _unit(session, person)
        below = [each for each in organisation.children(session, unit) if each.level in duty_roster.DESKS]
        found = duty_roster.offices(session, [unit, *below])
        turns = duty_roster.turns(session, unit.path, clock.today(), DAYS)
        elders = _elders(session, person, unit, after) if unit.level == "village" else []
        turned = rota.current(session, [row.id for row in elders])
        holders = _visitors(session, [row.id for row in elders])
        names = people.names(session, _who(found, turns, holders))
        places = {each.goes_to[1]: _name(session, each.goes_to[1]) for each in found if each.goes_to}
    days = [clock.today() + timedelta(days=number) for number in range(DAYS)]
    return page(
        "rota/index.html", unit=unit, crumbs=crumbs, office=found[0], below=found[1:], days=days, turns=turns,
        names=names, places=places, elders=elders[:PAGE], turned=turned, holders=holders, today=clock.today(),
        choices=_choices(),
        is_b={row.id: _is_b(turned.get(row.id)) for row in elders},
        after=elders[PAGE - 1].id if len(elders) > PAGE else None,
    )  # fmt: skip


def _choices() -> list[tuple[str, str]]:
    turns = [(code, pair[language() == "en"]) for code, pair in rota.TURNS.items()]
    return [("", gettext("不轮，都给A")), *turns]


def _is_b(row: rota.Rota | None) -> bool:
    return row is not None and rota.is_b_on(row, clock.today())


def _elders(session: Session, person: Person, unit: Unit, after: int) -> list[Elder]:
    asked = select(Elder).where(organisation.within(Elder.unit_path, unit.path), access.visible_elders(person))
    asked = asked.where(Elder.id > after, Elder.tier != "none", Elder.status.in_(("in_register", "absent")))
    return list(session.scalars(asked.order_by(Elder.id).limit(PAGE + 1)))


def _visitors(session: Session, elder_ids: list[int]) -> dict[int, dict[str, int]]:
    """Visitor A and B of each elder, in one question."""
    asked = select(Responsibility.elder_id, Responsibility.kind, Responsibility.staff_id).where(
        Responsibility.elder_id.in_(elder_ids),
        Responsibility.kind.in_(("visitor", "visitor_b")),
        visitors.holds_today(),
    )
    found: dict[int, dict[str, int]] = {}
    for elder_id, kind, staff_id in session.execute(asked.order_by(Responsibility.id)):
        found.setdefault(elder_id, {})[kind] = staff_id
    return found


def _who(
    found: list[duty_roster.Office], turns: dict[date, duty_roster.DutyTurn], holders: dict[int, dict[str, int]]
) -> set[int]:
    ids = {each for office in found for each in (*office.there, *office.away, office.tonight or 0)}
    ids |= {each for row in turns.values() for each in (row.staff_id, row.stand_in_id or 0)}
    return (ids | {each for pair in holders.values() for each in pair.values()}) - {0}


def _name(session: Session, path: str) -> str:
    unit = organisation.by_path(session, path)
    return unit.name if unit else "—"


@bp.post("/duty")
def duty() -> ResponseReturnValue:
    """Put somebody on call for some nights; and the telephone of the office."""
    person, form = me(), request.form
    try:
        with jobs.transaction() as session:
            unit, _ = _unit(session, person)
            path = unit.path
            worker = _worker(session, path, form.get("worker", ""))
            stand_in = _worker(session, path, form["stand_in"]) if form.get("stand_in") else None
            days = duty_roster.set_turns(
                session, unit, _day(form.get("from_on", "")), _day(form.get("until_on", "")), worker, stand_in
            )
            if form.get("duty_phone"):
                unit.duty_phone = form["duty_phone"].strip()[:32]
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
        return redirect(url_for("rota.index", unit=request.args.get("unit")))
    flash(gettext("已排 %(n)s 天。", n=days))
    return redirect(url_for("rota.index", unit=path))


def _worker(session: Session, path: str, text: str) -> int:
    found = handovers.named(session, path, text.strip())
    if found is None:
        raise RuleBroken("没有这位工作人员，或有重名，请写账号", "no such worker, or several: give the user name")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleBroken("日期写成2026-08-03这样", "write the day as 2026-08-03") from None


@bp.post("/turns/<int:elder_id>")
def turn(elder_id: int) -> ResponseReturnValue:
    """How A and B take turns for an elder's new alarms."""
    person, wanted = me(), request.form.get("turn", "")
    if wanted not in ("", *rota.TURNS):
        abort(400)
    with jobs.transaction() as session:
        elder = access.elder(session, person, elder_id)
        access.require(session, person, RIGHT, elder)
        rota.set_rota(session, elder, wanted, clock.today())
        path = organisation.prefix(elder.unit_path, "village")
    flash(gettext("轮值已保存。"))
    return redirect(url_for("rota.index", unit=path))
