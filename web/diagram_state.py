"""Where an instance stands in its diagrams: which steps are done, missed or open, and the words on the tokens.

An instance may run through several diagrams, the called ones too: each is a `Drawing`. A step inside a called process
is shown in the caller at the call activity. Two diagrams may use the same id for different elements, so every mark is
kept with its process: the history's `ids` name it where it is not the instance's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from care import roles
from engine import clock, definitions, diagrams
from engine.diagrams import Node, Process
from engine.history import HistoryRow
from engine.instances import Instance
from engine.kept import Kept
from engine.tasks import TaskRow
from engine.waits import WaitRow
from web.language import gettext, language
from web.words import moment

Place = tuple[str, str]  # process id, element id


@dataclass(frozen=True)
class Drawing:
    """One diagram of an instance: its process, the file, and what the viewer marks in it.

    `kinds` by element: that of the file; of events what they wait for or send (timer, message, sent, …), of gateways
    gateway or merge.
    """

    process_id: str
    name: str
    definition_id: int
    facts: dict[str, Any]
    names: dict[str, str]
    kinds: dict[str, str]
    has_tasks: bool


@dataclass(frozen=True)
class Standing:
    """How far the instance is: `last` says how each place ended (completed, cancelled); `tasks`, `waits` are open."""

    root: str
    last: dict[Place, str]
    tasks: dict[Place, list[TaskRow]]
    waits: Sequence[WaitRow]
    entered: frozenset[str]

    @classmethod
    def of(
        cls, instance: Instance, tasks: Sequence[TaskRow], waits: Sequence[WaitRow], history: Sequence[HistoryRow]
    ) -> Standing:
        last: dict[Place, str] = {}
        for row in history:
            if row.element and row.what in ("completed", "cancelled"):
                last[(process_of(row, instance.process_id), row.element)] = row.what
        opened: dict[Place, list[TaskRow]] = {}
        for task in tasks:
            if task.state == "open":
                opened.setdefault((task.process_id or instance.process_id, task.element_id), []).append(task)
        entered = frozenset(process for process, _ in (*last, *opened)) | {instance.process_id}
        return cls(instance.process_id, last, opened, waits, entered)

    def is_done(self, process: Process, element: str) -> bool:
        return self.last.get((process.id, element)) == "completed"

    def waiting(self, process: Process) -> set[str]:
        """Elements of the process that wait for a time or a message."""
        if process.id not in self.entered:
            return set()
        found = ((wait, process.find(wait.element)) for wait in self.waits)
        return {
            node.id for wait, node in found if node and (node.kind == "boundaryEvent") == (wait.attached_to is not None)
        }

    def open_in(self, process: Process) -> set[str]:
        """Elements of the process that hold a task or wait."""
        return {element for where, element in self.tasks if where == process.id} | self.waiting(process)


def process_of(row: HistoryRow, root: str) -> str:
    """The process that a row of the history belongs to."""
    return str((row.ids or {}).get("process") or root)


def drawings(
    session: Session,
    instance: Instance,
    tasks: Sequence[TaskRow],
    waits: Sequence[WaitRow],
    history: Sequence[HistoryRow],
    faults: Iterable[str] = (),
) -> list[Drawing]:
    """The instance's own diagram first, then the called ones that it has been in."""
    found = processes(session, instance)
    standing = Standing.of(instance, tasks, waits, history)
    by_id = {process.id: process for process, _ in found}
    stopped = set(faults)
    drawn = []
    for process, definition_id in found:
        if process.id not in standing.entered:
            continue
        names = {node.id: node.name for node in process.nodes if node.name}
        facts = _facts(process, standing, _inside(process, by_id, standing), stopped)
        has_tasks = any(where == process.id for where, _ in standing.tasks)
        kinds = {node.id: _kind(node) for node in process.nodes}
        drawn.append(Drawing(process.id, process.name, definition_id, facts, names, kinds, has_tasks))
    return drawn


def _kind(node: Node) -> str:
    if node.kind.endswith("Gateway"):
        return "merge" if len(node.outgoing) == 1 and len(node.incoming) > 1 else "gateway"
    if node.kind in ("startEvent", "endEvent") or not node.events:
        return node.kind
    thrown = node.kind in ("intermediateThrowEvent", "sendTask")
    return "sent" if thrown else node.events[0].kind


def in_use(drawn: Sequence[Drawing], wanted: str | None = None) -> Drawing | None:
    """The drawing asked for, else the first with an open task, else the instance's own."""
    asked = next((each for each in drawn if each.process_id == wanted), None)
    return asked or next((each for each in drawn if each.has_tasks), drawn[0] if drawn else None)


def processes(session: Session, instance: Instance) -> list[tuple[Process, int]]:
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


