"""Read a form file: from bytes to a Form, or FormRefused with the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

import orjson

from engine.forms.errors import Words
from engine.forms.expansion import Expansion
from engine.forms.metaschema import FILE_KEYS, Place
from engine.forms.model import Field, Form, Section
from engine.forms.rules import Rule, fields_read

_SECTION_KEYS = {"id", "title", "fields", "part", "show", "help", "counted"}
_RESERVED = {"@"}
LARGEST_FILE = 300_000  # bytes


def parse(text: bytes, file: str = "form") -> Form:
    """A form from the bytes of its file; raises FormRefused naming file and path."""
    place = Place(file)
    if len(text) > LARGEST_FILE:
        place.refuse(f"文件超过 {LARGEST_FILE // 1000} KB", f"the file is larger than {LARGEST_FILE // 1000} KB")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        place.refuse(f"不是 JSON：{fault}", f"not JSON: {fault}")
    if not isinstance(document, dict):
        place.refuse("应为 JSON 对象", "a JSON object is expected")
    try:
        return _form(place, document)
    except (AttributeError, TypeError, KeyError, IndexError, ValueError, RecursionError) as fault:
        place.refuse(f"结构不对：{fault}", f"not built as a form: {fault}")


def _form(place: Place, document: dict[str, Any]) -> Form:
    place.keys(document, FILE_KEYS)
    for key in ("id", "version", "title", "schema", "ui"):
        if key not in document:
            place.at(key).refuse("缺少这一项", "this is missing")
    _head(place, document)
    place.at("ui").keys(document["ui"], {"sections", "parts", "fields"})
    if not isinstance(document["schema"], dict) or document["schema"].get("type") != "object":
        place.at("schema.type").refuse("必须是 object", "must be object")
    expansion = Expansion(place, document)
    parts = {name: place.at(f"ui.parts.{name}").words(words) for name, words in document["ui"].get("parts", {}).items()}
    sections = tuple(_sections(place.at("ui.sections"), document, expansion, parts))
    fields = _with_inherited_rules(place, expansion.fields, sections)
    return Form(
        id=document["id"],
        version=document["version"],
        title=place.at("title").words(document["title"]),
        source=str(document.get("source", "")),
        process=_process(place.at("process"), document.get("process", []), fields),
        schema=expansion.schema,
        parts=parts,
        sections=sections,
        fields=fields,
        ruled=_deciding_order(place, fields),
        needs=_needs(expansion.schema),
        report=document.get("report") is True,
    )


def _head(place: Place, document: dict[str, Any]) -> None:
    place.at("id").name(str(document["id"]))
    version = document["version"]
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        place.at("version").refuse("要写 1 或更大的整数", "a whole number from 1 is expected")
    place.at("defs").keys(document.get("defs", {}), set(document.get("defs", {})))


def _sections(
    place: Place, document: dict[str, Any], expansion: Expansion, parts: Mapping[str, Words]
) -> Iterator[Section]:
    """The sections, each field of the top level in exactly one of them."""
    left = set(expansion.schema["properties"])
    for index, each in enumerate(document["ui"].get("sections", [])):
        here = place.at(str(index))
        here.keys(each, _SECTION_KEYS)
        for name in each.get("fields", []):
            if name not in left:
                here.at("fields").refuse(f"字段 {name} 不存在或已经用过", f"field {name} is unknown or used twice")
            left.discard(name)
        if each.get("part") and each["part"] not in parts:
            here.at("part").refuse("ui.parts 里没有这一部分", "ui.parts has no such part")
        yield Section(
            id=str(each.get("id", index)),
            title=here.at("title").words(each.get("title")),
            fields=tuple(each.get("fields", ())),
            part=each.get("part", ""),
            show=expansion.rule(here.at("show"), each.get("show")),
            help=here.at("help").words(each["help"]) if "help" in each else None,
            counted=bool(each.get("counted", True)),
        )
    if left:
        names = ", ".join(sorted(left))
        place.refuse(f"这些字段没有放进任何一节：{names}", f"fields in no section: {names}")


def _with_inherited_rules(place: Place, fields: Mapping[str, Field], sections: tuple[Section, ...]) -> dict[str, Field]:
    """Fields of a section that is shown conditionally carry its rule too. Nested fields follow what they lie in."""
    of_section = {name: each.show for each in sections if each.show for name in each.fields}
    result = {}
    for path, field in fields.items():
        rules = [each for each in (of_section.get(path), field.show) if each]
        joined: Rule | None = {"all": rules} if len(rules) > 1 else (rules[0] if rules else None)
        for read in fields_read(joined, tuple(path.split(".")[:-1])):
            if ".".join(read) not in fields:
                place.at(f"{path}.show").refuse(f"没有字段 {'.'.join(read)}", f"there is no field {'.'.join(read)}")
        result[path] = Field(**{**vars(field), "show": joined})
    return result


def _deciding_order(place: Place, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """Paths with a show rule, each after those that its own rule depends on."""
    ruled = {path for path, field in fields.items() if field.show}
    order: TopologicalSorter[str] = TopologicalSorter()
    for path in ruled:
        read = [".".join(each) for each in fields_read(fields[path].show, tuple(path.split(".")[:-1]))]
        before = {each for each in ruled for one in read if one == each or one.startswith(f"{each}.")}
        order.add(path, *sorted(before | {each for each in ruled if path.startswith(f"{each}.")}))
    try:
        return tuple(order.static_order())
    except CycleError as fault:
        circle = " → ".join(fault.args[1])
        place.at("ui").refuse(f"显示规则绕成了圈：{circle}", f"show rules go round in a circle: {circle}")


def _process(place: Place, names: Any, fields: Mapping[str, Field]) -> tuple[str, ...]:
    for name in names:
        if name not in fields or name in _RESERVED:
            place.refuse(f"没有字段 {name}", f"there is no field {name}")
    return tuple(names)


def _needs(schema: dict[str, Any]) -> dict[str, Rule]:
    """Which fields can be required, and when, as rules that the browser understands; {} is always."""
    found: dict[str, Rule] = {}
    for path, rule in _all_needs(schema, (), in_row=False):
        before = found.get(path)
        found[path] = {} if not rule or before == {} else rule if before is None else {"any": [before, rule]}
    return found


def _all_needs(node: dict[str, Any], path: tuple[str, ...], in_row: bool) -> Iterator[tuple[str, Rule]]:
    for name in node.get("required", []):
        yield ".".join((*path, name)), {}
    for condition in node.get("allOf", []):
        rule = _as_rule(condition["if"]["properties"], "." if in_row else ".".join((*path, "")))
        for named in _named(condition["then"]):
            yield ".".join((*path, *named)), rule
    for name, inner in node.get("properties", {}).items():
        yield from _all_needs(inner.get("items", inner), (*path, name), in_row or "items" in inner)


def _as_rule(tests: Mapping[str, Any], before: str) -> Rule:
    """The `if` of a condition as a show rule; `before` leads from the rule's reader to the fields it tests."""
    rules = []
    for name, test in tests.items():
        operator = {"const": "is", "enum": "in", "contains": "contains"}[next(iter(test))]
        value = test["contains"]["const"] if "contains" in test else next(iter(test.values()))
        rules.append({"field": f"{before}{name}", operator: value})
    return rules[0] if len(rules) == 1 else {"all": rules}


def _named(then: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in then.get("required", []):
        yield (*path, name)
    for name, inner in then.get("properties", {}).items():
        yield from _named(inner, (*path, name))
