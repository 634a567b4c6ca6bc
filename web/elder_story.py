"""An elder's whole story: months, in them the days, in each what people did in one matter; newest first.

A visit is one line, not its four steps. Nothing of a closed file is told to whom it does not name. Opening it is logged
like the file. Source: processes 4.0 («timeline entry: who, when, what»); people-forms-indicators 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, files, people
from care.people import Person
from care.roles import Part
from engine import clock, db, definitions, history, instances
from engine.history import HistoryRow
from web import stories
from web.language import gettext, language, task_name
from web.pages import page
from web.signed_in import me
from web.stories import Step
from web.words import month, month_day

bp = Blueprint("elder_story", __name__)
PAGE = 150
"""Rows of the history on a page: some sixty lines, half a year of an elder who is visited every other week."""


@dataclass(frozen=True)
class Month:
    title: str
    steps: list[Step]


@bp.get("/elders/<int:elder_id>/story")
def show(elder_id: int) -> ResponseReturnValue:
    """What happened, half a year or so at once; `before` goes on."""
    person = me()
    with db.writing() as session:
        file = files.open_file(session, person, elder_id, address=request.remote_addr or "", reason="story")
        before = request.args.get("before", type=int)
        rows = told(session, person, elder_id, before, PAGE + 1) if reads(file.parts) else []
        shown = _whole_days(rows) if len(rows) > PAGE else rows
        return page(
            "elders/story.html",
            file=file,
            months=_months(session, shown),
            is_newest=before is None,
            more=shown[-1].id if len(shown) < len(rows) else None,
        )


def reads(parts: frozenset[Part]) -> bool:
    """Whether who works with these parts of a file reads what happened."""
    return bool(parts & {Part.VISITS, Part.CASES})


def told(
    session: Session, person: Person, elder_id: int, before: int | None = None, limit: int = PAGE
) -> list[HistoryRow]:
    """Rows that people read, newest first; none of a closed file that the person is not named in."""
    closed = access.closed_instances(session, person, elder_id)
    found: list[HistoryRow] = []
    while len(found) < limit:
        rows = history.of_subject(session, elder_id, before, limit, stories.ALWAYS, stories.BY_PEOPLE)
        found += [row for row in rows if row.instance_id not in closed]
        if len(rows) < limit:
            break
        before = rows[-1].id
    return found[:limit]


def _whole_days(rows: list[HistoryRow]) -> list[HistoryRow]:
    """Without the last day, which goes on beyond the page; all but one row where it is one long day."""
    last = _day(rows[-1])
    return [row for row in rows if _day(row) != last] or rows[:-1]


def _day(row: HistoryRow) -> date:
    return clock.local(row.at).date()


def _months(session: Session, rows: list[HistoryRow]) -> list[Month]:
    names = people.names(session, stories.people_of(rows))
    titles = _titles(session, {row.instance_id for row in rows if row.instance_id})
    found = []
    for (year, number), of_month in groupby(rows, lambda row: (_day(row).year, _day(row).month)):
        steps = [
            step
            for day, of_day in groupby(of_month, _day)
            for step in _matters(list(of_day), month_day(day, language()), names, titles)
        ]
        found.append(Month(month(date(year, number, 1), language()), steps))
    return found


def _titles(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The name of the process that each of these instances is of."""
    versions = instances.definition_ids(session, list(ids))
    names = {each: task_name(definitions.get(session, each).name) for each in set(versions.values())}
    return {instance_id: names[version] for instance_id, version in versions.items()}


def _matters(rows: list[HistoryRow], day: str, names: dict[int, str], titles: dict[UUID, str]) -> list[Step]:
    """A line for each matter of a day, the last one on top; in it what was done, in order, and by whom."""
    matters: dict[UUID | int, list[HistoryRow]] = {}
    for row in rows:
        matters.setdefault(row.instance_id or row.id, []).append(row)
    stop, comma = ("; ", ", ") if language() == "en" else ("；", "，")
    lines = []
    for of_one in matters.values():
        steps = stories.phrases(of_one[::-1], names)
        note = stop.join(
            comma.join([*(words for words, _ in by_one), who] if who else [words for words, _ in by_one])
            for who, group in groupby(steps, lambda step: step[1])
            if (by_one := list(group))
        )
        stage = "missed" if any(row.what in stories.MISSED for row in of_one) else "done"
        lines.append(Step(stage, day, _title(of_one[0], titles), note))
    return lines


def _title(row: HistoryRow, titles: dict[UUID, str]) -> str:
    """The matter that a row is of; what no diagram led is an emergency's or a note for a desk."""
    if row.instance_id is not None:
        return titles[row.instance_id]
    return gettext("应急事件") if row.what.startswith("case.") else gettext("提醒")
