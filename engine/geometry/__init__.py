"""Geometric checks of what is drawn: arithmetic on the drawing part of a diagram, one function per rule.

They judge what is committed or saved, whoever arranged it. A flaw fails the tests and warns the designer on save; it
never refuses a deployment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.geometry import flows, names, shapes
from engine.geometry.findings import Flaw
from engine.geometry.flows import bends, crossings, slanted
from engine.geometry.picture import Picture, picture_of

__all__ = ["RULES", "Flaw", "Picture", "bends", "crossings", "flaws", "picture_of", "slanted"]

RULES: tuple[Callable[[Picture], Iterator[Flaw]], ...] = (*shapes.RULES, *flows.RULES, *names.RULES)


MOST_NODES = 300
MOST_PIECES = 3000  # straight pieces of flows; beyond, comparing each with each would take too long


def flaws(xml: bytes, file: str = "") -> list[Flaw]:
    """All flaws of a drawing; [] when it is sound. Raises NotADiagram."""
    picture = picture_of(xml, file)
    if not picture.shapes and not picture.routes:
        zh, en = "流程图没有图形，请运行 visitflow layout。", "The diagram has no drawing; run visitflow layout."
        return [Flaw("not_drawn", (), zh, en)]
    if len(picture.nodes) > MOST_NODES or len(picture.pieces) > MOST_PIECES:
        zh, en = "流程图太大，无法检查图形。", "The diagram is too large for its drawing to be judged."
        return [Flaw("too_large_to_judge", (), zh, en)]
    return [each for rule in RULES for each in rule(picture)]
