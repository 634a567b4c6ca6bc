"""What a deployment reads out of its files, apart from any database: in a child process with limits first, then here.

`judge` is what the child does after the checks: all that the deploying process will do with the same files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import diagrams
from engine.checks import Finding
from engine.diagrams import Process, elements
from engine.diagrams.reading import BPMN
from engine.spiff import Bundle, NotExecutable

ERROR = "error"


@dataclass(frozen=True)
class Prepared:
    """One executable process of the files."""

    process_id: str
    name: str
    path: str
    urgent: bool
    begun_by: tuple[str, ...]


@dataclass(frozen=True)
class Files:
    """The executable processes, and the ids of those that they call and that are not among them."""

    processes: tuple[Prepared, ...]
    called: tuple[str, ...]


def prepare(files: Mapping[str, bytes]) -> Files:
    """Read the diagrams among files, in the order of their paths."""
    found: list[Prepared] = []
    own: set[str] = set()
    called: set[str] = set()
    for path, text in sorted(files.items()):
        if not path.endswith(".bpmn"):
            continue
        urgent = _urgent(text)
        for process in diagrams.parse(text, path).processes:
            own.add(process.id)
            called |= {node.called_element for node in process.nodes if node.called_element}
            if process.executable:
                found.append(_prepared(process, path, process.id in urgent))
    return Files(tuple(found), tuple(sorted(called - own)))


def _prepared(process: Process, path: str, urgent: bool) -> Prepared:
    names = {each.event.name for each in process.message_starts() if each.event and each.event.name}
    return Prepared(process.id, process.name or process.id, path, urgent, tuple(sorted(names)))


def _urgent(text: bytes) -> set[str]:
    """The processes of a file whose property `urgent` is true."""
    root = diagrams.read(text)
    return {
        str(each.get("id"))
        for each in root.iter(f"{{{BPMN}}}process")
        if elements.properties(each).get("urgent", "") == "true"
    }


def judge(files: Mapping[str, bytes]) -> list[Finding]:
    """Prepare and compile files; what cannot be executed. What is called from elsewhere counts as there."""
    try:
        called = {name: Bundle.elsewhere(name) for name in prepare(files).called}
        Bundle.compile(files, called)
    except NotExecutable as fault:
        return findings_of(fault)
    return []


def findings_of(fault: NotExecutable) -> list[Finding]:
    """The refusals of the compiler as findings."""
    return [_as_finding(each) for each in fault.findings]


def _as_finding(each: Any) -> Finding:
    if isinstance(each, Finding):
        return each
    zh, en = getattr(each, "zh", str(each)), getattr(each, "en", "")
    return Finding(getattr(each, "file", ""), getattr(each, "element", ""), "executable", ERROR, zh, en)
