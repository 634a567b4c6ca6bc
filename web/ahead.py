"""Steps that will follow a task: their forms are kept on the phone, so a whole visit can be filled in without network.

Accepting, checking in, the record and the elder's confirmation are tasks one after the other. A phone that has no
network fills the later ones in ahead of time; they are sent in order, and each finds its task once the one before is
done. Which steps may follow is read from the diagram that the instance runs on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from engine import definitions, instances, tasks
from engine.definitions import Specification
from engine.diagrams import Node, Process
from engine.tasks import TaskRow
from web.language import task_name

MOST = 6  # steps kept for one task


@dataclass(frozen=True)
class Later:
    """A step that may follow: the element, and the name of the task it will be."""

    element: str
    name: str


_MARK = "ahead:"


def element_of(task: TaskRow) -> str:
    """The later element that a made-up row of `step` stands for, "" for a real task."""
    return task.why.removeprefix(_MARK) if task.why.startswith(_MARK) else ""


class Instances:
    """The compiled diagrams that the instances of these tasks run on, found in one question for all of them."""

    def __init__(self, session: Session, rows: Iterable[TaskRow]) -> None:
        self._session = session
        self._definitions = instances.definition_ids(session, {row.instance_id for row in rows if row.instance_id})

    def specification(self, task: TaskRow) -> Specification | None:
        """None outside a process."""
        if task.instance_id is None:
            return None
        return definitions.of_definition(self._session, self._definitions[task.instance_id])

    def process(self, task: TaskRow) -> Process | None:
        found = self.specification(task)
        return None if found is None or task.process_id is None else found.processes.get(task.process_id)

    def steps(self, task: TaskRow) -> list[Later]:
        """What the same worker may have to do next, the nearest first; [] outside a process."""
        process = self.process(task)
        if process is None:
            return []
        start = element_of(task) or task.element_id
        return [Later(node.id, task_name(node.name)) for node in _following(process, start) if _fits(node, task)][:MOST]

    def step(self, task: TaskRow, element: str) -> TaskRow | None:
        """The row of a later step as it will probably be, to draw its form; None when it cannot follow this task."""
        process, compiled = self.process(task), self.specification(task)
        node = process.find(element) if process is not None else None
        if process is None or compiled is None or node is None:
            return None
        if not _fits(node, task) or node not in _reachable(process, task.element_id):
            return None
        form_key = node.properties["form"]
        return replace(
            task, element_id=element, name=node.name, form_key=form_key, form_version=compiled.form_version(form_key),
            why=_MARK + element, due_at=None, next_at=None, next_role=None, claimed_by=None,
        )  # fmt: skip


def steps(session: Session, task: TaskRow) -> list[Later]:
    """`Instances.steps` of one task."""
    return Instances(session, (task,)).steps(task)


def step(session: Session, task: TaskRow, element: str) -> TaskRow | None:
    """`Instances.step` of one task."""
    return Instances(session, (task,)).step(task, element)


def arrived(session: Session, anchor: TaskRow, element: str) -> TaskRow | None:
    """The task of that element in the same instance: open if there is one, else the newest that is over.

    None when it may still come. When the step before was taken away, that one takes the supplement; when the instance
    is over and never came to it, the anchor.
    """
    if anchor.instance_id is None:
        return anchor
    rows = [row for row in tasks.of_instance(session, anchor.instance_id) if row.process_id == anchor.process_id]
    there = [row for row in rows if row.element_id == element]
    opened = [row for row in there if row.state == tasks.OPEN]
    if opened or there:
        return (opened or there)[-1]
    if rows and rows[-1].state == tasks.CANCELLED and all(row.state != tasks.OPEN for row in rows):
        return rows[-1]
    return None if instances.get(session, anchor.instance_id).state == instances.LIVE else anchor


def _fits(node: Node, task: TaskRow) -> bool:
    """Whether this worker may get it: the same role, by name or among those that an expression chooses from."""
    form = node.properties.get("form", "")
    named = node.role == task.role or (node.role.startswith("=") and f'"{task.role}"' in node.role)
    return named and bool(form) and not form.startswith("=")


def _following(process: Process, element: str) -> Iterator[Node]:
    """User tasks reachable from here without another one between."""
    front, seen = [process.find(element)], {element}
    while front:
        here = front.pop(0)
        for flow in process.flows_from(here) if here is not None else ():
            target = process.find(flow.target)
            if target is None or target.id in seen:
                continue
            seen.add(target.id)
            if target.is_user_task:
                yield target
            else:
                front.append(target)


def _reachable(process: Process, element: str) -> list[Node]:
    """User tasks that can come at any time after this one."""
    found: list[Node] = []
    front, seen = [element], {element}
    while front:
        for node in _following(process, front.pop(0)):
            if node.id not in seen:
                seen.add(node.id)
                found.append(node)
                front.append(node.id)
    return found
