"""All rules in their order, and the one function that applies them to a bundle of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.checks import conventions, elements, gateways, misread, parallel, structure, tasks, texts
from engine.checks.findings import ERROR, Fault, Finding, Known
from engine.checks.tables import TABLE_RULES
from engine.checks.view import View
from engine.decisions import Decisions, DecisionsRefused, coverage, load, policy_of
from engine.diagrams import Diagram, NotADiagram, Process, parse

Rule = Callable[[View], Iterator[Fault]]
FIRST: tuple[Rule, ...] = (structure.too_many_nodes,)
RULES: tuple[Rule, ...] = (
    *elements.RULES,
    *misread.RULES,
    *structure.RULES,
    *gateways.RULES,
    *parallel.RULES,
    *tasks.RULES,
    *texts.RULES,
    *conventions.RULES,
)


def check(files: Mapping[str, bytes], known: Known | None = None) -> list[Finding]:
    """Findings of all files of a bundle (name -> content), in the order of files and rules; [] when all is well.

    `.bpmn` files are judged, `.dmn` files read as the engine reads them. Other names are passed over.
    """
    findings: list[Finding] = []
    diagrams: list[Diagram] = []
    decisions: set[str] = set()
    owner: dict[tuple[str, str], str] = {}
    for name, content in files.items():
        try:
            if name.endswith(".bpmn"):
                diagrams.append(parse(content, name))
            elif name.endswith(".dmn"):
                tables = load(content)
                decisions |= tables.ids
                findings += _decided_twice(name, tables, owner)
                findings += _judge_tables(name, tables)
        except NotADiagram as refusal:
            findings.append(Finding(name, "", refusal.rule, ERROR, refusal.zh, refusal.en))
        except DecisionsRefused as refused:
            findings += (Finding(name, x.element, "decision_file", ERROR, x.zh, x.en) for x in refused.refusals)
    findings += _twice(diagrams)
    processes = {each.id: each for diagram in diagrams for each in diagram.processes}
    for diagram in diagrams:
        findings += _judge(diagram, known or Known(), processes, frozenset(decisions))
    return findings


def _judge_tables(file: str, decisions: Decisions) -> Iterator[Finding]:
    for table in coverage.tables(decisions):
        for rule in TABLE_RULES:
            yield from _findings(file, rule.__name__, rule(table))


def _judge(
    diagram: Diagram, known: Known, processes: Mapping[str, Process], decisions: frozenset[str]
) -> Iterator[Finding]:
    for file_rule in structure.FILE_RULES:
        yield from _findings(diagram.file, file_rule.__name__, file_rule(diagram))
    for process in diagram.processes:
        view = View(diagram, process, known, processes, decisions)
        too_large = list(_apply(FIRST, view))
        yield from too_large or _apply(RULES, view)


def _apply(rules: Iterable[Rule], view: View) -> Iterator[Finding]:
    for rule in rules:
        yield from _findings(view.diagram.file, rule.__name__, rule(view))


def _findings(file: str, rule: str, faults: Iterable[Fault]) -> Iterator[Finding]:
    return (Finding(file, each.element, rule, each.level, each.zh, each.en) for each in faults)


def _decided_twice(file: str, decisions: Decisions, owner: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """A decision that two files of the bundle make, or two of one policy set: the one read last would count."""
    for each in sorted(decisions.ids):
        first = owner.setdefault((policy_of(file), each), file)
        if first != file:
            zh = f"决策「{each}」已在 {first} 中定义。"
            yield Finding(file, each, "decision_twice", ERROR, zh, f"Decision {each} is made in {first} already.")


def _twice(diagrams: Iterable[Diagram]) -> Iterator[Finding]:
    """A process id that two files of the bundle claim: nobody could say which one is meant."""
    seen: dict[str, str] = {}
    for diagram in diagrams:
        for process in diagram.processes:
            if process.id in seen:
                zh = f"流程编号「{process.id}」已在 {seen[process.id]} 中使用。"
                en = f"Process id {process.id} is used in {seen[process.id]} already."
                yield Finding(diagram.file, process.id, "process_twice", ERROR, zh, en)
            seen[process.id] = diagram.file
