"""Event definitions: what an event waits for or throws. They hold compiled expressions, never text.

`arm(task, state)` writes what a waiting event has to remember into `state`, a dictionary of JSON values in the task's
internal data: {"key": ...} of a message, {"due": ...} of a timer (see `engine.spiff.timers`).
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition

from engine.expressions import Expression
from engine.expressions.values import text_of
from engine.spiff import routing
from engine.spiff.data import plain, value_of
from engine.spiff.errors import ElementFailed, ErrorNotCaught
from engine.spiff.interface import Signalled, Thrown, id_of

LONGEST_KEY = 200  # characters, as the tables have room for them


class Definition(EventDefinition):
    """Base of ours. `kind` is BPMN's word; `element_id` the event's; `variable` takes what arrives with it."""

    kind = "none"
    waits = False

    def __init__(self, element_id: str, name: str | None = None, variable: str | None = None) -> None:
        super().__init__(name)
        self.element_id = element_id
        self.variable = variable or element_id

    def arm(self, task: Any, state: dict[str, Any]) -> None:
        """Begin to wait."""

    def following(self, state: dict[str, Any]) -> dict[str, Any] | None:
        """The state in which a non-interrupting boundary event waits again; None when it does not."""
        return {}

    def throw(self, my_task: Any) -> None:
        """Nothing to throw."""


class Nothing(Definition):
    """A plain start, end or throw event."""


class Message(Definition):
    """A message by name; `key` None means the instance's own key."""

    kind, waits = "message", True

    def __init__(
        self,
        element_id: str,
        name: str,
        key: Expression | None,
        payload: Expression | None = None,
        variable: str | None = None,
    ) -> None:
        super().__init__(element_id, name, variable)
        self.key = key
        self.payload = payload

    def arm(self, task: Any, state: dict[str, Any]) -> None:
        if "key" not in state:
            state["key"] = self._key(task)

    def throw(self, my_task: Any) -> None:
        payload = {} if self.payload is None else plain(value_of(my_task, self.payload, self.element_id))
        if not isinstance(payload, dict):
            raise ElementFailed(self.element_id, id_of(my_task), f"the payload of {self.name} is no context")
        thrown = Thrown(self.name, self._key(my_task), payload, self.element_id, id_of(my_task))
        my_task.workflow.top_workflow.journal.thrown.append(thrown)

    def _key(self, task: Any) -> str | None:
        if self.key is None:
            return None
        value = value_of(task, self.key, self.element_id)
        if value is None:
            raise ElementFailed(self.element_id, id_of(task), f"the key of message {self.name} is null")
        key = text_of(value) or ""
        if len(key) > LONGEST_KEY or "\0" in key:
            raise ElementFailed(
                self.element_id, id_of(task), f"the key of message {self.name} is longer than {LONGEST_KEY}, or no text"
            )
        return key


class Signal(Definition):
    """A signal reaches everything that waits for its name: in this instance at once, elsewhere by the host."""

    kind, waits = "signal", True

    def throw(self, my_task: Any) -> None:
        top, name = my_task.workflow.top_workflow, str(self.name)
        routing.throw_signal(top, name)
        top.journal.signalled.append(Signalled(name, self.element_id, id_of(my_task)))


class Coded(Definition):
    """An error or escalation: it goes outwards to the nearest boundary event of its code, or of any code."""

    waits = True

    def __init__(self, element_id: str, code: str | None) -> None:
        super().__init__(element_id)
        self.code = code

    def throw(self, my_task: Any) -> None:
        routing.throw_outwards(my_task, self.kind, self.code)


class Error(Coded):
    """Raises ErrorNotCaught when nobody takes it."""

    kind = "error"

    def throw(self, my_task: Any) -> None:
        if not routing.throw_outwards(my_task, self.kind, self.code):
            raise ErrorNotCaught(self.element_id, self.code)


class Escalation(Coded):
    """When nobody takes it, nothing happens."""

    kind = "escalation"


class Terminate(Definition):
    """Ends the process or subprocess at once; the end event does it."""

    kind = "terminate"
