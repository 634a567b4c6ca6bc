"""The geometric checks as findings: warnings, because a drawing never stops a deployment."""

from __future__ import annotations

from collections.abc import Mapping

from engine import geometry
from engine.checks.findings import WARNING, Finding
from engine.diagrams import NotADiagram


def check_drawings(files: Mapping[str, bytes]) -> list[Finding]:
    """What is wrong with the drawings of the `.bpmn` files; files that cannot be read are `check`'s business."""
    found = []
    for name, content in files.items():
        if not name.endswith(".bpmn"):
            continue
        try:
            flaws = geometry.flaws(content, name)
        except NotADiagram:
            continue
        found += [
            Finding(name, each.elements[0] if each.elements else "", each.rule, WARNING, each.zh, each.en)
            for each in flaws
        ]
    return found
