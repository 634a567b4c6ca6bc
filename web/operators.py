"""What may be done to instances by hand, its words, and who may.

Administrators may do everything, the desks that lead a unit what concerns the course of its own instances; data and
versions are for administrators.
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy.orm import Session

from care import roles
from engine import definitions, instances, migration
from engine.errors import NotPossible
from engine.instances import Instance
from web.language import N_, gettext
from web.signed_in import Person

ACTIONS = {
    "suspend": (N_("暂停"), N_("暂停后，计时、消息和提交都先存着，恢复时再按顺序办。")),
    "resume": (N_("恢复"), N_("暂停期间到点的计时现在触发，存着的消息和表单接着办。")),
    "cancel": (N_("取消实例"), N_("没办完的任务和计时都会撤掉，不能再恢复。")),
    "move": (N_("移动到别的步骤"), N_("先看移动会撤掉什么、打开什么，再确认。")),
    "edit": (N_("改数据"), N_("只改写错的值。已经在走的计时不变。")),
    "migrate": (N_("换版本"), N_("在办的任务、计时、草稿和认领都不变，后面的步骤按新版本走。")),
    "undo": (N_("撤销换版"), N_("退回换版以前的样子；流程往下走了就不能撤销。")),
    "retry": (N_("重试"), N_("把停下来的步骤重新排队。")),
}
MANY = tuple(each for each in ACTIONS if each != "migrate")
"""What the page of many does; the page of versions does `migrate`."""
FOR_ADMINISTRATORS = frozenset(("edit", "migrate", "undo"))


def units(person: Person, action: str) -> list[str]:
    """The units in which a person may do this to instances; none: not at all."""
    found = []
    for post in person.posts:
        rights = roles.role(post.role).rights
        if "retry" in rights:
            return ["/"]
        if action not in FOR_ADMINISTRATORS and "see_incidents" in rights and "see_processes" not in rights:
            found.append(post.unit_path)
    return found


def offered(person: Person, row: Instance, session: Session) -> list[str]:
    """What this person may do to this instance now, in the order of its buttons."""
    if row.state not in instances.UNDER_WAY:
        return []
    newest = definitions.current(session, row.process_id).id != row.definition_id
    wanted = ["move", "suspend"] if row.state == instances.LIVE else ["resume"]
    wanted += ["edit", *(["migrate"] if newest else []), *(["undo"] if migration.can_undo(session, row.id) else [])]
    return [each for each in (*wanted, "cancel") if is_within(row, units(person, each))]


def title(action: str) -> str:
    """The words on the button."""
    return gettext(ACTIONS[action][0])


def json_value(text: str) -> Any:
    """What somebody typed as JSON; raises NotPossible."""
    try:
        return orjson.loads(text.strip())
    except orjson.JSONDecodeError as fault:
        raise NotPossible(
            "值要写成 JSON：文字加双引号，数字和 true、false、null 不加。",
            "Write the value as JSON: text in double quotes; numbers, true, false and null without.",
        ) from fault


def is_within(row: Instance, paths: list[str]) -> bool:
    return any(row.unit_path.startswith(path) for path in paths)
