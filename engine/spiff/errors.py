"""What can go wrong while an instance is moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.errors import EngineError


@dataclass(frozen=True)
class Refusal:
    """One reason why a bundle cannot be executed; `element` is empty when it is the file as a whole."""

    file: str
    element: str
    zh: str
    en: str


class NotExecutable(EngineError):
    """The files cannot be made into something to run; `findings` name the elements."""

    def __init__(self, findings: Sequence[Refusal]) -> None:
        super().__init__("; ".join(f"{each.file} {each.element}: {each.en}" for each in findings))
        self.findings = tuple(findings)


class ElementFailed(EngineError):
    """An element could not be carried out; the step is lost, the instance becomes an incident at that element."""

    def __init__(self, element_id: str, task_id: UUID, reason: str) -> None:
        super().__init__(f"{element_id}: {reason}")
        self.element_id = element_id
        self.task_id = task_id
        self.reason = reason


class ErrorNotCaught(EngineError):
    """A BPMN error that no boundary event of the element or of what surrounds it takes."""

    def __init__(self, element_id: str, code: str | None) -> None:
        super().__init__(f"{element_id}: no boundary event takes the error {code!r}")
        self.element_id = element_id
        self.code = code


class RunsWithoutStopping(EngineError):
    """The step went over its budget of engine tasks or seconds; the diagram has a loop without a waiting point."""

    def __init__(self, element_id: str, reason: str) -> None:
        super().__init__(f"{element_id}: {reason}")
        self.element_id = element_id
        self.reason = reason


class TaskNotOpen(EngineError):
    """The task is not (or no longer) open: somebody was faster, or a timer took it away."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"task {task_id} is not open")
        self.task_id = task_id


class StateUnreadable(EngineError):
    """A stored state cannot be read: it is damaged, of a codec that this version does not know, or of other files."""


class ReservedName(EngineError):
    """A variable may not have this name."""
