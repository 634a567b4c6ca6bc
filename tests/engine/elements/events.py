"""Start, intermediate and end events."""

from __future__ import annotations

from tests.engine.drawing import Drawing, members
from tests.engine.elements.example import Elsewhere, Example, Sketch, do, later, message, sees, signal


def waiting(key: str = "", **event: str) -> Drawing:
    return Sketch().catch("wait", key, **event).user("after").path("start", "wait", "after", "end")


def two_starts() -> Drawing:
    drawing = Sketch().start("by_hand").start("by_alarm", message="alarm").start("by_call", message="call")
    drawing.user("a").user("b").user("c").path("by_hand", "a", "end").path("by_alarm", "b", "end")
    return drawing.path("by_call", "c", "end")


def ended_by(**event: str) -> Drawing:
    """A subprocess of two branches; the end of the first does something, the second is a task."""
    drawing = Sketch().user("after")
    with drawing.subprocess("sub"):
        drawing.gateway("and", "fork").user("ask").user("beside").end("end_ask", **event)
        drawing.path("start_in", "fork", "ask", "end_ask").path("fork", "beside", "end_beside")
    return drawing.path("start", "sub", "after", "end")


def escalating_end() -> Drawing:
    drawing = ended_by(escalation="late").boundary("heard", "sub", False, escalation="late")
    return drawing.user("told").path("heard", "told", "end_told")


def error_end() -> Drawing:
    return ended_by(error="bad").user("told").boundary("bad", "sub", error="bad").path("bad", "told", "end_told")


def terminating_member() -> Drawing:
    drawing = Sketch().user("after")
    with drawing.subprocess("sub", members("people", "person", results="answers", result="one")):
        drawing.gateway("and", "fork").user("ask").user("beside").end("end_ask", terminate="yes")
        drawing.service("note", "element.twice", result="one", n="ask.n")
        drawing.path("start_in", "fork", "ask", "note", "end_ask").path("fork", "beside", "end_beside")
    return drawing.path("start", "sub", "after", "end")


def terminating() -> Drawing:
    drawing = Sketch().gateway("and", "fork").user("ask").user("beside").end("stop", terminate="yes")
    with drawing.subprocess("sub"):
        drawing.user("inside").catch("wait", after="PT9H").path("start_in", "inside", "wait", "end_in")
    drawing.path("start", "fork", "ask", "stop").path("fork", "beside", "end").path("fork", "sub", "end")
    return drawing


def told_after(kind: str) -> Drawing:
    """A branch throws the signal, another waits for it; `early` throws before anybody waits."""
    drawing = Sketch().user("heard").throw("tell", signal="all").catch("hear", signal="all")
    if kind == "early":
        return drawing.path("start", "tell", "hear", "heard", "end")
    drawing.gateway("and", "fork", "join").user("ask")
    return drawing.path("start", "fork", "ask", "tell", "join", "end").path("fork", "hear", "heard", "join")


