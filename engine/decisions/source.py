"""The XML of a DMN file, read safely: no document type, no entities, no network, bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.decisions.faults import DecisionsRefused, Refusal

LARGEST_FILE = 1_000_000  # bytes

_NAMESPACES = frozenset(
    (
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    )
)
Element = Any  # lxml's element; its stubs know too little


def root_of(xml: bytes) -> Element:
    def refused(zh: str, en: str) -> DecisionsRefused:
        return DecisionsRefused([Refusal("definitions", zh, en)])

    if len(xml) > LARGEST_FILE:
        raise refused("文件超过 1 MB", "the file is larger than 1 MB")
    if b"<!DOCTYPE" in xml.replace(b"\0", b""):
        raise refused("不允许文档类型声明", "a document type is not allowed")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise refused(f"不是有效的 XML：{fault}", f"not well-formed XML: {fault}") from None
    information: Any = root.getroottree().docinfo
    if information.doctype:
        raise refused("不允许文档类型声明", "a document type is not allowed")
    if tag_of(root) != "definitions" or etree.QName(root).namespace not in _NAMESPACES:
        raise refused("不是 DMN 文件", "not a DMN file")
    return root


def tag_of(element: Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children_of(element: Element, tag: str | None = None) -> Iterator[Element]:
    """The children of the file's own namespace (all, or those of one tag)."""
    own = etree.QName(element).namespace
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).namespace == own and tag in (None, tag_of(child)):
            yield child


def child_of(element: Element, tag: str) -> Element | None:
    return next(children_of(element, tag), None)


def text_of(element: Element | None) -> str:
    """The text of an element's `text` child, trimmed."""
    inner = None if element is None else child_of(element, "text")
    return "" if inner is None else "".join(inner.itertext()).strip()
