"""Special periods as the desks of districts and the city see them: those that run, those that come, and the form.

Source: processes P09; people-forms-indicators 5.2 (district desk, city desk); R-FREQ-03.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from care import organisation, people, period_desk, roles, special_periods
from care.errors import NotFound, RuleBroken
from care.people import Person
from care.special_periods import FESTIVAL, LEVELS, WEATHER, SpecialPeriod, Wanted
from engine import clock, db, jobs
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("periods", __name__, url_prefix="/periods")
navigation = [
    Entry("periods.index", N_("特殊时段"), "heat", 46, rights=frozenset((period_desk.RIGHT,)), below=("periods.",))
]
STATES = {
    "proposed": N_("等旗县区确认"),
    "open": N_("进行中"),
    "closed": N_("已结束"),
    "ignored": N_("不需加密"),
    "joined": N_("已并入"),
    "refused": N_("未开启"),
    "cancelled": N_("已提前结束"),
}
LEVEL_NAMES = {"blue": N_("蓝色"), "yellow": N_("黄色"), "orange": N_("橙色"), "red": N_("红色")}


def _require() -> Person:
    if not me().has_right(period_desk.RIGHT):
        abort(403)
    return me()


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]


def _title(row: SpecialPeriod) -> str:
    kind = gettext("节日") if row.kind == FESTIVAL else _words(WEATHER.get(row.kind, WEATHER["other"]))
    level = gettext("%(level)s预警", level=gettext(LEVEL_NAMES[row.level])) if row.level in LEVEL_NAMES else ""
    return " ".join(
        part for part in (row.name or kind, kind if row.name and row.kind != FESTIVAL else "", level) if part
    )


@bp.get("/")
def index() -> ResponseReturnValue:
    return _page({}, {})


def _page(chosen: Mapping[str, str], faults: Mapping[str, str], status: int = 200) -> ResponseReturnValue:
    """What runs and comes in the person's districts, and the form with what was typed."""
    person = _require()
    with db.reading() as session:
        units = period_desk.districts(session, person)
        rows = period_desk.listed(session, [unit.path for unit in units])
        names = people.names(session, {row.ended_by for row in rows if row.ended_by})
    places = {unit.path: unit.name for unit in units}
    shown = [(row, _title(row), places.get(row.unit_path, ""), STATES[row.state]) for row in rows]
    return page(
        "periods/periods.html",
        status,
        running=[each for each in shown if each[0].state in ("proposed", "open")],
        over=[each for each in shown if each[0].state not in ("proposed", "open")],
        coming=period_desk.coming(clock.today()),
        names=names,
        units=units,
        kinds={code: _words(pair) for code, pair in WEATHER.items()},
        levels={code: LEVEL_NAMES[code] for code in LEVELS},
        chosen=chosen,
        faults=faults,
        submission=chosen.get("submission") or db.new_id(),
    )


@bp.post("/")
def begin() -> ResponseReturnValue:
    """Begin one by hand, or by a warning that somebody heard of; 422 keeps what was typed."""
    person = _require()
    names = ("unit", "kind", "level", "name", "source", "begins", "until", "submission")
    chosen = {name: request.form.get(name, "").strip()[:120] for name in names}
    faults: dict[str, tuple[str, str]] = {}
    moments = {}
    for name in ("begins", "until"):
        try:
            moments[name] = period_desk.local_moment(chosen[name])
        except ValueError:
            faults[name] = ("日期和时间看不懂。", "This is no date and time.")
    wanted = Wanted(
        unit_path=chosen["unit"],
        kind=chosen["kind"],
        level=chosen["level"],
        name=chosen["name"][:60],
        source=chosen["source"][:80],
        from_at=moments.get("begins"),
        until_at=moments.get("until"),
    )
    faults = {**period_desk.faults(wanted), **faults}
    if faults:
        return _page(chosen, {name: _words(pair) for name, pair in faults.items()}, 422)
    with jobs.transaction() as session:
        if wanted.unit_path not in {unit.path for unit in period_desk.districts(session, person)}:
            raise NotFound(f"district {wanted.unit_path}")
        instance = period_desk.start(
            session, wanted, person.id, _is_of_district(person, wanted), chosen["submission"] or str(db.new_id())
        )
        row, _ = special_periods.of_instance(session, instance)
        flash(_told(row))
    return redirect(url_for("periods.index"))


def _is_of_district(person: Person, wanted: Wanted) -> bool:
    return any(
        post.unit_path == wanted.unit_path and period_desk.RIGHT in roles.role(post.role).rights
        for post in person.posts
    )


def _told(row: SpecialPeriod | None) -> str:
    """What became of it, in a sentence."""
    if row is None or row.state == "proposed":
        return gettext("已交旗县区确认，2小时内答复。")
    if row.state == "ignored":
        return gettext("已记下。这个级别不加密；要加密，级别选“不按预警”。")
    if row.state == "joined":
        return gettext("与进行中的时段重叠，已并入：每位老人只多联系一次。")
    return gettext("已开启，各苏木乡镇（街道）已收到任务。")


@bp.post("/<int:period_id>/end")
def end(period_id: int) -> ResponseReturnValue:
    """End an open one early; the reason is kept."""
    person = _require()
    try:
        with jobs.transaction() as session:
            row = session.get(SpecialPeriod, period_id)
            paths = {unit.path for unit in period_desk.districts(session, person)}
            if row is None or not any(organisation.is_within(row.unit_path, path) for path in paths):
                raise NotFound(f"special period {period_id}")
            period_desk.end_early(session, row, request.form.get("reason", ""), person.id)
    except RuleBroken as fault:
        flash(_words((fault.zh, fault.en)))
    else:
        flash(gettext("已提前结束，请写小结。"))
    return redirect(url_for("periods.index"))
