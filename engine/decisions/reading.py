"""Read a DMN file (1.1 to 1.5) into compiled decisions.

Own reader: no document type, no entities, no network; every element that the engine does not carry is refused with its
id, all refusals at once. What only draws or describes (diagram part, knowledge sources, annotations) is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lxml import etree

from engine.decisions.faults import DecisionsRefused, Refusal
from engine.decisions.model import Decision, Decisions, Entries, InputData, Literal, Logic
from engine.decisions.tables import AGGREGATIONS, LETTERS, Input, Output, Rule, Table
from engine.decisions.types import ANY, Type, built_in
from engine.expressions import ExpressionFault, ExpressionRefused, compile_expression, compile_unary_tests

LARGEST_FILE = 1_000_000  # bytes
MOST_RULES = 2_000
DEEPEST_GRAPH = 50

_NAMESPACES = frozenset(
    (
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    )
)
_DESCRIBING = frozenset(
    (
        *("description", "extensionElements", "question", "allowedAnswers", "variable", "authorityRequirement"),
        *("supportedObjective", "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess"),
        *("usingTask", "knowledgeSource", "textAnnotation", "association", "elementCollection", "organizationUnit"),
        *("performanceIndicator", "group", "DMNDI"),
    )
)

Element = Any  # lxml's element; its stubs know too little

Compiled = TypeVar("Compiled")


def load(xml: bytes) -> Decisions:
    """The decisions of a file; raises DecisionsRefused naming every element that cannot be taken."""
    reader = _Reader(_root(xml))
    decisions = reader.decisions()
    if not decisions and not reader.refusals:
        reader.refuse(reader.root, "文件中没有决策", "the file holds no decision")
    if reader.refusals:
        raise DecisionsRefused(reader.refusals)
    return Decisions(decisions)


def _root(xml: bytes) -> Element:
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
    if _tag(root) != "definitions" or etree.QName(root).namespace not in _NAMESPACES:
        raise refused("不是 DMN 文件", "not a DMN file")
    return root


def _tag(element: Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _children(element: Element, tag: str | None = None) -> Iterator[Element]:
    """The children of the file's own namespace (all, or those of one tag)."""
    own = etree.QName(element).namespace
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).namespace == own and tag in (None, _tag(child)):
            yield child


def _child(element: Element, tag: str) -> Element | None:
    return next(_children(element, tag), None)


def _text(element: Element | None) -> str:
    """The text of an element's `text` child, trimmed."""
    inner = None if element is None else _child(element, "text")
    return "" if inner is None else "".join(inner.itertext()).strip()


