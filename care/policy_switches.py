"""A switch of policy as a person makes it: chosen on the page, carried by the process `policy_release`.

Public: begin, call_back. Source: policy 2.2; processes P44.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from care import district_policies, policy_checks
from care.district_policies import PolicyChoice
from care.errors import RuleBroken
from care.organisation import Unit
from engine import incoming, run, tasks

PROCESS, FIRST_TASK = "policy_release", "choose"


def begin(
    session: Session,
    unit: Unit,
    policy: str,
    from_on: date,
    *,
    document: str,
    reason: str,
    by: int,
    floor_confirmed: bool = False,
) -> PolicyChoice:
    """Propose the choice and start its process, whose first task is done by whoever chose: another one approves.

    Raises RuleBroken as district_policies.propose does, UnknownPolicy.
    """
    row = district_policies.propose(
        session,
        unit,
        policy,
        from_on,
        document=document,
        reason=reason,
        by=by,
        floor=policy_checks.as_rows(policy_checks.below_floor(policy)),
        floor_confirmed=floor_confirmed,
    )
    instance_id = run.start(session, PROCESS, {"unit_path": unit.path}, key=str(row.id), by=by)
    [task] = [each for each in tasks.of_instance(session, instance_id) if each.element_id == FIRST_TASK]
    answers = {"choice_id": row.id, "document": row.document, "reason": row.reason}
    run.complete_task(session, task.id, answers, by)
    return row


def call_back(session: Session, choice: PolicyChoice) -> None:
    """Withdraw an approved choice before its day; raises RuleBroken for any other."""
    if choice.state != "approved":
        raise RuleBroken("只能撤回已批准、还没生效的切换", "only an approved switch that is not yet in force")
    key = str(choice.id)
    incoming.message(session, "policy.withdrawn", key, {"choice_id": choice.id}, event_id=f"policy.withdrawn:{key}")
