"""Survey campaigns: what is under way, how far each unit is, whom the villages found; opening, targets, closing.

Every number opens its list. Whoever may not open files of a unit reads masked names. Source: R-ORG-03, R-ORG-06a; P01.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from care import campaigns, masking, organisation, roles
from care.campaigns import KINDS, LISTS, REPEATS, TARGET_STATES, Campaign, Figures, Finding
from care.elders import Elder
from care.errors import NotFound, RuleBroken
from care.organisation import Unit
from care.people import Person
from engine import clock, db, jobs
from web import case_views, figure_units
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("campaigns", __name__, url_prefix="/surveys")
navigation = [Entry("campaigns.index", N_("摸底排查"), "people", 9, figures=True, below=("campaigns.",))]
PAGE, MOST = 100, 60
RIGHT = "survey"


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]


def _mine(person: Person) -> list[str]:
    """Units for which the person opens campaigns and says what is to be checked."""
    return sorted({post.unit_path for post in person.posts if RIGHT in roles.role(post.role).rights})


@bp.get("/")
def index() -> ResponseReturnValue:
    """The newest campaigns that concern the person's units, and a form for whoever may open one."""
    person = me()
    paths = figure_units.paths_of(person)
    with db.reading() as session:
        concerns = [organisation.within(Campaign.unit_path, path) for path in paths]
        above = {each for path in paths for each in _prefixes(path)}
        asked = select(Campaign).where(or_(*concerns, Campaign.unit_path.in_(above)))
        found = list(session.scalars(asked.order_by(Campaign.from_on.desc(), Campaign.id.desc()).limit(MOST)))
        shown = [(row, _top(session, row, paths)) for row in found]
        counted = [(row, unit, campaigns.figures(session, row, unit)[0]) for row, unit in shown if unit]
        units = [unit for path in _mine(person) for unit in _openable(session, path)]
    rows = [(row, unit, total, _state(row, total)) for row, unit, total in counted]
    return page(
        "campaigns/index.html", rows=rows, units=units, kinds=_choices(KINDS), repeats=_choices(REPEATS),
        kind_words={code: _words(pair) for code, pair in KINDS.items()}, today=clock.today(),
    )  # fmt: skip


def _choices(words: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(code, _words(pair)) for code, pair in words.items()]


def _prefixes(path: str) -> list[str]:
    ids = organisation.depth_ids(path)
    return ["/" + "/".join(map(str, ids[:depth])) + "/" for depth in range(1, len(ids) + 1)]


def _openable(session: Session, path: str) -> list[Unit]:
    """The unit itself and, of a city, its districts."""
    unit = organisation.by_path(session, path)
    return [] if unit is None else [unit, *organisation.children(session, unit, "district")]


def _top(session: Session, row: Campaign, paths: list[str]) -> Unit | None:
    """The highest unit of the campaign whose figures are the person's."""
    for path in paths:
        if organisation.is_within(row.unit_path, path):
            return organisation.by_path(session, row.unit_path)
        if organisation.is_within(path, row.unit_path):
            return organisation.by_path(session, path)
    return None


def _state(row: Campaign, total: Figures) -> str:
    """Where it stands in the unit that is shown: overdue is only what is not done."""
    if row.closed_at is not None:
        return gettext("已结束")
    if row.from_on > clock.today():
        return gettext("未开始")
    if not total.open:
        return gettext("已查完")
    return gettext("过期") if total.late else gettext("进行中")


def _found(session: Session, person: Person, campaign_id: int) -> tuple[Campaign, Unit, list[Unit]]:
    """(campaign, unit of the address or the person's highest, crumbs); NotFound for what is not the person's."""
    paths = figure_units.paths_of(person)
    row = campaigns.get(session, campaign_id)
    top = _top(session, row, paths)
    if top is None:
        raise NotFound(f"survey campaign {campaign_id}")
    wanted = request.args.get("unit") or top.path
    unit = organisation.by_path(session, wanted)
    if unit is None or not organisation.is_within(wanted, top.path):
        raise NotFound(f"unit {wanted}")
    crumbs = [each for each in organisation.chain(session, unit.path) if organisation.is_within(each.path, top.path)]
    return row, unit, crumbs


@bp.get("/<int:campaign_id>")
def show(campaign_id: int) -> ResponseReturnValue:
    """How far a campaign is in a unit and in the units below it, the furthest behind first."""
    person = me()
    with db.reading() as session:
        row, unit, crumbs = _found(session, person, campaign_id)
        total, lines = campaigns.figures(session, row, unit)
    return page(
        "campaigns/show.html", campaign=row, unit=unit, crumbs=crumbs, total=total, kind=_words(KINDS[row.kind]),
        lines=sorted(lines, key=lambda line: line.done / line.villages), state=_state(row, total),
        may=_may(person, row.unit_path), repeat_words=_words(REPEATS[row.repeats]),
    )  # fmt: skip


def _may(person: Person, path: str) -> bool:
    return any(organisation.is_within(path, each) for each in _mine(person))


def _after() -> int:
    given = request.args.get("after", "0")
    return int(given) if given.isdigit() else 0


