"""One `.bpmn` file as a whole: its processes, and what it declares beside them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagrams.model import Process


@dataclass(frozen=True)
class Participant:
    """A pool; `process` is the id of its process, None for a pool without contents."""

    id: str
    name: str
    process: str | None


@dataclass(frozen=True)
class Named:
    """A message, error, signal or escalation declared in the file; `code` of errors and escalations."""

    id: str
    name: str
    code: str | None = None
    line: int = 0


@dataclass(frozen=True)
class Diagram:
    """One `.bpmn` file. `ids` lists every id of a BPMN element: (id, element's name, line); ids may repeat there.

    `languages`: (id of an element, "" for the file; the language that its expressions are said to be in).
    """

    file: str
    processes: tuple[Process, ...] = ()
    messages: tuple[Named, ...] = ()
    errors: tuple[Named, ...] = ()
    signals: tuple[Named, ...] = ()
    escalations: tuple[Named, ...] = ()
    participants: tuple[Participant, ...] = ()
    message_flows: tuple[str, ...] = ()
    ids: tuple[tuple[str, str, int], ...] = ()
    coloured: tuple[str, ...] = ()
    languages: tuple[tuple[str, str], ...] = ()

    def process(self, process_id: str) -> Process:
        """Raises KeyError when the file has no such process."""
        for each in self.processes:
            if each.id == process_id:
                return each
        raise KeyError(process_id)
