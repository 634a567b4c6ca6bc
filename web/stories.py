"""What happened, told as a timeline: rows of the history become steps with time, words and who did it.

The history holds codes and ids; names of workers are looked up here in one question for all rows. Gateways and other
steps of the machine are not told: people read who did what, what was not done in time, and what stands now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from care.people import Staff
from engine import clock
from engine.history import HistoryRow
from engine.tasks import TaskRow
from web.language import N_, gettext, language, translated
from web.words import moment

TOLD = {
    "started": N_("开始"),
    "completed": N_("办完"),
    "timer_fired": N_("到时没办成"),
    "message": N_("收到消息"),
    "cancelled": N_("撤销"),
    "ended": N_("结束"),
    "claimed": N_("接手"),
    "handed_over": N_("转交"),
    "incident": N_("出故障，已告知管理员"),
    "supplement": N_("补充说明"),
    "note": N_("记一笔"),
}
_MISSED = frozenset(("timer_fired", "incident"))
_UNTOLD_OF_MACHINE = frozenset(("started", "ended", "cancelled"))


@dataclass(frozen=True)
class Step:
    """One line of a timeline: `stage` is done, missed, now or next; `time` and the rest are words."""

    stage: str
    time: str
    title: str
    note: str = ""


def tells(row: HistoryRow) -> bool:
    """Whether people read this row: acts of persons, times that ran out, messages, notes."""
    if row.what not in TOLD or (row.name is None and row.note is None):
        return False
    return row.who is not None or row.what not in _UNTOLD_OF_MACHINE | {"completed"}


def of_rows(session: Session, rows: Iterable[HistoryRow]) -> list[Step]:
    """Rows that tell something, in the order given."""
    told = [row for row in rows if tells(row)]
    who = names(session, {row.who for row in told if row.who is not None})
    return [
        Step(
            "missed" if row.what in _MISSED else "done",
            moment(row.at, clock.now(), language()),
            translated(row.name or TOLD[row.what]),
            _note(row, who),
        )
        for row in told
    ]


def _note(row: HistoryRow, who: dict[int, str]) -> str:
    said = [who.get(row.who, "")] if row.who is not None else []
    if row.name:
        said.append(translated(TOLD[row.what]))
    if row.note:
        said.append(row.note)
    return (", " if language() == "en" else "，").join(each for each in said if each)


def now_and_next(task: TaskRow, mine: bool, next_title: str) -> list[Step]:
    """The task itself as what stands now, and who comes next."""
    steps = [
        Step("now", moment(task.created_at, clock.now(), language()), translated(task.name), _until(task.due_at, mine))
    ]
    if task.next_at is not None and next_title:
        title = gettext("没办成：%(who)s", who=next_title)
        steps.append(Step("next", moment(task.next_at, clock.now(), language()), title))
    return steps


def _until(due_at: datetime | None, mine: bool) -> str:
    who = gettext("你") if mine else ""
    if due_at is None:
        return who
    until = gettext("到 %(time)s", time=moment(due_at, clock.now(), language()))
    return f"{who}{', ' if language() == 'en' else '，'}{until}" if who else until


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Workers' names by id, in one question."""
    if not ids:
        return {}
    return {row.id: row.name for row in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))}
