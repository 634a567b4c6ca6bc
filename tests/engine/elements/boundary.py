"""Boundary events: times, messages and signals on what is under way, errors and escalations out of it."""

from __future__ import annotations

from tests.engine.drawing import Drawing, members
from tests.engine.elements.example import Example, Sketch, do, knows, later, message, sees, signal

AGAIN = "the library hears only the first; ours waits again, each time with a path of its own"
OUTWARDS = "goes outwards from where it arose; the library wakes every event of that code"


def watched(interrupting: bool, **event: str) -> Drawing:
    """Task `ask`, then `after`; the event leads to `other`."""
    drawing = Sketch().user("ask").user("after").user("other").boundary("event", "ask", interrupting, **event)
    return drawing.path("start", "ask", "after", "end").path("event", "other", "end_other")


def failing_inside(*codes: str) -> Drawing:
    """Subprocess `inner` in `outer`; `ask` decides whether it ends by error `bad`; an event per code on `outer`."""
    drawing = Sketch().user("after")
    with drawing.subprocess("outer"):
        with drawing.subprocess("inner"):
            drawing.user("ask").user("beside").gateway("and", "fork").end("end_bad", error="bad")
            drawing.path("start_inner", "fork", "ask", "end_bad").path("fork", "beside", "end_beside")
        if "inner" in codes:
            drawing.user("inner_other").boundary("inner_event", "inner", error="other")
            drawing.path("inner_event", "inner_other", "end_inner_other")
        drawing.path("start_outer", "inner", "end_outer")
    for code in codes:
        if code != "inner":
            name = code or "any"
            drawing.user(f"after_{name}").boundary(name, "outer", error=code)
            drawing.path(name, f"after_{name}", f"end_after_{name}")
    return drawing.path("start", "outer", "after", "end")


def telling(interrupting: bool) -> Drawing:
    """Two levels of subprocess; `late` is escalated inside and heard at both levels, `never` at none."""
    drawing = Sketch().user("heard_outer").user("after")
    with drawing.subprocess("outer"):
        with drawing.subprocess("inner"):
            drawing.user("ask").user("more").throw("tell", escalation="late").throw("tell_on", escalation="later")
            drawing.path("start_inner", "ask", "tell", "tell_on", "more", "end_inner")
        drawing.user("heard_inner").boundary("inner_event", "inner", interrupting, escalation="late")
        drawing.path("start_outer", "inner", "end_outer").path("inner_event", "heard_inner", "end_heard_inner")
    drawing.boundary("outer_event", "outer", False, escalation="later")
    return drawing.path("start", "outer", "after", "end").path("outer_event", "heard_outer", "end_heard_outer")


def error_in_member() -> tuple[Drawing, Drawing]:
    caller = Sketch("caller").call("sub", "called", members("people", "person")).user("after").user("failed")
    caller.boundary("bad", "sub", error="bad").path("start", "sub", "after", "end").path("bad", "failed", "end_failed")
    called = Sketch("called").user("ask").gateway("xor", "how").end("end_bad", error="bad").path("start", "ask", "how")
    called.path("how", "end_bad", when='ask.ok = "no"').path("how", "end", default=True)
    return caller, called


def two_times() -> Drawing:
    drawing = Sketch().user("late")
    with drawing.subprocess("sub"):
        drawing.user("ask").user("remind").boundary("inner", "ask", False, every="R3/PT1H")
        drawing.path("start_in", "ask", "end_in").path("inner", "remind", "end_remind")
    drawing.boundary("outer", "sub", after="PT2H").path("start", "sub", "end")
    return drawing.path("outer", "late", "end_late")


def timer_on_members() -> Drawing:
    drawing = Sketch().user("ask", members("people", "person")).user("after").user("late")
    drawing.boundary("timeout", "ask", after="PT1H")
    return drawing.path("start", "ask", "after", "end").path("timeout", "late", "end_late")


