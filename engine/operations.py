"""What the engine may call above it: operations of service tasks, and the few questions it asks the domain.

`@operation(name)` registers what a service task may name. An operation reads and writes our own database, within the
step's transaction; what goes outside is `outgoing.record(...)`. Its result, a dict of JSON values (ids and decisions,
never names), becomes process data under the service task's result variable.

The questions (`subject_of`, `role_of`, `ladder_of`, `ladder_tells`, `unclaimed`) are answered by the one function that
`care` registers for each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from engine.errors import EngineError


class UnknownOperation(EngineError):
    """A diagram names an operation that nobody registered."""


class OperationFailed(EngineError):
    """The business refused; `code` is the BPMN error that a boundary event may catch."""

    def __init__(self, code: str, sentence: str = "") -> None:
        super().__init__(sentence or code)
        self.code = code


@dataclass(frozen=True)
class Step:
    """Where in which instance an operation is called.

    `answers(element)` are the whole answers of the last form submitted at that user task of this instance ({} if
    none); process data holds only the fields that the form hands to the process. `by` is the person who acts, None
    for a timer or message.
    """

    instance_id: UUID
    process_id: str
    element_id: str
    key: str | None
    subject_id: int | None
    unit_path: str
    policy: str
    now: datetime
    by: int | None
    data: dict[str, Any]
    answers: Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Subject:
    """Whom an instance is about: the elder's id (None when unknown), the unit path, the policy set in force there.

    `by` is the person who reported what it begins with, where a message begins it and the domain knows.
    """

    id: int | None
    unit_path: str
    policy: str
    by: int | None = None


@dataclass(frozen=True)
class Assignment:
    """Who a user task is for: everybody with `role` at the unit `unit_path`, or one person when `person_id` is set.

    `why` is a code of the reason shown to the worker (`your_elder`, `stands_in_for_a`, `your_village` ...).
    """

    role: str
    unit_path: str
    person_id: int | None = None
    why: str = "your_role"


@dataclass(frozen=True)
class Undone:
    """A task whose time runs out, as the domain needs to know it: who holds it, which level has it as well, if any.

    `avoid` are people who may not get it (`separate_from`). `urgent` says which lane what is told goes by.
    """

    task_id: UUID
    holder: Assignment
    also: Assignment | None
    subject: Subject
    avoid: frozenset[int] = frozenset()
    urgent: bool = False


@dataclass(frozen=True)
class Operation:
    name: str
    call: Callable[..., Any]
    parameters: frozenset[str]
    required: frozenset[str]


class Found(dict[str, Any]):
    """A result by which an instance learns whom it is about, where that was unknown when it began.

    `names` become variables at the top of the process data (`elder_id`), and the domain says anew whose instance it is.
    """

    def __init__(self, names: dict[str, Any], **result: Any) -> None:
        super().__init__(result)
        self.names = names


OPERATIONS: dict[str, Operation] = {}
CHANNELS: dict[str, frozenset[str]] = {}
"""Parameters of the asynchronous service tasks that a channel serves, by channel; filled by `outgoing.delivers`."""
_answers: dict[str, Callable[..., Any]] = {}


def operation(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register `function(session, step, **parameters) -> dict | None` under `name`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        every = list(inspect.signature(function).parameters.values())[2:]
        OPERATIONS[name] = Operation(
            name,
            function,
            frozenset(each.name for each in every),
            frozenset(each.name for each in every if each.default is inspect.Parameter.empty),
        )
        return function

    return register


def call(session: Session, name: str, step: Step, parameters: dict[str, Any]) -> dict[str, Any]:
    """Call an operation; raises UnknownOperation."""
    if name not in OPERATIONS:
        raise UnknownOperation(f"no operation {name!r} (element {step.element_id})")
    return OPERATIONS[name].call(session, step, **parameters) or {}


def answers_question(question: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the domain's answer to `subject_of`, `role_of`, `ladder_of`, `ladder_tells`, `unclaimed`, `fallback`,
    `supplemented`, `back_to`, `verb_tells`, `verb_urges`, `objections`, `opened`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _answers[question] = function
        return function

    return register


def answer_to(question: str) -> Callable[..., Any] | None:
    """The domain's function for a question, None without one (`fallback`: asked by engine.run.faults)."""
    return _answers.get(question)


def subject_of(session: Session, data: dict[str, Any]) -> Subject:
    """Whom these start data are about. Without a domain: nobody, everywhere."""
    answer = _answers.get("subject_of")
    return answer(session, data) if answer else Subject(data.get("elder_id"), "/", "")


def role_of(session: Session, role: str, subject: Subject, data: dict[str, Any]) -> Assignment:
    """Who holds `role` for that subject now; the domain always names somebody (the stand-in if need be)."""
    answer = _answers.get("role_of")
    return answer(session, role, subject, data) if answer else Assignment(role, subject.unit_path)


def objections(session: Session, task: Any, answers: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """What the domain has against answers that their form accepts: sentences in both languages by field; {} mostly.

    `task`: the row of the worklist (engine.tasks.TaskRow) that they are for.
    """
    answer = _answers.get("objections")
    return answer(session, task, answers) if answer else {}


def ladder_of(session: Session, undone: Undone) -> Assignment | None:
    """Who gets an undone task next, above whoever has it now; None at the top of the ladder and without a domain."""
    answer = _answers.get("ladder_of")
    return answer(session, undone) if answer else None


def ladder_tells(session: Session, what: str, undone: Undone, to: Assignment) -> None:
    """Have the domain tell `to` of an undone task: `reminded_half`, `reminded_soon`, `late` or `handed_up`."""
    answer = _answers.get("ladder_tells")
    if answer is not None:
        answer(session, what, undone, to)


def back_to(session: Session, person_id: int) -> int | None:
    """Who gets what comes back to a person: the stand-in while they are away, None when nobody is there for them."""
    answer = _answers.get("back_to")
    return answer(session, person_id) if answer else person_id


def known_roles() -> frozenset[str] | None:
    """Every role that a diagram may name; None without a domain, and then nothing is refused for its role."""
    answer = _answers.get("known_roles")
    return answer() if answer else None


def unclaimed(session: Session, name: str, key: str | None, data: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """What to start for a message that no diagram takes: (process id, data), or None when it may just be recorded."""
    answer = _answers.get("unclaimed")
    return answer(session, name, key, data) if answer else None
