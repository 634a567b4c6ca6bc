"""Rules about texts that are evaluated: every expression compiles, every timer means a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from engine.checks.findings import Fault, fault
from engine.checks.view import View
from engine.diagrams import Event, Flow, Node
from engine.expressions import Cycle, Duration, ExpressionRefused, compile_expression, compile_timer

LONGEST_YEARS = 10
MAX_REMINDERS = 1000
SHORTEST_ENDLESS = timedelta(minutes=1)
_BARE = re.compile(r"-?P.*|R\d*/.*|\d{4}-\d\d-\d\d.*")
_WANTED = {"duration": Duration, "date": datetime, "cycle": Cycle}
_WORDS = {
    "duration": ("时长", "a duration"),
    "date": ("日期时间", "a date and time"),
    "cycle": ("循环", "a repetition"),
}


def expression(view: View) -> Iterator[Fault]:
    """Conditions, mappings, keys, payloads and loop texts are S-FEEL and compile."""
    for about, place, text in expressions_of(view):
        try:
            compile_expression(text)
        except ExpressionRefused as refusal:
            yield fault(
                about,
                f"{{it}}的{place[0]}无法识别：{refusal.zh}（第 {refusal.position + 1} 字：{text[:60]}）。",
                f"The {place[1]} of {{it}} does not compile: {refusal.en} "
                f"(character {refusal.position + 1}: {text[:60]}).",
            )


def expressions_of(view: View) -> Iterator[tuple[Node | Flow, tuple[str, str], str]]:
    """Every text of a process that is S-FEEL, with the element that it stands at and what it is there for."""
    for flow in view.process.flows:
        if flow.condition is not None:
            yield flow, ("条件", "condition"), flow.condition
    for node in view.nodes:
        for name, text in node.parameters.items():
            yield node, (f"参数「{name}」", f"parameter {name!r}"), text
        if node.loop:
            for each in (node.loop.cardinality, node.loop.items, node.loop.condition):
                if each is not None:
                    yield node, ("循环表达式", "loop text"), each
        for event in node.events:
            if event.payload is not None:
                yield node, ("消息内容", "payload"), event.payload
        yield from _marked(node)


def _marked(node: Node) -> Iterator[tuple[Node, tuple[str, str], str]]:
    """The key of messages, and properties that are expressions only when they begin with `=`."""
    if node.properties.get("key"):
        yield node, ("消息关联键", "message key"), node.properties["key"]
    for name in ("role", "form", "due"):
        text = node.properties.get(name, "")
        if text.startswith("="):
            yield node, (f"属性 {name}", f"property {name!r}"), text[1:]
    if node.name.startswith("="):
        yield node, ("名称", "name"), node.name[1:]


def timer_text(view: View) -> Iterator[Fault]:
    """A timer is bare ISO or S-FEEL; a date says its offset, a repetition has an interval, nothing lasts for ever."""
    for node in view.nodes:
        for event in node.events:
            problem = _event_problem(event) if event.kind == "timer" else None
            if problem:
                yield fault(node, f"定时{{it}}有误：{problem[0]}。", f"The timer of {{it}} is wrong: {problem[1]}.")
        if node.is_user_task and node.due and not node.due.startswith("="):
            problem = _problem(node.due, None)
            if problem:
                yield fault(
                    node, f"{{it}}的时限有误：{problem[0]}。", f"The due time of {{it}} is wrong: {problem[1]}."
                )


def _event_problem(event: Event) -> tuple[str, str] | None:
    if event.timer is None or not event.text:
        return "没有时间", "no time is given"
    return _problem(event.text, event.timer)


def _problem(text: str, timer: str | None) -> tuple[str, str] | None:
    """What is wrong with a timer's text, in both languages; None when nothing is."""
    try:
        compiled = compile_timer(text)
    except ExpressionRefused as refusal:
        return f"{refusal.zh}（{text[:60]}）", f"{refusal.en} ({text[:60]})"
    if not _BARE.fullmatch(text):
        return None
    value = compiled.evaluate({})
    wanted = _WANTED.get(timer or "")
    if (wanted and not isinstance(value, wanted)) or (timer is None and isinstance(value, Cycle)):
        zh, en = _WORDS[timer or "duration"]
        return f"这里要写{zh}，而不是 {text[:60]}", f"{en} is needed here, not {text[:60]}"
    return _bounds(value, text)


def _bounds(value: object, text: str) -> tuple[str, str] | None:
    if isinstance(value, Cycle):
        if value.times is not None and not 1 <= value.times <= MAX_REMINDERS:
            return f"循环次数须在 1 到 {MAX_REMINDERS} 之间", f"a repetition is 1 to {MAX_REMINDERS} times"
        if value.times is None and not value.interval.months and value.interval.delta < SHORTEST_ENDLESS:
            return "无限循环的间隔至少 1 分钟", "an endless repetition has an interval of a minute at least"
        return _bounds(value.interval, text)
    if isinstance(value, Duration):
        if value.months < 0 or value.delta < timedelta(0):
            return "时长为负", "the duration is negative"
        if value.months > LONGEST_YEARS * 12 or value.delta > timedelta(days=LONGEST_YEARS * 366):
            return f"超过 {LONGEST_YEARS} 年", f"longer than {LONGEST_YEARS} years"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return f"日期没有时区，例如写 {text[:10]}T09:00:00+08:00", "the date has no offset such as +08:00"
        if not 2000 <= value.astimezone(UTC).year <= 2100:
            return "年份超出范围", "the year is out of range"
    return None


RULES = (expression, timer_text)
