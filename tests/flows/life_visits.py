"""Visits as the calendar brings them: his, hers on the same way, and what is drawn by lot from them. P07, P08, P23."""

from __future__ import annotations

from datetime import timedelta

from care.visits import VisitObligation
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.processes import answers as say


def every_other_week(life: Life, *days: str) -> None:
    """A fortnight after the last visit each time, which is when the next one is due."""
    for day in days:
        _visited(life, day, "two_weeks", "normal")


def every_week(life: Life, day: str, due: str = "") -> None:
    """While a major change lasts the key tier is visited each week; `due` where it is not that day."""
    _visited(life, day, "week", "major_change", due)


def _visited(life: Life, day: str, period: str, context: str, due: str = "") -> None:
    until(life, f"{day} 11:00")
    life.visits(words.at_home(), due=f"{due or day} 18:00", kind="regular")
    owed = life.rows(VisitObligation)[-1]
    assert (owed.period, owed.context, owed.state) == (period, context, "fulfilled")
    and_hers(life)
    drawn_by_lot(life)


def until(life: Life, moment: str) -> None:
    """Time passes; on the first of a month, when her visit and the surveyors' calls are new, they are done.

    After his death her visits are told one by one (life_widow.py).
    """
    while life.elder().status != "exited" and (first := _next_first(life)) < moment:
        life.until(first)
        and_hers(life)
        drawn_by_lot(life)
    life.until(moment)


def _next_first(life: Life) -> str:
    day = life.local(life.now() + timedelta(days=1))
    while day.day != 1:
        day += timedelta(days=1)
    return f"{day:%Y-%m-%d} 10:00"


def and_hers(life: Life) -> None:
    """One trip may serve both (policy 3.4 no. 14): what his wife is owed is done on it, never after its day."""
    wife = life.spouse_id
    while "accept_or_swap" in life.open(wife):
        due = life.due(life.task("accept_or_swap", wife))
        assert due >= life.local(life.now()).replace(tzinfo=None)
        life.visits(words.at_home(), due=f"{due:%Y-%m-%d %H:%M}", of=wife)


def drawn_by_lot(life: Life) -> None:
    """One visit in twenty is looked at by the village, and every first one of a visitor; surveyors call some elders."""
    for elder in (life.elder_id, life.spouse_id):
        waiting = life.open(elder)
        if "village_check" in waiting:
            life.does("village_desk", "village_check", {"way": "phone", "answer": "ok"}, of=elder)
        if "call_back" in waiting:
            life.does("surveyor", "call_back", say.scored(5), of=elder)
