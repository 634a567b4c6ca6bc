"""Which verbs may be used on a task: all of them, but for what its diagram and its urgency forbid.

A user task's property `verbs` takes away (`-transfer`) or, for the two that go back, allows more than usual
(`+send_back`, `+withdraw`: also past operations and messages, where the designer knows that doing them twice is right).
What belongs to an emergency is never sent back, withdrawn or snoozed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine import definitions, instances, work
from engine.diagrams.task_verbs import read
from engine.errors import NotPossible
from engine.tasks import TaskRow

HOLDER, DOER, READER = "holder", "doer", "reader"
VERBS: dict[str, str] = {
    "claim": HOLDER,
    "release": HOLDER,
    "transfer": HOLDER,
    "delegate": HOLDER,
    "sign": HOLDER,
    "unsign": HOLDER,
    "send_back": HOLDER,
    "withdraw": DOER,
    "copy": HOLDER,
    "urge": READER,
    "comment": READER,
    "attach": READER,
    "snooze": HOLDER,
    "batch": HOLDER,
    "undo": DOER,
}
"""Each verb with who uses it: whoever holds the task, whoever has done it, whoever may read it."""
NOT_URGENT = frozenset(("send_back", "withdraw", "snooze"))


@dataclass(frozen=True)
class Policy:
    """What may be done with one task: `denied` verbs, those of PAST that go past operations, whether it is urgent."""

    denied: frozenset[str]
    past: frozenset[str]
    urgent: bool

    def allows(self, verb: str) -> bool:
        return verb not in self.denied


def of(session: Session, row: TaskRow) -> Policy:
    """The policy of a task; of a co-signer's that of its own, which nobody else can take over the place of."""
    if row.parent_id is not None:
        mine = frozenset(("claim", "withdraw", "comment", "attach", "undo", "copy"))
        return Policy(frozenset(VERBS) - mine, frozenset(), row.priority == "urgent")
    denied, past, urgent = frozenset[str](), frozenset[str](), row.priority == "urgent"
    if row.instance_id is None:
        denied = frozenset(("send_back",))
    else:
        instance = instances.get(session, row.instance_id)
        urgent = urgent or instance.lane == work.ALARM
        drawn = definitions.of_definition(session, instance.definition_id).processes.get(str(row.process_id))
        node = None if drawn is None else drawn.find(row.element_id)
        if node is not None:
            denied, past = read(node.properties.get("verbs", ""))
    return Policy(denied | (NOT_URGENT if urgent else frozenset()), past, urgent)


def require(session: Session, row: TaskRow, verb: str) -> Policy:
    """The policy; raises NotPossible with the reason when it forbids the verb."""
    policy = of(session, row)
    if policy.allows(verb):
        return policy
    if policy.urgent and verb in NOT_URGENT:
        raise NotPossible(
            "紧急的事不能退回、撤回或稍后再办。", "What is urgent is not sent back, withdrawn or snoozed."
        )
    raise NotPossible("这一步不允许这样办。", "This step does not allow that.")
