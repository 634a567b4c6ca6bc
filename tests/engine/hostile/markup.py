"""Hostile XML as a diagram and as a decision file: entities, depth, size, encodings, namespaces."""

from __future__ import annotations

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_HEADS = {
    "bpmn": f'<definitions xmlns="{BPMN}" targetNamespace="t">',
    "dmn": f'<definitions xmlns="{DMN}" id="d" name="d" namespace="t">',
}
TAIL = "</definitions>"


def _entities(head: str) -> dict[str, bytes]:
    """What a document type can do; each in front of the same root."""
    tens = [f"&l{n};" * 10 for n in range(9)]
    lol = "".join(f'<!ENTITY l{n} "{ten}">' for n, ten in enumerate(tens, 1))
    subsets = {
        "external entity": '<!ENTITY x SYSTEM "file:///etc/passwd">',
        "entity over the network": '<!ENTITY x SYSTEM "http://127.0.0.1:9/x">',
        "parameter entity": '<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY x "y">',
        "billion laughs": f'<!ENTITY l0 "lol">{lol}<!ENTITY x "&l9;">',
        "quadratic blow-up": f'<!ENTITY x "{"a" * 50_000}">',
        "entity of itself": '<!ENTITY x "&x;">',
        "default attribute": '<!ATTLIST definitions targetNamespace CDATA "other"><!ENTITY x "y">',
    }
    made = {name: f"<!DOCTYPE definitions [{subset}]>{head}{'&x;' * 3}{TAIL}" for name, subset in subsets.items()}
    made["remote document type"] = f'<!DOCTYPE definitions SYSTEM "http://127.0.0.1:9/d.dtd">{head}{TAIL}'
    made["document type behind a comment"] = f"<!-- x --><?pi x?><!DOCTYPE definitions>{head}{TAIL}"
    made["undeclared entity"] = f"{head}&nowhere;{TAIL}"
    return {name: text.encode() for name, text in made.items()}


def _shapes(head: str) -> dict[str, bytes]:
    """Depth, size, and what is no XML at all."""
    return {
        "100,000 levels": (head + "<a>" * 100_000).encode(),
        "150 levels, closed": (head + "<a>" * 150 + "</a>" * 150 + TAIL).encode(),
        "20 MB of text": (head + "x" * 20_000_000 + TAIL).encode(),
        "huge attribute": (head + f'<process id="{"x" * 20_000_000}"/>' + TAIL).encode(),
        "NUL in the text": (head + "a\0b" + TAIL).encode(),
        "only NUL": b"\0" * 1000,
        "nothing": b"",
        "no end": head.encode(),
        "two roots": (head + TAIL + head + TAIL).encode(),
        "unknown prefix": (head + "<nobody:process id='p'/>" + TAIL).encode(),
        "attribute twice": (head + '<process id="p" id="q"/>' + TAIL).encode(),
        "another namespace": head.replace("spec", "spek").encode() + TAIL.encode(),
        "no namespace": b"<definitions>" + TAIL.encode(),
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    }


def _encodings(head: str) -> dict[str, bytes]:
    whole = head + TAIL
    return {
        "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + whole.encode(),
        "UTF-7 with a hidden document type": (
            b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-' + whole.encode()
        ),
        "EBCDIC": f'<?xml version="1.0" encoding="cp037"?>{whole}'.encode("cp037"),
        "UTF-32": f'<?xml version="1.0" encoding="UTF-32"?>{whole}'.encode("utf-32"),
        "declared wrongly": f'<?xml version="1.0" encoding="UTF-8"?>{head}<!--居-->{TAIL}'.encode("gb18030"),
        "unknown encoding": b'<?xml version="1.0" encoding="x-none"?>' + whole.encode(),
        "broken UTF-8": head.encode() + b"\xc3\x28" + TAIL.encode(),
        "overlong UTF-8": head.encode() + b"\xc0\xbc" + TAIL.encode(),
    }


def files() -> dict[str, bytes]:
    """Name with suffix → content; none of them may pass."""
    return {
        f"{name}.{suffix}": content
        for suffix, head in _HEADS.items()
        for part in (_entities, _shapes, _encodings)
        for name, content in part(head).items()
    }
