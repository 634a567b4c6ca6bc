"""`visitflow decide`, `evaluate`, `feel`: decisions and expressions from the command line.

`decide` and `evaluate` read JSON lines and write one JSON line for each, in order; a line that cannot be answered gets
{"error": …} and the others go on. None of them needs the database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson

from care import deadlines, policies, policy_calendar, visit_periods
from care.errors import CareError
from engine import clock
from engine.decisions import DecisionsRefused, load
from engine.errors import EngineError
from engine.expressions import (
    ExpressionFault,
    ExpressionRefused,
    aware,
    compile_expression,
    parse_moment,
    to_json,
)

Answer = Callable[[Mapping[str, Any]], Any]

REGISTERED = (policy_calendar, visit_periods)  # their functions may be called in expressions


def answered(lines: Iterable[bytes], answer: Answer, out: BinaryIO) -> None:
    """Answer each JSON line; empty lines are passed over."""
    for line in lines:
        if line.strip():
            out.write(orjson.dumps(_answer(line, answer)) + b"\n")
            out.flush()


def _answer(line: bytes, answer: Answer) -> Any:
    try:
        asked = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        return {"error": f"不是有效的 JSON（not valid JSON: {fault}）"}
    if not isinstance(asked, dict):
        return {"error": "每行应为一个 JSON 对象（each line should be a JSON object）"}
    try:
        return answer(asked)
    except (EngineError, CareError, ExpressionFault) as fault:
        return {"error": str(fault)}
    except (ValueError, TypeError, OverflowError) as fault:
        return {"error": f"输入无法使用（the input cannot be used: {fault}）"}


# --- decide ---


def _tier(asked: Mapping[str, Any], policy: str) -> Any:
    return policies.decide_tier(asked, policy)


def _visit_frequency(asked: Mapping[str, Any], policy: str) -> Any:
    return policies.decide_visit_frequency(asked.get("tier") or "", asked.get("context") or "normal", policy)


def _contact_person(asked: Mapping[str, Any], policy: str) -> Any:
    return policies.decide_contact_person(asked, policy)


def _alarm_severity(asked: Mapping[str, Any], policy: str) -> Any:
    return policies.decide_alarm_severity(asked, policy)


def _emergency_type(asked: Mapping[str, Any], policy: str) -> Any:
    return policies.decide_emergency_type(asked, policy)


def _deadline(asked: Mapping[str, Any], policy: str) -> Any:
    start = asked.get("start")
    moment = parse_moment(start) if isinstance(start, str) and "T" in start else None
    if moment is None:
        raise policies.FactsRefused("start 应为带时区的时间", "start should be a date and time with offset")
    found = deadlines.deadline(str(asked.get("rule")), aware(moment), policy)
    return {"due": _to_the_second(found.due), "calendar_provisional": found.provisional}


def _to_the_second(moment: datetime) -> str:
    return clock.local(moment).isoformat(timespec="seconds")


DECISIONS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    "tier": _tier,
    "visit_frequency": _visit_frequency,
    "contact_person": _contact_person,
    "alarm_severity": _alarm_severity,
    "emergency_type": _emergency_type,
    "deadline": _deadline,
}


@click.command("decide")
@click.argument("decision", type=click.Choice(sorted(DECISIONS)), metavar="DECISION")
@click.option("--policy", default=policies.DEFAULT_POLICY, show_default=True, help="政策 · policy set")
def decide_command(decision: str, policy: str) -> None:
    """按政策作出决定：标准输入每行一个 JSON · one decision of the policy, JSON lines in and out.

    DECISION: tier, visit_frequency, contact_person, deadline, alarm_severity or emergency_type.
    """
    if policy not in policies.policy_sets():
        known = "、".join(policies.policy_sets())
        raise click.BadParameter(f"没有这个政策，可用：{known}（unknown policy set）", param_hint="--policy")
    answered(sys.stdin.buffer, lambda asked: DECISIONS[decision](asked, policy), sys.stdout.buffer)


# --- evaluate ---


@click.command("evaluate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def evaluate_command(file: Path) -> None:
    """像引擎那样执行决策文件：每行 {"decision", "inputs"} · run a decision file, JSON lines in and out."""
    try:
        decisions = load(file.read_bytes())
    except DecisionsRefused as fault:
        for each in fault.refusals:
            click.echo(f"{file.name}：{each}", err=True)
        raise click.exceptions.Exit(1) from None

    def answer(asked: Mapping[str, Any]) -> Any:
        inputs = asked.get("inputs") or {}
        if not isinstance(inputs, dict):
            raise TypeError("inputs should be an object")
        return {"result": decisions.evaluate(str(asked.get("decision")), inputs)}

    answered(sys.stdin.buffer, answer, sys.stdout.buffer)


# --- feel ---


@click.command("feel")
@click.argument("expression")
@click.option("--data", default="{}", help="JSON 对象，表达式可用的名称 · names the expression may use")
def feel_command(expression: str, data: str) -> None:
    """求一个表达式的值 · the value of one expression, as JSON."""
    try:
        context = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise click.BadParameter(f"不是有效的 JSON（not valid JSON: {fault}）", param_hint="--data") from None
    if not isinstance(context, dict):
        raise click.BadParameter("应为 JSON 对象（should be a JSON object）", param_hint="--data")
    try:
        value = to_json(compile_expression(expression, frozenset(_long_names(context))).evaluate(context))
    except (ExpressionRefused, ExpressionFault) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(orjson.dumps(value).decode())


def _long_names(data: Any) -> Iterator[str]:
    """Keys of several words anywhere in the data: the text may use them as names."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (key for key in value if " " in key)
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


commands: list[click.Command] = [decide_command, evaluate_command, feel_command]
