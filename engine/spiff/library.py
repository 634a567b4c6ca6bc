"""What we change in SpiffWorkflow itself, at import; all else is done by subclasses. Nothing in its files is edited.

The environment that would evaluate or execute text from a diagram refuses, for the whole program: even code that got
hold of a stock workflow could not run what a file says. Every specification has two attributes more.
"""

from __future__ import annotations

from typing import Any, NoReturn

from SpiffWorkflow.bpmn.script_engine.python_environment import TaskDataEnvironment
from SpiffWorkflow.specs.base import TaskSpec

from engine.errors import EngineError


class TextRefused(EngineError):
    """The library tried to evaluate or execute text: no diagram may bring it so far."""


class NoScripts:
    """In place of the library's script engine: everything we evaluate was compiled with the bundle."""

    def evaluate(self, *_: Any, **__: Any) -> NoReturn:
        raise TextRefused("text from a diagram is never evaluated by the library")

    execute = call_service = validate = evaluate

    @property
    def environment(self) -> NoScripts:
        return self


TaskDataEnvironment.evaluate = NoScripts.evaluate
TaskDataEnvironment.execute = NoScripts.evaluate
TaskSpec.guarded = False  # whether it is an activity with boundary events
TaskSpec.element = None  # what the diagram says of it (engine.spiff.build.Element); None: not drawn
