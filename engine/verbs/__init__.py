"""What people do with a task beside completing it: one function per verb, one transaction per call.

Each holds the task and its instance, asks the policy of the task (`policy`), changes rows or moves the token, and
writes history: who, when, the id of the reason, and what stood there before and after. Who may use a verb on which
task, and whom it may be given to, the caller asks `care`. Meaning and rules of each: docs/reference/task-verbs.md.
"""

from engine.verbs import policy
from engine.verbs.passing import claim, delegate, release, transfer
from engine.verbs.policy import VERBS, Policy
from engine.verbs.resting import leave, snooze, wake
from engine.verbs.returning import choices, may_withdraw, send_back, undo, withdraw
from engine.verbs.signing import sign, unsign
from engine.verbs.telling import attach, comment, copy, urge

__all__ = [
    "VERBS",
    "Policy",
    "attach",
    "choices",
    "claim",
    "comment",
    "copy",
    "delegate",
    "leave",
    "may_withdraw",
    "policy",
    "release",
    "send_back",
    "sign",
    "snooze",
    "transfer",
    "undo",
    "unsign",
    "urge",
    "wake",
    "withdraw",
]
