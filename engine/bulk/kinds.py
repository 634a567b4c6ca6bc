"""What can be done to many instances at once: each kind does it to one, and says beforehand what it would do.

Both answer with a sentence in Chinese and English, or raise NotPossible with why not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from engine import incidents, instances, migration, run
from engine.errors import NotPossible
from engine.instances import Instance
from engine.spiff import Token

Words = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """What is asked of instances within `units`, and why. `detail`: see KINDS."""

    kind: str
    detail: dict[str, Any]
    units: list[str]
    reason: str
    by: int | None


@dataclass
class Glance:
    """What a preview of several instances reads once for all of them."""

    session: Session
    asked: Asked
    ids: Collection[UUID]

    @cached_property
    def stopped(self) -> set[UUID]:
        return incidents.open_of_instances(self.session, self.ids)

    @cached_property
    def undoable(self) -> dict[UUID, int]:
        return migration.undoable(self.session, self.ids)

    @cached_property
    def migrations(self) -> migration.Look:
        return migration.Look(self.session, self.asked.detail["definition"])


@dataclass(frozen=True)
class Kind:
    """`does` changes an instance within the caller's transaction; `would` only reads."""

    does: Callable[[Session, Instance, Asked], Words]
    would: Callable[[Glance, Instance, bytes], Words]


def require_within(row: Instance, asked: Asked) -> None:
    """Raises NotPossible for an instance outside of the units."""
    if not any(row.unit_path.startswith(unit) for unit in asked.units):
        raise NotPossible("不在你的范围内。", "It is outside of the units that you may operate in.")


def _suspend(session: Session, row: Instance, asked: Asked) -> Words:
    done = run.suspend(session, row.id, asked.reason, asked.by)
    return ("已暂停", "Suspended") if done else ("原已暂停", "Was suspended already")


def _would_suspend(glance: Glance, row: Instance, blob: bytes) -> Words:
    run.require_under_way(row)
    return ("会暂停", "Would be suspended") if row.state == instances.LIVE else ("原已暂停", "Is suspended already")


def _resume(session: Session, row: Instance, asked: Asked) -> Words:
    done = run.resume(session, row.id, asked.reason, asked.by)
    return ("已恢复", "Went on") if done else ("没有暂停", "Was not suspended")


def _would_resume(glance: Glance, row: Instance, blob: bytes) -> Words:
    return ("会恢复", "Would go on") if row.state == instances.SUSPENDED else ("没有暂停", "Is not suspended")


def _cancel(session: Session, row: Instance, asked: Asked) -> Words:
    run.require_under_way(row)
    run.cancel(session, row.id, asked.reason, asked.by)
    return "已取消", "Cancelled"


def _would_cancel(glance: Glance, row: Instance, blob: bytes) -> Words:
    run.require_under_way(row)
    return "会取消", "Would be cancelled"


def _retry(session: Session, row: Instance, asked: Asked) -> Words:
    found = [each for each in incidents.of_instance(session, row.id) if each.closed_at is None]
    if not found:
        raise _nothing_stopped()
    for each in found:
        run.retry(session, each.id, asked.by)
    return "已重新排队", "Queued again"


def _would_retry(glance: Glance, row: Instance, blob: bytes) -> Words:
    if row.id not in glance.stopped:
        raise _nothing_stopped()
    return "会重新排队", "Would be queued again"


def _nothing_stopped() -> NotPossible:
    return NotPossible("没有停下来的步骤。", "Nothing has stopped there.")


def _edit(session: Session, row: Instance, asked: Asked) -> Words:
    run.edit(session, row.id, asked.detail["values"], asked.reason, asked.by)
    return "数据已改", "Data edited"


def _would_edit(glance: Glance, row: Instance, blob: bytes) -> Words:
    run.require_under_way(row)
    values = glance.asked.detail["values"]
    before = run.before_edit(glance.session, row, blob, values)
    told = "; ".join(f"{name}: {_json(before[name])} → {_json(value)}" for name, value in values.items())
    return told, told


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()[:60]


def _move(session: Session, row: Instance, asked: Asked) -> Words:
    token = _standing(asked.detail["from"], [each for each, _ in run.tokens(session, row.id)])
    run.move(session, row.id, token.id, asked.detail.get("to"), asked.by, asked.reason)
    return "已移动", "Moved"


def _would_move(glance: Glance, row: Instance, blob: bytes) -> Words:
    detail = glance.asked.detail
    standing = run.tokens_in(glance.session, row, blob)
    token = _standing(detail["from"], [each for each, _ in standing])
    seen = run.preview_in(glance.session, row, blob, token.id, detail.get("to"))
    cancelled, opened = (
        "、".join(each.name or each.element for each in some) for some in (seen.cancelled, seen.opened)
    )
    zh = [f"撤掉 {cancelled}" if cancelled else "", f"打开 {opened}" if opened else ""]
    en = [f"cancels {cancelled}" if cancelled else "", f"opens {opened}" if opened else ""]
    if seen.runs:
        zh, en = [*zh, f"接着自动执行 {seen.runs}"], [*en, f"then carries out {seen.runs}"]
    if seen.ended:
        zh, en = [*zh, "流程结束"], [*en, "the process ends"]
    return "，".join(filter(None, zh)) or "没有变化", ", ".join(filter(None, en)) or "nothing changes"


def _standing(element: str, tokens: list[Token]) -> Token:
    """The token that stands at an element, if it is one."""
    standing = [token for token in tokens if token.element_id == element]
    found = [token for token in standing if token.kind == "loop"] or standing
    if len(found) != 1:
        raise NotPossible(f"停在「{element}」的不是正好一处。", f"It does not stand at {element} exactly once.")
    return found[0]


def _migrate(session: Session, row: Instance, asked: Asked) -> Words:
    migration.move(session, row.id, asked.detail["definition"], asked.by, asked.reason)
    return "已换版本", "Moved to the version"


def _would_migrate(glance: Glance, row: Instance, blob: bytes) -> Words:
    glance.migrations.require(row, blob)
    return "可以换版本", "Can move to the version"


def _undo(session: Session, row: Instance, asked: Asked) -> Words:
    version = migration.undo(session, row.id, asked.by, asked.reason)
    return f"已退回第 {version} 版", f"Back at version {version}"


def _would_undo(glance: Glance, row: Instance, blob: bytes) -> Words:
    version = glance.undoable.get(row.id)
    if version is None or row.state not in instances.UNDER_WAY:
        raise NotPossible(
            f"没有可以撤销的换版：换版后流程没有往下走，并且不超过 {migration.UNDO_DAYS} 天，才能撤销。",
            f"No move to take back: that goes within {migration.UNDO_DAYS} days while the process stood still.",
        )
    return f"会退回第 {version} 版", f"Would go back to version {version}"


KINDS: Mapping[str, Kind] = {
    "suspend": Kind(_suspend, _would_suspend),
    "resume": Kind(_resume, _would_resume),
    "cancel": Kind(_cancel, _would_cancel),
    "retry": Kind(_retry, _would_retry),
    "edit": Kind(_edit, _would_edit),
    "move": Kind(_move, _would_move),
    "migrate": Kind(_migrate, _would_migrate),
    "undo": Kind(_undo, _would_undo),
}
"""Operations by name. `edit` takes `values`, `move` elements `from` and `to` (None: skip), `migrate` a `definition`."""
