"""The only module that moves tokens: start, complete, message, timer, answer; one transaction each.

A step locks the instance, fires overdue timers, applies one trigger, runs to the next stable point and writes the
differences in at most ten statements. It never publishes: a message that a diagram throws is written down and
delivered by a job, so no step holds two instances. What fails is rolled back, tried again, and becomes an incident
(`faults`); an alarm reaches a person all the same.
"""

from engine.run.completing import Completed, complete_pending, complete_task
from engine.run.faults import CALL_NOW, Trouble, failed, worn_out
from engine.run.going_on import cancel, data_of, fail, finish, fire_timers, peek, retry, take_answer
from engine.run.messages import Published, deliver_to, handle, publish
from engine.run.starting import start
from engine.run.step import StepFailed

__all__ = [
    "CALL_NOW",
    "Completed",
    "Published",
    "StepFailed",
    "Trouble",
    "cancel",
    "complete_pending",
    "complete_task",
    "data_of",
    "deliver_to",
    "fail",
    "failed",
    "finish",
    "fire_timers",
    "handle",
    "peek",
    "publish",
    "retry",
    "start",
    "take_answer",
    "worn_out",
]
