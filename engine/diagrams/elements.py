"""Small readings of one XML element: its texts, properties and references, each empty when it is not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from lxml import etree

from engine.diagrams.reading import BPMN, SPIFF

OWN_FIELDS = frozenset(("properties", "serviceTaskOperator", "calledDecisionId"))


def line(element: etree._Element) -> int:
    """The line of the file; 0 when it is not known."""
    return cast(int, element.sourceline or 0)


def properties(element: etree._Element) -> dict[str, str]:
    found = element.iterfind(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}properties/{{{SPIFF}}}property")
    return {each.get("name", ""): each.get("value", "").strip() for each in found}


def parameters(operator: etree._Element) -> dict[str, str]:
    return {each.get("id", ""): each.get("value", "").strip() for each in operator.iter(f"{{{SPIFF}}}parameter")}


def extensions(element: etree._Element) -> dict[str, str]:
    holder = element.find(f"{{{BPMN}}}extensionElements")
    found = {} if holder is None else {etree.QName(each).localname: each.text or "" for each in every(holder)}
    return {name: text.strip() for name, text in found.items() if name not in OWN_FIELDS}


def extension(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}{name}")
    return (found.text or "").strip() or None if found is not None else None


def documentation(element: etree._Element) -> str:
    return "\n".join((each.text or "").strip() for each in children(element, "documentation"))


def text(element: etree._Element, tag: str) -> str | None:
    found = element.find(f"{{{BPMN}}}{tag}")
    return (found.text or "").strip() if found is not None else None


def item(element: etree._Element, tag: str) -> str | None:
    found = element.find(f"{{{BPMN}}}{tag}")
    return found.get("id") if found is not None else None


def local(reference: str | None) -> str | None:
    """A reference without its name space prefix."""
    return reference.strip().rpartition(":")[2] if reference else None


def children(element: etree._Element, tag: str) -> Iterable[etree._Element]:
    return element.iterchildren(f"{{{BPMN}}}{tag}")


def elements(element: etree._Element) -> Iterable[etree._Element]:
    return element.iterchildren(f"{{{BPMN}}}*")


def every(element: etree._Element) -> Iterable[etree._Element]:
    return element.iterchildren("{*}*")
