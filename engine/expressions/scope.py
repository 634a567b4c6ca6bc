"""The scope of one evaluation, and the table of what makes a closure of each kind of node.

A closure takes the scope and gives a value. Nothing is looked up but keys of contexts, so no attribute of a Python
object can be reached. Whatever repeats or grows counts steps; the rest is bounded by the length of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.expressions import nodes
from engine.expressions.faults import ExpressionFault

MOST_STEPS = 10_000


class Scope:
    """What one evaluation sees: the context, the names bound inside, the value `?`, and the steps taken."""

    __slots__ = ("context", "frames", "input", "steps")

    def __init__(self, context: Mapping[str, Any], given: Any = None) -> None:
        self.context = context
        self.frames: tuple[Mapping[str, Any], ...] = ()
        self.input = given
        self.steps = 0

    def step(self, number: int) -> None:
        self.steps += number
        if self.steps > MOST_STEPS:
            raise ExpressionFault(f"求值超过 {MOST_STEPS} 步", f"more than {MOST_STEPS} steps")

    def weigh(self, value: Any) -> None:
        """Count the items of a list or context, those inside it included."""
        self.step(_size(value))

    def weigh_pair(self, left: Any, right: Any) -> None:
        """Count what comparing the two may walk through: the items of a list or context that meets another one."""
        if type(left) in (list, dict) and type(left) is type(right):
            self.step(_size(left))

    def look_up(self, name: str) -> Any:
        for frame in reversed(self.frames):
            if name in frame:
                return frame[name]
        return self.context.get(name)


Closure = Callable[[Scope], Any]
Test = Callable[[Scope, Any], "bool | None"]
Maker = Callable[[Any, bool], Closure]

_MAKERS: dict[type, Maker] = {}


def makes(node: type[nodes.Node]) -> Callable[[Maker], Maker]:
    """Register what makes the closure of a kind of node."""

    def register(maker: Maker) -> Maker:
        _MAKERS[node] = maker
        return maker

    return register


def closure_of(node: nodes.Node, bound: bool = False) -> Closure:
    """The closure of an expression; `bound`: names may be bound by something around it."""
    return _MAKERS[type(node)](node, bound)


def _size(value: Any) -> int:
    number, waiting = 0, [value]
    while waiting and number <= MOST_STEPS:
        here = waiting.pop()
        inside = here.values() if type(here) is dict else here
        number += len(inside)
        waiting.extend(each for each in inside if type(each) is list or type(each) is dict)
    return number
