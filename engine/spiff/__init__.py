"""Diagrams run in memory by SpiffWorkflow, with everything replaced that it gets wrong. No database here.

    bundle = Bundle.compile({"visit.bpmn": content}, pinned={"called": other_bundle})
    live = Live.begin(bundle, "visit", {"elder_id": 7}, host, start_message=None)
    live = Live.restore(bundle, "visit", blob, host)

    live.fire_due_timers() -> int                 earliest first; the calls below do it first, too
    live.complete(task_id, {"contact_elder": {"reached": "yes"}})          TaskNotOpen
    live.deliver(wait.task_id, payload, number=wait.number) -> bool        a message; False: nothing waits
    live.signal(name) -> bool                                              thrown elsewhere; False: nothing waits
    live.finish(task_id, result) -> bool · live.fail(task_id, code) -> bool   service task; False: too late
    live.move(token_id, "element") · live.skip(token_id) · live.edit({"x": 1})      by hand; NotPossible says why not
    live.cancel()
    live.open_tasks, live.tokens, live.waits, live.executed, live.thrown, live.signalled, live.requested
    live.data, live.ended, live.size
    live.dump() -> bytes

A `Live` that raised is to be thrown away. TaskNotOpen after timers fired is the exception: its state is good, and the
timers' effects may be saved. `Host` is what the diagram calls out to; it also carries the `Budget` of one call.
"""

from engine.spiff import library as _library  # first: it prepares SpiffWorkflow's classes
from engine.spiff.build import Element
from engine.spiff.bundle import Bundle
from engine.spiff.data import RESERVED
from engine.spiff.errors import (
    ElementFailed,
    ErrorNotCaught,
    NotExecutable,
    Refusal,
    ReservedName,
    RunsWithoutStopping,
    StateUnreadable,
    TaskNotOpen,
)
from engine.spiff.interface import (
    Budget,
    Executed,
    Host,
    OpenTask,
    Requested,
    Rescheduled,
    Signalled,
    Thrown,
    Token,
    Wait,
)
from engine.spiff.live import Live
from engine.spiff.timers import ALIKE
from engine.spiff.versions import Misfit, Versions

__all__ = [
    "ALIKE",
    "RESERVED",
    "Budget",
    "Bundle",
    "Element",
    "ElementFailed",
    "ErrorNotCaught",
    "Executed",
    "Host",
    "Live",
    "Misfit",
    "NotExecutable",
    "OpenTask",
    "Refusal",
    "Requested",
    "Rescheduled",
    "ReservedName",
    "RunsWithoutStopping",
    "Signalled",
    "StateUnreadable",
    "TaskNotOpen",
    "Thrown",
    "Token",
    "Versions",
    "Wait",
]

del _library