@bp.get("/<int:campaign_id>/villages")
def villages(campaign_id: int) -> ResponseReturnValue:
    """The villages behind a number; whoever may says there how many each has to check."""
    person, what = me(), request.args.get("what", "villages")
    if what not in LISTS:
        abort(404)
    with db.reading() as session:
        row, unit, crumbs = _found(session, person, campaign_id)
        rows = list(session.scalars(campaigns.target_rows(row, unit.path, what, _after(), PAGE + 1)))
        names = organisation.names_at(session, {each.unit_path for each in rows[:PAGE]}, "village")
        places = organisation.names_at(session, {each.unit_path for each in rows[:PAGE]}, "township")
    return page(
        "campaigns/villages.html", campaign=row, unit=unit, crumbs=crumbs, what=what, title=_words(LISTS[what]),
        rows=rows[:PAGE], names=names, places=places, states=dict(_choices(TARGET_STATES)),
        may=_may(person, unit.path) and row.closed_at is None, after=rows[PAGE - 1].id if len(rows) > PAGE else None,
    )  # fmt: skip


@bp.get("/<int:campaign_id>/found")
def found(campaign_id: int) -> ResponseReturnValue:
    """Whom the villages found, with the file that was made of it."""
    person, registered = me(), request.args.get("only") == "registered"
    with db.reading() as session:
        row, unit, crumbs = _found(session, person, campaign_id)
        rows = session.execute(campaigns.found_rows(row, unit.path, registered, _after(), PAGE + 1)).all()
        names = organisation.names_at(session, {each[0].unit_path for each in rows[:PAGE]}, "village")
        shown = [_person(person, finding, elder) for finding, elder in rows[:PAGE]]
    return page(
        "campaigns/found.html", campaign=row, unit=unit, crumbs=crumbs, registered=registered, rows=shown, names=names,
        after=rows[PAGE - 1][0].id if len(rows) > PAGE else None,
    )  # fmt: skip


def _person(person: Person, row: Finding, elder: Elder | None) -> dict[str, Any]:
    opens = case_views.works_with(person, row.unit_path)
    name = (elder.name if elder else row.name) or "—"
    state = gettext("已建档") if elder and elder.status not in ("pending", "exited") else gettext("办理中")
    if row.outcome == "duplicate":
        state = gettext("原来就有档案")
    return {
        "row": row,
        "elder": elder if opens else None,
        "name": name if opens else masking.name(name),
        "state": state,
    }


@bp.post("/")
def open_campaign() -> ResponseReturnValue:
    """Open a campaign; a village's task appears when it begins."""
    person, form = me(), request.form
    path = form.get("unit", "")
    if not _may(person, path):
        abort(403)
    kind, repeats = form.get("kind", ""), form.get("repeats", "")
    if kind not in KINDS or repeats not in REPEATS:
        abort(400)
    try:
        with jobs.transaction() as session:
            unit = organisation.by_path(session, path)
            if unit is None:
                abort(404)
            made = campaigns.open_campaign(
                session, unit, kind, form.get("name", ""), _day(form.get("from_on", "")),
                _day(form.get("until_on", "")), repeats=repeats, by=person.id,
            )  # fmt: skip
            campaign_id, number = made.campaign.id, made.villages
    except RuleBroken as fault:
        flash(_words((fault.zh, fault.en)))
        return redirect(url_for("campaigns.index"))
    flash(gettext("已布置到 %(n)s 个嘎查村（社区）。", n=number))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleBroken("日期写成2026-08-03这样", "write the day as 2026-08-03") from None


@bp.post("/<int:campaign_id>/targets")
def set_targets(campaign_id: int) -> ResponseReturnValue:
    """How many households and elders the villages of a page have to check; fields `households-ID` and `elders-ID`."""
    person = me()
    try:
        with jobs.transaction() as session:
            row, unit, _ = _found(session, person, campaign_id)
            for target_id in sorted({int(name.partition("-")[2]) for name in request.form if _is_number(name)}):
                target = campaigns.get_target(session, target_id)
                if target.campaign_id != row.id or not _may(person, target.unit_path):
                    abort(403)
                households, elders = (_number(f"{what}-{target_id}") for what in ("households", "elders"))
                if (households, elders) != (target.households_due, target.elders_due):
                    campaigns.set_target(session, target, households, elders)
    except RuleBroken as fault:
        flash(_words((fault.zh, fault.en)))
    else:
        flash(gettext("应排查数已保存。"))
    return redirect(
        url_for("campaigns.villages", campaign_id=campaign_id, unit=unit.path, what=request.form.get("what"))
    )


def _is_number(name: str) -> bool:
    what, _, number = name.partition("-")
    return what in ("households", "elders") and number.isdigit()


def _number(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not text.isdigit() or len(text) > 6:
        raise RuleBroken(f"「{text[:20]}」不是数字", f"“{text[:20]}” is no number")
    return int(text)


@bp.post("/<int:campaign_id>/close")
def close(campaign_id: int) -> ResponseReturnValue:
    """End a campaign early; villages that have not reported are called off."""
    person = me()
    with jobs.transaction() as session:
        row, _, _ = _found(session, person, campaign_id)
        if not _may(person, row.unit_path):
            abort(403)
        if row.closed_at is None:
            campaigns.close(session, row)
    flash(gettext("已结束，没有填报的不再催办。"))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))
