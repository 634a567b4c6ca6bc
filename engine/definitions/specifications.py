"""Compiled bundles in memory: each is read from the database and compiled once per process of the program.

The cache holds the last LIMIT bundles used; a bundle never changes, so nothing has to be told to other processes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import diagrams, forms
from engine.decisions import Decisions, policy_of
from engine.definitions.decided import by_id, decide, of_policy
from engine.definitions.lookup import files, get
from engine.definitions.tables import bundle_call
from engine.kept import Kept
from engine.spiff import Bundle

LIMIT = 256


@dataclass(frozen=True)
class Specification:
    """A compiled bundle and the meaning of its diagrams, with those of the processes that it calls."""

    bundle_id: int
    bundle: Bundle
    processes: dict[str, diagrams.Process]
    texts: dict[str, bytes]
    called: tuple[Specification, ...] = ()

    @cached_property
    def _form_versions(self) -> dict[str, int]:
        known = {key: version for each in self.called for key, version in each._form_versions.items()}
        carried = (forms.parse(text, path) for path, text in self.texts.items() if path.startswith("forms/"))
        return known | {each.id: each.version for each in carried}

    @cached_property
    def _own_decisions(self) -> dict[str, Decisions]:
        known = {name: decisions for each in self.called for name, decisions in each._own_decisions.items()}
        return known | by_id(text for path, text in self.texts.items() if path.endswith(".dmn") and not policy_of(path))

    @cached_property
    def _policies(self) -> dict[str, dict[str, Decisions]]:
        """The policy sets that were deployed with the diagrams: they stay as they were then."""
        sets = {policy_of(path) for path in self.texts if path.endswith(".dmn")} - {""}
        tables = {name: [text for path, text in self.texts.items() if policy_of(path) == name] for name in sets}
        return {name: by_id(texts) for name, texts in tables.items()}

    def form_version(self, key: str) -> int | None:
        """The version of a form that tasks of this bundle use: the one it carries, else the checkout's newest."""
        if key in self._form_versions:
            return self._form_versions[key]
        try:
            return forms.form(key).version
        except forms.UnknownForm:
            return None

    def has_policy(self, policy: str) -> bool:
        """Whether this bundle carries tables of that policy set, with what it calls, or the checkout has it."""
        carried = policy in self._policies or any(each.has_policy(policy) for each in self.called)
        return carried or bool(of_policy(policy))

    def decide(self, decision_id: str, data: dict[str, Any], policy: str) -> dict[str, Any]:
        """The result of a decision of this bundle, else of the policy set; raises when nobody knows it."""
        in_force = self._policies.get(policy) or of_policy(policy)
        return decide(self._own_decisions, in_force, decision_id, data)


_kept: Kept[int, Specification] = Kept()
_bundle_ids: Kept[int, int] = Kept()
_lock = threading.Lock()


def specification(session: Session, bundle_id: int) -> Specification:
    """The compiled bundle of that id."""
    kept = _kept.of(session)
    with _lock:
        known = kept.pop(bundle_id, None)
        if known is not None:
            kept[bundle_id] = known  # used last, forgotten last
            return known
    made = build(files(session, bundle_id), pinned(session, bundle_id), bundle_id)
    with _lock:
        kept[bundle_id] = made
        while len(kept) > LIMIT:
            del kept[next(iter(kept))]
    return made


def of_definition(session: Session, definition_id: int) -> Specification:
    """The compiled bundle that a version of a process belongs to."""
    ids = _bundle_ids.of(session)
    bundle_id = ids.get(definition_id)
    if bundle_id is None:
        bundle_id = ids[definition_id] = get(session, definition_id).bundle_id
    return specification(session, bundle_id)


def forget() -> None:
    """Empty the cache (tests)."""
    with _lock:
        _kept.clear()
        _bundle_ids.clear()


def pinned(session: Session, bundle_id: int) -> dict[str, Specification]:
    """What the diagrams of a bundle call from elsewhere, by process id."""
    query = select(bundle_call.c.process_id, bundle_call.c.definition_id).where(bundle_call.c.bundle_id == bundle_id)
    rows = session.connection().execute(query).all()
    return {row.process_id: specification(session, get(session, row.definition_id).bundle_id) for row in rows}


def build(texts: dict[str, bytes], called: dict[str, Specification], bundle_id: int = 0) -> Specification:
    """Compile files; raises NotExecutable."""
    drawn = {path: text for path, text in texts.items() if not path.startswith("forms/")}
    compiled = Bundle.compile(drawn, {name: each.bundle for name, each in called.items()})
    processes: dict[str, diagrams.Process] = {}
    for other in called.values():
        processes |= other.processes
    for path, text in drawn.items():
        if path.endswith(".bpmn"):
            processes |= {each.id: each for each in diagrams.parse(text, path).processes}
    return Specification(bundle_id, compiled, processes, texts, tuple(called.values()))
