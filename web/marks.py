"""Marks on views that the guards of every request read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def open_to_all(view: View) -> View:
    """Marks a view that needs nobody signed in; it stands below the route's decorator."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def is_open_to_all(view: Callable[..., Any]) -> bool:
    return bool(getattr(view, "open_to_all", False))
