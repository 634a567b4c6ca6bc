"""How much room a name takes as bpmn-js draws it: 11 px beside shapes and flows, 12 px in tasks, never clipped.

A Chinese character is as wide as the type is high; bpmn-js breaks Chinese text one character early, so of a label's
90 px some 77 can be counted on. Shared by the layouter and by `engine.geometry`.
"""

from __future__ import annotations

import math

LABEL_TYPE = 11
TASK_TYPE = 12
LABEL_LINE = 14
WIDEST_LABEL = 90
_LOST_TO_BREAKING = 13


def text_width(text: str, size: int = LABEL_TYPE) -> float:
    """Width of one line, px."""
    return sum(size if ord(letter) > 255 else size * 0.58 for letter in text)


def line_count(text: str, width: float, size: int = LABEL_TYPE) -> int:
    """Lines that the text needs at that width."""
    return max(1, math.ceil(text_width(text, size) / max(1.0, width)))


def label_size(text: str, widest: int = WIDEST_LABEL) -> tuple[int, int]:
    """Width and height of a label box, px: as few lines as fit, of about equal length."""
    width = text_width(text)
    lines = max(1, math.ceil(width / (widest - _LOST_TO_BREAKING)))
    return min(widest, math.ceil(width / lines) + (12 if lines > 1 else 4)), LABEL_LINE * lines
