"""All modules that define tables, so that migrations and tests see every one of them."""

from __future__ import annotations

import importlib
import pkgutil

OF_WEB = (
    "web.sessions",
    "web.attachments",
    "web.drafts",
    "web.api.tokens",
    "web.api.drafts",
    "web.desk_kept",
    "web.self_test",
)


def import_all() -> None:
    """Import every module of the four packages that may hold a table."""
    for package in ("engine", "care", "connectors"):
        for each in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(each.name)
    for name in (
        "web.sessions",
        "web.attachments",
        "web.drafts",
        "web.api.tokens",
        "web.api.drafts",
        "web.desk_kept",
        "web.self_test",
    ):
        importlib.import_module(name)
