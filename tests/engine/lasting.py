"""Loops that last: one diagram per kind and what one round of it is, for the test and the benchmark.

`round(play, last)` goes once round, and leaves the loop when it is the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from engine.spiff import state
from tests.engine.drawing import Drawing, members
from tests.engine.played import Play, later

BEGIN = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Lasting:
    """`steps` are the calls that one round takes."""

    name: str
    draw: Callable[[], tuple[Drawing, ...]]
    round: Callable[[Play, bool], None]
    steps: int

    def begin(self) -> Play:
        return Play(*self.draw(), data={"people": ["a", "b", "c", "d"], "n": 0})


def looped(first: str, last: str = "check", drawing: Drawing | None = None, **properties: str) -> Drawing:
    """`first` … `last`, again while `check.more`; the diagram holds what stands between them already."""
    drawing = drawing or Drawing()
    drawing.gateway("xor", "again", "enough").user("check", **properties).path("start", "again", first)
    if last != "check":
        drawing.path(last, "check")
    drawing.path("check", "enough").path("enough", "again", when="check.more = true")
    return drawing.path("enough", "end", default=True)


def check(play: Play, last: bool) -> None:
    play.complete("check", more=not last)


def _call() -> tuple[Drawing, ...]:
    called = Drawing("called").user("inner").path("start", "inner", "end")
    return looped("sub", "sub", Drawing("caller").call("sub", "called")), called


def _call_round(play: Play, last: bool) -> None:
    play.complete("inner", n=1)
    check(play, last)


def _parallel() -> tuple[Drawing, ...]:
    drawing = Drawing().gateway("and", "fork", "join").user("a").user("b")
    return (looped("fork", "join", drawing.path("fork", "a", "join").path("fork", "b", "join")),)


def _parallel_round(play: Play, last: bool) -> None:
    first = "ab"[play.live.data.get("a", {}).get("n", 0) % 2]
    for each in (first, "ab".replace(first, "")):
        play.complete(each, n=play.live.data.get("a", {}).get("n", 0) + 1)
    check(play, last)


def _reminder() -> tuple[Drawing, ...]:
    drawing = Drawing().user("ask").user("remind").boundary("hourly", "ask", False, every="R3/PT1H")
    return (looped("ask", "ask", drawing.path("hourly", "remind", "end_remind")),)


def _reminder_round(play: Play, last: bool) -> None:
    later(hours=1)
    play.fire()
    play.complete("ask").complete("remind")
    check(play, last)


def _timeout() -> tuple[Drawing, ...]:
    drawing = Drawing().gateway("xor", "over").user("late")
    with drawing.subprocess("sub"):
        drawing.user("ask").path("start_in", "ask", "end_in")
    drawing.boundary("timeout", "sub", after="PT1H").path("sub", "over").path("timeout", "late", "over")
    return (looped("sub", "over", drawing),)


def _timeout_round(play: Play, last: bool) -> None:
    later(hours=2)
    play.fire()
    play.complete("late")
    check(play, last)


def _race() -> tuple[Drawing, ...]:
    drawing = Drawing().gateway("first", "race").gateway("xor", "over").catch("short", after="PT1H")
    drawing.catch("long", after="PT9H").catch("word", message="told").path("race", "short", "over")
    return (looped("race", "over", drawing.path("race", "long", "over").path("race", "word", "over")),)


def _race_round(play: Play, last: bool) -> None:
    if last:
        play.deliver("word", n=1)
    else:
        later(hours=1)
        play.fire()
    check(play, last)


def _inclusive() -> tuple[Drawing, ...]:
    drawing = Drawing().gateway("or", "fork", "join").user("a").user("b").user("c")
    drawing.path("fork", "a", "join", when="n >= 0").path("fork", "b", "join", when="check.n = 1")
    return (looped("fork", "join", drawing.path("fork", "c", "join", default=True)),)


def _inclusive_round(play: Play, last: bool) -> None:
    for each in play.open():
        play.complete(each)
    play.complete("check", more=not last, n=1)


def _members() -> tuple[Drawing, ...]:
    loop = members("people", "person", True, results="answers", result="ask")
    return (looped("ask", "ask", Drawing().user("ask", loop)),)


def _members_round(play: Play, last: bool) -> None:
    for number in range(4):
        play.complete("ask", n=number)
    check(play, last)


LASTING = (
    Lasting("plain", lambda: (looped("check"),), check, 1),
    Lasting("call activity", _call, _call_round, 2),
    Lasting("parallel section", _parallel, _parallel_round, 3),
    Lasting("reminder", _reminder, _reminder_round, 4),
    Lasting("subprocess with timeout", _timeout, _timeout_round, 3),
    Lasting("event-based gateway", _race, _race_round, 2),
    Lasting("inclusive", _inclusive, _inclusive_round, 3),
    Lasting("sequential members", _members, _members_round, 5),
)


def weight(play: Play) -> tuple[int, int]:
    """(tasks that the state keeps, its bytes before compression)."""
    document = state.document_of(play.live._top, play.process_id)
    return play.live.size, len(orjson.dumps(document))
