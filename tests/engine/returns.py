"""A library of small diagrams on which tasks are sent back and completions withdrawn, with steps to play them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from engine import db, jobs, run, tasks, verbs
from tests.engine.drawing import Drawing, members, repeated
from tests.engine.steps import TASK, deploy, start

PEOPLE = {"people": ["a", "b", "c"]}


def plain() -> Drawing:
    """a, b, c; b is watched by a timer after an hour."""
    drawing = Drawing().user("a", **TASK).user("b", **TASK).user("c", **TASK).user("late", **TASK)
    drawing.boundary("hour", "b", False, after="PT1H").path("hour", "late", "end_late")
    return drawing.path("start", "a", "b", "c", "end")


def parallel() -> Drawing:
    """before, then (a1, a2) beside b, then after."""
    drawing = Drawing()
    for name in ("before", "a1", "a2", "b", "after"):
        drawing.user(name, **TASK)
    drawing.gateway("and", "fork", "join").path("start", "before", "fork", "a1", "a2", "join", "after", "end")
    return drawing.path("fork", "b", "join")


def several(sequential: bool = False) -> Drawing:
    """before, then ask for each of the people, then after; each one's answer stands in `answers`."""
    loop = members("people", "person", sequential, results="answers", own="ask")
    drawing = Drawing().user("before", **TASK).user("ask", loop, **TASK).user("after", **TASK)
    return drawing.path("start", "before", "ask", "after", "end")


def rounds() -> Drawing:
    """ask again and again, at most three times, then after."""
    drawing = Drawing().user("ask", repeated("true", most=3), **TASK).user("after", **TASK)
    return drawing.path("start", "ask", "after", "end")


def nested() -> Drawing:
    """before, a subprocess of (x, a subprocess of (y, z)), after; the inner one is watched by a timer."""
    drawing = Drawing().user("before", **TASK).user("after", **TASK).user("late", **TASK)
    with drawing.subprocess("outer"):
        drawing.user("x", **TASK)
        with drawing.subprocess("inner"):
            drawing.user("y", **TASK).user("z", **TASK).path("start_inner", "y", "z", "end_inner")
        drawing.path("start_outer", "x", "inner", "end_outer")
    drawing.boundary("hour", "outer", False, after="PT1H").path("hour", "late", "end_late")
    return drawing.path("start", "before", "outer", "after", "end")


def calling() -> tuple[Drawing, Drawing]:
    """before, a called process of (x, y), after."""
    drawing = Drawing().user("before", **TASK).call("sub", "called").user("after", **TASK)
    called = Drawing("called").user("x", **TASK).user("y", **TASK).path("start", "x", "y", "end")
    return drawing.path("start", "before", "sub", "after", "end"), called


class Matter:
    """One instance: who does what is said by element id; of several tasks of an element by number."""

    def __init__(self, *drawings: Drawing, **data: Any) -> None:
        deploy(*drawings)
        self.id = start(data=data)

    def open(self) -> list[str]:
        return [row.element_id for row in self.rows(tasks.OPEN)]

    def rows(self, state: str | None = None) -> list[tasks.TaskRow]:
        with db.reading() as session:
            found = tasks.of_instance(session, self.id)
        return [row for row in found if state in (None, row.state)]

    def task(self, element: str, number: int = 0) -> tasks.TaskRow:
        with db.reading() as session:
            ids = [each.id for each in run.peek(session, self.id).open_tasks if each.element_id == element]
            return tasks.get(session, ids[number])

    def do(self, element: str, number: int = 0, by: int = 1, ok: str = "yes") -> UUID:
        """Complete a task; its id."""
        task = self.task(element, number)
        with jobs.transaction() as session:
            run.complete_task(session, task.id, {"ok": ok}, by)
        return task.id

    def choices(self, element: str, number: int = 0) -> dict[str, str | None]:
        """The earlier steps, with the reason (English) where the task cannot go back there."""
        with db.reading() as session:
            found = verbs.choices(session, self.task(element, number))
        return {each.element: None if each.refusal is None else each.refusal.en for each in found}

    def send_back(self, element: str, to: str, number: int = 0, by: int = 9) -> UUID:
        task = self.task(element, number)
        with jobs.transaction() as session:
            key = next(each.key for each in verbs.choices(session, task) if each.element == to)
            return verbs.send_back(session, task.id, by, key, "a page is missing")

    def withdraw(self, task_id: UUID, by: int = 1) -> UUID:
        with jobs.transaction() as session:
            return verbs.withdraw(session, task_id, by)

    @property
    def data(self) -> dict[str, Any]:
        with db.reading() as session:
            return run.data_of(session, self.id)

    def finish(self, most: int = 40) -> None:
        """Complete whatever is open until the end."""
        for _ in range(most):
            left = self.rows(tasks.OPEN)
            if not left:
                return
            with jobs.transaction() as session:
                run.complete_task(session, left[0].id, {"ok": "yes"}, 5)
        raise AssertionError(f"does not end: {self.open()}")
