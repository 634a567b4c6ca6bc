"""Python's collector of cycles, set for a program that loads once and then does many small steps.

What is loaded when a process begins to serve (modules, statements, specifications) never becomes garbage: it is frozen,
so that no collection walks through it again. A step makes a few thousand objects; a collection every 700 would run
several times in each. Measured by `make bench` (docs/explanation/performance.md).
"""

from __future__ import annotations

import gc

YOUNG = 20_000
"""Objects that may come to be before the youngest are looked through; some 10 MB at most."""


def settle() -> None:
    """Called once by a process when everything is loaded and work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
