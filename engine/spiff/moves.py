"""Move a token by hand: on without doing the task, back, or forward; only where no join is left waiting for ever.

The task that is left is cancelled with its boundary events and everything within it; a new one is opened under it for
the target, so it goes on with the data of the task left. Out of a parallel block, the other branches of the block are
cancelled, too; into one, or from branch to branch, or to another subprocess, is refused. See docs/adr.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.errors import NotPossible
from engine.spiff.activities import Within
from engine.spiff.data import newest
from engine.spiff.events import BoundaryEvent, EventBasedGateway
from engine.spiff.interface import Token, id_of
from engine.spiff.regions import OR, SIDE, Place, Regions, is_join, regions_of
from engine.spiff.routing import owner_of, seen_inside, workflows
from engine.spiff.task import ALIVE


@dataclass(frozen=True)
class Plan:
    """The tokens that go away, the first of them the one that moves, and the spec that it enters."""

    leaving: list[Any]
    entry: Any


def tokens(top: Any) -> list[Token]:
    """Everything that could be moved or skipped, outer processes first."""
    return [_token(each) for workflow in workflows(top) for each in _alive(workflow, with_members=True)]


def planned(task: Any, element_id: str) -> Plan:
    """What moving a token to an element would do; raises NotPossible with a sentence when it would break something."""
    if _is_member(task):
        raise NotPossible(
            "多人同办中的一份不能单独移动，只能跳过；要移动请选整个步骤。",
            "One member of a repeated task can only be skipped; to move, choose the task as a whole.",
        )
    regions = regions_of(task.workflow.spec)
    entry = regions.entries.get(element_id)
    if entry is None:
        raise _elsewhere(task, element_id)
    _refuse_kind(entry, regions.specs)
    return Plan(_leaving(task, entry, regions), entry)


def move(task: Any, plan: Plan) -> None:
    """Carry the plan out; the caller runs the steps that follow."""
    workflow, data = task.workflow, task.data
    for each in plan.leaving:
        data = newest(data, seen_inside(each, each.data))
    anchor = task.parent if is_join(task.task_spec) else task
    for each in plan.leaving:
        _leave(each)
    child = anchor._add_child(plan.entry, TaskState.FUTURE)
    child.triggered = True
    child.data = data
    child.task_spec._predict(child, mask=TaskState.NOT_FINISHED_MASK)
    child.task_spec._update(child)
    workflow.update_waiting_tasks()


def held_by(task: Any) -> list[Any]:
    """What may move when a person at this task wants to: the token itself, then what surrounds it, innermost first.

    A member of a repeated task moves with the whole; the task that runs a subprocess or a called process surrounds it.
    """
    found = []
    while task is not None:
        task = task.parent if _is_member(task) else task
        found.append(task)
        task = owner_of(task.workflow)
    return found


def withdrawal(top: Any, reached: set[bytes], process_id: str, element_id: str) -> tuple[Any, Plan]:
    """(the token, its plan) that takes back a completion that led to the tokens `reached`, and to nothing else.

    Raises NotPossible: when one of them has gone on, or the way back would break something.
    """
    alive = _still_there(top, reached)
    if not reached:
        raise _gone_on()
    refusal: NotPossible | None = None
    for task in (alive[each] for each in reached if not _is_member(alive[each])):
        if task.task_spec.element.process_id != process_id:
            continue
        try:
            plan = planned(task, element_id)
        except NotPossible as fault:
            refusal = refusal or fault
            continue
        if {each.id for each in plan.leaving} <= reached:
            return task, plan
    raise refusal or NotPossible(
        "这一步之后的路已经汇合或离开了这一层，不能撤回。",
        "Behind this step the paths have joined or left this level; it cannot be withdrawn.",
    )


def reopen(top: Any, loop: Any, number: int, reached: set[bytes]) -> None:
    """Take back what one member of a repeated task has done, while that goes on; raises NotPossible."""
    if loop is None or not isinstance(loop.task_spec, LoopTask) or not loop._state & ALIVE:
        raise NotPossible(
            "多人同办已经结束，不能只撤回自己的一份。", "The repeated task is over; one part cannot be withdrawn."
        )
    _still_there(top, reached)
    loop.task_spec.take_back(loop, number)


def _still_there(top: Any, reached: set[bytes]) -> dict[bytes, Any]:
    """Every token by id; raises NotPossible when one of `reached` is there no more."""
    alive = {each.id: each for workflow in workflows(top) for each in _alive(workflow, with_members=True)}
    if not reached <= alive.keys():
        raise _gone_on()
    return alive


def _gone_on() -> NotPossible:
    return NotPossible("后面的步骤已经往前走了，不能撤回。", "What follows has gone on; it cannot be withdrawn.")


def skip(task: Any) -> None:
    """Go on behind a task as if it were done, without its answer; raises NotPossible where there is no one way on."""
    spec = task.task_spec
    if is_join(spec) or isinstance(spec, EventBasedGateway):
        raise NotPossible(
            f"「{_called(spec)}」不能跳过，请选要移动到的步骤。",
            f"{spec.bpmn_id} cannot be skipped; choose the step to move to.",
        )
    if isinstance(spec, Within):
        task.data = seen_inside(task, task.data)
        spec._on_cancel(task)
    for member in list(task.children) if isinstance(spec, LoopTask) else ():
        if member._state & ALIVE:
            member.cancel()
    task.internal_data["skipped"] = True
    task.complete()


def _leaving(task: Any, entry: Any, regions: Regions) -> list[Any]:
    """The tokens that go away when this one moves to `entry`."""
    here, there = _places(task, regions), regions.of(entry.name)
    if here == there:
        return [task]
    if len(here) != 1 or len(there) != 1:
        raise NotPossible(
            "这两步之间并行的路没有明确汇合，移动后可能一直等待。",
            "Parallel paths between the two meet without a join; somebody might wait for ever after the move.",
        )
    (left,), (entered,) = here, there
    common = 0
    while common < min(len(left), len(entered)) and left[common] == entered[common]:
        common += 1
    out, into = left[common:], entered[common:]
    _refuse_side(out, into)
    if out and into and out[0].fork == into[0].fork:
        raise NotPossible(
            "不能从一条并行分支移到另一条：汇合处会一直等待。",
            "A token cannot go from one parallel branch to another: the join would wait for ever.",
        )
    others = _alive(task.workflow)
    if into:
        _refuse_entering(into, len(entered) - len(into), others, regions)
    if not out:
        return [task]
    return [task, *_siblings(task, left[: common + 1], others, regions)]


def _refuse_side(out: Place, into: Place) -> None:
    if any(each.kind == SIDE for each in (*out, *into)):
        raise NotPossible(
            "提醒等旁路与主流程各走各的，不能移到对方里面。",
            "The path of a non-interrupting event runs beside the main one; a token cannot change between them.",
        )


def _refuse_entering(into: Place, depth: int, others: list[Any], regions: Regions) -> None:
    """Alone, a token may only enter a block whose join asks who else is under way."""
    if any(each.kind != OR for each in into):
        raise NotPossible(
            "不能单独移进并行分支：汇合处会一直等其他分支。请移到分叉的网关。",
            "A token cannot enter one parallel branch alone: the join would wait for the others. Move it to the fork.",
        )
    forks = {each.fork for each in into}
    if any(frame.fork in forks for each in others for place in _places(each, regions) for frame in place[depth:]):
        raise NotPossible("这些分支里已有在办的步骤，不能再移进去。", "These branches are under way already.")


def _siblings(task: Any, block: Place, others: list[Any], regions: Regions) -> list[Any]:
    """The other tokens of the parallel block whose branch `block` ends with; side paths go on."""
    depth, fork = len(block) - 1, block[-1].fork
    found: dict[Place, Any] = {}
    for each in others:
        places = [place for place in _places(each, regions) if _is_in(place, block[:-1], depth, fork)]
        if not places:
            continue
        if len(places) != len(_places(each, regions)) or places[0] in found:
            raise NotPossible(
                "这一段并行的路不止走了一遍，分不清哪些该一起取消。",
                "This parallel section is under way more than once; which tokens belong together cannot be told.",
            )
        found[places[0]] = each
    return [each for each in found.values() if each is not task]


def _is_in(place: Place, above: Place, depth: int, fork: str) -> bool:
    if place[:depth] != above or len(place) <= depth or place[depth].fork != fork:
        return False
    return not any(each.kind == SIDE for each in place[depth:])


def _refuse_kind(entry: Any, specs: dict[str, Any]) -> None:
    element = entry.element or specs[entry._outputs[0]].element
    if is_join(entry):
        raise NotPossible(
            f"不能移到汇合的网关「{element.name or element.id}」，请移到它后面的步骤。",
            f"A token cannot be moved to the join {element.id}; choose the step behind it.",
        )
    behind = any(isinstance(specs[name], EventBasedGateway) for name in entry._inputs if name in specs)
    if element.kind in ("startEvent", "boundaryEvent") or behind:
        raise NotPossible(
            f"「{element.name or element.id}」只能由流程自己走到，请选一个步骤或网关。",
            f"{element.id} is only reached by the process itself; choose a step or a gateway.",
        )


def _elsewhere(task: Any, element_id: str) -> NotPossible:
    """The sentence for an element that is not in the token's own process or subprocess."""
    for spec in task.workflow.top_workflow.subprocess_specs.values():
        if element_id in regions_of(spec).entries:
            return NotPossible(
                "不能移到另一层子流程里的步骤；请移动外层的子流程本身。",
                "A token cannot go to another subprocess level; move the surrounding subprocess itself.",
            )
    return NotPossible(f"流程里没有「{element_id}」。", f"There is no element {element_id} in this process.")