def element_names(session: Session, process_ids: Iterable[str]) -> dict[Place, str]:
    """Visible names of the elements of these processes, in their current versions."""
    found: dict[Place, str] = {}
    for process_id in process_ids:
        try:
            process = _parsed(session, definitions.current(session, process_id).id, process_id)
        except definitions.NotDeployed:
            continue
        found |= {(process_id, node.id): node.name for node in (process.nodes if process else ()) if node.name}
    return found


_known: Kept[tuple[int, str], Process] = Kept()


def _parsed(session: Session, definition_id: int, process_id: str) -> Process | None:
    key, known = (definition_id, process_id), _known.of(session)
    if key not in known:
        diagram = diagrams.parse(definitions.xml(session, definition_id), process_id)
        for each in diagram.processes:
            known[(definition_id, each.id)] = each
    return known.get(key)


def _inside(process: Process, by_id: dict[str, Process], standing: Standing) -> dict[str, int]:
    """Call activity that is under way → number of open tasks inside what it calls, however deep."""

    def open_below(process_id: str, seen: frozenset[str]) -> tuple[int, bool]:
        called = by_id.get(process_id)
        if called is None or process_id in seen:
            return 0, False
        here = {place: rows for place, rows in standing.tasks.items() if place[0] == process_id}
        number, is_busy = sum(len(rows) for rows in here.values()), bool(standing.open_in(called))
        for node in called.nodes:
            if node.called_element and _is_reached(called, node, standing):
                more, busy = open_below(node.called_element, seen | {process_id})
                number, is_busy = number + more, is_busy or busy
        return number, is_busy

    found = {}
    for node in process.nodes:
        if node.called_element and _is_reached(process, node, standing):
            number, is_busy = open_below(node.called_element, frozenset((process.id,)))
            if is_busy:
                found[node.id] = number
    return found


def _is_reached(process: Process, node: Node, standing: Standing) -> bool:
    """Whether a token came to this call activity: the same process may be called from several places."""
    return any(standing.is_done(process, flow.source) for flow in process.flows_to(node)) or not node.incoming


def _facts(process: Process, standing: Standing, calls: dict[str, int], faults: set[str]) -> dict[str, Any]:
    """Marks and tokens for the viewer (web/assets/viewer.js)."""
    now = standing.open_in(process) | set(calls)
    own = {node.id for node in process.nodes}
    done = {each for each in own if standing.is_done(process, each)} - now
    missed = _missed(process, standing) - now
    walked = [
        flow.id
        for flow in process.flows
        if (flow.source in done or _fired(process, flow.source, standing)) and flow.target in done | now | missed
    ]
    events = {node.id for node in process.nodes if node.kind == "boundaryEvent"}
    return {
        "marks": {
            "step-done": sorted(done - missed),
            "step-missed": sorted(missed),
            "step-now": sorted(now - events),
            "step-fault": sorted(faults & own),
            "flow-done": walked,
        },
        "tokens": _tokens(process, standing, calls, faults & own),
    }


def _fired(process: Process, element: str, standing: Standing) -> bool:
    """A timer that fires again and again still waits although it has fired."""
    node = process.find(element)
    return node is not None and node.kind == "boundaryEvent" and standing.is_done(process, element)


def _missed(process: Process, standing: Standing) -> set[str]:
    """Steps that a timer at their border ended because nobody did them in time."""
    return {
        node.attached_to
        for node in process.nodes
        if node.attached_to
        and node.interrupting
        and node.event is not None
        and node.event.kind == "timer"
        and standing.is_done(process, node.id)
        and standing.last.get((process.id, node.attached_to)) == "cancelled"
    }


def _tokens(process: Process, standing: Standing, calls: dict[str, int], faults: set[str]) -> list[dict[str, str]]:
    tokens = [{"element": each, "text": gettext("停在这里"), "due": "urgent"} for each in sorted(faults)]
    for (where, element), rows in sorted(standing.tasks.items()):
        if where == process.id and element not in faults:
            tokens.append({"element": element, **_words(rows)})
    for element, number in sorted(calls.items()):
        words = gettext("%(n)s 项在办", n=number) if number else gettext("进行中")
        tokens.append({"element": element, "text": words, "due": ""})
    return tokens


def _words(rows: list[TaskRow]) -> dict[str, str]:
    """«监测席，09:26 前», for several members of a loop their number."""
    first = min(rows, key=lambda row: row.due_at.timestamp() if row.due_at else 9e12)
    due = "late" if first.is_overdue else "urgent" if first.priority == "urgent" else ""
    who = roles.title(first.role, language()) if roles.is_known(first.role) else first.role
    if len(rows) > 1:
        return {"text": gettext("%(n)s 人在办", n=len(rows)), "due": due}
    if first.due_at is None:
        return {"text": who, "due": due}
    by = moment(first.due_at, clock.now(), language())
    return {"text": gettext("%(who)s，%(at)s 前", who=who, at=by), "due": due}
