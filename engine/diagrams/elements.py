"""Small readings of one XML element: its texts, properties and references, each empty when it is not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import cast

from lxml import etree

from engine.diagrams.reading import BPMN, SPIFF

OWN_FIELDS = frozenset(("properties", "serviceTaskOperator", "calledDecisionId"))


ORDINARY = {
    "startQuantity": "1",
    "completionQuantity": "1",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "behavior": "All",
    "oneBehaviorEventRef": "",
    "noneBehaviorEventRef": "",
}
"""Attributes that change what an element does, with the only value that is carried out."""
FOR_READERS = frozenset(
    (
        "ioSpecification",
        "property",
        "dataInputAssociation",
        "dataOutputAssociation",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
    )
)

_PROPERTY = f"{{{BPMN}}}extensionElements/{{{SPIFF}}}properties/{{{SPIFF}}}property"
_LOOPS = frozenset(f"{{{BPMN}}}{each}LoopCharacteristics" for each in ("standard", "multiInstance"))
_TIMES = frozenset(f"{{{BPMN}}}time{each}" for each in ("Duration", "Date", "Cycle"))


def line(element: etree._Element) -> int:
    """The line of the file; 0 when it is not known."""
    return cast(int, element.sourceline or 0)


def properties(element: etree._Element) -> dict[str, str]:
    return {each.get("name", ""): each.get("value", "").strip() for each in element.iterfind(_PROPERTY)}


def parameters(operator: etree._Element) -> dict[str, str]:
    return {each.get("id", ""): each.get("value", "").strip() for each in operator.iter(f"{{{SPIFF}}}parameter")}


def unread(element: etree._Element) -> Iterator[str]:
    """Attributes and children of a node that the model has no field for and that say what to do."""
    for each in (element, *element.iterchildren(f"{{{BPMN}}}multiInstanceLoopCharacteristics")):
        yield from (name for name, value in ORDINARY.items() if (each.get(name) or value) != value)
        if each.find(f"{{{BPMN}}}complexBehaviorDefinition") is not None:
            yield "complexBehaviorDefinition"
    yield from (f"{name} ({number}×)" for name, number in _stated(element).items() if number > 1)
    names = {etree.QName(each).localname for each in elements(element)}
    yield from sorted(names & FOR_READERS)


def _stated(element: etree._Element) -> Counter[str]:
    """How often each thing is said of which the model reads one: properties by name, loops, times of a timer."""
    told = Counter(each.get("name", "") for each in element.iterfind(_PROPERTY))
    told += Counter("loopCharacteristics" for each in elements(element) if each.tag in _LOOPS)
    for timer in children(element, "timerEventDefinition"):
        told += Counter("timerEventDefinition" for each in elements(timer) if each.tag in _TIMES)
    return told


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
    """The variable of one member: the item's id, or its name where that is the activity's own id.

    The answers of a user task stand under its id, which no other element of the file may have.
    """
    found = element.find(f"{{{BPMN}}}{tag}")
    if found is None:
        return None
    activity = element.getparent()
    own = None if activity is None else activity.get("id")
    return own if own and found.get("name") == own else found.get("id")


def local(reference: str | None) -> str | None:
    """A reference without its name space prefix."""
    return reference.strip().rpartition(":")[2] if reference else None


def children(element: etree._Element, tag: str) -> Iterable[etree._Element]:
    return element.iterchildren(f"{{{BPMN}}}{tag}")


def elements(element: etree._Element) -> Iterable[etree._Element]:
    return element.iterchildren(f"{{{BPMN}}}*")


def every(element: etree._Element) -> Iterable[etree._Element]:
    return element.iterchildren("{*}*")
