"""What stood there before somebody changed a task and what stands there now, in words: «本岗位 → 王五».

The history keeps it as ids and codes, in `before` and `after`: columns of the task, people, a number, or a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import clock
from engine.history import HistoryRow
from web.language import gettext, language
from web.words import moment

_HOLDER = ("assignee_id", "claimed_by")
_PEOPLE = frozenset(("sign_asked", "sign_removed", "copied", "commented"))


def people_in(row: HistoryRow) -> set[int]:
    """Ids of the people who stand in the change."""
    return {each for side in _holders(row) or _groups(row) for each in side if each is not None}


def words_of(row: HistoryRow, names: Mapping[int, str], steps: Mapping[str, str]) -> str:
    """The change in words, "" where there is none to tell. `names` by person, `steps` are names by element."""
    before, after = _sides(row)
    holders, groups = _holders(row), _groups(row)
    if holders:
        return _arrow(*(names.get(side[0], "—") if side[0] is not None else gettext("本岗位") for side in holders))
    if groups:
        return _arrow(*(_and([names.get(each, "—") for each in side]) or gettext("无") for side in groups))
    if isinstance(after, dict) and "hidden_until" in after:
        return _arrow(_time(before.get("hidden_until")), _time(after["hidden_until"]))
    if row.what == "urged":
        return gettext("一小时内第 %(n)s 次", n=after)
    if row.what == "sent_back" and isinstance(after, dict):
        return _arrow(steps.get(str(before), str(before)), steps.get(str(after.get("to")), str(after.get("to"))))
    return ""


def _sides(row: HistoryRow) -> tuple[Any, Any]:
    ids = row.ids or {}
    return ids.get("before"), ids.get("after")


def _holders(row: HistoryRow) -> list[list[int | None]]:
    """Whose the task was and is; [] when that did not change."""
    before, after = _sides(row)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    name = next((each for each in _HOLDER if each in after), None)
    return [[before.get(name)], [after[name]]] if name else []


def _groups(row: HistoryRow) -> list[list[int]]:
    """The people who were asked or told, and who are now; [] of other rows, and of a comment to nobody."""
    if row.what not in _PEOPLE:
        return []
    before, after = _sides(row)
    return [list(before or ()), list(after or ())] if before or after else []


def _arrow(before: str, after: str) -> str:
    return f"{before} → {after}"


def _and(names: list[str]) -> str:
    return (", " if language() == "en" else "、").join(names)


def _time(at: Any) -> str:
    """A moment as the history keeps it; without one the task rests no longer."""
    return moment(datetime.fromisoformat(at), clock.now(), language()) if at else gettext("现在")
