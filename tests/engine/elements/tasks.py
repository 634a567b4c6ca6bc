"""Tasks: what people do, what operations do, decisions, messages, called and embedded processes."""

from __future__ import annotations

from pathlib import Path

from tests.engine.elements.example import CHANNEL, Example, Sketch, answer, do, failure, knows, later, message, sees

LEVEL = (Path(__file__).parents[1] / "diagrams" / "level.dmn").read_bytes()


def asked_outside(*ways: str) -> Sketch:
    """An asynchronous task `send`, then `after`; `ways` may add a timeout and a failure path."""
    drawing = Sketch()
    drawing.service("send", CHANNEL, to='"here"', wait="true", result="sent").user("after")
    drawing.path("start", "send", "after", "end")
    if "timeout" in ways:
        drawing.user("late").boundary("timeout", "send", after="PT1H").path("timeout", "late", "end_late")
    if "failure" in ways:
        drawing.user("failed").boundary("down", "send", error="down").path("down", "failed", "end_failed")
    return drawing


EXAMPLES = (
    Example(
        "user_task",
        "userTask",
        "a person answers",
        "人办完后，答复以元素编号存入流程数据。",
        "Waits for a person; the answers stand under the element's id.",
        Sketch().user("ask").user("after").path("start", "ask", "after", "end"),
        (sees("ask"), do("ask", n=3), sees("after"), do("after")),
        {"ask": {"n": 3}},
        order=("start", "ask", "after", "end"),
        adapted="data of a branch are kept whole, the newest write wins",
    ),
    Example(
        "user_task_computed",
        "userTask",
        "role, name and time by expression",
        "岗位、名称和时限可由数据算出。",
        "Role, name and time may be computed from the data.",
        Sketch().user("ask", role="= who", name='= "Ask " + who', due='= "PT1H"').path("start", "ask", "end"),
        (sees("ask"), do("ask")),
        start={"who": "visitor"},
    ),
    Example(
        "manual_task",
        "manualTask",
        "waits for a person",
        "手工任务同样等人办理。",
        "Waits for a person like a user task.",
        Sketch().task("manualTask", "ask").path("start", "ask", "end"),
        (sees("ask"), do("ask")),
    ),
    Example(
        "task",
        "task",
        "waits for a person",
        "没有类型的任务也等人办理（检查会提醒）。",
        "A task without a kind waits for a person (the check warns).",
        Sketch().task("task", "ask").path("start", "ask", "end"),
        (sees("ask"), do("ask")),
    ),
    Example(
        "service_task",
        "serviceTask",
        "in the step",
        "在同一步内调用已登记的操作，结果存入结果变量。",
        "Calls a registered operation within the step; the result is kept under the result variable.",
        Sketch().service("double", "element.twice", result="result", n="n + 1").path("start", "double", "end"),
        (),
        {"result": {"n": 8}},
        {"n": 3},
    ),
    Example(
        "service_task_refuses",
        "serviceTask",
        "in the step, the business refuses",
        "操作以代码拒绝时走错误边界事件。",
        "A refusal with a code takes the error boundary event.",
        Sketch()
        .service("try", "element.refuse", code='"no"')
        .user("refused")
        .boundary("no", "try", error="no")
        .path("start", "try", "end")
        .path("no", "refused", "end_refused"),
        (sees("refused"), do("refused")),
        order=("start", "-try", "no", "refused", "end_refused"),
        adapted="an operation's failure is a BPMN error of that task alone",
    ),
    Example(
        "service_task_outside",
        "serviceTask",
        "asynchronous",
        "提交后才外发，等到答复再继续。",
        "Sent out after the commit; goes on when the answer comes, as a step of its own.",
        asked_outside(),
        (sees(), later(hours=1), sees(), answer("send", ref=7), sees("after"), do("after")),
        {"sent": {"ref": 7}},
        adapted="SpiffWorkflow would call out inside the step",
    ),
    Example(
        "service_task_outside_fails",
        "serviceTask",
        "asynchronous, fails for good",
        "外发最终失败成为 BPMN 错误。",
        "A final failure becomes a BPMN error at its own boundary.",
        asked_outside("failure"),
        (failure("send", "down"), sees("failed"), do("failed")),
        order=("start", "-send", "down", "failed", "end_failed"),
        adapted="SpiffWorkflow wakes every error event of that code in the instance",
    ),
    Example(
        "service_task_outside_late",
        "serviceTask",
        "asynchronous, answered too late",
        "超时后才到的答复只记录，不再起作用。",
        "An answer after the timeout is recorded and changes nothing.",
        asked_outside("timeout"),
        (later(hours=2), sees("late"), answer("send", ref=7), sees("late"), do("late")),
        order=("start", "-send", "timeout", "late", "end_late"),
        adapted="the task is found no more, so a late answer cannot move it",
    ),
    Example(
        "service_task_outside_fails_late",
        "serviceTask",
        "asynchronous, fails too late",
        "超时后才知道的失败只记录，不再起作用。",
        "A failure after the timeout is recorded and changes nothing.",
        asked_outside("timeout", "failure"),
        (later(hours=2), sees("late"), failure("send", "down"), sees("late"), do("late")),
        adapted="the task is found no more, so a late failure cannot move it",
    ),
    Example(
        "business_rule_task",
        "businessRuleTask",
        "a decision table",
        "按决策表求值，结果整体存入变量。",
        "Evaluates a decision; the result is assigned whole.",
        Sketch().rule("judge", "level", resultVariable="judged").path("start", "judge", "end"),
        (),
        {"judged": {"level": "high"}},
        {"points": 60},
        files={"level.dmn": LEVEL},
        adapted="our own S-FEEL tables in place of Python cells",
    ),
    Example(
        "send_and_receive_task",
        "sendTask",
        "sends to its own instance",
        "发送任务的消息在提交后送达，本流程也可以收到。",
        "A message sent is delivered after the commit, also to the sender's own instance.",
        Sketch()
        .send("tell", message="told", payload="{n: n + 1}")
        .receive("hear", message="told", variable="heard")
        .path("start", "tell", "hear", "end"),
        (),
        {"heard": {"n": 4}},
        {"n": 3},
        adapted="nobody waits yet when it is sent: it is kept until somebody does",
    ),
    Example(
        "receive_task",
        "receiveTask",
        "by key",
        "按名称与关联键等待消息。",
        "Waits for a message by name and key.",
        Sketch().receive("hear", key="elder", message="told", variable="heard").path("start", "hear", "end"),
        (message("told", "8", n=1), sees(), message("told", "7", n=2)),
        {"heard": {"n": 2}},
        {"elder": 7},
        adapted="found by an indexed row instead of asking every instance",
    ),
    Example(
        "receive_task_in_a_loop",
        "receiveTask",
        "with a timeout, in a loop",
        "循环中带超时的接收任务，每轮重新等待。",
        "In a loop with a timeout: it waits anew each round, and so does its timer.",
        Sketch()
        .gateway("xor", "again", "enough")
        .receive("hear", message="told", variable="heard")
        .user("remind")
        .boundary("timeout", "hear", after="PT1H")
        .path("start", "again", "hear", "enough")
        .path("timeout", "remind", "again")
        .path("enough", "again", when="heard.more = true")
        .path("enough", "end", default=True),
        (
            later(hours=1),
            sees("remind"),
            message("told", more=True),
            sees("remind"),
            do("remind"),
            sees(),
            later(hours=1),
            sees("remind"),
            do("remind"),
            message("told", more=False),
        ),
        {"heard": {"more": False}},
        adapted="finished rounds leave the state; a message that comes in between is kept",
    ),
    Example(
        "call_activity",
        "callActivity",
        "data in and out",
        "被调用流程得到数据副本，写入的变量带回。",
        "The called process gets a copy of the data and gives its variables back.",
        (
            Sketch("caller").call("sub", "called").user("after").path("start", "sub", "after", "end"),
            Sketch("called").user("ask", name='= "n is " + string(n)').path("start", "ask", "end"),
        ),
        (sees("ask"), do("ask", n=5), sees("after"), knows(ask={"n": 5}, n=3), do("after")),
        {"ask": {"n": 5}},
        {"n": 3},
    ),
    Example(
        "call_activity_error",
        "callActivity",
        "an error comes out",
        "被调用流程的错误由调用活动的边界事件接住。",
        "An error end event of the called process is taken at the call activity.",
        (
            Sketch("caller")
            .call("sub", "called")
            .user("failed")
            .boundary("bad", "sub", error="bad")
            .path("start", "sub", "end")
            .path("bad", "failed", "end_failed"),
            Sketch("called").user("ask").end("end_bad", error="bad").path("start", "ask", "end_bad"),
        ),
        (do("ask", n=1), sees("failed"), do("failed")),
        {"ask": {"n": 1}},
        adapted="goes outwards from where it arose; the library wakes every event of that code",
    ),
    Example(
        "two_calls_of_one_process",
        "callActivity",
        "two at once, one fails",
        "同一流程被并行调用两次，错误只结束出错的那一个。",
        "The same process called twice in parallel: the error ends the one that failed.",
        (
            Sketch("caller")
            .gateway("and", "fork", "join")
            .gateway("xor", "left_over", "right_over")
            .call("left", "called")
            .call("right", "called")
            .user("left_failed")
            .user("right_failed")
            .boundary("left_bad", "left", error="bad")
            .boundary("right_bad", "right", error="bad")
            .path("start", "fork", "left", "left_over", "join", "end")
            .path("fork", "right", "right_over", "join")
            .path("left_bad", "left_failed", "left_over")
            .path("right_bad", "right_failed", "right_over"),
            Sketch("called")
            .user("ask")
            .gateway("xor", "how")
            .end("end_bad", error="bad")
            .path("start", "ask", "how")
            .path("how", "end_bad", when='ask.ok = "no"')
            .path("how", "end", default=True),
        ),
        (
            sees("ask", "ask"),
            do("ask", 1, ok="no"),
            sees("ask", "right_failed"),
            do("ask", ok="yes"),
            sees("right_failed"),
            do("right_failed"),
        ),
        adapted="goes outwards from where it arose; the library ends both",
    ),
    Example(
        "subprocess",
        "subProcess",
        "embedded",
        "嵌入子流程看到并写入外层数据。",
        "An embedded subprocess sees and writes the data around it.",
        _embedded := Sketch(),
        (sees("ask"), do("ask", n=1), sees("after"), do("after")),
        {"ask": {"n": 1}},
        order=("start", "start_in", "ask", "end_in", "sub", "after", "end"),
    ),
)
with _embedded.subprocess("sub"):
    _embedded.user("ask").path("start_in", "ask", "end_in")
_embedded.user("after").path("start", "sub", "after", "end")
