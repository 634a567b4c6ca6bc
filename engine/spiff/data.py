"""Process data: each variable is written whole and stamped, and where branches meet the newest write wins.

The data of a task is a dictionary that is never changed, only replaced, so branches may share it and its values. The
reserved key `@` holds {variable: number of its last write}; the numbers rise over the whole instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.expressions import Expression, ExpressionFault, to_json
from engine.spiff.errors import ElementFailed, ReservedName
from engine.spiff.interface import id_of

STAMPS = "@"
RESERVED = frozenset((STAMPS, "data_objects", "typename", "__builtins__"))
_LARGEST = 2**63 - 1


def newest(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """`own` with every variable that `other` wrote later, or that `own` does not have."""
    if own is other or not other:
        return own
    if not own:
        return other
    stamps, theirs = own.get(STAMPS, {}), other.get(STAMPS, {})
    if stamps is theirs and len(own) == len(other):
        return own
    newer = [
        name for name in other if name != STAMPS and (name not in own or theirs.get(name, 0) > stamps.get(name, 0))
    ]
    if not newer:
        return own
    result, written = dict(own), dict(stamps)
    for name in newer:
        result[name] = other[name]
        written[name] = theirs.get(name, 0)
    result[STAMPS] = written
    return result


def written(data: dict[str, Any], values: Mapping[str, Any], stamp: int) -> dict[str, Any]:
    """`data` after these variables were assigned; raises ReservedName, ExpressionFault for what is no JSON value."""
    refuse_reserved(values)
    result, stamps = dict(data), dict(data.get(STAMPS, {}))
    for name, value in values.items():
        result[name] = plain(value)
        stamps[name] = stamp
    result[STAMPS] = stamps
    return result


def without(data: dict[str, Any], names: Iterable[str | None]) -> dict[str, Any]:
    """`data` as if these variables had never been written."""
    gone = [name for name in names if name is not None and name in data]
    if not gone:
        return data
    result = {name: value for name, value in data.items() if name not in gone}
    result[STAMPS] = {name: stamp for name, stamp in data.get(STAMPS, {}).items() if name not in gone}
    return result


def value_of(task: Any, expression: Expression, element_id: str) -> Any:
    """The value of an expression for a task; raises ElementFailed at that element when it exceeds its bounds."""
    try:
        return expression.evaluate(task.data)
    except ExpressionFault as fault:
        raise ElementFailed(element_id, id_of(task), f"{expression.text}: {fault}") from fault


def assign(task: Any, values: Mapping[str, Any]) -> None:
    """Write variables into a task's data."""
    task.data = written(task.data, values, task.workflow.top_workflow.tick())


def view(data: Mapping[str, Any]) -> dict[str, Any]:
    """The variables alone; their values are shared: nobody may change them."""
    return {name: value for name, value in data.items() if name != STAMPS}


def copied(data: Mapping[str, Any]) -> dict[str, Any]:
    """The variables alone, as a copy that the receiver may change."""
    return {name: plain(value) for name, value in data.items() if name != STAMPS}


def plain(value: Any) -> Any:
    """A copy as JSON has it: times and durations as ISO text; raises ExpressionFault for what cannot be kept."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if -_LARGEST <= value <= _LARGEST else float(value)
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < _LARGEST else value  # 3.0 counts, and is a key, as 3
    if kind is dict:
        return {str(key): plain(each) for key, each in value.items()}
    if kind in (list, tuple, set, frozenset):
        return [plain(each) for each in value]
    if kind is Decimal:
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if kind is UUID else to_json(value)


def refuse_reserved(names: Iterable[str]) -> None:
    """Raises ReservedName for a name that the engine keeps for itself."""
    for name in names:
        if name in RESERVED:
            raise ReservedName(f"{name!r} is no name of a variable")
