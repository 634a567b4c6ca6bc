"""What happened, told as a timeline: rows of the history become steps with time, words and who did it.

The history holds codes and ids; names of workers are looked up here in one question for all rows. Gateways and other
steps of the machine are not told: people read who did what, what was not done in time, and what stands now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy.orm import Session

from care import people, roles
from care.changes import KINDS
from engine import clock
from engine.history import HistoryRow
from engine.tasks import TaskRow, words
from web import changes
from web.language import N_, gettext, language, task_name, translated
from web.words import moment

TOLD = {
    "completed": N_("办完"),
    "claimed": N_("接手"),
    "released": N_("放回"),
    "handed_over": N_("转交"),
    "transferred": N_("转办"),
    "delegated": N_("委派"),
    "delegate_done": N_("委派办完，交回确认"),
    "sign_asked": N_("请人会签"),
    "sign_removed": N_("减签"),
    "signed": N_("会签同意"),
    "not_agreed": N_("会签不同意"),
    "handed_to_signers": N_("办完，等会签"),
    "sent_back": N_("退回"),
    "withdrawn": N_("撤回"),
    "undone": N_("撤销刚才的改动"),
    "copied": N_("抄送"),
    "urged": N_("催办"),
    "commented": N_("留言"),
    "attached": N_("加附件"),
    "snoozed": N_("稍后再办"),
    "woken": N_("提前办"),
    "left": N_("离岗，转给替班"),
    "supplemented": N_("补充说明"),
    "link_made": N_("发出链接"),
    "link_answered": N_("通过链接答复"),
    "link_revoked": N_("停用链接"),
    "visit.done": N_("探访"),
    "visit_made_otherwise": N_("本期已由另一次探访完成，这次不用去"),
    "visit_period_over": N_("特殊时段已结束，这次不用去"),
    "note": N_("记一笔"),
    "late": N_("到时没办完，已记超期"),
    "handed_up": N_("超期未办，转上一级"),
    "incident": N_("出故障，已告知管理员"),
}
OF_CASE = {
    "opened": N_("立案"),
    "repeated": N_("又报一次"),
    "by_message": N_("由消息立案，没有设备报警"),
    "first_contact_told": N_("已告知第一联系人"),
    "no_contact_to_tell": N_("没有可告知的联系人"),
    "answered": N_("已有人应答"),
    "family_answered": N_("家属通过链接答复"),
    "level_urgent": N_("升为紧急"),
    "sos_cancelled": N_("设备取消呼叫，仍须有人确认"),
    "cancelled": N_("设备取消呼叫，仍须有人确认"),
    "handled": N_("处置完成"),
    "on_scene": N_("已到现场"),
    "fed_back": N_("已反馈"),
    "interim_feedback": N_("阶段反馈，救援仍在进行"),
    "feedback_late": N_("24 小时未反馈，已记超期"),
    "reviewed": N_("已上门复核"),
    "reopened": N_("未彻底解决，重新处置"),
    "archived": N_("已归档"),
    "false_alarm": N_("误报结案"),
    "restricted": N_("仅承办人员可见"),
}
OF_ELDER = {
    "registered": N_("列入名册"),
    "tier.high": N_("按表定级：高风险"),
    "tier.key": N_("按表定级：重点"),
    "tier.general": N_("按表定级：一般"),
    "tier.none": N_("按表定级：未纳入"),
    "tier.lowered.key": N_("等级下调为重点"),
    "tier.lowered.general": N_("等级下调为一般"),
    "tier.lowered.none": N_("不再纳入分级"),
    "exit.death": N_("因去世退出"),
    "exit.moved_out": N_("迁出本市，退出"),
    "exit.moved_within": N_("迁到新的嘎查村（社区）"),
    "exit.institution": N_("入住机构，暂停"),
    "exit.missing": N_("失联无果，退出"),
    "exit.own_wish": N_("个人不愿继续，退出"),
    "exit.out_of_scope": N_("不再符合条件，退出"),
    "change.stabilised": N_("已稳定，恢复原来的探访频次"),
    "change.unfounded": N_("变故不属实"),
}
BY_PEOPLE = frozenset(("completed",))
"""Codes that tell something only where a person did it: the machine completes steps too."""
ALWAYS = frozenset(
    (
        *(TOLD.keys() - BY_PEOPLE),
        *OF_ELDER,
        *(f"case.{each}" for each in OF_CASE),
        *(f"change.{each}" for each in KINDS),
    )
)
LADDER = frozenset(("late", "handed_up"))
MISSED = LADDER | frozenset(
    ("incident", "not_agreed", "sent_back", "case.feedback_late", "case.reopened", "case.no_contact_to_tell")
)


@dataclass(frozen=True)
class Step:
    """One line of a timeline: `stage` is done, missed, now or next; `time` and the rest are words."""

    stage: str
    time: str
    title: str
    note: str = ""


def tells(row: HistoryRow) -> bool:
    """Whether people read this row: what a person did, and milestones; not the steps of the machine."""
    return row.what in ALWAYS or (row.what in BY_PEOPLE and row.who is not None)


def of_rows(session: Session, rows: Iterable[HistoryRow], reasons: bool = False) -> list[Step]:
    """Rows that tell something, in the order given; with `reasons` also why, for who may read what was said."""
    told = [row for row in rows if tells(row)]
    who = people.names(session, people_of(told))
    why = words.texts(session, [each for row in told if (each := _word(row))]) if reasons else {}
    steps = _steps(told)
    return [
        Step(
            "missed" if row.what in MISSED else "done",
            moment(row.at, clock.now(), language()),
            _title(row),
            _note(row, who, changes.words_of(row, who, steps), why),
        )
        for row in told
    ]


def people_of(rows: Iterable[HistoryRow]) -> set[int]:
    """Ids of everybody who did something in these rows or stands in a change."""
    return {each for row in rows for each in (*changes.people_in(row), row.who) if each is not None}


def phrases(rows: Sequence[HistoryRow], names: Mapping[int, str]) -> list[tuple[str, str]]:
    """(words, who did it) of rows that tell something, short: «转交（本岗位 → 王五）» where it was more than done.

    What somebody's work led to («按表定级：重点») comes after the work, though the machine wrote it down before.
    """
    steps = _steps(rows)
    found = []
    ordered = [row for _, same in groupby(rows, lambda row: row.who) for row in sorted(same, key=_is_milestone)]
    for row in ordered:
        aside = [translated(TOLD[row.what])] if row.name and row.what in TOLD and row.what not in BY_PEOPLE else []
        aside += [changes.words_of(row, names, steps), whom_it_told(row) if row.what in LADDER else "", row.note or ""]
        said = _comma().join(each for each in aside if each)
        more = (f" ({said})" if language() == "en" else f"（{said}）") if said else ""
        found.append((_title(row) + more, names.get(row.who, "") if row.who is not None else ""))
    return found


def _is_milestone(row: HistoryRow) -> bool:
    return _milestone(row) != ""


def _steps(rows: Iterable[HistoryRow]) -> dict[str, str]:
    """Names of the steps that these rows are about, by element."""
    return {row.element: task_name(row.name) for row in rows if row.element and row.name}


def _comma() -> str:
    return ", " if language() == "en" else "，"


def _word(row: HistoryRow) -> UUID | None:
    """The id of the reason that somebody gave."""
    found = (row.ids or {}).get("word")
    return UUID(str(found)) if found else None


def _title(row: HistoryRow) -> str:
    milestone = _milestone(row)
    if milestone:
        return milestone
    return task_name(row.name) if row.name else translated(TOLD[row.what])


def _milestone(row: HistoryRow) -> str:
    """What stands from then on, in words; empty for what somebody did."""
    kind, _, code = row.what.partition(".")
    if row.what in OF_ELDER:
        return translated(OF_ELDER[row.what])
    if kind == "case":
        return translated(OF_CASE[code])
    if kind == "change":
        return KINDS[code][language() == "en"]
    return ""


def _note(row: HistoryRow, who: Mapping[int, str], changed: str, why: Mapping[UUID, str]) -> str:
    said = [who.get(row.who, "")] if row.who is not None else []
    if row.name and row.what in TOLD:
        said.append(translated(TOLD[row.what]))
    said.append(changed)
    if row.what in LADDER:
        said.append(whom_it_told(row))
    if row.note:
        said.append(row.note)
    word = _word(row)
    if word is not None and word in why:
        said.append(why[word])
    return _comma().join(each for each in said if each)


def whom_it_told(row: HistoryRow) -> str:
    """«已告知：苏木乡镇（街道）»: the level that heard of a late task, empty when there was none."""
    code = str((row.ids or {}).get("role", ""))
    return gettext("已告知：%(what)s", what=roles.title(code, language())) if roles.is_known(code) else ""


def now_and_next(task: TaskRow, mine: bool, next_title: str) -> list[Step]:
    """The task itself as what stands now, and who comes next."""
    steps = [
        Step("now", moment(task.created_at, clock.now(), language()), task_name(task.name), _until(task.due_at, mine))
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
