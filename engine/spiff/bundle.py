"""What is deployed together, compiled once: immutable, shared between instances and threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from engine.diagrams import Diagram, NotADiagram, parse
from engine.spiff.activities import CallActivity
from engine.spiff.build import Builder, Element
from engine.spiff.errors import NotExecutable, Refusal
from engine.spiff.workflow import ProcessSpec


class Bundle:
    """Compiled processes. `specs` holds every specification that an instance of one of them may need, by key."""

    def __init__(self, fingerprint: str, diagrams: tuple[Diagram, ...]) -> None:
        self.fingerprint = fingerprint
        self.diagrams = diagrams
        self.specs: dict[str, ProcessSpec] = {}
        self._keys: dict[str, str] = {}

    @classmethod
    def compile(cls, files: Mapping[str, bytes], pinned: Mapping[str, Bundle] | None = None) -> Bundle:
        """Compile the diagrams among `files` (path -> content; what does not end in .bpmn is left alone).

        `pinned` names, by process id, the bundles whose processes are called from here without being in `files`.
        Raises NotExecutable with all findings.
        """
        findings: list[Refusal] = []
        diagrams = tuple(_read(files, findings))
        bundle = cls(_fingerprint(files), diagrams)
        for diagram in diagrams:
            bundle._add(diagram, findings)
        bundle._link(dict(pinned or {}), findings)
        if findings:
            raise NotExecutable(findings)
        return bundle

    @classmethod
    def elsewhere(cls, process_id: str) -> Bundle:
        """Stands for a bundle whose process is called, where nothing is going to be run."""
        bundle = cls("", ())
        bundle._keys[process_id] = process_id
        bundle.specs[process_id] = ProcessSpec(process_id, process_id)
        return bundle

    @property
    def process_ids(self) -> frozenset[str]:
        """The processes of these files that can be started."""
        return frozenset(self._keys)

    def spec_of(self, process_id: str) -> ProcessSpec:
        """Raises KeyError when the files have no such process."""
        return self.specs[self._keys[process_id]]

    def elements(self, process_id: str) -> dict[str, Element]:
        """Every node of a process by id, those of its embedded subprocesses included."""
        found: dict[str, Element] = {}
        for spec in self.specs.values():
            if spec.process_id == process_id and spec.key.endswith(f"@{self.fingerprint}"):
                for task in spec.task_specs.values():
                    if task.element is not None and task.element.kind != "loop":
                        found[task.element.id] = task.element
        return found

    def message_starts(self, process_id: str) -> frozenset[str]:
        """The messages that begin an instance of this process."""
        return frozenset(self.spec_of(process_id).message_starts)

    def _add(self, diagram: Diagram, findings: list[Refusal]) -> None:
        for process in diagram.processes:
            if not process.executable:
                continue
            if process.id in self._keys:
                findings.append(Refusal(diagram.file, process.id, "流程重复。", "The process is there twice."))
                continue
            builder = Builder(process, diagram.file, self._key)
            specs = builder.build()
            findings.extend(builder.refusals)
            self._keys[process.id] = self._key(process.id, None)
            self.specs.update(specs)
            for key, spec in specs.items():
                if spec.plain_start is None:
                    where = key.partition("@")[0].partition("/")[2] or process.id
                    findings.append(Refusal(diagram.file, where, "没有开始事件。", "There is no start event."))

    def _key(self, process_id: str, subprocess: str | None) -> str:
        inner = "" if subprocess is None else f"/{subprocess}"
        return f"{process_id}{inner}@{self.fingerprint}"

    def _link(self, pinned: dict[str, Bundle], findings: list[Refusal]) -> None:
        for spec in list(self.specs.values()):
            for call in _calls(spec):
                if call.spec in self._keys:
                    call.spec = self._keys[call.spec]
                elif call.spec in pinned:
                    other = pinned[call.spec]
                    self.specs.update(other.specs)
                    call.spec = other.spec_of(call.spec).key
                else:
                    zh, en = f"找不到被调用的流程 {call.spec}。", f"The called process {call.spec} is not there."
                    findings.append(Refusal("", call.bpmn_id, zh, en))


def _read(files: Mapping[str, bytes], findings: list[Refusal]) -> Iterator[Diagram]:
    for path, content in files.items():
        if not path.endswith(".bpmn"):
            continue
        try:
            yield parse(content, path)
        except NotADiagram as fault:
            findings.append(Refusal(path, "", fault.zh, fault.en))


def _calls(spec: ProcessSpec) -> Iterator[Any]:
    return (each for each in spec.task_specs.values() if isinstance(each, CallActivity))


def _fingerprint(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    return total.hexdigest()[:12]
