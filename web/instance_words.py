"""The page of an instance in words: what happened at each step by the kind of its element, milestones, and messages.

The history holds codes. A step of the machine says what its element does (a timer: its time came; a gateway: decided),
a step of a person who did it, a milestone what became of the matter. Designers see the id of the element and the name
of the message beside the words, because their diagrams use them; everybody else reads words only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from care import aids, device_checks, elders, errands, hazards, referrals
from care.contacts import RELATIONS
from engine import forms
from engine.history import HistoryRow
from engine.waits import WaitRow
from web import case_story
from web.diagram_state import Drawing
from web.language import N_, gettext, language, task_name
from web.stories import TOLD

HAPPENED = TOLD | {
    "started": N_("开始"),
    "cancelled": N_("不再需要"),
    "version_moved": N_("换了版本"),
    "version_undone": N_("撤销了换版"),
    "message": N_("收到消息"),
    "signal": N_("收到信号"),
    "unmoved": N_("没有变化"),
    "rescheduled": N_("日历变了，时限重新计算"),
    "time_kept": N_("日历变了，新的时限已过，保持原时限"),
    "answered_late": N_("外部回复来迟，没有用上"),
    "failed_late": N_("外部失败的消息来迟，没有用上"),
    "ended": N_("结束"),
    "retried": N_("重试"),
    "suspended": N_("暂停"),
    "resumed": N_("恢复"),
    "edited": N_("改了数据"),
    "moved": N_("手工移动"),
    "skipped_by_hand": N_("手工跳过"),
    "skipped": N_("跳过"),
    "given_again": N_("退回重办"),
    "registered": N_("已入册"),
    "binding.allowed": N_("同意监测，开始收数据"),
    "readings.dropped": N_("不同意监测，停收数据"),
    "dwelling.moved": N_("季节转场，换了住处"),
    "period.opened": N_("特殊时段开始"),
    "period.ended": N_("特殊时段提前结束"),
    "period.closed": N_("特殊时段结束"),
    "period.cancelled": N_("特殊时段取消"),
    "period.refused": N_("特殊时段未批准"),
    "period.ignored": N_("不按特殊时段办"),
    "referral.accepted": N_("承办单位接单"),
    "referral.rejected": N_("承办单位不接"),
    "registration.new": N_("新建档"),
    "registration.reopened": N_("重新建档"),
    "registration.duplicate": N_("已有档案，没有重建"),
    "note.done": N_("已办好"),
    "note.handed_on": N_("已转出"),
    "note.not_possible": N_("办不了"),
    "note.called": N_("已联系上"),
}
DONE_BY_ITSELF = {
    "startEvent": N_("开始"),
    "endEvent": N_("这一路走完"),
    "timer": N_("时间到"),
    "message": N_("收到消息"),
    "sent": N_("发出消息"),
    "signal": N_("收到信号"),
    "error": N_("没有办成，走备用"),
    "serviceTask": N_("系统已办"),
    "businessRuleTask": N_("按决策表判定"),
    "callActivity": N_("子流程办完"),
    "subProcess": N_("子流程办完"),
    "transaction": N_("子流程办完"),
    "gateway": N_("已判断"),
    "merge": N_("汇合，往下走"),
}
"""What the machine did at an element, by what the element is (Drawing.kinds)."""
UNNAMED = {"gateway": N_("分支"), "merge": N_("汇合"), "startEvent": N_("开始"), "endEvent": N_("结束")}

_MATTERS: dict[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
    "aid": (N_("政策补贴"), aids.OUTCOMES),
    "contact": (N_("第一联系人"), RELATIONS),
    "device": (N_("设备"), device_checks.OUTCOMES),
    "errand": (N_("代办"), errands.OUTCOMES),
    "hazard": (N_("隐患"), hazards.OUTCOMES),
    "referral": (N_("转介"), referrals.OUTCOMES),
    "tier": (N_("等级"), elders.TIER_TITLES),
}


def happened(row: HistoryRow, drawn: Sequence[Drawing] = ()) -> str:
    """What a row of the history tells; of a code that nobody gave words, the code itself."""
    if row.what == "completed" and row.who is None and (kind := _kind(row, drawn)) in DONE_BY_ITSELF:
        return gettext(DONE_BY_ITSELF[kind])
    if row.what in HAPPENED:
        return gettext(HAPPENED[row.what])
    matter, _, code = row.what.partition(".")
    if matter == "case" and code:
        return case_story.in_words(code)
    return _of_matter(matter, code) or row.what


def _of_matter(matter: str, code: str) -> str:
    if matter == "exit":
        reasons = forms.form("exit").fields["reason"].options
        return gettext("退出：%(why)s", why=reasons[code].label[language()]) if code in reasons else ""
    if matter not in _MATTERS:
        return ""
    title, known = _MATTERS[matter]
    words = known.get(code.removeprefix("lowered."))
    if words is None:
        return ""
    said = words[1 if language() == "en" else 0]
    return gettext("%(what)s：%(how)s", what=gettext(title), how=said)


def step(row: HistoryRow, drawn: Sequence[Drawing]) -> str:
    """What the step is called: the task's name, the element's, else what kind of element it is; «—» of no element."""
    if row.name:
        return task_name(row.name)
    if not row.element:
        return "—"
    name = element(row.element, drawn, _process(row))
    return name if name != row.element else gettext(UNNAMED.get(_kind(row, drawn), name))


def element(element_id: str, drawn: Sequence[Drawing], process: str = "") -> str:
    """The visible name of an element in the drawing it belongs to; its id where the diagram gives it none."""
    first = sorted(drawn, key=lambda each: each.process_id != process)
    names = {each.process_id: each.name for each in first}
    return names.get(element_id) or next(
        (each.names[element_id] for each in first if element_id in each.names), element_id
    )


def timer(wait: WaitRow, drawn: Sequence[Drawing]) -> str:
    """«网格员上门核实：15分钟»: what a timer watches over and its own name."""
    own = element(wait.element, drawn)
    if not wait.attached_to:
        return own
    return gettext("%(step)s：%(timer)s", step=element(wait.attached_to, drawn), timer=own)


def message(wait: WaitRow, drawn: Sequence[Drawing]) -> str:
    """What a message would be told as: the name of the event that catches it."""
    own = element(wait.element, drawn)
    return own if own != wait.element else str(wait.name)


def is_silent(row: HistoryRow, drawn: Sequence[Drawing]) -> bool:
    """Whether the row says nothing to people: the machine passed a point that the diagram gives no name."""
    return (
        row.what == "completed"
        and row.who is None
        and bool(row.element)
        and element(str(row.element), drawn, _process(row)) == row.element
    )


def _process(row: HistoryRow) -> str:
    return str((row.ids or {}).get("process") or "")


def _kind(row: HistoryRow, drawn: Sequence[Drawing]) -> str:
    first = sorted(drawn, key=lambda each: each.process_id != _process(row))
    return next((each.kinds[row.element] for each in first if row.element in each.kinds), "")
