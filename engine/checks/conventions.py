"""How diagrams are written so that people enjoy reading them: warnings, never a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.checks.findings import Fault, warning
from engine.checks.view import View
from engine.diagrams import ACTIVITIES, Flow, Node

LONGEST = {"task": 12, "gateway": 8, "event": 6, "flow": 4, "lane": 7}
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


def width(text: str) -> float:
    """Length in Chinese characters; a Latin letter counts a little more than half."""
    return sum(1 if ord(letter) > 255 else 0.55 for letter in text if letter != "\n")


def name_missing(view: View) -> Iterator[Fault]:
    """Tasks say what is done, end events how it ended, splitting gateways what is asked."""
    for node in view.nodes:
        if node.name:
            continue
        if node.kind in ACTIVITIES or node.kind == "endEvent" or view.is_split(node):
            yield warning(node, "{it}没有名称。", "{it} has no name.")
    for _, flow in view.flows_of_choice():
        if not flow.name:
            yield warning(flow, "分支{it}没有名称。", "Branch {it} has no name.")
    for lane in view.process.lanes:
        if not lane.name:
            yield warning(lane.id, "泳道{it}没有名称。", "Lane {it} has no name.")


def name_too_long(view: View) -> Iterator[Fault]:
    """Names fit their place: task 12 characters, gateway 8, event 6, flow 4, lane 7."""
    for about, kind in _named(view):
        name = about.name
        if name.startswith("=") or width(name) <= LONGEST[kind] + 0.5:
            continue
        yield warning(
            about,
            f"{{it}}的名称超过 {LONGEST[kind]} 个字。",
            f"The name of {{it}} is longer than {LONGEST[kind]} characters.",
        )
    for lane in view.process.lanes:
        if width(lane.name) > LONGEST["lane"] + 0.5:
            yield warning(
                lane.id,
                f"泳道「{lane.name}」的名称超过 {LONGEST['lane']} 个字。",
                f"The name of lane {lane.id} is longer than {LONGEST['lane']} characters.",
            )


def _named(view: View) -> Iterator[tuple[Node | Flow, str]]:
    for node in view.nodes:
        kind = "event" if node.kind.endswith("Event") else "gateway" if node.kind.endswith("Gateway") else "task"
        yield node, kind
    for _, flow in view.flows_of_choice():
        yield flow, "flow"


def gateway_asks(view: View) -> Iterator[Fault]:
    """A gateway that splits asks a question; one that merges has no name."""
    for node in view.of_kind("exclusiveGateway", "inclusiveGateway"):
        if view.is_split(node) and node.name and not node.name.endswith(("？", "?")):
            yield warning(node, "分支网关{it}的名称应当是问句。", "Splitting gateway {it} should ask a question.")
        elif node.name and not view.is_split(node):
            yield warning(node, "汇合网关{it}不需要名称。", "Merging gateway {it} needs no name.")


def snake_case(view: View) -> Iterator[Fault]:
    """Node ids are snake_case words that say what happens: answers and history are kept under them."""
    for node in view.nodes:
        if node.id.isascii() and not _SNAKE.fullmatch(node.id):
            yield warning(
                node,
                "节点编号{it}请用小写字母、数字和下划线。",
                "The id of {it} should be lower-case letters, digits and underscores.",
            )


def documentation_missing(view: View) -> Iterator[Fault]:
    """The first line names the requirement that a step serves; the policy trace is made of these lines."""
    if not view.process.documentation:
        yield warning(view.process.id, "流程{it}没有说明。", "Process {it} has no documentation.")
    for node in view.nodes:
        if (node.is_user_task or node.kind == "businessRuleTask") and not node.documentation:
            yield warning(node, "{it}没有说明（依据）。", "{it} has no documentation naming its ground.")


def lane_and_role(view: View) -> Iterator[Fault]:
    """A lane named after a role holds that role's tasks only.

    A lane none of whose tasks has its role is for readers (a family has no account, a desk acts for it), and free.
    """
    tasks = [each for each in view.nodes if each.is_user_task and each.role and not each.role.startswith("=")]
    named = {each.lane for each in tasks if each.lane == each.role}
    for node in tasks:
        if node.lane in named and node.role != node.lane:
            yield warning(
                node,
                f"{{it}}在泳道「{node.lane}」里，岗位却是「{node.role}」。",
                f"{{it}} stands in lane {node.lane!r}, but its role is {node.role!r}.",
            )


RULES = (
    name_missing,
    name_too_long,
    gateway_asks,
    snake_case,
    documentation_missing,
    lane_and_role,
)
