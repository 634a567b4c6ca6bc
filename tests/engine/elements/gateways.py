"""Gateways: choices, forks and joins, alone and in loops, and the race of events."""

from __future__ import annotations

from tests.engine.drawing import Drawing
from tests.engine.elements.example import Example, Sketch, do, later, message, sees, signal

INCLUSIVE = "the library judges later rounds by the first one"
PARALLEL = "in a loop the library's join fires after one branch as soon as the order changes"
RACE = "the library keeps one due time for all timers and finds the winner by its name"


def choice() -> Drawing:
    drawing = Sketch().gateway("xor", "how").user("one").user("two").user("other")
    drawing.path("start", "how").path("how", "one", "end", when="n >= 1").path("how", "two", "end", when="n >= 2")
    return drawing.path("how", "other", "end", default=True)


def race(inside: Drawing | None = None) -> Drawing:
    """Two timers, two messages and a signal behind one gateway, each with a task behind it."""
    drawing = inside or Sketch()
    drawing.gateway("first", "race").catch("long", after="PT24H").catch("short", after="PT2H")
    drawing.catch("yes", message="said.yes", variable="reply").catch("no", message="said.no").catch("all", signal="all")
    for each in ("long", "short", "yes", "no", "all"):
        drawing.user(f"after_{each}").path("race", each, f"after_{each}")
    return drawing


def raced() -> Drawing:
    drawing = race().path("start", "race")
    for each in ("long", "short", "yes", "no", "all"):
        drawing.path(f"after_{each}", "end")
    return drawing


def race_in_a_loop() -> Drawing:
    drawing = Sketch().gateway("xor", "again", "enough").user("check")
    with drawing.subprocess("sub"):
        race(drawing).gateway("xor", "over")
        drawing.path("start_in", "race").path("over", "end_in")
        for each in ("long", "short", "yes", "no", "all"):
            drawing.path(f"after_{each}", "over")
    drawing.path("start", "again", "sub", "check", "enough").path("enough", "again", when="check.more = true")
    return drawing.path("enough", "end", default=True)


def fork_in_a_loop(kind: str) -> Drawing:
    drawing = Sketch().gateway("xor", "again", "enough").gateway(kind, "fork", "join").user("a").user("b").user("check")
    drawing.path("start", "again", "fork")
    if kind == "or":
        drawing.user("c").path("fork", "a", when="n >= 0").path("fork", "b", when="check.n = 1")
        drawing.path("fork", "c", "join", default=True)
    else:
        drawing.path("fork", "a").path("fork", "b")
    drawing.path("a", "join", "check", "enough").path("b", "join")
    return drawing.path("enough", "again", when="check.more = true").path("enough", "end", default=True)


def nested_inclusive() -> Drawing:
    """One branch of the inclusive fork is a loop of its own; the join waits until that is left."""
    drawing = Sketch().gateway("or", "fork", "join").gateway("xor", "again", "enough").user("a").user("b").user("after")
    drawing.path("start", "fork").path("fork", "a", "join", "after", "end", when="n > 0")
    drawing.path("fork", "again", "b", "enough", when="n > 1")
    drawing.path("enough", "again", when="b.more = true").path("enough", "join", default=True)
    return drawing.path("fork", "join", default=True)


