"""Standard loops and multi-instance activities; lanes."""

from __future__ import annotations

from tests.engine.drawing import Drawing, members, repeated
from tests.engine.elements.example import CHANNEL, Example, Sketch, answer, do, failure, knows, later, sees

PREDICTED = "the library fails when it is reached while still predicted"
PEOPLE = {"people": ["a", "b", "c"]}


def asked(loop: str) -> Drawing:
    return Sketch().user("ask", loop).user("after").path("start", "ask", "after", "end")


def given(*numbers: int) -> list[dict[str, object]]:
    return [{"n": number, "ok": None, "more": None} for number in numbers]


def called(loop: str) -> tuple[Drawing, Drawing]:
    return (
        Sketch("caller").call("sub", "called", loop).user("after").path("start", "sub", "after", "end"),
        Sketch("called").user("ask", name='= "Ask " + person').path("start", "ask", "end"),
    )


def subprocesses(loop: str) -> Drawing:
    drawing = Sketch().user("after")
    with drawing.subprocess("sub", loop):
        drawing.user("ask").user("check").path("start_in", "ask", "check", "end_in")
    return drawing.path("start", "sub", "after", "end")


EXAMPLES = (
    Example(
        "loop_after",
        "standardLoopCharacteristics",
        "tested after each round",
        "每轮之后看条件，成立则再来。",
        "The condition is asked after each round; true means again.",
        asked(repeated("ask.more = true")),
        (do("ask", more=True), sees("ask"), do("ask", more=False), sees("after"), do("after")),
    ),
    Example(
        "loop_before",
        "standardLoopCharacteristics",
        "tested before each round",
        "先看条件，一开始不成立就跳过。",
        "The condition is asked first: when it is not true the activity is left out.",
        asked(repeated("n > 1", before=True)),
        (sees("after"), do("after")),
        start={"n": 1},
    ),
    Example(
        "loop_maximum",
        "standardLoopCharacteristics",
        "at most so many times",
        "到次数上限即止。",
        "Stops at its maximum whatever the condition says.",
        asked(repeated("true", most=3)),
        (do("ask"), do("ask"), sees("ask"), do("ask"), sees("after"), do("after")),
    ),
    Example(
        "loop_counter",
        "standardLoopCharacteristics",
        "counts by loopCounter",
        "条件可用 loopCounter（已完成的轮数）。",
        "The condition may ask loopCounter, the rounds that are done.",
        asked(repeated("loopCounter < 2")),
        (do("ask"), sees("ask"), do("ask"), sees("after"), do("after")),
        adapted="BPMN's counter, which the library does not offer",
    ),
    Example(
        "sequential_by_list",
        "multiInstanceLoopCharacteristics",
        "sequential, by list",
        "按列表逐个办理，结果依次成列表。",
        "One after the other by a list; the results become a list.",
        asked(members("people", "person", True, results="answers", own="ask")),
        (do("ask", n=1), sees("ask"), do("ask", n=2), do("ask", n=3), sees("after"), do("after")),
        {"answers": given(1, 2, 3)},
        PEOPLE,
        adapted=PREDICTED,
    ),
    Example(
        "parallel_by_list",
        "multiInstanceLoopCharacteristics",
        "parallel, by list, results in the order of the list",
        "同时办理，结果按列表次序排，不论谁先办完。",
        "All at once; the results stand in the order of the list, whoever is done first.",
        asked(members("people", "person", results="answers", own="ask")),
        (
            sees("ask", "ask", "ask"),
            do("ask", 2, n=3),
            do("ask", 0, n=1),
            do("ask", 0, n=2),
            sees("after"),
            do("after"),
        ),
        {"answers": given(1, 2, 3)},
        PEOPLE,
        adapted="the library orders results by who was done first",
    ),
    Example(
        "parallel_by_number",
        "multiInstanceLoopCharacteristics",
        "parallel, by number",
        "按个数同时办理。",
        "That many at once.",
        asked(members(cardinality="n + 1")),
        (sees("ask", "ask", "ask"), do("ask"), do("ask"), sees("ask"), do("ask"), sees("after"), do("after")),
        start={"n": 2},
        adapted=PREDICTED,
    ),
    Example(
        "sequential_by_number",
        "multiInstanceLoopCharacteristics",
        "sequential, by number",
        "按个数逐个办理。",
        "That many, one after the other.",
        asked(members(cardinality="3", sequential=True)),
        (do("ask"), sees("ask"), do("ask"), do("ask"), sees("after"), do("after")),
        adapted=PREDICTED,
    ),
    Example(
        "completion_condition",
        "multiInstanceLoopCharacteristics",
        "completion condition",
        "完成条件成立时取消其余成员。",
        "When the condition holds the other members are cancelled.",
        asked(members("people", "person", until='ask.ok = "yes"', results="answers", own="ask")),
        (do("ask", 2, ok="no"), sees("ask", "ask"), do("ask", 1, ok="yes"), sees("after"), do("after")),
        {"answers": [{"n": None, "ok": "yes", "more": None}, {"n": None, "ok": "no", "more": None}]},
        PEOPLE,
    ),
    Example(
        "completion_counters",
        "multiInstanceLoopCharacteristics",
        "completion condition that counts",
        "条件可用 nrOfInstances、nrOfCompletedInstances、nrOfActiveInstances。",
        "The condition may ask nrOfInstances, nrOfCompletedInstances and nrOfActiveInstances.",
        asked(
            members(
                "people",
                "person",
                until="nrOfCompletedInstances = nrOfInstances - nrOfActiveInstances and nrOfActiveInstances = 1",
            )
        ),
        (do("ask"), sees("ask", "ask"), do("ask"), sees("after"), do("after")),
        start=PEOPLE,
    ),
    Example(
        "no_members",
        "multiInstanceLoopCharacteristics",
        "an empty list",
        "列表为空则跳过。",
        "An empty list means that the activity is left out.",
        asked(members("people", "person")),
        (sees("after"), do("after")),
        start={"people": []},
    ),
    Example(
        "no_members_with_events",
        "multiInstanceLoopCharacteristics",
        "an empty list, with a boundary timer",
        "跳过时边界定时也随之取消。",
        "Left out, its boundary events go with it.",
        Sketch()
        .user("ask", members("people", "person"))
        .user("after")
        .user("late")
        .boundary("timeout", "ask", False, after="PT1H")
        .path("start", "ask", "after", "end")
        .path("timeout", "late", "end_late"),
        (sees("after"), later(hours=2), sees("after"), do("after")),
        start={"people": []},
    ),
    Example(
        "members_one_fails",
        "multiInstanceLoopCharacteristics",
        "asynchronous, one fails",
        "并行外发，一个失败即走错误路径，其余的答复来迟。",
        "Asked outside in parallel; one fails, the error path is taken once and later answers change nothing.",
        Sketch()
        .service("send", CHANNEL, members(cardinality="2"), "sent", to='"here"', wait="true")
        .user("failed")
        .boundary("down", "send", error="down")
        .path("start", "send", "end")
        .path("down", "failed", "end_failed"),
        (failure("send", "down"), sees("failed"), do("failed")),
    ),
    Example(
        "nested_members",
        "multiInstanceLoopCharacteristics",
        "members of members",
        "多实例里再多实例，内外各用自己的成员变量。",
        "Members within members: each level has its own variable.",
        _nested := Sketch(),
        (
            *(sees("ask", "ask", "ask"), do("ask", n=1), do("ask", n=2), sees("ask"), do("ask", n=3)),
            *(sees("after"), knows(row=None, cell=None), do("after")),
        ),
        start={"rows": [[1, 2], [3]]},
    ),
    Example(
        "hundreds_of_members",
        "multiInstanceLoopCharacteristics",
        "hundreds of members",
        "数百名成员，由操作逐个处理，结果齐全。",
        "Hundreds of members, each handled by an operation; no result is lost.",
        Sketch()
        .service("double", "element.twice", members("numbers", "n", True, results="all", result="one"), "one", n="n")
        .path("start", "double", "end"),
        (),
        {"all": [{"n": 2 * n} for n in range(300)]},
        {"numbers": list(range(300))},
    ),
    Example(
        "members_outside",
        "multiInstanceLoopCharacteristics",
        "asynchronous service tasks",
        "并行外发，答复各归其位。",
        "Asked outside in parallel; each answer goes to its member.",
        Sketch()
        .service(
            "send",
            CHANNEL,
            members("people", "person", True, results="all", result="sent"),
            "sent",
            to="person",
            wait="true",
        )
        .path("start", "send", "end"),
        (answer("send", n=1), answer("send", n=2), answer("send", n=3)),
        {"all": [{"n": 1}, {"n": 2}, {"n": 3}]},
        PEOPLE,
    ),
    Example(
        "members_call",
        "multiInstanceLoopCharacteristics",
        "call activities",
        "每个成员调用一次流程，成员变量带入。",
        "A call per member; the member's own variable goes in and not out.",
        called(members("people", "person", results="answers", result="ask")),
        (
            sees("ask", "ask", "ask"),
            do("ask", 1, n=2),
            do("ask", 0, n=1),
            do("ask", n=3),
            knows(person=None),
            do("after"),
        ),
        {"answers": given(1, 2, 3)},
        PEOPLE,
    ),
    Example(
        "members_subprocess",
        "multiInstanceLoopCharacteristics",
        "embedded subprocesses",
        "每个成员各走一遍子流程。",
        "Each member goes through the subprocess by itself.",
        subprocesses(members("people", "person", until="check.n = 2")),
        (
            *(
                sees("ask", "ask", "ask"),
                do("ask", 1),
                sees("ask", "ask", "check"),
                do("check", n=1),
                sees("ask", "ask"),
            ),
            *(do("ask", 0), do("check", n=2), sees("after"), do("after")),
        ),
        start=PEOPLE,
    ),
    Example(
        "loop_subprocess",
        "standardLoopCharacteristics",
        "an embedded subprocess",
        "子流程整体重复。",
        "The subprocess repeats as a whole.",
        subprocesses(repeated("check.more = true")),
        (do("ask"), do("check", more=True), sees("ask"), do("ask"), do("check"), sees("after"), do("after")),
    ),
)

with _nested.subprocess("all_rows", members("rows", "row")):
    _nested.user("ask", members("row", "cell")).path("start_in", "ask", "end_in")
_nested.user("after").path("start", "all_rows", "after", "end")


def laned() -> Drawing:
    drawing = Sketch().user("ask").user("check").path("start", "ask", "check", "end")
    lanes = ""
    for lane, nodes in (("desk", ("start", "ask", "end")), ("visitor", ("check",))):
        listed = "".join(f"<bpmn:flowNodeRef>{each}</bpmn:flowNodeRef>" for each in nodes)
        lanes += f'<bpmn:lane id="{lane}" name="{lane}">{listed}</bpmn:lane>'
    drawing._out.insert(0, f'<bpmn:laneSet id="lanes">{lanes}</bpmn:laneSet>')
    return drawing


EXAMPLES += (
    Example(
        "lanes",
        "lane",
        "for readers",
        "泳道只供阅读，谁来办由岗位决定；两者不符时检查提醒。",
        "Lanes are for readers; the role says who does it, and the check warns when they differ.",
        laned(),
        (sees("ask"), do("ask"), sees("check"), do("check")),
    ),
)