EXAMPLES = (
    Example(
        "several_starts_plain",
        "startEvent",
        "several, begun by hand",
        "有多个开始事件时，人工启动走没有触发的那个。",
        "Of several start events a start by hand takes the plain one.",
        two_starts(),
        (sees("a"), do("a")),
    ),
    Example(
        "message_start",
        "startEvent",
        "message",
        "消息启动流程，内容成为流程数据。",
        "The message begins an instance; its content becomes the data.",
        two_starts(),
        (sees("c"), do("c")),
        {"elder_id": 4},
        {"elder_id": 4},
        message="call",
        adapted="the library lists the start messages of the whole file for every process",
    ),
    Example(
        "timer_duration",
        "intermediateCatchEvent",
        "timer, duration",
        "等待一段时间。",
        "Waits for a duration.",
        waiting(after="PT2H"),
        (sees(), later(minutes=119), sees(), later(minutes=1), sees("after"), do("after")),
    ),
    Example(
        "timer_date",
        "intermediateCatchEvent",
        "timer, date",
        "等到一个时刻。",
        "Waits until a moment.",
        waiting(at="2026-08-03T12:00:00+08:00"),
        (later(hours=2, minutes=59), sees(), later(minutes=1), sees("after"), do("after")),
        adapted="a date says its offset; the library takes the zone of the worker at its start",
    ),
    Example(
        "timer_expression",
        "intermediateCatchEvent",
        "timer, expression",
        "时间可由数据算出。",
        "The time may be computed from the data.",
        waiting(after='if n = 1 then duration("PT1H") else duration("PT5H")'),
        (later(hours=1), sees("after"), do("after")),
        start={"n": 1},
        adapted="S-FEEL; the library evaluates Python",
    ),
    Example(
        "message_catch",
        "intermediateCatchEvent",
        "message by key",
        "按关联键等待消息。",
        "Waits for a message by its key.",
        waiting("elder", message="told", variable="told"),
        (message("told", "8"), sees(), message("told", "7", n=1), sees("after"), do("after")),
        {"told": {"n": 1}},
        {"elder": 7},
    ),
    Example(
        "message_catch_early",
        "intermediateCatchEvent",
        "message that comes too early",
        "先到的消息保留到有人等待。",
        "A message that came first is kept until somebody waits for it.",
        Sketch()
        .user("ask")
        .catch("wait", message="told", variable="told")
        .user("after")
        .path("start", "ask", "wait", "after", "end"),
        (message("told", n=1), do("ask"), sees("after"), do("after")),
        {"told": {"n": 1}},
        adapted="the library raises an error for a message that nobody awaits",
    ),
    Example(
        "message_two_waits",
        "intermediateCatchEvent",
        "one message, two waits of one instance",
        "同一实例有两处等待同一消息时，两处都收到。",
        "Two waits of one instance for the same message both get it.",
        Sketch()
        .gateway("and", "fork", "join")
        .catch("one", message="told")
        .catch("two", message="told")
        .user("a")
        .user("b")
        .path("start", "fork", "one", "a", "join", "end")
        .path("fork", "two", "b", "join"),
        (message("told", n=1), sees("a", "b"), do("a"), do("b")),
        {"one": {"n": 1}, "two": {"n": 1}},
    ),
    Example(
        "message_throw",
        "intermediateThrowEvent",
        "message",
        "抛出的消息在提交后送达。",
        "A message thrown is delivered after the commit.",
        Sketch()
        .throw("tell", message="told", payload="{n: n * 2}")
        .catch("hear", message="told")
        .path("start", "tell", "hear", "end"),
        (),
        {"hear": {"n": 6}},
        {"n": 3},
    ),
    Example(
        "signal_in_one_instance",
        "intermediateThrowEvent",
        "signal, heard in the same instance",
        "同一实例中等待的事件在同一步内收到。",
        "What waits in the same instance hears it in the same step.",
        told_after("beside"),
        (sees("ask"), do("ask"), sees("heard"), do("heard")),
    ),
    Example(
        "signal_early",
        "intermediateThrowEvent",
        "signal before anybody waits",
        "信号不保留：抛出之后才等待的收不到。",
        "A signal is not kept: who waits after it was thrown hears the next one.",
        told_after("early"),
        (sees(), signal("all"), sees("heard"), do("heard")),
    ),
    Example(
        "signal_catch",
        "intermediateCatchEvent",
        "signal",
        "等待信号。",
        "Waits for a signal.",
        waiting(signal="all"),
        (sees(), signal("all"), sees("after"), do("after")),
    ),
    Example(
        "implicit_end",
        "endEvent",
        "none drawn (warned)",
        "没有结束事件的路到头即结束（检查会提醒）。",
        "A way that leads nowhere ends there (the check warns).",
        Sketch()
        .gateway("and", "fork")
        .user("ask")
        .user("beside")
        .boundary("late", "ask", False, after="PT1H")
        .path("start", "fork", "ask", "end")
        .path("fork", "beside"),
        (later(hours=1), sees("ask", "beside"), do("ask"), sees("beside"), do("beside")),
    ),
    Example(
        "terminate_top",
        "endEvent",
        "terminate the process",
        "终止结束一切，子流程和等待也在内，已写的数据保留。",
        "Ends everything, subprocesses and waits included; what was written is kept.",
        terminating(),
        (sees("ask", "beside", "inside"), do("inside", n=2), do("ask", n=1)),
        {"ask": {"n": 1}, "inside": {"n": 2}},
    ),
    Example(
        "terminate_subprocess",
        "endEvent",
        "terminate a subprocess",
        "只终止所在的子流程，外层继续。",
        "Ends only the subprocess that it stands in.",
        ended_by(terminate="yes"),
        (sees("ask", "beside"), do("ask"), sees("after"), do("after")),
    ),
    Example(
        "terminate_member",
        "endEvent",
        "terminate in a member of a multi-instance",
        "只结束那一个成员，其余继续。",
        "Ends that member alone; the others go on.",
        terminating_member(),
        (
            *(sees("ask", "ask", "beside", "beside"), do("ask", 0, n=1), sees("ask", "beside")),
            *(do("ask", n=2), sees("after"), do("after")),
        ),
        {"answers": [{"n": 2}, {"n": 4}]},
        {"people": ["a", "b"]},
    ),
    Example(
        "error_end",
        "endEvent",
        "error",
        "错误结束由外层接住，并行的支路一并结束。",
        "Taken by what surrounds it; the branch beside it ends too.",
        error_end(),
        (do("ask"), sees("told"), do("told")),
        adapted="goes outwards from where it arose",
    ),
    Example(
        "escalation_end",
        "endEvent",
        "escalation",
        "上报结束只结束本支路，并告诉外层。",
        "Ends its branch and tells what surrounds it; the other branch goes on.",
        escalating_end(),
        (do("ask"), sees("beside", "told"), do("told"), do("beside"), sees("after"), do("after")),
    ),
    Example(
        "message_end",
        "endEvent",
        "message",
        "结束时发出消息。",
        "Sends a message at the end.",
        Sketch()
        .gateway("and", "fork")
        .user("ask")
        .catch("hear", message="told")
        .end("tell", message="told", payload="{n: ask.n}")
        .path("start", "fork", "ask", "tell")
        .path("fork", "hear", "end"),
        (do("ask", n=9),),
        {"hear": {"n": 9}},
    ),
)
ELSEWHERE = (
    Elsewhere(
        "startEvent",
        "message, deduplicated",
        "同一消息或同一关联键的消息不启动第二个实例。",
        "The same message, or one with the key of a live instance, begins no second instance.",
        "tests/engine/test_messages.py::test_a_message_with_the_key_of_a_live_instance_begins_no_second_one",
    ),
    Elsewhere(
        "intermediateThrowEvent",
        "signal, heard in every instance",
        "信号送达所有等待的实例，每个实例一步，不遗漏、不重复。",
        "Reaches every instance that waits, each in a step of its own, none left out and none twice.",
        "tests/engine/test_signals.py::test_a_signal_reaches_every_instance_that_waits_for_it_once",
        "the library never tells a signal to another instance",
    ),
    Elsewhere(
        "intermediateCatchEvent",
        "message for several instances",
        "多个实例等待同一消息时各自收到。",
        "Several instances that await a message each get it in a step of their own.",
        "tests/engine/test_messages.py::test_everybody_who_awaits_a_message_gets_it_in_a_step_of_their_own",
    ),
    Elsewhere(
        "callActivity",
        "pinned",
        "被调用的流程固定在部署时的版本。",
        "The called process stays the version that it was at deployment.",
        "tests/engine/test_spiff_activities.py::test_a_called_process_of_another_bundle_stays_that_one",
    ),
)
