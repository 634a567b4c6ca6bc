"""What can go wrong in the engine: one class per case that a caller treats differently."""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything that the engine raises on purpose."""
