"""An example of the element library: one small diagram, the steps that play it, and what is expected.

    Example(
        "user_task", "userTask", "one person", "…", "…",
        Sketch().user("ask").path("start", "ask", "end"),
        steps=(sees("ask"), do("ask", n=1)),
        data={"ask": {"n": 1}},
    )

Each is played three times: whole in memory, saved and restored after every step, and through `engine/run` on the
database; all three must see the same after every step (`test_elements.py`). `docs/reference/bpmn.md` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from engine.operations import OperationFailed
from tests.engine.drawing import Drawing

FIELDS = ("n", "ok", "more")
FORM = orjson.dumps(
    {
        "id": "element",
        "version": 1,
        "title": {"zh": "答复", "en": "Answer"},
        "source": "test",
        "process": list(FIELDS),
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"n": {"type": "integer"}, "ok": {"type": "string"}, "more": {"type": "boolean"}},
        },
        "ui": {
            "sections": [{"id": "all", "title": {"zh": "答复", "en": "Answer"}, "fields": list(FIELDS)}],
            "fields": {
                "n": {"label": {"zh": "数", "en": "Number"}, "widget": "number"},
                "ok": {"label": {"zh": "文字", "en": "Text"}, "widget": "text"},
                "more": {"label": {"zh": "再来", "en": "Again"}, "widget": "yesno"},
            },
        },
    }
)
TASK = {"role": "desk", "form": "element", "due": "PT2H"}
KEY = "case-1"
"""The key of the played instance."""

# --- what service tasks of the examples call ---


def twice(session: Any, step: Any, n: int) -> dict[str, Any]:
    """Two times a number."""
    return {"n": 2 * n}


def refuse(session: Any, step: Any, code: str = "no") -> dict[str, Any]:
    """Refuse with a code."""
    raise OperationFailed(code)


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {"element.twice": twice, "element.refuse": refuse}
CHANNEL = "element.send"


class Sketch(Drawing):
    """A drawing whose user tasks have the role, form and time that every user task needs."""

    def user(self, node_id: str, loop: str = "", **properties: str) -> Drawing:
        return super().user(node_id, loop, **{**TASK, **properties})

    def task(self, kind: str, node_id: str) -> Drawing:
        """A manual task or one without a kind."""
        return self.node(kind, node_id, **TASK)

    def send(self, node_id: str, **event: str) -> Drawing:
        return self.node("sendTask", node_id, self.event(**event))

    def receive(self, node_id: str, loop: str = "", key: str = "", **event: str) -> Drawing:
        return self.node("receiveTask", node_id, self.event(**event) + loop, **({"key": key} if key else {}))


class Player(Protocol):
    """One way to play an example."""

    def complete(self, element: str, number: int, answers: dict[str, Any]) -> None: ...
    def pass_time(self, **step: float) -> None: ...
    def message(self, name: str, key: str, payload: dict[str, Any]) -> None: ...
    def signal(self, name: str) -> None: ...
    def answer(self, element: str, result: dict[str, Any] | None, code: str | None) -> None: ...
    def open(self) -> list[str]: ...
    def knows(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Step:
    """One thing that happens, in words, and how a player does it."""

    words: str
    play: Callable[[Player], None]


def do(element: str, number: int = 0, **answers: Any) -> Step:
    """A person completes a task (the `number`th open one of that element, from 0)."""
    said = ", ".join(f"{name}={value}" for name, value in answers.items())
    return Step(
        f"do {element}" + (f"({said})" if said else ""), lambda player: player.complete(element, number, answers)
    )


def later(**step: float) -> Step:
    """Time passes; what falls due fires."""
    said = " ".join(f"{amount:g} {unit}" for unit, amount in step.items())
    return Step(f"{said} pass", lambda player: player.pass_time(**step))


def message(name: str, key: str = KEY, **payload: Any) -> Step:
    return Step(f"message {name}", lambda player: player.message(name, key, payload))


def signal(name: str) -> Step:
    return Step(f"signal {name}", lambda player: player.signal(name))


def answer(element: str, **result: Any) -> Step:
    """What a service task asked for outside is answered."""
    return Step(f"answer to {element}", lambda player: player.answer(element, result, None))


def failure(element: str, code: str) -> Step:
    """What a service task asked for outside failed for good."""
    return Step(f"{element} fails ({code})", lambda player: player.answer(element, None, code))


def sees(*elements: str) -> Step:
    """Exactly these tasks are open, in any order."""

    def check(player: Player) -> None:
        assert sorted(player.open()) == sorted(elements)

    return Step("→ " + (", ".join(elements) or "nothing open"), check)


def knows(**data: Any) -> Step:
    """The process data hold this among others."""

    def check(player: Player) -> None:
        assert subset(player.knows(), data) == data

    return Step("", check)


def subset(of: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What `of` has of the keys of `wanted`, contexts compared by the keys that are wanted of them."""
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        given = of.get(name)
        found[name] = subset(given, value) if isinstance(given, dict) and isinstance(value, dict) else given
    return found


@dataclass(frozen=True)
class Example:
    """`adapted` says what SpiffWorkflow alone does wrong and we do instead; "" when nothing.

    `order` are the elements completed (with `-` before those cancelled) in their order, if that is the point.
    """

    id: str
    element: str
    variant: str
    zh: str
    en: str
    drawings: Drawing | tuple[Drawing, ...]
    steps: tuple[Step, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    ends: bool = True
    adapted: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    message: str | None = None

    @property
    def drawn(self) -> tuple[Drawing, ...]:
        return self.drawings if isinstance(self.drawings, tuple) else (self.drawings,)

    @property
    def told(self) -> str:
        """The steps in words."""
        return "; ".join(each.words for each in self.steps if each.words)


@dataclass(frozen=True)
class Elsewhere:
    """A variant that takes several instances: shown by a test of its own (`path::function`)."""

    element: str
    variant: str
    zh: str
    en: str
    test: str
    adapted: str = ""
