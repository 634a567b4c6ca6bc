"""The table of indicators of a unit and month, each number with the list behind it, its units below and its course.

Closed months are read from their snapshot. Who may not open files reads numbers of elders instead of names.
Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import devices, district_policies, indicators, masking, meters, organisation, policies
from care.cases import KINDS
from care.elders import Elder
from care.indicators import INDICATORS, Figure, Indicator, Month
from care.people import Person
from engine import db
from web import case_views, figure_units
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me
from web.words import duration, number, rate

bp = Blueprint("indicators", __name__, url_prefix="/indicators")
navigation = [Entry("indicators.index", N_("考核指标"), "board", 6, figures=True, below=("indicators.",))]
PAGE = 100
MONTHS_SHOWN = 6
TIERS = ("high", "key", "general")


@dataclass(frozen=True)
class Line:
    """A figure as it is shown. `value` "—" where nothing was to be counted; `state`: "", ok or warn against `goal`."""

    indicator: Indicator
    figure: Figure
    value: str
    goal: str
    state: str
    why_not: str
    bars: tuple[tuple[float, float, float, float, bool], ...] = ()


def _months() -> list[Month]:
    """The month of the address, with `over=quarter` or `year` the months of it so far; last month by default."""
    wanted = request.args.get("month", "")
    month = Month.read(wanted) if wanted else Month.now().before
    if month is None or month > Month.now():
        abort(404)
    over = request.args.get("over", "")
    found = month.quarter if over == "quarter" else month.year if over == "year" else [month]
    return [each for each in found if each <= Month.now()]


def shown(indicator: Indicator, figure: Figure) -> str:
    """The figure in words: a percentage, a number, or a duration; «—» without anything to count."""
    if indicator.kind == "seconds":
        return "—" if figure.median is None else duration(figure.median, language())
    if indicator.kind == "count":
        return number(figure.num) if figure.den else "—"
    return rate(figure.num, figure.den)


def _line(indicator: Indicator, figure: Figure, target: float | None, course: Sequence[Figure] = ()) -> Line:
    state = ""
    if target is not None and figure.rate is not None and indicator.kind == "share":
        state = "ok" if figure.rate >= target else "warn"
    why = indicator.missing[language() == "en"] if indicator.rows is None else ""
    goal = f"{target:.0%}" if target is not None else ""
    return Line(indicator, figure, shown(indicator, figure), goal, state, why, bars(indicator, course))


def bars(indicator: Indicator, course: Sequence[Figure]) -> tuple[tuple[float, float, float, float, bool], ...]:
    """(x, y, width, height, is the last) of the bars of a course in a box of 120 by 24; none for months without."""
    values = [each.median if indicator.kind == "seconds" else each.rate for each in course]
    known = [value for value in values if value is not None]
    if not known:
        return ()
    highest = max(1.0, *known) if indicator.kind == "share" else max(1.0, *(float(each) for each in known))
    width = 120 / len(values)
    return tuple(
        (index * width + 1, 24 - 24 * value / highest, width - 2, 24 * value / highest, index == len(values) - 1)
        for index, value in enumerate(values)
        if value is not None
    )


@bp.get("/")
def index() -> ResponseReturnValue:
    """Every indicator of a unit: the figure, its tiers, its target and its course."""
    person = me()
    with db.reading() as session:
        unit, months = figure_units.asked(session, person), _months()
        targets = policies.targets(district_policies.in_force(session, unit.path, months[-1].last))
        past = months[-1].back(MONTHS_SHOWN)
        lines, tiers = [], {}
        for code, each in INDICATORS.items():
            figure = indicators.total(session, code, months, unit.path)
            course = indicators.course(session, code, past, unit.path) if each.rows else []
            lines.append(_line(each, figure, targets.get(code), course))
            tiers[code] = indicators.by_tier(session, code, months, unit.path) if each.rows else {}
        values: dict[str, Any] = {"unit": unit, "crumbs": figure_units.way_to(session, person, unit)}
        frozen = [indicators.is_frozen(session, each) for each in months]
    return page(
        "indicators/index.html", lines=lines, tiers=tiers, tier_codes=TIERS, months=months, frozen=frozen,
        closed=all(frozen), shown=shown, over=request.args.get("over", ""), **_address(months), **values,
    )  # fmt: skip


def _address(months: Sequence[Month]) -> dict[str, Any]:
    month = Month.read(request.args.get("month", "")) or months[-1]
    following = month.next if month.next <= Month.now() else None
    return {"month": month, "earlier": month.before, "later": following}


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """One indicator: the units below, worst first, and its rows."""
    indicator = INDICATORS.get(code)
    if indicator is None:
        abort(404)
    person, tier, only = me(), request.args.get("tier", ""), request.args.get("only", "")
    given = request.args.get("after", "0")
    after = int(given) if given.isdigit() else 0
    with db.reading() as session:
        unit, months = figure_units.asked(session, person), _months()
        target = policies.targets(district_policies.in_force(session, unit.path, months[-1].last)).get(code)
        below = [each for each in organisation.children(session, unit) if each.level in organisation.LEVELS]
        found = indicators.by_unit(session, code, months, unit.path, [each.path for each in below], tier)
        rows = indicators.listed(session, code, months, unit.path, tier=tier, only=only, after=after, limit=PAGE + 1)
        whole = _line(indicator, indicators.total(session, code, months, unit.path, tier), target)
        units = sorted(
            ((each, _line(indicator, found[each.path], target)) for each in below), key=lambda pair: _order(pair[1])
        )
        listed = _named(session, person, indicator, rows[:PAGE])
        crumbs = figure_units.way_to(session, person, unit)
        kinds = indicators.false_by(session, months, unit.path) if code == "K10" else []
    return page(
        "indicators/show.html",
        kinds=[(*_false_words(each), each) for each in kinds], indicator=indicator, line=whole, units=units,
        rows=listed, unit=unit, crumbs=crumbs,
        tier=tier, only=only, after=rows[PAGE - 1][1] if len(rows) > PAGE else None, months=months,
        over=request.args.get("over", ""), slowest=whole.figure.percentile(90), **_address(months),
    )  # fmt: skip


def _false_words(each: indicators.FalseShare) -> tuple[str, str]:
    """The model of a device and the kind of alarm, or the rule of a meter."""
    place = int(language() == "en")
    if each.model == indicators.METER:
        return gettext("水电气表"), meters.RULES.get(each.rule, (each.rule, each.rule))[place]
    known = devices.KINDS.get(each.model)
    model = (known.en if place else known.zh) if known else each.model
    return model, KINDS.get(each.rule, (each.rule, each.rule))[place]


def _order(line: Line) -> float:
    return line.figure.rate if line.figure.rate is not None else 2.0


def _named(
    session: Session, person: Person, indicator: Indicator, rows: Sequence[tuple[int | None, int, str, int, int]]
) -> list[dict[str, Any]]:
    asked = select(Elder).where(Elder.id.in_({row[0] for row in rows if row[0]}))
    known = {elder.id: elder for elder in session.scalars(asked)}
    return [_row(person, indicator, known.get(row[0] or 0), row) for row in rows]


def _row(
    person: Person, indicator: Indicator, elder: Elder | None, row: tuple[int | None, int, str, int, int]
) -> dict[str, Any]:
    opens = elder is not None and case_views.works_with(person, elder.unit_path)
    name = "" if elder is None else elder.name if opens else masking.name(elder.name)
    _, ref, tier, num, den = row
    done = duration(num, language()) if indicator.kind == "seconds" else f"{num} / {den}"
    return {"elder": elder, "name": name, "opens": opens, "ref": ref, "tier": tier, "done": done, "full": num >= den}


def title(indicator: Indicator) -> str:
    """Its name in this language."""
    return indicator.en if language() == "en" else indicator.zh


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"indicator_title": title, "not_counted": lambda: gettext("分母为零显示「—」")}
