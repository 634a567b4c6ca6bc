"""Which policy set each district follows: the history, a switch with its floor and what-if counts, and its change list.

Whoever sees figures of a unit sees its history; `choose_policy` chooses. The change list shows names to those who may
open files there, numbers to everybody else. Source: policy 2.2; processes P44.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import (
    access,
    district_policies,
    masking,
    organisation,
    people,
    policies,
    policy_checks,
    policy_switches,
    retiering,
    what_if,
)
from care.district_policies import PolicyChoice
from care.elders import TIER_TITLES, Elder
from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.people import Person
from care.retiering import TierChange
from care.visit_periods import PERIOD_TITLES
from engine import clock, db, jobs
from engine.expressions import parse_date
from web import case_views
from web.language import N_, gettext, in_language, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("policy", __name__, url_prefix="/policy")
navigation = [
    Entry(
        "policy.index",
        N_("政策"),
        "shield",
        order=60,
        rights=frozenset(("choose_policy", "see_log")),
        below=("policy.",),
    )
]
PAGE = 100


@dataclass(frozen=True)
class Line:
    """A district, the set in force there, and what is under way."""

    unit: Unit
    policy: str
    since: PolicyChoice | None
    pending: PolicyChoice | None


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]


def policy_name(policy: str) -> str:
    """The set's name in this language, its id where it is not known any more."""
    known = policies.policy_sets().get(policy)
    return in_language(dict(known.name)) if known else policy


def _period(code: str) -> str:
    return _words(PERIOD_TITLES[code]) if code in PERIOD_TITLES else "—"


_SHOWN: dict[str, Any] = {
    "policy_name": policy_name,
    "period_words": _period,
    "tier_words": lambda code: _words(TIER_TITLES.get(code, (code, code))),
    "state_words": lambda code: _words(district_policies.STATES.get(code, (code, code))),
    "line_words": lambda code: _words(retiering.STATES.get(code, (code, code))),
    "context_words": lambda code: _words(policy_checks.CONTEXT_TITLES.get(code, (code, code))),
}


def _scope() -> list[str]:
    paths = access.figures_scope(me())
    if not paths:
        abort(403)
    return paths


@bp.get("/")
def index() -> ResponseReturnValue:
    """The districts with what they follow, the sets, and every switch so far."""
    paths = _scope()
    with db.reading() as session:
        chosen = district_policies.choices(session)
        city = organisation.city(session)
        districts = organisation.below(session, city.path, "district")
        seen = [unit for unit in districts if _touches(unit.path, paths)]
        asked = select(PolicyChoice).order_by(PolicyChoice.id.desc())
        history = [row for row in session.scalars(asked) if _touches(row.unit_path, paths)]
        lines = [_line(unit, chosen, history) for unit in seen]
        names = people.names(session, {row.chosen_by for row in history if row.chosen_by})
        units = {unit.path: unit.name for unit in [city, *districts]}
    return page(
        "policy/index.html", lines=lines, history=history, names=names, units=units,
        sets=list(policies.policy_sets().values()), may_choose=me().has_right("choose_policy"), **_SHOWN,
    )  # fmt: skip


def _touches(path: str, paths: list[str]) -> bool:
    """Whether a unit lies in the person's part of the city, or that part lies in the unit."""
    return any(organisation.is_within(path, each) or organisation.is_within(each, path) for each in paths)


def _line(unit: Unit, chosen: district_policies.Choices, history: list[PolicyChoice]) -> Line:
    own = [row for row in history if unit.path.startswith(row.unit_path)]
    today = clock.today()
    holding = [row for row in own if row.state in district_policies.HOLDS and row.from_on <= today]
    waiting = [row for row in own if row.state in district_policies.OPEN and row not in holding]
    since = max(holding, key=lambda row: (len(row.unit_path), row.from_on, row.id), default=None)
    return Line(unit, chosen.at(unit.path, today), since, waiting[0] if waiting else None)


@bp.get("/choose")
def choose() -> ResponseReturnValue:
    """Choose a set and a day; with both, what it breaks and what it would change."""
    return _form()


def _form(fault: str = "", confirm: bool = False) -> ResponseReturnValue:
    person = me()
    if not person.has_right("choose_policy"):
        abort(403)
    with db.reading() as session:
        unit = _unit(session, person, request.values.get("unit", ""))
        current = district_policies.in_force(session, unit.path)
        others = [each for each in policies.policy_sets() if each != current]
        policy = request.values.get("policy") or (others[0] if others else current)
        if policy not in policies.policy_sets():
            abort(404)
        from_on = parse_date(request.values.get("from_on", "")) or _next_month()
        counted = what_if.count(session, unit.path, policy, from_on)
    return page(
        "policy/choose.html", status=422 if fault else 200, unit=unit, current=current, policy=policy,
        from_on=from_on, sets=list(policies.policy_sets().values()), floor=policy_checks.below_floor(policy),
        rarer=policy_checks.rarer_tiers(policy), counted=counted, counts=counted.as_counts(), fault=fault,
        confirm=confirm, said=request.form, first=clock.today() + timedelta(days=1), **_SHOWN,
    )  # fmt: skip