class _Reader:
    """Reads one file, gathering refusals instead of stopping at the first."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.refusals: list[Refusal] = []
        self.known = frozenset(
            name
            for each in root.iter()
            if isinstance(each.tag, str) and _tag(each) in ("inputData", "decision", "variable", "itemComponent")
            if " " in (name := " ".join((each.get("name") or "").split()))
        )
        self.types = self._types()
        self.inputs: dict[str, InputData] = {}
        self._check_ids()

    def refuse(self, element: Element, zh: str, en: str) -> None:
        self.refusals.append(Refusal(self._id_of(element), zh, en))

    def _id_of(self, element: Element) -> str:
        """The element's id, or that of the nearest one around it."""
        while element is not None:
            if element.get("id"):
                return str(element.get("id"))
            element = element.getparent()
        return "definitions"

    def _check_ids(self) -> None:
        seen: set[str] = set()
        for each in self.root.iter():
            name = each.get("id") if isinstance(each.tag, str) else None
            if name in seen:
                self.refuse(each, "编号重复", "this id occurs twice")
            if name:
                seen.add(name)

    # --- types ---

    def _types(self) -> dict[str, Type]:
        """Item definitions by name, later ones and inner ones included."""
        elements = {each.get("name"): each for each in _children(self.root, "itemDefinition") if each.get("name")}
        made: dict[str, Type] = {name: Type("any") for name in elements}
        for name, element in elements.items():
            self._fill(made[name], element, made)
        return made

    def _fill(self, target: Type, element: Element, made: dict[str, Type]) -> None:
        target.is_list = element.get("isCollection") == "true"
        reference = _child(element, "typeRef")
        if reference is not None:
            base = self._resolved((reference.text or "").strip(), made, element)
            target.name, target.components = base.name, base.components
        allowed = _child(element, "allowedValues")
        if allowed is not None and _text(allowed):
            target.allowed = self._compiled(allowed, _text(allowed), lambda text: compile_unary_tests(text))
        for component in _children(element, "itemComponent"):
            inner = Type("any")
            self._fill(inner, component, made)
            target.components[component.get("name") or ""] = inner

    def _resolved(self, reference: str | None, made: dict[str, Type], element: Element) -> Type:
        known = made.get(reference or "") or built_in(reference)
        if known is None:
            self.refuse(element, f"不认识的类型 {reference}", f"unknown type {reference!r}")
            return ANY
        return known

    def _type(self, element: Element | None) -> Type:
        return ANY if element is None else self._resolved(element.get("typeRef"), self.types, element)

    # --- the graph ---

    def decisions(self) -> dict[str, Decision]:
        for each in _children(self.root):
            if _tag(each) not in _DESCRIBING | {"decision", "inputData", "itemDefinition"}:
                self.refuse(each, f"不支持 {_tag(each)}", f"{_tag(each)} is not supported")
        for each in _children(self.root, "inputData"):
            variable = _child(each, "variable")
            name = (each if variable is None or not variable.get("name") else variable).get("name") or each.get("id")
            self.inputs[str(each.get("id"))] = InputData(str(each.get("id")), _words(name), self._type(variable))
        elements = {str(each.get("id")): each for each in _children(self.root, "decision")}
        made = {name: self._decision(name, each, elements) for name, each in elements.items()}
        self._check_graph(made, elements)
        return made

    def _decision(self, name: str, element: Element, elements: dict[str, Element]) -> Decision:
        inputs: list[InputData] = []
        requires: list[str] = []
        for requirement in _children(element, "informationRequirement"):
            for each in _children(requirement):
                target = (each.get("href") or "").removeprefix("#")
                if target in self.inputs:
                    inputs.append(self.inputs[target])
                elif target in elements:
                    requires.append(target)
                elif _tag(each) in ("requiredInput", "requiredDecision"):
                    self.refuse(each, f"要求的 {target} 不存在", f"what it requires, {target!r}, does not exist")
        variable = _child(element, "variable")
        title = _words(element.get("name") or name)
        named = title if variable is None else _words(variable.get("name") or title)
        return Decision(name, title, named, self._logic_of(name, element), tuple(inputs), tuple(requires))

    def _logic_of(self, decision: str, element: Element) -> Logic:
        logic: Logic | None = None
        before = len(self.refusals)
        for each in _children(element):
            if _tag(each) in _DESCRIBING or _tag(each) == "informationRequirement":
                continue
            if logic is not None:
                self.refuse(each, "决策只能有一个表达式", "a decision has one expression")
            logic = self._logic(decision, each) or logic
        if logic is None:
            if len(self.refusals) == before:
                self.refuse(element, "决策没有可用的表达式", "the decision has no usable expression")
            return Literal(compile_expression("null"))
        return logic

    def _check_graph(self, made: dict[str, Decision], elements: dict[str, Element]) -> None:
        depth: dict[str, int] = {}

        def measure(name: str, trail: tuple[str, ...]) -> int:
            if name in trail or len(trail) > DEEPEST_GRAPH:
                self.refuse(elements[name], "决策互相依赖成环或过深", "decisions require each other in a circle")
                return 0
            if name not in depth:
                depth[name] = 1 + max((measure(each, (*trail, name)) for each in made[name].requires), default=0)
            return depth[name]

        for name in made:
            if not self.refusals:
                measure(name, ())

    # --- logic ---

    def _logic(self, decision: str, element: Element) -> Logic | None:
        tag = _tag(element)
        if tag == "decisionTable":
            return self._table(decision, element)
        if tag == "literalExpression":
            expression = self._expression(element)
            return None if expression is None else Literal(expression)
        if tag == "context":
            return self._entries(decision, element)
        self.refuse(element, f"不支持 {tag}", f"{tag} is not supported")
        return None

    def _entries(self, decision: str, element: Element) -> Entries:
        entries: list[tuple[str, Logic]] = []
        result: Logic | None = None
        for entry in _children(element, "contextEntry"):
            variable = _child(entry, "variable")
            inside = [each for each in _children(entry) if _tag(each) not in _DESCRIBING]
            logic = self._logic(decision, inside[0]) if len(inside) == 1 else None
            if len(inside) != 1 or result is not None:
                self.refuse(entry, "上下文条目不完整", "the context entry is not complete")
            if logic is not None and variable is not None:
                entries.append((_words(variable.get("name") or ""), logic))
            elif logic is not None:
                result = logic
        return Entries(entries, result)

    def _table(self, decision: str, element: Element) -> Table | None:
        word = element.get("hitPolicy") or "UNIQUE"
        aggregation = element.get("aggregation")
        before = len(self.refusals)
        if word not in LETTERS:
            self.refuse(element, f"不认识的命中策略 {word}", f"unknown hit policy {word!r}")
        if aggregation is not None and (aggregation not in AGGREGATIONS or word != "COLLECT"):
            self.refuse(element, f"汇总方式 {aggregation} 不可用", f"aggregation {aggregation!r} cannot be used here")
        inputs = [self._input(each) for each in _children(element, "input")]
        outputs = [self._output(each) for each in _children(element, "output")]
        if not outputs or (len(outputs) > 1 and (aggregation or any(not each.name for each in outputs))):
            self.refuse(element, "输出列缺少或没有名称", "output columns are missing or have no name")
        rules = [self._rule(each, len(inputs), len(outputs)) for each in _children(element, "rule")]
        if len(rules) > MOST_RULES:
            self.refuse(element, f"规则超过 {MOST_RULES} 条", f"more than {MOST_RULES} rules")
        if word in ("PRIORITY", "OUTPUT ORDER") and not any(each.ranking for each in outputs):
            self.refuse(element, "没有列出输出值的次序", "no output values are listed to rank by")
        if len(self.refusals) > before:
            return None
        policy = LETTERS[word] + (AGGREGATIONS[aggregation] if aggregation else "")
        return Table(decision, policy, [each for each in inputs if each], outputs, rules)

    def _input(self, element: Element) -> Input | None:
        inner = _child(element, "inputExpression")
        label = element.get("label") or _text(inner)
        expression = self._expression(inner if inner is not None else element)
        return expression and Input(self._id_of(element), label, expression, self._type(inner))

    def _output(self, element: Element) -> Output:
        values, default = _child(element, "outputValues"), _child(element, "defaultOutputEntry")
        ranking = None if not _text(values) else self._compiled(values, f"[{_text(values)}]", compile_expression)
        stands = self._expression(default) if _text(default) else None
        try:
            listed = [] if ranking is None else ranking.evaluate({})
        except ExpressionFault as fault:
            self.refuse(element, fault.zh, fault.en)
            listed = []
        return Output(element.get("name") or "", self._type(element), listed, stands)

    def _rule(self, element: Element, columns: int, results: int) -> Rule:
        cells, entries = list(_children(element, "inputEntry")), list(_children(element, "outputEntry"))
        if len(cells) != columns or len(entries) != results:
            self.refuse(element, "单元格数与列数不符", "the number of cells is not that of the columns")
        tests = []
        for column, cell in enumerate(cells):
            test = self._compiled(cell, _text(cell), lambda text: compile_unary_tests(text, self.known))
            if test is not None and not test.accepts_all:
                tests.append((column, test))
        made = [self._expression(each) for each in entries]
        notes = [*_children(element, "annotationEntry"), *_children(element, "description")]
        note = next((text for each in notes if (text := _text(each) or (each.text or "").strip())), "")
        return Rule(self._id_of(element), tests, [each for each in made if each is not None], note)

    # --- texts ---

    def _expression(self, element: Element) -> Any:
        """The compiled expression of an element; an empty one is null."""
        return self._compiled(element, _text(element) or "null", lambda text: compile_expression(text, self.known))

    def _compiled(self, element: Element, text: str, compiled: Callable[[str], Compiled]) -> Compiled | None:
        language = element.get("expressionLanguage")
        if language and "feel" not in language.lower():
            self.refuse(element, f"不支持表达式语言 {language}", f"expression language {language!r} is not supported")
            return None
        try:
            return compiled(text)
        except ExpressionRefused as fault:
            self.refuse(element, f"{fault.zh}：{text}", f"{fault.en}: {text}")
            return None


def _words(name: str | None) -> str:
    """A name with single spaces."""
    return " ".join((name or "").split())
