"""Which element fulfils which requirement: docs/reference/policy-trace.toml, resolved against what is here.

A claim that names no element raises NoSuchElement. Elements of diagrams, decision tables and forms whose own text names
an id count by themselves.
"""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from engine import decisions, diagrams, forms
from engine.settings import CHECKOUT
from web.app import create_app
from web.cli import SUBJECTS

FILE = CHECKOUT / "docs" / "reference" / "policy-trace.toml"
PARTS = {
    "proc": "process",
    "dmn": "decision",
    "form": "form",
    "data": "data",
    "conf": "setting",
    "screen": "page",
    "report": "report",
    "conn": "connector",
}
CORE = ("proc", "dmn", "form", "data", "conf")  # what the first day needs whole; pages and reports may follow
ID = re.compile(r"\bR-[A-Z]+-\d+[a-z]?\b")


class NoSuchElement(AssertionError):
    """A requirement is said to be fulfilled by something that is not here."""


@dataclass(frozen=True)
class Element:
    """What fulfils a part: the name as claimed, and the file it stands in, relative to the checkout."""

    name: str
    file: Path


@dataclass
class Requirement:
    """One requirement of the policy with the elements found for each part."""

    id: str
    zh: str
    source: str
    day: str
    asks: list[str]
    found: dict[str, list[Element]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_core(self) -> bool:
        return self.day.startswith("C")

    def open_parts(self) -> list[str]:
        """The parts without an element."""
        return [part for part in self.asks if not self.found.get(part)]


def requirements() -> list[Requirement]:
    """All requirements in the order of the file; raises NoSuchElement for an untrue claim."""
    written = written_ids()
    result = []
    for id_, row in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        each = Requirement(id_, row["zh"], row["source"], row["day"], row["asks"])
        for part, claims in row.get("by", {}).items():
            each.found[part] += [element(claim) for claim in claims]
        for part, found in written.get(id_, {}).items():
            names = {one.name for one in each.found[part]}
            each.found[part] += [one for one in found if one.name not in names]
        result.append(each)
    return result


def written_ids() -> dict[str, dict[str, list[Element]]]:
    """Requirement id → part → elements of diagrams, tables and forms whose own text names the id."""
    found: dict[str, dict[str, list[Element]]] = defaultdict(lambda: defaultdict(list))
    for part, name, file, text in _texts():
        for id_ in sorted(set(ID.findall(text))):
            found[id_][part].append(Element(name, file.relative_to(CHECKOUT)))
    return found


def _texts() -> Iterator[tuple[str, str, Path, str]]:
    """(part, element, file, its documentation)."""
    for process, file in processes().values():
        yield "proc", process.id, file, process.documentation
        for node in process.nodes:
            yield "proc", f"{process.id}.{node.id}", file, node.documentation
    for file in sorted((CHECKOUT / "processes").rglob("*.dmn")):
        yield "dmn", f"dmn:{file.stem}", file, file.read_text(encoding="utf-8")
    for file in sorted((CHECKOUT / "forms").glob("*.json")):
        yield "form", f"form:{file.stem}", file, file.read_text(encoding="utf-8")


def element(claim: str) -> Element:
    """What a claim names; raises NoSuchElement."""
    kind, colon, name = claim.partition(":")
    finder = _FINDERS.get(kind) if colon else _in_diagrams
    try:
        return Element(claim, (finder or _in_code)(name if finder and colon else claim).relative_to(CHECKOUT))
    except (KeyError, AttributeError, ImportError, forms.UnknownForm) as fault:
        raise NoSuchElement(f"{claim}: {fault}") from fault


def _in_diagrams(name: str) -> Path:
    process_id, _, node_id = name.partition(".")
    process, file = processes().get(process_id, (None, None))
    if process is None or file is None:
        return _in_code(name)
    if node_id:
        process.node(node_id)
    return file


def _in_code(name: str) -> Path:
    module_name, _, path = name.partition(":")
    module = importlib.import_module(module_name)
    found: Any = module
    for step in filter(None, path.split(".")):
        found = getattr(found, step) if hasattr(found, step) else found.__dataclass_fields__[step]
    return Path(str(module.__file__))


def _form(name: str) -> Path:
    key, _, path = name.partition(".")
    form = forms.form(key)
    if path:
        form.fields[path]
    return CHECKOUT / "forms" / f"{key}.json"


def _decision(name: str) -> Path:
    return _decisions()[name]


def _policy(name: str) -> Path:
    file = CHECKOUT / "processes" / "policy" / "issued-2026-37" / "policy.json"
    json.loads(file.read_text(encoding="utf-8"))[name]
    return file


def _page(name: str) -> Path:
    return Path(str(importlib.import_module(_views()[name].__module__).__file__))


def _command(name: str) -> Path:
    modules = [importlib.import_module(each) for each in SUBJECTS]
    return Path(str({each.name: module for module in modules for each in module.commands}[name].__file__))


def _indicator(name: str) -> Path:
    indicators = importlib.import_module("care.indicators")
    indicators.INDICATORS[name]
    return Path(str(indicators.__file__))


_FINDERS: dict[str, Callable[[str], Path]] = {
    "form": _form,
    "dmn": _decision,
    "policy": _policy,
    "page": _page,
    "command": _command,
    "indicator": _indicator,
}


@cache
def processes() -> dict[str, tuple[diagrams.Process, Path]]:
    """The shipped processes with their files, by id."""
    files = sorted((CHECKOUT / "processes").rglob("*.bpmn"))
    return {each.id: (each, path) for path in files for each in diagrams.parse(path.read_bytes(), path.name).processes}


@cache
def _decisions() -> dict[str, Path]:
    """The decisions of the policy in force and of the diagrams, and their files."""
    found: dict[str, Path] = {}
    for path in sorted((CHECKOUT / "processes").rglob("*.dmn"), reverse=True):
        for name in (*decisions.load(path.read_bytes()).ids, path.stem):
            found[name] = path
    return found


@cache
def _views() -> dict[str, Callable[..., Any]]:
    return dict(create_app({"TESTING": True}).view_functions)


def page() -> str:
    """docs/reference/policy-trace.md: what fulfils each requirement, and what is open."""
    every = requirements()
    core = [each for each in every if each.is_core]
    whole = [each for each in core if not [part for part in each.open_parts() if part in CORE]]
    parts = [
        "# From the policy to the element\n\nGenerated by `make docs` from [policy-trace.toml](policy-trace.toml) and"
        " from the ids that diagrams, tables and forms name themselves. Every claim is held by `tests/test_trace.py`. P"
        " is the issued plan (包府办发〔2026〕37号), D the consultation draft with its annexes.\n\n"
        f"Of {len(core)} requirements of the first day {len(whole)} have all their processes, decisions, forms,"
        " data and settings.\n",
        "## Open\n\n" + _table(("id", "要求", "day", "open"), [_open_row(each) for each in every if each.open_parts()]),
        "## Fulfilled\n\n"
        + _table(("id", "要求", "source", "by"), [_row(each) for each in every if any(each.found.values())]),
    ]
    return "\n".join(parts)


def _open_row(each: Requirement) -> tuple[str, ...]:
    return each.id, each.zh, each.day, ", ".join(PARTS[part] for part in each.open_parts())


def _row(each: Requirement) -> tuple[str, ...]:
    cells = [
        f"{PARTS[part]}: " + ", ".join(f"[{one.name}](../../{one.file.as_posix()})" for one in found)
        for part, found in each.found.items()
        if found
    ]
    return each.id, each.zh, each.source, "<br>".join(cells)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
