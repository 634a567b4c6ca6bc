"""Read a DMN file (1.1 to 1.5) into compiled decisions.

Own reader: no document type, no entities, no network; every element that the engine does not carry is refused with its
id, all refusals at once. What only draws or describes (diagram part, knowledge sources, annotations) is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.decisions.faults import DecisionsRefused, Refusal
from engine.decisions.model import Decision, Decisions, Entries, InputData, Items, Literal, Logic
from engine.decisions.source import Element, child_of, children_of, root_of, tag_of, text_of
from engine.decisions.tables import AGGREGATIONS, LETTERS, Input, Output, Rule, Table
from engine.decisions.types import ANY, Type, built_in
from engine.expressions import (
    ExpressionFault,
    ExpressionRefused,
    Range,
    UnaryTests,
    compile_expression,
    compile_unary_tests,
)
from engine.expressions.values import equal

MOST_RULES = 2_000
DEEPEST_GRAPH = 50

_DESCRIBING = frozenset(
    (
        *("description", "extensionElements", "question", "allowedAnswers", "variable", "authorityRequirement"),
        *("supportedObjective", "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess"),
        *("usingTask", "knowledgeSource", "textAnnotation", "association", "elementCollection", "organizationUnit"),
        *("performanceIndicator", "group", "DMNDI"),
    )
)

Compiled = TypeVar("Compiled")


def load(xml: bytes) -> Decisions:
    """The decisions of a file; raises DecisionsRefused naming every element that cannot be taken."""
    reader = _Reader(root_of(xml))
    decisions = reader.decisions()
    if not decisions and not reader.refusals:
        reader.refuse(reader.root, "文件中没有决策", "the file holds no decision")
    if reader.refusals:
        raise DecisionsRefused(reader.refusals)
    return Decisions(decisions)


class _Reader:
    """Reads one file, gathering refusals instead of stopping at the first."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.refusals: list[Refusal] = []
        self.known = frozenset(
            name
            for each in root.iter()
            if isinstance(each.tag, str) and tag_of(each) in ("inputData", "decision", "variable", "itemComponent")
            if " " in (name := " ".join((each.get("name") or "").split()))
        )
        self._check_language(root)
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

    def _check_language(self, element: Element) -> bool:
        """Whether an element, or the file for all that say nothing, is written in FEEL."""
        language = element.get("expressionLanguage")
        if not language or "feel" in language.lower():
            return True
        self.refuse(element, f"不支持表达式语言 {language}", f"expression language {language!r} is not supported")
        return False

    # --- types ---

    def _types(self) -> dict[str, Type]:
        """Item definitions by name, later ones and inner ones included."""
        elements = {each.get("name"): each for each in children_of(self.root, "itemDefinition") if each.get("name")}
        made: dict[str, Type] = {name: Type("any") for name in elements}
        for name, element in elements.items():
            self._fill(made[name], element, made)
        for name in [each for each in elements if _goes_round(made[each])]:
            self.refuse(elements[name], f"类型 {name} 由自身定义", f"type {name!r} is defined by itself")
            made[name].base, made[name].components = None, {}
        return made

    def _fill(self, target: Type, element: Element, made: dict[str, Type]) -> None:
        target.is_list = element.get("isCollection") == "true"
        reference = child_of(element, "typeRef")
        if reference is not None:
            target.base = self._resolved((reference.text or "").strip(), made, element)
        target.allowed = self._cell(child_of(element, "allowedValues"))
        target.constraint = self._cell(child_of(element, "typeConstraint"))
        for each in children_of(element, "functionItem"):
            self.refuse(each, "不支持函数类型", "types of functions are not supported")
        for component in children_of(element, "itemComponent"):
            inner = Type("any")
            self._fill(inner, component, made)
            target.components[component.get("name") or ""] = inner

    def _cell(self, element: Element | None) -> UnaryTests | None:
        if element is None or not text_of(element):
            return None
        return self._compiled(element, text_of(element), lambda text: compile_unary_tests(text, self.known))

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
        for each in children_of(self.root):
            if tag_of(each) not in _DESCRIBING | {"decision", "inputData", "itemDefinition"}:
                self.refuse(each, f"不支持 {tag_of(each)}", f"{tag_of(each)} is not supported")
        for each in children_of(self.root, "inputData"):
            variable = child_of(each, "variable")
            name = (each if variable is None or not variable.get("name") else variable).get("name") or each.get("id")
            self.inputs[str(each.get("id"))] = InputData(str(each.get("id")), _words(name), self._type(variable))
        elements = {str(each.get("id")): each for each in children_of(self.root, "decision")}
        made = {name: self._decision(name, each, elements) for name, each in elements.items()}
        for name, each in made.items():
            self._check_names(each, made, elements[name])
        self._check_graph(made, elements)
        return made

    def _check_names(self, decision: Decision, made: dict[str, Decision], element: Element) -> None:
        """What a decision requires is known by name: the same name twice would hide one of the two."""
        names = [each.name for each in decision.inputs] + [made[each].variable for each in decision.requires]
        for name in sorted({each for each in names if names.count(each) > 1}):
            self.refuse(element, f"要求的两项同名：{name}", f"two of what it requires have the same name, {name!r}")

    def _decision(self, name: str, element: Element, elements: dict[str, Element]) -> Decision:
        inputs: list[InputData] = []
        requires: list[str] = []
        for requirement in children_of(element, "informationRequirement"):
            for each in children_of(requirement):
                target = (each.get("href") or "").removeprefix("#")
                if target in self.inputs:
                    inputs.append(self.inputs[target])
                elif target in elements:
                    requires.append(target)
                elif tag_of(each) in ("requiredInput", "requiredDecision"):
                    self.refuse(each, f"要求的 {target} 不存在", f"what it requires, {target!r}, does not exist")
        variable = child_of(element, "variable")
        title = _words(element.get("name") or name)
        named = title if variable is None else _words(variable.get("name") or title)
        return Decision(name, title, named, self._logic_of(name, element), tuple(inputs), tuple(requires))

    def _logic_of(self, decision: str, element: Element) -> Logic:
        logic: Logic | None = None
        before = len(self.refusals)
        for each in children_of(element):
            if tag_of(each) in _DESCRIBING or tag_of(each) == "informationRequirement":
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
        tag = tag_of(element)
        if tag == "decisionTable":
            return self._table(decision, element)
        if tag == "literalExpression":
            expression = self._expression(element)
            return None if expression is None else Literal(expression)
        if tag == "context":
            return self._entries(decision, element)
        if tag == "list":
            return Items([each for each in (self._logic(decision, x) for x in self._inside(element)) if each])
        if tag == "relation":
            return self._relation(decision, element)
        self.refuse(element, f"不支持 {tag}", f"{tag} is not supported")
        return None

    def _inside(self, element: Element) -> list[Element]:
        return [each for each in children_of(element) if tag_of(each) not in _DESCRIBING]

    def _relation(self, decision: str, element: Element) -> Items:
        """A list of contexts: one for each row, with the columns' names as keys."""
        names = [_words(each.get("name") or "") for each in children_of(element, "column")]
        rows: list[Logic] = []
        for row in children_of(element, "row"):
            cells = [self._logic(decision, each) for each in self._inside(row)]
            if len(cells) != len(names):
                self.refuse(row, "单元格数与列数不符", "the number of cells is not that of the columns")
            elif None not in cells:
                rows.append(Entries([(name, cell) for name, cell in zip(names, cells, strict=True) if cell], None))
        if "" in names or len(set(names)) < len(names):
            self.refuse(element, "列名缺少或重复", "columns have no name, or the same one")
        return Items(rows)

    def _entries(self, decision: str, element: Element) -> Entries:
        entries: list[tuple[str, Logic]] = []
        result: Logic | None = None
        for entry in children_of(element, "contextEntry"):
            variable = child_of(entry, "variable")
            inside = [each for each in children_of(entry) if tag_of(each) not in _DESCRIBING]
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
        inputs = [self._input(each) for each in children_of(element, "input")]
        outputs = [self._output(each) for each in children_of(element, "output")]
        if not outputs or (len(outputs) > 1 and (aggregation or any(not each.name for each in outputs))):
            self.refuse(element, "输出列缺少或没有名称", "output columns are missing or have no name")
        rules = [self._rule(each, len(inputs), len(outputs)) for each in children_of(element, "rule")]
        if len(rules) > MOST_RULES:
            self.refuse(element, f"规则超过 {MOST_RULES} 条", f"more than {MOST_RULES} rules")
        if word in ("PRIORITY", "OUTPUT ORDER") and not any(each.ranking for each in outputs):
            self.refuse(element, "没有列出输出值的次序", "no output values are listed to rank by")
        if len(self.refusals) > before:
            return None
        for rule, element_of_rule in zip(rules, children_of(element, "rule"), strict=True):
            self._check_listed(rule, outputs, element_of_rule)
        policy = LETTERS[word] + (AGGREGATIONS[aggregation] if aggregation else "")
        return Table(decision, policy, [each for each in inputs if each], outputs, rules)

    def _input(self, element: Element) -> Input | None:
        inner = child_of(element, "inputExpression")
        label = element.get("label") or text_of(inner)
        if not text_of(inner):
            self.refuse(element, "输入列没有表达式", "the input column has no expression")
        expression = self._expression(inner if inner is not None else element)
        listed = self._cell(child_of(element, "inputValues"))
        declared = self._type(inner)
        given = declared if listed is None else Type("any", allowed=listed, base=declared)
        return expression and Input(self._id_of(element), label, expression, given)

    def _output(self, element: Element) -> Output:
        values, default = child_of(element, "outputValues"), child_of(element, "defaultOutputEntry")
        ranking = None if not text_of(values) else self._compiled(values, f"[{text_of(values)}]", compile_expression)
        stands = self._expression(default) if text_of(default) else None
        try:
            listed = [] if ranking is None else ranking.evaluate({})
        except ExpressionFault as fault:
            self.refuse(element, fault.zh, fault.en)
            listed = []
        return Output(element.get("name") or "", self._type(element), listed, stands)

    def _rule(self, element: Element, columns: int, results: int) -> Rule:
        cells, entries = list(children_of(element, "inputEntry")), list(children_of(element, "outputEntry"))
        if len(cells) != columns or len(entries) != results:
            self.refuse(element, "单元格数与列数不符", "the number of cells is not that of the columns")
        tests = []
        for column, cell in enumerate(cells):
            test = self._compiled(cell, text_of(cell), lambda text: compile_unary_tests(text, self.known))
            if test is not None and not test.accepts_all:
                tests.append((column, test))
        made = [self._expression(each) for each in entries]
        notes = [*children_of(element, "annotationEntry"), *children_of(element, "description")]
        note = next((text for each in notes if (text := text_of(each) or (each.text or "").strip())), "")
        return Rule(self._id_of(element), tests, [each for each in made if each is not None], note)

    def _check_listed(self, rule: Rule, outputs: list[Output], element: Element) -> None:
        """A result that is written out is one of the column's output values, where these are listed."""
        for column, result in zip(outputs, rule.results, strict=True):
            value = result.evaluate({}) if column.ranking and result.is_constant else None
            if value is not None and not any(_is_listed(value, each) for each in column.ranking):
                self.refuse(
                    element,
                    f"结果 {result.text} 不在输出值之列",
                    f"the result {result.text} is not among the output values",
                )

    # --- texts ---

    def _expression(self, element: Element) -> Any:
        """The compiled expression of an element; an empty one is null."""
        return self._compiled(element, text_of(element) or "null", lambda text: compile_expression(text, self.known))

    def _compiled(self, element: Element, text: str, compiled: Callable[[str], Compiled]) -> Compiled | None:
        if not self._check_language(element):
            return None
        try:
            return compiled(text)
        except ExpressionRefused as fault:
            self.refuse(element, f"{fault.zh}：{text}", f"{fault.en}: {text}")
            return None


def _is_listed(value: Any, listed: Any) -> bool:
    return value in listed if isinstance(listed, Range) else equal(value, listed) is True


def _goes_round(start: Type) -> bool:
    seen: list[Type] = []
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if any(here is each for each in seen):
            continue
        seen.append(here)
        inside = [each for each in (here.base, *here.components.values()) if each is not None]
        if any(each is start for each in inside):
            return True
        waiting += inside
    return False


def _words(name: str | None) -> str:
    """A name with single spaces."""
    return " ".join((name or "").split())
