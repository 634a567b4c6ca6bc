"""Whether a stored state fits another version of its diagram, and the state as that version reads it.

Names of specs in a state come from element ids, so a state is at home in every version that has the same elements
where its tokens are. Tokens, timers, message keys and data stay; what was only predicted is predicted anew. Refused is
what a token would not survive, or what it would silently leave out: see docs/adr.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.codec import pack, unpack
from engine.diagrams import ACTIVITIES
from engine.spiff.bundle import Bundle
from engine.spiff.events import EventBasedGateway
from engine.spiff.joins import ParallelGateway
from engine.spiff.regions import is_join, is_member, regions_of
from engine.spiff.task import ALIVE

_COUNTED = ACTIVITIES | {"loop", "intermediateCatchEvent", "intermediateThrowEvent"}
_SUFFIXES = (" [with events]", " [member]", " [element]")
_SPEC, _STATE, _CHILDREN = 4, 3, 2


@dataclass(frozen=True)
class Misfit:
    """Why a state does not fit: a code, the element it is about, and a sentence."""

    code: str
    element: str
    zh: str
    en: str


_WORDS = {
    "gone": ("新版本里没有「{0}」，流程正停在这里", "{0}, where the instance stands, is not in the new version"),
    "another_level": ("「{0}」在新版本里换了一层子流程", "{0} stands in another subprocess in the new version"),
    "kind": ("「{0}」在新版本里换了类型", "{0} is of another kind in the new version"),
    "repeats": ("「{0}」在新版本里改了多人同办的方式", "{0} is repeated in another way in the new version"),
    "events": (
        "「{0}」正在办，新版本在它边上加了或去了事件",
        "{0} is under way, and the new version adds or removes events at its border",
    ),
    "awaits": ("「{0}」在新版本里等的是别的事", "{0} waits for something else in the new version"),
    "join": ("「{0}」有分支已经到了，新版本改了它的来路", "A branch waits at {0}, which has other ways in now"),
    "inserted": ("新版本在已走过的路上加了「{0}」，它不会再办", "{0} was put before where the instance stands"),
    "no_process": ("新版本里没有这个流程", "The process is not in the new version"),
}


class Versions:
    """Two versions of a process; what is found for one state holds for all that stand in the same places."""

    def __init__(self, process_id: str, old: Bundle, new: Bundle) -> None:
        self.process_id, self.old, self.new = process_id, old, new
        self._known: dict[Any, tuple[Misfit, ...]] = {}

    def misfits(self, blob: bytes) -> tuple[Misfit, ...]:
        """Why the new version cannot take this state over; empty when it can."""
        document = unpack(blob)[1]
        if self.process_id not in self.new.process_ids:
            return (_misfit("no_process", self.process_id),)
        scopes = list(self._scopes(document))
        standing = tuple((old.key, frozenset(_places_of(rows))) for old, _, rows in scopes)
        if standing not in self._known:
            found = [each for old, new, rows in scopes for each in _Scope(old, new, self.new).misfits(rows)]
            self._known[standing] = tuple(dict.fromkeys(found))
        return self._known[standing]

    def adapted(self, blob: bytes) -> tuple[bytes, list[bytes]]:
        """The state for the new version, of one that fits, and the ids of tasks that are to look ahead anew."""
        document = unpack(blob)[1]
        unforeseen: list[bytes] = []
        for old, new, rows in list(self._scopes(document)):
            rows[:] = _adapted_rows(rows, old, new, unforeseen)
        return pack(document), unforeseen

    def _scopes(self, document: list[Any]) -> Iterator[tuple[Any, Any, list[Any]]]:
        """(old spec, new spec, rows) of the process and of each subprocess that the new version has, too."""
        owners: dict[str, tuple[Any, Any]] = {}
        for owner, rows in document[4]:
            if owner is None:
                old, new = self.old.spec_of(self.process_id), self.new.spec_of(self.process_id)
            elif owner in owners:
                old, new = owners[owner]
            else:
                continue  # the task that it belongs to is refused already
            yield old, new, rows
            for row in rows:
                here, there = old.task_specs[row[_SPEC]], new.task_specs.get(row[_SPEC])
                inner, outer = getattr(here, "spec", None), getattr(there, "spec", None)
                if isinstance(inner, str) and isinstance(outer, str):
                    owners[row[0]] = (self.old.specs[inner], self.new.specs[outer])


class _Scope:
    """One process or subprocess in both versions."""

    def __init__(self, old: Any, new: Any, bundle: Bundle) -> None:
        self.old, self.new, self.bundle = old, new, bundle

    def misfits(self, rows: list[Any]) -> Iterator[Misfit]:
        for row in rows:
            if row[_STATE] & ALIVE:
                parent = rows[row[1]][_SPEC] if row[1] >= 0 else ""
                yield from self._of_token(row[_SPEC], parent)

    def _of_token(self, name: str, parent: str) -> Iterator[Misfit]:
        here, there = self.old.task_specs[name], self.new.task_specs.get(name)
        if there is None:
            yield self._missing(here)
        elif type(here) is not type(there):
            repeats = isinstance(here, LoopTask) or isinstance(there, LoopTask)
            yield _misfit("repeats" if repeats else "kind", here)
        elif here.element is not None:
            yield from self._changed(here, there)
            place = parent if is_join(here) else name.removesuffix(" [member]")
            yield from self._inserted(place)

    def _missing(self, here: Any) -> Misfit:
        element = str(here.bpmn_id)
        if element in regions_of(self.new).entries:
            return _misfit("repeats", here)
        elsewhere = any(
            element in regions_of(spec).entries
            for spec in self.bundle.specs.values()
            if spec.process_id == self.new.process_id
        )
        return _misfit("another_level" if elsewhere else "gone", here)

    def _changed(self, here: Any, there: Any) -> Iterator[Misfit]:
        if is_join(here) and set(here._inputs) != set(there._inputs):
            yield _misfit("join", here)
        if not is_member(here) and _border(self.old, here) != _border(self.new, there):
            yield _misfit("events", here)
        if _awaited(here) != _awaited(there):
            yield _misfit("awaits", here)

    def _inserted(self, place: str) -> Iterator[Misfit]:
        before, now = _always_before(self.old, place), _always_before(self.new, place)
        for element in sorted(now - before):
            yield _misfit("inserted", regions_of(self.new).entries[element])


class _Passed:
    """What every token has passed that comes to a node: of alternatives what all have, of parallel branches all."""

    def __init__(self, spec: Any) -> None:
        self.specs = spec.task_specs
        self.before: dict[str, frozenset[str]] = {spec.start.name: frozenset()}
        for only_whole in (True, False):  # a join before all of its ways in are known would say too little
            for _ in range(len(self.specs) + 2):
                if not self._improve(only_whole):
                    break

    def _improve(self, only_whole: bool) -> bool:
        changed = False
        for name, spec in self.specs.items():
            come = [self.before[each] | self._own[each] for each in set(spec._inputs) if each in self.before]
            joined = isinstance(spec, ParallelGateway)
            if not come or (joined and only_whole and len(come) < len(set(spec._inputs))):
                continue
            found = frozenset.union(*come) if joined else frozenset.intersection(*come)
            if self.before.get(name) != found:
                self.before[name], changed = found, True
        return changed

    @cached_property
    def _own(self) -> dict[str, frozenset[str]]:
        return {
            name: frozenset({spec.element.id}) if spec.element and spec.element.kind in _COUNTED else frozenset()
            for name, spec in self.specs.items()
        }


def _always_before(spec: Any, name: str) -> frozenset[str]:
    known: _Passed | None = spec.__dict__.get("passed")
    if known is None:
        known = spec.__dict__["passed"] = _Passed(spec)
    return known.before.get(name, frozenset())


def _border(spec: Any, activity: Any) -> list[tuple[Any, ...]]:
    """The boundary events of an activity, as far as a running one depends on them."""
    if not activity.guarded:
        return []
    split = spec.task_specs[activity._inputs[0]]
    events = [spec.task_specs[name] for name in split._outputs if name != activity.name]
    return sorted((each.name, each.cancel_activity, *_awaited(each)) for each in events)


def _awaited(spec: Any) -> tuple[Any, ...]:
    definitions = spec.definitions if isinstance(spec, EventBasedGateway) else [getattr(spec, "event_definition", None)]
    return tuple(
        (each.element_id, each.kind, str(each.name or ""), str(getattr(each, "code", "") or ""))
        for each in definitions
        if each is not None
    )


def _places_of(rows: list[Any]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row[_STATE] & ALIVE:
            yield row[_SPEC], rows[row[1]][_SPEC] if row[1] >= 0 else ""


def _adapted_rows(rows: list[Any], old: Any, new: Any, unforeseen: list[bytes]) -> list[Any]:
    """The rows in the new version: what was foreseen behind a token goes where the ways differ; a finished element that
    the new version does not have stands as its beginning, for the sake of its data.
    """
    changed = _with_other_ways(rows, old, new)
    unforeseen.extend(bytes.fromhex(rows[number][0]) for number in changed)
    at: dict[int, int] = {}
    for number, row in enumerate(rows):
        if row[_STATE] >= TaskState.WAITING or (row[1] in at and _token_above(rows, number) not in changed):
            at[number] = len(at)
    adapted = []
    for number in at:
        row = list(rows[number])
        row[1] = at[row[1]] if row[1] >= 0 else -1
        row[_CHILDREN] = [at[child] for child in row[_CHILDREN] if child in at]
        if row[_SPEC] not in new.task_specs:
            row[_SPEC] = new.start.name
        adapted.append(row)
    return adapted


def _with_other_ways(rows: list[Any], old: Any, new: Any) -> set[int]:
    """The tokens from which, or from what is foreseen behind them, other ways lead in the new version."""
    found: set[int] = set()
    for number, row in enumerate(rows):
        name = row[_SPEC]
        if row[_STATE] & ~ALIVE and row[_STATE] >= TaskState.WAITING:
            continue
        there = new.task_specs.get(name)
        if there is None or old.task_specs[name]._outputs != there._outputs:
            found.add(_token_above(rows, number))
    return found


def _token_above(rows: list[Any], number: int) -> int:
    """The row of the task behind which a predicted one stands; a row that is no prediction is its own."""
    while rows[number][_STATE] < TaskState.WAITING and rows[number][1] >= 0:
        number = rows[number][1]
    return number


def _misfit(code: str, about: Any) -> Misfit:
    element = about if isinstance(about, str) else str(about.bpmn_id or about.name)
    for suffix in _SUFFIXES:
        element = element.removesuffix(suffix)
    name = element if isinstance(about, str) else str(getattr(about, "bpmn_name", "") or element)
    zh, en = _WORDS[code]
    return Misfit(code, element, zh.format(name), en.format(element))
