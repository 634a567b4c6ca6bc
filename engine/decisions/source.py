"""The XML of a DMN file, read safely: no document type, no entities, no network, bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.decisions.faults import DecisionsRefused, Refusal

LARGEST_FILE = 1_000_000  # bytes
DEEPEST = 100
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_ENCODINGS = frozenset((b"utf-8", b"utf8", b"utf-16", b"utf-16le", b"utf-16be", b"gb18030", b"us-ascii", b"ascii"))

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
    plain = xml.replace(b"\0", b"")
    if b"<!DOCTYPE" in plain:
        raise refused("不允许文档类型声明", "a document type is not allowed")
    declared = _ENCODING.search(plain[:400])
    if declared is not None and declared[1].lower() not in _ENCODINGS:
        raise refused("只接受 UTF-8、UTF-16 或 GB18030 编码", "encodings taken are UTF-8, UTF-16 and GB18030")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, remove_comments=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise refused(f"不是有效的 XML：{fault}", f"not well-formed XML: {fault}") from None
    information: Any = root.getroottree().docinfo
    if information.doctype or (information.encoding or "utf-8").lower().encode() not in _ENCODINGS:
        raise refused("不允许文档类型声明，编码须为 UTF-8、UTF-16 或 GB18030", "no document type, and no such encoding")
    if _is_deep(root):
        raise refused(f"元素嵌套超过 {DEEPEST} 层", f"elements are nested more than {DEEPEST} deep")
    if tag_of(root) != "definitions" or etree.QName(root).namespace not in _NAMESPACES:
        raise refused("不是 DMN 文件", "not a DMN file")
    return root


def _is_deep(root: Element) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            return True
    return False


def policy_of(path: str) -> str:
    """The policy set that a file of a bundle belongs to (`policy/<set>/tier.dmn`), "" for a table of its own."""
    parts = path.split("/")
    return parts[-2] if len(parts) > 2 and parts[-3] == "policy" and path.endswith(".dmn") else ""


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
