"""What happened in a case, in words and in order: its record, who was called, what people did, what time took away.

The record and the history hold codes; here they become sentences. What the record says already is not told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from care import cases, notices, people
from care.cases import Case, CaseEntry, ContactAttempt
from engine import clock
from engine.diagrams import Process
from engine.history import HistoryRow
from web import case_views, diagram_state
from web.language import N_, gettext, language, task_name
from web.stories import LADDER, OF_CASE, TOLD, Step, whom_it_told
from web.words import moment

SAID = OF_CASE | {
    "not_answered": N_("没有人接"),
    "level_false": N_("核实为误报"),
    "level_general": N_("核实为一般情况"),
    "level_urgent": N_("核实为紧急情况"),
    "level_unknown": N_("情况不明，按紧急办"),
}
WHOM = {
    "elder": N_("联系老人"),
    "family": N_("联系家属"),
    "visitor": N_("联系探访责任人"),
    "grid_worker": N_("网格员上门查看"),
    "village": N_("社区到场"),
    "district": N_("区应急到场"),
    "police": N_("民警到场"),
}
RESCUE = {"medical": N_("医疗急救"), "missing": N_("走失安全"), "fire_gas": N_("消防燃气"), "dispute": N_("纠纷维权")}
_MISSED = frozenset(("feedback_late", "reopened", "not_answered", "no_contact_to_tell"))


def said(entry: CaseEntry) -> str:
    """A line of the record in words."""
    return in_words(entry.what)


def in_words(code: str) -> str:
    """A code of the record in words; of one that is not known, the code itself."""
    kind, _, rest = code.partition("_")
    if code in SAID:
        return gettext(SAID[code])
    if kind == "rescue":
        return gettext(
            "启动救援：%(kinds)s", kinds=_and([gettext(words) for name, words in RESCUE.items() if name in rest])
        )
    if kind in ("told", "desk"):
        what = case_views.spoken(notices.TEMPLATES.get(rest, (rest, rest)))
        return gettext("已告知：%(what)s", what=what) if kind == "told" else gettext("已派任务：%(what)s", what=what)
    return code


def called(attempt: ContactAttempt) -> str:
    """Who was called or looked for."""
    return gettext(WHOM.get(attempt.whom, attempt.whom))


def _and(words: Sequence[str]) -> str:
    return (", " if language() == "en" else "、").join(words)


def story(
    session: Session,
    case: Case,
    shown: case_views.Shown,
    happened: Sequence[HistoryRow],
    processes: Sequence[Process],
) -> list[Step]:
    """What happened, oldest first, then what is open now, then who comes next and when."""
    entries, attempts = cases.timeline(session, case.id), cases.attempts(session, case.id)
    doers = [row.who for row in happened] + [each.who for each in entries]
    names = people.names(session, {each for each in doers if each is not None})
    tried = {each.element: each for each in attempts}
    told = [(each.at, _of_entry(each, names)) for each in entries]
    seen: set[str] = set()
    for row in happened:
        if row.what in LADDER:
            told.append((row.at, _of_ladder(row)))
        elif step := _of_history(row, names, tried, processes, shown.case):
            told.append((row.at, step))
            seen.add(row.element or "")
    told += [(each.at, _of_attempt(each, "")) for each in attempts if each.element not in seen]
    return [step for _, step in sorted(told, key=lambda pair: pair[0])] + _now_and_next(shown)


def _time(at: datetime) -> str:
    return moment(at, clock.now(), language())


def _of_entry(entry: CaseEntry, names: dict[int, str]) -> Step:
    note = _and([part for part in (names.get(entry.who or 0, ""), entry.text or "") if part])
    return Step("missed" if entry.what in _MISSED else "done", _time(entry.at), said(entry), note)


def _of_attempt(attempt: ContactAttempt, who: str) -> Step:
    words = gettext("接通") if attempt.answered else gettext("没联系上")
    note = _and([part for part in (who, words) if part])
    return Step("done" if attempt.answered else "missed", _time(attempt.at), called(attempt), note)


def _of_history(
    row: HistoryRow,
    names: dict[int, str],
    tried: dict[str, ContactAttempt],
    processes: Sequence[Process],
    case: Case,
) -> Step | None:
    """What a person did, or a step that time took away; everything else of the machine is not told."""
    if row.what != "completed" or not row.element:
        return None
    if row.who is not None and row.name:
        who, attempt = names.get(row.who, ""), tried.get(row.element)
        if attempt is not None:
            said_so = _of_attempt(attempt, who)
            return Step(said_so.stage, _time(row.at), said_so.title, said_so.note)
        return Step("done", _time(row.at), task_name(row.name), who)
    host = _host_of_timer(row, processes)
    return None if host is None else Step("missed", _time(row.at), task_name(host), gettext("到时没办成"))


def _of_ladder(row: HistoryRow) -> Step:
    """A task that was not done in time, and the level that heard of it."""
    note = _and([part for part in (gettext(TOLD[row.what]), whom_it_told(row)) if part])
    return Step("missed", _time(row.at), task_name(row.name or ""), note)


def _host_of_timer(row: HistoryRow, processes: Sequence[Process]) -> str | None:
    """The name of the step that an interrupting timer ended; None when this row is no such timer."""
    for process in processes:
        node = process.find(row.element or "")
        if node is None or diagram_state.process_of(row, processes[0].id) != process.id:
            continue
        is_timer = node.event is not None and node.event.kind == "timer" and node.interrupting
        host = process.find(node.attached_to) if node.attached_to and is_timer else None
        return host.name if host and host.is_user_task else None
    return None


def _now_and_next(shown: case_views.Shown) -> list[Step]:
    open_tasks = sorted(shown.tasks, key=lambda task: task.created_at)
    steps = [
        Step("now", _time(task.created_at), task_name(task.name), case_views.holder_of(task, shown.names))
        for task in open_tasks
    ]
    following = sorted(
        (task for task in open_tasks if task.next_at and task.next_role), key=lambda task: str(task.next_at)
    )
    for task in following:
        if task.next_at is not None and task.next_role is not None:
            title = gettext("没办成：%(who)s", who=case_views.role_title(task.next_role))
            steps.append(Step("next", _time(task.next_at), title, task_name(task.name)))
    return steps
