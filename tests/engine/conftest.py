"""The engine's tests run without the city: what care, connectors and web have registered is put aside meanwhile.

In one run of the whole suite those modules are imported before the first test, and what they registered would answer
the engine's questions about made-up roles and devices. Registrations that a test makes end with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine import operations, outgoing
from engine.incoming import door

CITY = ("care.", "connectors.", "web.")


@pytest.fixture(autouse=True)
def engine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (operations, "OPERATIONS"),
        (operations, "CHANNELS"),
        (operations, "_answers"),
        (door, "_admits"),
        (door, "_follows"),
        (door, "_translates"),
        (outgoing, "_delivers"),
    ):
        monkeypatch.setattr(module, name, _without_the_city(getattr(module, name)))


def _without_the_city(registry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in registry.items() if not _module_of(each).startswith(CITY)}


def _module_of(registered: Any) -> str:
    return str(getattr(getattr(registered, "call", registered), "__module__", ""))
