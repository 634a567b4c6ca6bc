"""Official documents to print: minutes of a dispatch, bulletin, evaluation, and the letter that urges what is ordered.

Who reads the report prints it. The number of a document is the office's: the line for it stays empty. Who opened the
sheet to print, and who took a spreadsheet along, stands in the history. Source: draft 四(6); processes P24, P25, P26;
rulings 9.23.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, district_policies, organisation, oversight, policies
from care.errors import NotFound
from care.organisation import Unit
from care.oversight import DUTY_STATES, Report
from engine import clock, db, history, jobs
from web import figure_units, spreadsheets
from web import oversight as pages_of_oversight
from web.language import N_, gettext, language
from web.oversight import STATEMENTS, may_read, period_words
from web.pages import page
from web.signed_in import me
from web.words import rate

bp = Blueprint("documents", __name__)
SUBJECTS = {
    "dispatch": N_("%(period)s调度会议纪要"),
    "bulletin": N_("%(period)s居家探访关爱工作通报"),
    "evaluation": N_("%(period)s居家探访关爱工作评估报告"),
}
DECIDED = {
    "dispatch": N_("%(period)s调度会议"),
    "bulletin": N_("%(period)s通报"),
    "evaluation": N_("%(period)s评估"),
}
SIGNS = {"dispatch": N_("纪要"), "bulletin": N_("通报"), "evaluation": N_("评估")}


@bp.app_template_filter("on_paper")
def on_paper(day: date | datetime) -> str:
    """2026年8月3日: on paper the year always stands."""
    local = clock.local(day).date() if isinstance(day, datetime) else day
    return f"{local:%Y-%m-%d}" if language() == "en" else f"{local.year}年{local.month}月{local.day}日"


def period_on_paper(row: Report) -> str:
    """2026年7月, 2026年第3季度 or 2026年度."""
    if language() == "en":
        return f"{period_words(row)} "
    if row.kind == "evaluation":
        return f"{row.period.year}年度"
    if row.kind == "bulletin":
        return f"{row.period.year}年第{(row.period.month + 2) // 3}季度"
    return f"{row.period.year}年{row.period.month}月"


def issuer_of(unit: Unit | None) -> str:
    """Which authority signs and seals for a unit: a city or district its civil affairs bureau, a township itself."""
    if unit is None:
        return ""
    if language() == "en":
        return f"{unit.name} civil affairs bureau" if unit.level in ("city", "district") else unit.name
    if unit.level in ("city", "district"):
        return f"{unit.name}民政局"
    if unit.level == "township":
        return f"{unit.name}{'办事处' if unit.name.endswith('街道') else '人民政府'}"
    return unit.name


def note_printed(what: str, unit_path: str, subject_id: int | None = None, **ids: Any) -> None:
    """Write down who opened a sheet that is made for print: its kind, whose unit it is about, and its ids."""
    with db.writing() as session:
        history.write(session, None, me().id, "printed", what, subject_id, unit_path, **ids)


def document(
    template: str, subject: str, issuer: str, back_to: str, written_on: date | datetime, **values: Any
) -> ResponseReturnValue:
    """The page of one document."""
    common: dict[str, Any] = {"subject": subject, "issuer": issuer, "back_to": back_to, "written_on": written_on}
    return page(f"documents/{template}.html", today=clock.today(), **common, **values)


@bp.get("/oversight/<int:report_id>/document")
def report(report_id: int) -> ResponseReturnValue:
    """The minutes of a dispatch, the bulletin of a quarter or the report of a year."""
    paths = figure_units.paths_of(me())
    with db.reading() as session:
        row, shown = _shown(session, report_id, paths)
        unit = organisation.by_path(session, row.unit_path)
    note_printed(f"oversight:{row.kind}", row.unit_path, report=row.id)
    return document(
        "report",
        gettext(SUBJECTS[row.kind], period=period_on_paper(row)),
        issuer_of(unit),
        url_for("oversight.show", report_id=row.id),
        row.published_at or row.opened_at,
        sign=gettext(SIGNS[row.kind]),
        spreadsheet=url_for("documents.spreadsheet", report_id=row.id),
        report=row,
        **shown,
    )


@bp.get("/oversight/<int:report_id>.xlsx")
def spreadsheet(report_id: int) -> ResponseReturnValue:
    """Figures, ranking and what was ordered, as sheets; that they were taken along is written down."""
    person, paths = me(), figure_units.paths_of(me())
    with db.reading() as session:
        row, shown = _shown(session, report_id, paths)
        access.require(session, person, "export", row.unit_path if _owns(row, paths) else paths[0])
        title = gettext(SUBJECTS[row.kind], period=period_on_paper(row))
    figures = [
        [code.split(".")[0], name, value, parts, gettext("未达标") if state == "warn" else ""]
        for code, name, value, parts, state in shown["figures"]
    ]
    ranking = [
        [
            str(place),
            each["name"],
            str(each["score"] or "—"),
            rate(*each["figures"]["K02"]),
            rate(*each["figures"]["K04"]),
        ]
        for place, each in enumerate(shown["ranking"], 1)
    ]
    orders = [
        [each.department or owner, each.what, f"{each.until_on}", words] for each, owner, words in shown["duties"]
    ]
    target = spreadsheets.written(
        title,
        [
            (
                gettext("指标"),
                [gettext(each) for each in (N_("编号"), N_("指标"), N_("数值"), N_("分子 / 分母"), N_("情况"))],
                figures,
            ),
            (
                gettext("排名"),
                [gettext(each) for each in (N_("名次"), N_("旗县区"), N_("得分"), N_("覆盖率"), N_("及时率"))],
                ranking,
            ),
            (gettext("督办事项"), [gettext(each) for each in (N_("承办"), N_("事项"), N_("到"), N_("情况"))], orders),
        ],
    )
    with jobs.transaction() as session:
        history.write(session, None, person.id, "exported", f"oversight:{row.kind}", None, row.unit_path, report=row.id)
    return spreadsheets.sent(target, title)


@bp.get("/oversight/orders/<int:order_id>/letter")
def order(order_id: int) -> ResponseReturnValue:
    """The letter (督办函) to whoever has to see to something that was decided."""
    paths = figure_units.paths_of(me())
    with db.reading() as session:
        ordered = oversight.duty(session, order_id)
        row = oversight.get(session, ordered.report_id)
        if not may_read(row, paths) or not pages_of_oversight.within(ordered.unit_path, row, paths):
            raise NotFound(f"oversight duty {order_id}")
        issuer = organisation.by_path(session, row.unit_path)
        owner = organisation.by_path(session, ordered.unit_path)
    note_printed("oversight:order", ordered.unit_path, order=order_id)
    return document(
        "order",
        gettext("督办函"),
        issuer_of(issuer),
        url_for("oversight.show", report_id=row.id),
        clock.today(),
        sign=gettext("督办"),
        order=ordered,
        to=ordered.department or (owner.name if owner else ""),
        meeting=gettext(DECIDED[row.kind], period=period_on_paper(row)),
        late=ordered.state != "done" and ordered.until_on < clock.today(),
    )


def _shown(session: Session, report_id: int, paths: list[str]) -> tuple[Report, dict[str, Any]]:
    """The report and its parts that these units may read; raises NotFound."""
    row = oversight.get(session, report_id)
    if not may_read(row, paths):
        raise NotFound(f"oversight report {report_id}")
    statements = [each for each in oversight.statements(session, report_id) if each.kind in STATEMENTS]
    said = [each for each in statements if pages_of_oversight.within(each.unit_path, row, paths)]
    ordered = [
        each for each in oversight.duties(session, report_id) if pages_of_oversight.within(each.unit_path, row, paths)
    ]
    units = pages_of_oversight.unit_names(
        session, {each.unit_path for each in said} | {each.unit_path for each in ordered}
    )
    targets = policies.targets(district_policies.in_force(session, row.unit_path, row.months[-1].last))
    return row, {
        "figures": pages_of_oversight.figures(row.content.get("figures") or {}, targets),
        "ranking": row.content.get("ranking") or [],
        "said": [(units.get(each.unit_path, "—"), words) for each in said if (words := pages_of_oversight.text(each))],
        "duties": [(each, units.get(each.unit_path, "—"), _words(DUTY_STATES[each.state])) for each in ordered],
    }


def _owns(row: Report, paths: list[str]) -> bool:
    return any(organisation.is_within(row.unit_path, path) for path in paths)


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]
