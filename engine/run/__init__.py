"""The only module that moves tokens: start, complete, message, timer, answer; one transaction each.

A step locks the instance, fires overdue timers, applies one trigger, runs to the next stable point and writes the
differences in at most ten statements. It never publishes: a message that a diagram throws is written down and
delivered by a job, so no step holds two instances. What fails is rolled back, tried again, and becomes an incident
(`faults`); an alarm reaches a person all the same.
"""

from engine.run.completing import complete_pending, complete_task, finish_signed, supplement
from engine.run.faults import CALL_NOW, Trouble, failed, put_aside, worn_out
from engine.run.going_on import cancel, data_of, fail, finish, fire_timers, peek, retry, take_answer
from engine.run.holding import Held, hold
from engine.run.messages import Published, deliver_to, handle, publish
from engine.run.moving import Moved, Touched, move, preview, preview_in, tokens, tokens_in
from engine.run.outcome import Completed
from engine.run.pausing import before_edit, edit, require_under_way, resume, suspend
from engine.run.recalculating import find_depending, recalculate, recalculate_all
from engine.run.returning import Earlier, look_at_withdrawal, send_back, ways_back, withdraw
from engine.run.signals import broadcast, hear, signal
from engine.run.starting import start
from engine.run.step import StepFailed

__all__ = [
    "CALL_NOW",
    "Completed",
    "Earlier",
    "Held",
    "Moved",
    "Published",
    "StepFailed",
    "Touched",
    "Trouble",
    "before_edit",
    "broadcast",
    "cancel",
    "complete_pending",
    "complete_task",
    "data_of",
    "deliver_to",
    "edit",
    "fail",
    "failed",
    "find_depending",
    "finish",
    "finish_signed",
    "fire_timers",
    "handle",
    "hear",
    "hold",
    "look_at_withdrawal",
    "move",
    "peek",
    "preview",
    "preview_in",
    "publish",
    "put_aside",
    "recalculate",
    "recalculate_all",
    "require_under_way",
    "resume",
    "retry",
    "send_back",
    "signal",
    "start",
    "supplement",
    "suspend",
    "take_answer",
    "tokens",
    "tokens_in",
    "ways_back",
    "withdraw",
    "worn_out",
]