EXAMPLES = (
    Example(
        "timer_interrupting",
        "boundaryEvent",
        "timer, interrupting",
        "到时取走任务，转走边界路径。",
        "Takes the task away when it is due.",
        watched(True, after="PT1H"),
        (sees("ask"), later(hours=1), sees("other"), do("other")),
        order=("start", "-ask", "event", "other", "end_other"),
        adapted="due times are rows; one that fell due before a completion fires before it",
    ),
    Example(
        "timer_non_interrupting",
        "boundaryEvent",
        "timer, non-interrupting",
        "到时另开一条路，任务照旧。",
        "Opens a path beside the task, which stays.",
        watched(False, after="PT1H"),
        (later(hours=1), sees("ask", "other"), do("ask"), sees("after", "other"), do("other"), do("after")),
        adapted="the path outlives the activity",
    ),
    Example(
        "timer_cycle",
        "boundaryEvent",
        "timer, repeated",
        "按循环提醒三次，已开的提醒不随任务消失。",
        "Reminds three times; reminders that are open outlive the task.",
        watched(False, every="R3/PT1H"),
        (
            *(
                later(hours=1),
                sees("ask", "other"),
                later(hours=1),
                later(hours=5),
                sees("ask", "other", "other", "other"),
            ),
            *(do("ask"), sees("after", "other", "other", "other"), do("other"), do("other"), do("other"), do("after")),
        ),
        adapted="the library drops open reminders when the task is done, and months drift",
    ),
    Example(
        "timer_on_members",
        "boundaryEvent",
        "timer on a multi-instance",
        "对整组成员计时，到时全部取走。",
        "One timer for all members; takes away those that are open.",
        timer_on_members(),
        (do("ask", 1), later(hours=1), sees("late"), do("late")),
        start={"people": ["a", "b", "c"]},
    ),
    Example(
        "timer_on_call",
        "boundaryEvent",
        "timer on a call activity",
        "到时结束整个被调用流程。",
        "Ends the called process with everything in it.",
        (
            Sketch("caller")
            .call("sub", "called")
            .user("late")
            .boundary("timeout", "sub", after="PT1H")
            .path("start", "sub", "end")
            .path("timeout", "late", "end_late"),
            Sketch("called").user("ask").user("then").path("start", "ask", "then", "end"),
        ),
        (do("ask", n=4), sees("then"), later(hours=1), sees("late"), knows(ask={"n": 4}), do("late")),
        adapted="the path sees what was written inside so far",
    ),
    Example(
        "message_inside_and_outside",
        "boundaryEvent",
        "message awaited inside and on the call",
        "被调用流程内外同时等待同一消息：外层先收到，中断并取走内部。",
        "Awaited on the call and inside it: what waited first gets it first, and the boundary ends what is inside.",
        (
            Sketch("caller")
            .call("sub", "called")
            .user("other")
            .boundary("told", "sub", message="told")
            .path("start", "sub", "end")
            .path("told", "other", "end_other"),
            Sketch("called").catch("hear", message="told").user("ask").path("start", "hear", "ask", "end"),
        ),
        (message("told", n=1), sees("other"), do("other")),
        adapted="in the order in which they began to wait, in one step",
    ),
    Example(
        "two_levels_of_time",
        "boundaryEvent",
        "timers of the subprocess and of the task in it",
        "内外都有定时：先到的先走，外层结束内层。",
        "Timers inside and outside: the earlier one goes first, the outer one ends everything within.",
        two_times(),
        (
            *(later(hours=1), sees("ask", "remind"), do("remind"), later(hours=1), sees("late"), do("late")),
            later(hours=9),
        ),
    ),
    Example(
        "message_interrupting",
        "boundaryEvent",
        "message, interrupting",
        "收到消息即取走任务。",
        "The message takes the task away.",
        watched(True, message="told", variable="told"),
        (message("told", n=1), sees("other"), message("told", n=2), do("other")),
        {"told": {"n": 1}},
    ),
    Example(
        "message_non_interrupting",
        "boundaryEvent",
        "message, again and again",
        "每收到一次就另开一条路，各有自己的内容。",
        "Each message opens a path of its own with its own content.",
        watched(False, message="told", variable="told"),
        (
            *(message("told", n=1), message("told", n=2), sees("ask", "other", "other")),
            *(do("ask"), do("other"), do("other"), do("after")),
        ),
        adapted=AGAIN,
    ),
    Example(
        "signal_interrupting",
        "boundaryEvent",
        "signal, interrupting",
        "信号取走任务。",
        "The signal takes the task away.",
        watched(True, signal="storm"),
        (signal("other"), sees("ask"), signal("storm"), sees("other"), do("other")),
    ),
    Example(
        "signal_non_interrupting",
        "boundaryEvent",
        "signal, again and again",
        "每次信号另开一条路。",
        "Each signal opens a path of its own.",
        watched(False, signal="storm"),
        (
            signal("storm"),
            signal("storm"),
            sees("ask", "other", "other"),
            do("ask"),
            do("after"),
            do("other"),
            do("other"),
        ),
        adapted=AGAIN,
    ),
    Example(
        "error_by_code",
        "boundaryEvent",
        "error with and without code",
        "代码相符者优先于不限代码者。",
        "The event of the very code goes before the one that takes any.",
        failing_inside("", "bad"),
        (sees("ask", "beside"), do("ask"), sees("after_bad"), do("after_bad")),
        adapted=OUTWARDS,
    ),
    Example(
        "error_any",
        "boundaryEvent",
        "error, any code",
        "没有代码的错误事件接住任何错误。",
        "An error event without a code takes any error.",
        failing_inside("other", ""),
        (do("ask"), sees("after_any"), do("after_any")),
        adapted=OUTWARDS,
    ),
    Example(
        "error_nested",
        "boundaryEvent",
        "error through two levels",
        "内层没有对应事件时由外层接住，内层一并结束。",
        "What the inner level does not take, the outer one does; everything within ends.",
        failing_inside("inner", "bad"),
        (sees("ask", "beside"), do("ask"), sees("after_bad"), do("after_bad")),
        adapted=OUTWARDS,
    ),
    Example(
        "error_in_a_member",
        "boundaryEvent",
        "error in a called process of a parallel multi-instance",
        "一个成员出错，整组结束并走错误路径。",
        "One member's error ends all of them and takes the error path once.",
        error_in_member(),
        (do("ask", 0), sees("ask", "ask"), do("ask", 1, ok="no"), sees("failed"), do("failed")),
        start={"people": ["a", "b", "c"]},
        adapted=OUTWARDS,
    ),
    Example(
        "escalation_levels",
        "boundaryEvent",
        "escalation, non-interrupting, two levels",
        "上报由最近的一层接住，别的代码传到外层；内层继续。",
        "Each escalation is heard at the nearest level that takes its code; the inside goes on.",
        telling(False),
        (
            *(do("ask"), sees("more", "heard_inner", "heard_outer"), do("more"), sees("heard_inner", "heard_outer")),
            *(do("heard_outer"), do("heard_inner"), sees("after"), do("after")),
        ),
        adapted=OUTWARDS,
    ),
    Example(
        "escalation_interrupting",
        "boundaryEvent",
        "escalation, interrupting",
        "中断型上报结束内层，其后的步骤不再执行。",
        "Ends the activity at once; what would follow inside is not done.",
        telling(True),
        (do("ask"), sees("heard_inner"), do("heard_inner"), sees("after"), do("after")),
        adapted=OUTWARDS,
    ),
)
