"""Plays an example in memory; messages that it throws come back to it as they would by the database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from engine.definitions.decided import by_id, decide
from tests.engine import played
from tests.engine.elements.example import FIELDS, KEY, OPERATIONS, Example
from tests.engine.played import Play, RecordingHost


class InMemory:
    """`saving`: dumped and restored after every step."""

    def __init__(self, example: Example, saving: bool) -> None:
        tables = by_id(text for path, text in example.files.items() if path.endswith(".dmn"))
        decisions = {name: partial(decide, tables, {}, name) for name in tables}
        host = RecordingHost({name: _operation(each) for name, each in OPERATIONS.items()}, decisions)
        self._tokens: dict[str, UUID] = {}
        self._kept: list[tuple[str, str, dict[str, Any]]] = []
        self.play = Play(*example.drawn, data=example.start, host=host, saving=saving, message=example.message)
        self._settle()

    def complete(self, element: str, number: int, answers: dict[str, Any]) -> None:
        self.play.complete(element, number, **dict.fromkeys(FIELDS) | answers)
        self._settle()

    def pass_time(self, **step: float) -> None:
        played.later(**step)
        self.play.fire()
        self._settle()

    def message(self, name: str, key: str, payload: dict[str, Any]) -> None:
        self._kept.append((name, key, payload))
        self._settle()

    def signal(self, name: str) -> None:
        self.play.live.signal(name)
        self.play._after()
        self._settle()

    def answer(self, element: str, result: dict[str, Any] | None, code: str | None) -> None:
        live, token = self.play.live, self._tokens[element]
        live.fail(token, code) if code is not None else live.finish(token, result)
        self.play._after()
        self._settle()

    def open(self) -> list[str]:
        return self.play.open()

    def knows(self) -> dict[str, Any]:
        return self.play.data

    @property
    def ended(self) -> bool:
        return self.play.ended

    @property
    def history(self) -> list[tuple[str, str]]:
        return self.play.history

    def picture(self) -> dict[str, Any]:
        live = self.play.live
        return {
            "open": sorted((each.element_id, -1 if each.member is None else each.member) for each in live.open_tasks),
            "waits": sorted(
                (each.kind, each.element_id, str(each.due_at), each.name or "", each.key or "") for each in live.waits
            ),
            "data": live.data,
            "ended": live.ended,
        }

    def _settle(self) -> None:
        self._kept += [(name, key or KEY, payload) for name, key, payload in self.play.thrown]
        self.play.thrown.clear()
        for kept in list(self._kept):
            name, key, payload = kept
            waits = [each for each in self.play.live.waits if each.name == name and (each.key or KEY) == key]
            waits = [each for each in waits if each.kind == "message"]
            if waits:
                self._kept.remove(kept)
                for each in waits:
                    self.play.live.deliver(each.task_id, payload, each.number)
                    self.play._after()
                self._settle()
                break
        self._tokens |= {each.element_id: each.task_id for each in self.play.live.waits if each.kind == "job"}


def _operation(call: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda **parameters: call(None, None, **parameters)
