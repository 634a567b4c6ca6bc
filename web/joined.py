"""Joins what registers itself by name: operations, answers to the engine's questions, admissions, channels.

Every process of the product (pages, workers, listener, commands) calls `join` once before it does anything.
"""

from __future__ import annotations

import importlib
from functools import cache

MODULES = (
    "care.diagram_operations",
    "care.alarms",
    "care.calendar_change",
    "care.invariants",
    "care.ladder",
    "care.device_watch",
    "care.nightly",
    "care.open_work",
    "care.period_work",
    "care.policy_calendar",
    "care.retiering",
    "care.roles_of",
    "care.screen_notices",
    "care.supplements",
    "care.task_verbs",
    "care.unclaimed",
    "care.visit_periods",
    "connectors.recorder",
    "engine.audit",
    "web.self_test",
)


@cache
def join() -> None:
    """Import every module that registers something; a second call does nothing."""
    for name in MODULES:
        importlib.import_module(name)
