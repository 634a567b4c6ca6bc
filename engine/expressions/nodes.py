"""What a text may mean: the short list of node kinds. Nothing else can be expressed.

A node holds only nodes, tuples and plain constants; it is checked when the parser makes it and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all kinds."""


@dataclass(frozen=True, slots=True)
class Constant(Node):
    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Input(Node):
    """`?`, the value that a decision cell is about."""


@dataclass(frozen=True, slots=True)
class Path(Node):
    """Steps from a value into the keys of a context, or the parts of a date."""

    start: Node
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class And(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class Reckoning(Node):
    """A chain of signs of one rank, worked off from the left: first, then (sign, value) pairs."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Negate(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Each(Node):
    """`for`, `some` or `every`: names with what they run through, and the body."""

    word: str
    over: tuple[tuple[str, Node, Node | None], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Filter(Node):
    value: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Items(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entries(Node):
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Span(Node):
    """A range; None as an end means there is none, as in `(> 3)`."""

    low: Node | None
    high: Node | None
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """`function(x, y) x < y`, only as the argument of a function that takes one."""

    parameters: tuple[str, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """`kind` as `engine.expressions.kinds` reads it: a word, or a tuple with what is inside."""

    value: Node
    kind: Any


@dataclass(frozen=True, slots=True)
class AnyValue(Node):
    """The cell `-`."""


@dataclass(frozen=True, slots=True)
class SignTest(Node):
    """A cell such as `> 3`."""

    sign: str
    value: Node


@dataclass(frozen=True, slots=True)
class ValueTest(Node):
    """A cell that gives a value, a range, a list, or with `?` a statement."""

    value: Node


@dataclass(frozen=True, slots=True)
class NotTest(Node):
    tests: tuple[Node, ...]


def children(node: Node) -> list[Node]:
    """The nodes directly inside this one."""
    found: list[Node] = []
    _collect([getattr(node, each.name) for each in fields(node)], found)
    return found


def _collect(value: Any, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, list | tuple):
        for each in value:
            _collect(each, found)


def weight(node: Node) -> int:
    """How many nodes there are, this one included."""
    return 1 + sum(weight(each) for each in children(node))


def reads(node: Node, name: str) -> bool:
    """Whether the name occurs."""
    return (isinstance(node, Name) and node.name == name) or any(reads(each, name) for each in children(node))


def asks_input(node: Node) -> bool:
    """Whether `?` occurs."""
    return isinstance(node, Input) or any(asks_input(each) for each in children(node))