def _unit(session: Session, person: Person, path: str) -> Unit:
    """The district asked for, within what the person may choose for; else the first one."""
    paths = access.figures_scope(person)
    found = organisation.by_path(session, path) if path else None
    if path and (found is None or not any(organisation.is_within(path, each) for each in paths)):
        abort(404)
    if found is None:
        districts = organisation.below(session, organisation.city(session).path, "district")
        found = next(
            (unit for unit in districts if any(organisation.is_within(unit.path, each) for each in paths)), None
        )
    if found is None:
        abort(404)
    return found


def _next_month() -> date:
    return (clock.today().replace(day=1) + timedelta(days=32)).replace(day=1)


@bp.post("/choose")
def propose() -> ResponseReturnValue:
    """Propose the switch; a set below the floor is asked about a second time."""
    person, said = me(), request.form
    if not person.has_right("choose_policy"):
        abort(403)
    policy, from_on = said.get("policy", ""), parse_date(said.get("from_on", ""))
    if policy not in policies.policy_sets() or from_on is None:
        return _form(gettext("请选政策和生效日期。"))
    confirmed = said.get("floor_confirmed") == "yes"
    if policy_checks.below_floor(policy) and not confirmed:
        return _form(gettext("低于正式文件的底线。逐项看过以后，勾选确认再提交。"), confirm=True)
    try:
        with jobs.transaction() as session:
            row = policy_switches.begin(
                session, _unit(session, person, said.get("unit", "")), policy, from_on,
                document=said.get("document", ""), reason=said.get("reason", ""), by=person.id,
                floor_confirmed=confirmed,
            )  # fmt: skip
            choice_id = row.id
    except RuleBroken as fault:
        return _form(fault.en if language() == "en" else fault.zh, confirm=confirmed)
    flash(gettext("已提出，等另一人审批。"))
    return redirect(url_for("policy.show", choice_id=choice_id))


@bp.get("/choices/<int:choice_id>")
def show(choice_id: int) -> ResponseReturnValue:
    """One switch: who, why, what it breaks, what it counted, and the change list of the person's part."""
    person, paths = me(), _scope()
    state = request.args.get("state", "")
    with db.reading() as session:
        row = _choice(session, choice_id, paths)
        within = paths[0] if organisation.is_within(paths[0], row.unit_path) else row.unit_path
        asked = retiering.of_choice(row.id, within, state if state in retiering.STATES else "")
        found = list(session.scalars(asked.where(TierChange.id > _after()).limit(PAGE + 1)))
        values: dict[str, Any] = {
            "choice": row,
            "unit": organisation.by_path(session, row.unit_path),
            "names": people.names(session, {each for each in (row.chosen_by, row.decided_by) if each}),
            "lines": _changes(session, person, found[:PAGE]),
            "by_state": retiering.counts(session, row.id),
        }
    return page(
        "policy/choice.html", state=state, after=found[PAGE - 1].id if len(found) > PAGE else None,
        may_withdraw=row.state == "approved" and person.has_right("choose_policy"), **values, **_SHOWN,
    )  # fmt: skip


def _after() -> int:
    given = request.args.get("after", "0")
    return int(given) if given.isdigit() else 0


def _choice(session: Session, choice_id: int, paths: list[str]) -> PolicyChoice:
    row = district_policies.get(session, choice_id)
    if not _touches(row.unit_path, paths):
        raise NotFound(f"policy choice {choice_id}")
    return row


def _changes(session: Session, person: Person, rows: list[TierChange]) -> list[tuple[TierChange, Elder, str, bool]]:
    """(line, elder, name, may be opened); a name in full only for whoever may open files there."""
    asked = select(Elder).where(Elder.id.in_({row.elder_id for row in rows}))
    known = {elder.id: elder for elder in session.scalars(asked)}
    opens = {row.elder_id: case_views.works_with(person, row.unit_path) for row in rows}
    return [
        (row, elder, elder.name if opens[elder.id] else masking.name(elder.name), opens[elder.id])
        for row in rows
        if (elder := known[row.elder_id])
    ]


@bp.post("/choices/<int:choice_id>/withdraw")
def withdraw(choice_id: int) -> ResponseReturnValue:
    """Call back an approved switch before its day."""
    if not me().has_right("choose_policy"):
        abort(403)
    paths = _scope()
    try:
        with jobs.transaction() as session:
            policy_switches.call_back(session, _choice(session, choice_id, paths))
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    else:
        flash(gettext("已撤回。"))
    return redirect(url_for("policy.show", choice_id=choice_id))
