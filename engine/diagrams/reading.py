"""Read the XML of a diagram without trusting it.

Nothing in the file can make us open another file, reach the network or grow in memory: no DOCTYPE, no entities, at
most 1 MB, at most 100 levels deep, and only UTF-8, UTF-16 or GB18030. What is refused raises `NotADiagram` with a
sentence in Chinese and in English.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.errors import EngineError

MAX_BYTES = 1_000_000
MAX_DEPTH = 100
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16", "gb18030": "gb18030"}
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*?\?>")
_DECLARED = re.compile(r"""encoding\s*=\s*["']([^"']*)["']""")
_BEFORE_ROOT = re.compile(r"\s*(?:<!--.*?-->|<\?.*?\?>)", re.DOTALL)


class NotADiagram(EngineError):
    """The file cannot be read as a diagram; `rule` says which limit, `line` where (None when it is the whole file)."""

    def __init__(self, rule: str, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(f"{zh} {en}")
        self.rule, self.zh, self.en, self.line = rule, zh, en, line


def read(content: bytes) -> etree._Element:
    """The root element of an XML file that we may hand on; raises NotADiagram.

    The returned tree holds no entity and no DOCTYPE, so whoever takes it need not parse again.
    """
    if len(content) > MAX_BYTES:
        raise NotADiagram("file_too_large", "文件超过 1 MB。", "The file is larger than 1 MB.")
    text = _without_declaration(_decode(content))
    _refuse_doctype(text)
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        line = getattr(fault, "lineno", None)
        raise NotADiagram(
            "not_xml", f"文件不是有效的 XML：第 {line} 行。", f"The file is not valid XML: {fault}.", line
        ) from None
    if any(isinstance(each, etree._Entity) for each in root.iter()):
        raise _doctype()
    _refuse_depth(root)
    return root


def _decode(content: bytes) -> str:
    """The text, by byte order mark or XML declaration; anything but the three encodings is refused."""
    bom = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if bom:
        encoding = "utf-16"
    elif content[:4] in (b"<\0?\0", b"\0<\0?"):
        encoding = "utf-16-le" if content[:1] == b"<" else "utf-16-be"
    else:
        declared = _DECLARED.search(_head(content.decode("latin-1")))
        encoding = _allowed(declared.group(1) if declared else "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeError:
        raise NotADiagram(
            "encoding", f"文件内容不是 {encoding} 编码。", f"The file's content is not encoded in {encoding}."
        ) from None
    declared = _DECLARED.search(_head(text.lstrip("\ufeff")))
    if declared:
        _allowed(declared.group(1))
    return text.lstrip("\ufeff")


def _allowed(name: str) -> str:
    if name.lower() in _ENCODINGS:
        return _ENCODINGS[name.lower()]
    raise NotADiagram(
        "encoding",
        f"不接受 {name} 编码，请用 UTF-8、UTF-16 或 GB18030。",
        f"Encoding {name} is not taken; write UTF-8, UTF-16 or GB18030.",
    )


def _head(text: str) -> str:
    match = _DECLARATION.match(text.lstrip("\ufeffï»¿")[:400])
    return match.group(0) if match else ""


def _without_declaration(text: str) -> str:
    return _DECLARATION.sub("", text, count=1)


def _refuse_doctype(text: str) -> None:
    position = 0
    while match := _BEFORE_ROOT.match(text, position):
        position = match.end()
    if text[position:].lstrip()[:2] == "<!":
        raise _doctype()


def _doctype() -> NotADiagram:
    return NotADiagram("doctype", "文件不得含有 DOCTYPE 或实体。", "The file may not hold a DOCTYPE or entities.")


def _refuse_depth(root: etree._Element) -> None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise NotADiagram(
                "too_deep",
                f"元素嵌套超过 {MAX_DEPTH} 层。",
                f"Elements are nested more than {MAX_DEPTH} deep.",
                element.sourceline,
            )
