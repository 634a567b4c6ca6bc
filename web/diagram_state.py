"""Where an instance stands in its diagrams: which steps are done, which are open, and the words on the tokens.

An instance may run through several diagrams, the called ones too: each is a `Drawing`. A step inside a called process
is shown in the caller at the call activity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from care import roles
from engine import definitions, diagrams
from engine.diagrams import Process
from engine.history import HistoryRow
from engine.instances import Instance
from engine.tasks import TaskRow
from engine.waits import WaitRow
from web.language import language

_DONE = frozenset(("completed", "done", "timer_fired", "fired", "message"))


@dataclass(frozen=True)
class Drawing:
    """One diagram of an instance: its process, the file, and what the viewer marks in it."""

    process_id: str
    name: str
    definition_id: int
    facts: dict[str, Any]
    names: dict[str, str]
    is_used: bool


def drawings(
    session: Session,
    instance: Instance,
    tasks: Sequence[TaskRow],
    waits: Sequence[WaitRow],
    history: Sequence[HistoryRow],
    faults: Iterable[str] = (),
) -> list[Drawing]:
    """The instance's own diagram first, then the called ones that it has been in."""
    found = _processes(session, instance)
    open_elements = {task.element_id for task in tasks if task.state == "open"} | {wait.element for wait in waits}
    done = {row.element for row in history if row.element and row.what in _DONE}
    drawn = []
    for process, definition_id in found:
        own = {node.id for node in process.nodes}
        busy = {call for call, inside in _calls(process, found).items() if inside & open_elements}
        facts = _facts(process, own, done, open_elements | busy, tasks, set(faults))
        names = {node.id: node.name for node in process.nodes if node.name}
        is_used = process.id == instance.process_id or bool(own & (done | open_elements))
        drawn.append(Drawing(process.id, process.name, definition_id, facts, names, is_used))
    return [each for each in drawn if each.is_used]


def _processes(session: Session, instance: Instance) -> list[tuple[Process, int]]:
    """The instance's process and everything that it calls, each with the definition that holds its file."""
    first = definitions.get(session, instance.definition_id)
    siblings = {each.process_id: each for each in definitions.of_bundle(session, first.bundle_id)}
    found: list[tuple[Process, int]] = []
    waiting, seen = [instance.process_id], set()
    while waiting:
        wanted = waiting.pop(0)
        if wanted in seen:
            continue
        seen.add(wanted)
        definition = siblings.get(wanted) or definitions.current(session, wanted)
        process = _parsed(session, definition.id, wanted)
        if process is None:
            continue
        found.append((process, definition.id))
        waiting += [node.called_element for node in process.nodes if node.called_element]
    return found


_known: dict[tuple[int, str], Process] = {}


def _parsed(session: Session, definition_id: int, process_id: str) -> Process | None:
    key = (definition_id, process_id)
    if key not in _known:
        diagram = diagrams.parse(definitions.xml(session, definition_id), process_id)
        for each in diagram.processes:
            _known[(definition_id, each.id)] = each
    return _known.get(key)


def _calls(process: Process, found: Sequence[tuple[Process, int]]) -> dict[str, set[str]]:
    """Call activity → every element inside what it calls, however deep."""
    by_id = {each.id: each for each, _ in found}

    def inside(process_id: str, seen: frozenset[str]) -> set[str]:
        called = by_id.get(process_id)
        if called is None or process_id in seen:
            return set()
        elements = {node.id for node in called.nodes}
        for node in called.nodes:
            if node.called_element:
                elements |= inside(node.called_element, seen | {process_id})
        return elements

    return {
        node.id: inside(node.called_element, frozenset((process.id,))) for node in process.nodes if node.called_element
    }


def _facts(
    process: Process,
    own: set[str],
    done: set[str],
    now: set[str],
    tasks: Sequence[TaskRow],
    faults: set[str],
) -> dict[str, Any]:
    """Marks and tokens for the viewer (web/assets/viewer.js)."""
    finished = (done & own) - now
    walked = [
        flow.id for flow in process.flows if flow.source in finished and (flow.target in done or flow.target in now)
    ]
    return {
        "marks": {
            "step-done": sorted(finished),
            "step-now": sorted((now & own) - _events(process)),
            "step-fault": sorted(faults & own),
            "flow-done": walked,
        },
        "tokens": _tokens(process, own, now, tasks),
    }


def _events(process: Process) -> set[str]:
    return {node.id for node in process.nodes if node.kind == "boundaryEvent"}


def _tokens(process: Process, own: set[str], now: set[str], tasks: Sequence[TaskRow]) -> list[dict[str, str]]:
    tokens = []
    opened = {task.element_id: task for task in tasks if task.state == "open"}
    for element in sorted(now & own):
        task = opened.get(element)
        node = process.node(element)
        if task is not None:
            due = "late" if task.is_overdue else "urgent" if task.priority == "urgent" else ""
            tokens.append({"element": element, "text": roles.title(task.role, language()), "due": due})
        elif node is not None and node.kind == "callActivity":
            tokens.append({"element": element, "text": "…", "due": ""})
    return tokens
