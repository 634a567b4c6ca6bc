"""Suspend an instance, let it go on, and edit its data; the token stays where it is.

A suspended instance takes no time, message, answer or completion: `Step.restore` raises `instances.Suspended`, a form
is kept as a pending submission, and work is put aside (`work.hold`) until the instance goes on or is cancelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from engine import instances, tasks, timers, work
from engine.errors import NotPossible
from engine.instances import LIVE, SUSPENDED, UNDER_WAY, Instance
from engine.run.faults import call_a_person
from engine.run.step import Step
from engine.spiff import RESERVED

MOST_NAMES = 50
MOST_BYTES = 20_000


def suspend(session: Session, instance_id: UUID, reason: str, by: int | None = None) -> bool:
    """Let nothing move until `resume`; False when it was suspended already. Raises NotPossible when it is over.

    What is urgent does not wait for an operator: a person is told to call at once.
    """
    step = Step.load(session, instance_id, by, even_suspended=True)
    step.trigger = "operator"
    if step.row.state == SUSPENDED:
        return False
    require_under_way(step.row)
    if step.fire_due_timers() and step.live.ended:
        step.write()
        return False
    step.note("suspended", step.row.process_id, who=by, note=reason)
    step.write()
    instances.mark(session, instance_id, SUSPENDED)
    tasks.rest(session, instance_id)
    if step.row.lane == work.ALARM:
        call_a_person(session, "suspended", step.row.process_id, f"suspended:{instance_id}", {}, step.row)
    return True


def resume(session: Session, instance_id: UUID, reason: str = "", by: int | None = None) -> bool:
    """Go on: timers that fell due fire now, earliest first, then what was put aside is worked on in its old order.

    False when it was not suspended.
    """
    step = Step.load(session, instance_id, by, even_suspended=True)
    step.trigger = "operator"
    if step.row.state != SUSPENDED:
        return False
    step.note("resumed", step.row.process_id, who=by, note=reason or None)
    instances.mark(session, instance_id, LIVE)
    step.fire_due_timers()
    step.write()
    timers.queue_again(session, instance_id)
    tasks.go_on(session, instance_id)
    work.let_go(session, instance_id)
    return True


def edit(
    session: Session, instance_id: UUID, values: Mapping[str, Any], reason: str, by: int | None = None
) -> dict[str, Any]:
    """Write variables of an instance, also of a suspended one; the values that they had.

    A name may be a path (`visit.reached`): one key of a context. A value keeps its kind: a number stays a number; null
    is allowed both ways. Timers and message keys that are armed already stay. Raises NotPossible.
    """
    step = Step.load(session, instance_id, by, even_suspended=True)
    step.trigger = "operator"
    require_under_way(step.row)
    whole, before = checked(step.live.data, values)
    with step.moving():
        step.live.edit(whole)
    step.note("edited", step.row.process_id, who=by, note=reason, ids={"before": before, "after": dict(values)})
    step.write()
    return before


def before_edit(session: Session, row: Instance, blob: bytes, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `edit` would replace in an instance as it is stored; raises NotPossible as `edit` would."""
    return checked(Step.looking(session, row, blob).live.data, values)[1]


def require_under_way(row: Instance) -> None:
    """Raises NotPossible for an instance that has ended or was cancelled."""
    if row.state not in UNDER_WAY:
        raise NotPossible("这个流程已经结束，不能再操作。", "This instance is over; nothing can be done to it.")


def checked(data: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the variables as they will be, what was at each path before); raises NotPossible."""
    if not values or len(values) > MOST_NAMES or len(orjson.dumps(values)) > MOST_BYTES:
        raise NotPossible(
            f"一次要改 1 到 {MOST_NAMES} 项，总共不超过 {MOST_BYTES // 1000} kB。",
            f"Edit 1 to {MOST_NAMES} variables at a time, at most {MOST_BYTES // 1000} kB.",
        )
    whole: dict[str, Any] = {}
    before: dict[str, Any] = {}
    for path, value in values.items():
        name, *keys = path.split(".")
        _check_name(path, [name, *keys])
        known = whole.get(name, data.get(name))
        before[path] = _at(known, keys, path)
        _check_kind(path, before[path], value)
        whole[name] = _replaced(known, keys, value)
    return whole, before


def _check_name(path: str, parts: list[str]) -> None:
    if parts[0] in RESERVED or not all(each.isidentifier() for each in parts):
        raise NotPossible(f"「{path}」不能作为变量名。", f"{path!r} is no name of a variable that can be edited.")


def _at(value: Any, keys: list[str], path: str) -> Any:
    for key in keys:
        if value is not None and not isinstance(value, dict):
            raise NotPossible(f"「{path}」之上不是一组值。", f"What {path!r} is to be part of is no context.")
        value = None if value is None else value.get(key)
    return value


def _replaced(value: Any, keys: list[str], new: Any) -> Any:
    if not keys:
        return new
    inner = value or {}
    return {**inner, keys[0]: _replaced(inner.get(keys[0]), keys[1:], new)}


def _check_kind(path: str, old: Any, new: Any) -> None:
    if old is None or new is None or _kind(old) == _kind(new):
        return
    raise NotPossible(
        f"「{path}」原来是{_KINDS[_kind(old)][0]}，不能改成{_KINDS[_kind(new)][0]}。",
        f"{path!r} is a {_KINDS[_kind(old)][1]} and cannot become a {_KINDS[_kind(new)][1]}.",
    )


_KINDS = {
    bool: ("是否", "yes or no"),
    float: ("数字", "number"),
    str: ("文字", "text"),
    list: ("列表", "list"),
    dict: ("一组值", "context"),
}


def _kind(value: Any) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else type(value)