EXAMPLES = (
    Example(
        "exclusive_first_true",
        "exclusiveGateway",
        "the first true condition",
        "按文件中的次序取第一个成立的条件。",
        "The first true condition in the order of the file.",
        choice(),
        (sees("one"), do("one")),
        start={"n": 2},
    ),
    Example(
        "exclusive_default",
        "exclusiveGateway",
        "the default flow",
        "都不成立（含空值）时走默认流。",
        "The default flow when none is true; null is not true.",
        choice(),
        (sees("other"), do("other")),
        adapted="null-safe S-FEEL; the library raises on an unknown name",
    ),
    Example(
        "parallel",
        "parallelGateway",
        "fork and join",
        "分出的各支都到齐才汇合。",
        "Goes on when every branch has come.",
        Sketch()
        .gateway("and", "fork", "join")
        .user("a")
        .user("b")
        .user("after")
        .path("start", "fork", "a", "join", "after", "end")
        .path("fork", "b", "join"),
        (sees("a", "b"), do("b", n=2), sees("a"), do("a", n=1), sees("after"), do("after")),
        {"a": {"n": 1}, "b": {"n": 2}},
        adapted="a branch that did not write a variable does not put its old value back",
    ),
    Example(
        "fork_at_the_start",
        "startEvent",
        "several flows out",
        "开始事件引出几条线即并行开始。",
        "Several flows out of a start event begin in parallel.",
        Sketch()
        .gateway("and", "join")
        .user("a")
        .user("b")
        .path("start", "a", "join", "end")
        .path("start", "b", "join"),
        (sees("a", "b"), do("b"), sees("a"), do("a")),
    ),
    Example(
        "parallel_terminated",
        "parallelGateway",
        "one branch terminates",
        "一支走到终止即全部结束，汇合不再等待。",
        "One branch that terminates ends all; the join waits no more.",
        Sketch()
        .gateway("and", "fork", "join")
        .gateway("xor", "how")
        .user("a")
        .user("b")
        .end("stop", terminate="yes")
        .path("start", "fork", "a", "how")
        .path("how", "stop", when='a.ok = "no"')
        .path("how", "join", default=True)
        .path("fork", "b", "join", "end"),
        (sees("a", "b"), do("a", ok="no"), sees()),
        order=("start", "fork", "a", "how", "stop", "-b"),
    ),
    Example(
        "parallel_in_a_loop",
        "parallelGateway",
        "in a loop, in changing order",
        "循环里每轮都等两支到齐，先后可变。",
        "In a loop each round waits for both branches, in whatever order.",
        fork_in_a_loop("and"),
        (
            *(do("a"), do("b"), do("check", more=True), sees("a", "b")),
            *(do("b"), sees("a"), do("a"), sees("check"), do("check", more=True)),
            *(do("a"), sees("b"), do("b"), do("check")),
        ),
        adapted=PARALLEL,
    ),
    Example(
        "inclusive",
        "inclusiveGateway",
        "every true branch",
        "所有成立的分支都走，汇合只等走了的。",
        "Takes every true branch; the join waits for those that were taken.",
        nested_inclusive(),
        (sees("a"), do("a"), sees("after"), do("after")),
        start={"n": 1},
        adapted=INCLUSIVE,
    ),
    Example(
        "inclusive_nested_loop",
        "inclusiveGateway",
        "a branch that loops",
        "一支内有循环时，汇合等到它走出循环。",
        "With a loop in one branch the join waits until that is left.",
        nested_inclusive(),
        (
            *(sees("a", "b"), do("b", more=True), sees("a", "b"), do("a"), sees("b")),
            *(do("b", more=True), sees("b"), do("b", more=False), sees("after"), do("after")),
        ),
        start={"n": 2},
        adapted=INCLUSIVE,
    ),
    Example(
        "inclusive_default",
        "inclusiveGateway",
        "the default flow",
        "都不成立时走默认流。",
        "The default flow when none is true.",
        nested_inclusive(),
        (sees("after"), do("after")),
        start={"n": 0},
    ),
    Example(
        "inclusive_in_a_loop",
        "inclusiveGateway",
        "in a loop, other branches each round",
        "循环里每轮可走不同的分支。",
        "In a loop other branches may be taken each round.",
        fork_in_a_loop("or"),
        (
            *(sees("a"), do("a"), sees("check"), do("check", n=1, more=True)),
            *(sees("a", "b"), do("a"), sees("b"), do("b"), sees("check"), do("check", n=2, more=True)),
            *(sees("a"), do("a"), sees("check"), do("check")),
        ),
        start={"n": 0},
        adapted=INCLUSIVE,
    ),
    Example(
        "event_gateway_timers",
        "eventBasedGateway",
        "the earliest of several timers",
        "几个定时中最早到的胜出。",
        "The earliest of several timers wins.",
        raced(),
        (sees(), later(hours=1), sees(), later(hours=30), sees("after_short"), do("after_short")),
        order=("start", "race", "short", "after_short", "end"),
        adapted=RACE,
    ),
    Example(
        "event_gateway_message",
        "eventBasedGateway",
        "one of several messages",
        "先到的消息胜出，其余不再等待。",
        "The message that comes first wins; the others are awaited no more.",
        raced(),
        (
            message("said.no"),
            sees("after_no"),
            message("said.yes", n=1),
            later(hours=30),
            sees("after_no"),
            do("after_no"),
        ),
        order=("start", "race", "no", "after_no", "end"),
        adapted=RACE,
    ),
    Example(
        "event_gateway_signal",
        "eventBasedGateway",
        "a signal",
        "信号同样可以胜出。",
        "A signal may win as well.",
        raced(),
        (signal("all"), sees("after_all"), do("after_all")),
        adapted=RACE,
    ),
    Example(
        "event_gateway_in_a_loop",
        "eventBasedGateway",
        "in a subprocess in a loop",
        "子流程在循环中，每轮重新计时、重新等待。",
        "In a subprocess in a loop: each round its timers begin anew.",
        race_in_a_loop(),
        (
            *(message("said.yes", n=1), do("after_yes"), do("check", more=True)),
            *(later(hours=2), sees("after_short"), do("after_short"), do("check", more=True)),
            *(signal("all"), do("after_all"), do("check", more=True)),
            *(later(hours=1), sees(), message("said.yes", n=2), sees("after_yes"), do("after_yes"), do("check")),
        ),
        {"reply": {"n": 2}},
        adapted=RACE,
    ),
)