def _leave(task: Any) -> None:
    if is_join(task.task_spec):
        task.workflow._remove_task(task.id)
        return
    if task.task_spec.guarded:
        task.parent.task_spec.activity_ended(task.parent)
    task.cancel()


def is_movable(task: Any) -> bool:
    """Whether the task holds a token of a path: it is no boundary event and has not come to the end."""
    spec = task.task_spec
    return bool(task._state & ALIVE) and spec.element is not None and not isinstance(spec, BoundaryEvent)


def _alive(workflow: Any, with_members: bool = False) -> list[Any]:
    return [each for each in workflow.tasks.values() if is_movable(each) and (with_members or not _is_member(each))]


def _places(task: Any, regions: Regions) -> frozenset[Place]:
    """Where a token is: one that has arrived at a join still stands in its branch."""
    spec = task.parent.task_spec if is_join(task.task_spec) else task.task_spec
    return regions.of(spec.name)


def _is_member(task: Any) -> bool:
    return "member" in task.internal_data and isinstance(task.parent.task_spec, LoopTask)


def _token(task: Any) -> Token:
    element = task.task_spec.element
    owner = owner_of(task.workflow)
    return Token(
        id_of(task),
        element.id,
        element.process_id,
        element.kind,
        element.name,
        task.internal_data.get("member"),
        None if owner is None else owner.task_spec.bpmn_id,
        is_join(task.task_spec),
    )


def _called(spec: Any) -> str:
    return str(spec.bpmn_name or spec.bpmn_id)
