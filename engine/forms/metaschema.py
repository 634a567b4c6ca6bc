"""What may stand in a form file. Everything else is refused with the file and the path, before anybody sees the form.

The `schema` half stays a strict subset of JSON Schema 2020-12. This module looks at one node at a time; expansion.py
walks the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from engine.expressions import PatternRefused, compile_pattern
from engine.forms.errors import FormRefused, Words
from engine.forms.rules import OPERATORS

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
FORMATS = ("date", "date-time", "time", "phone", "attachment")
MARKS = ("warn", "major", "danger")
WIDGETS = {
    "string": {"text", "long", "segments", "select", "tiles", "photo", "voice", "signature", "place", "hidden", "fact"},
    "integer": {"number", "hidden", "fact"},
    "number": {"number", "hidden", "fact"},
    "boolean": {"yesno", "tick", "hidden", "fact"},
    "array": {"ticks", "tiles", "photos", "rows", "hidden", "fact"},
    "object": {"group", "item", "check"},
}
SCHEMA_KEYS = {
    "string": {"enum", "const", "minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum", "enum", "const"},
    "number": {"minimum", "maximum"},
    "boolean": {"const"},
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "object": {"properties", "required", "additionalProperties", "allOf"},
}
UI_KEYS = {
    "label", "help", "unit", "widget", "options", "show", "prefill", "fresh", "placeholder", "say", "fill",
}  # fmt: skip
FILE_KEYS = {"id", "version", "title", "source", "process", "schema", "ui", "defs", "options", "rules", "report"}


class Place:
    """Where in which file one is, to refuse with the address."""

    def __init__(self, file: str, path: str = "") -> None:
        self.file, self.path = file, path

    def at(self, step: str) -> Place:
        return Place(self.file, f"{self.path}.{step}" if self.path else step)

    def refuse(self, zh: str, en: str) -> NoReturn:
        raise FormRefused(self.file, self.path, zh, en)

    def keys(self, node: Any, allowed: set[str]) -> dict[str, Any]:
        """The node as an object with no other than the allowed keys."""
        if not isinstance(node, dict):
            self.refuse("这里要写一个对象 {…}", "an object {…} is expected here")
        for key in node:
            if key not in allowed:
                known = "、".join(sorted(allowed))
                self.at(key).refuse(
                    f"没有这个写法，可以写：{known}", f"unknown key; known: {', '.join(sorted(allowed))}"
                )
        return node

    def words(self, node: Any) -> Words:
        """A text in both languages, written {"zh": …, "en": …} or [zh, en]."""
        if isinstance(node, list) and len(node) == 2:
            node = {"zh": node[0], "en": node[1]}
        if not isinstance(node, dict) or not all(
            isinstance(node.get(each), str) and node[each] for each in ("zh", "en")
        ):
            self.refuse("要写中文和英文两种文字", "text is needed in Chinese (zh) and English (en)")
        return {"zh": node["zh"], "en": node["en"]}

    def name(self, text: str) -> None:
        if not NAME.match(text):
            self.refuse("名字只用小写字母、数字和下划线", "names are lower-case letters, digits and underscores")


def check_rule(place: Place, rule: Any) -> None:
    """A show rule is well formed."""
    if not isinstance(rule, dict) or not rule:
        place.refuse("显示规则要写一个对象 {…}", "a show rule is an object {…}")
    for key in ("all", "any"):
        if key in rule:
            place.keys(rule, {key})
            if not isinstance(rule[key], list) or not rule[key]:
                place.at(key).refuse("这里要写几条规则的列表", "a list of rules is expected here")
            for index, each in enumerate(rule[key]):
                check_rule(place.at(f"{key}.{index}"), each)
            return
    if "field" not in rule:
        place.keys(rule, {"not"})
        return check_rule(place.at("not"), rule["not"])
    place.keys(rule, {"field", *OPERATORS})
    if not isinstance(rule["field"], str) or len(rule) != 2:
        place.refuse("要写 field 和一种比较", "one field and one comparison are needed")
    if "filled" in rule and not isinstance(rule["filled"], bool):
        place.refuse("filled 只能是 true 或 false", "filled is true or false")
    if "in" in rule and not isinstance(rule["in"], list):
        place.refuse("in 后面要写列表", "in takes a list")


def check_schema_node(place: Place, node: dict[str, Any]) -> str:
    """One node of the schema half (defs and ui already taken out); returns its type."""
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in SCHEMA_KEYS:
        place.at("type").refuse(
            f"类型只能是 {'、'.join(SCHEMA_KEYS)}", f"the type must be one of {', '.join(SCHEMA_KEYS)}"
        )
    place.keys(node, {"type", *SCHEMA_KEYS[kind]})
    if kind in _CHECKS:
        _CHECKS[kind](place, node)
    return kind


def _string(place: Place, node: dict[str, Any]) -> None:
    _count(place, node, "minLength", "maxLength")
    if "format" in node and node["format"] not in FORMATS:
        place.at("format").refuse(f"格式只能是 {'、'.join(FORMATS)}", f"the format must be one of {', '.join(FORMATS)}")
    if "pattern" in node:
        try:
            compile_pattern(node["pattern"])
        except PatternRefused as fault:
            place.at("pattern").refuse(fault.zh, fault.en)
        except TypeError:
            place.at("pattern").refuse("这里要写文字", "a string is expected here")
    enum = node.get("enum", [])
    if "enum" in node and (not isinstance(enum, list) or not enum or not all(isinstance(each, str) for each in enum)):
        place.at("enum").refuse("选项要写成文字的列表", "choices are a list of strings")


def _number(place: Place, node: dict[str, Any]) -> None:
    for key in ("minimum", "maximum"):
        if key in node and (isinstance(node[key], bool) or not isinstance(node[key], (int, float))):
            place.at(key).refuse("这里要写数字", "a number is expected here")


def _array(place: Place, node: dict[str, Any]) -> None:
    _count(place, node, "minItems", "maxItems")
    if not isinstance(node.get("items"), dict):
        place.at("items").refuse("要写每一项是什么", "say what each item is")


def _object(place: Place, node: dict[str, Any]) -> None:
    properties = node.get("properties")
    if not isinstance(properties, dict) or not properties:
        place.at("properties").refuse("要写有哪些字段", "say which fields there are")
    if node.get("additionalProperties", False) is not False:
        place.at("additionalProperties").refuse("只能是 false", "must be false")
    for name in properties:
        place.at(f"properties.{name}").name(name)
    _names_known(place.at("required"), node.get("required", []), properties)
    for index, condition in enumerate(node.get("allOf", [])):
        check_condition(place.at(f"allOf.{index}"), condition, properties)


def check_condition(place: Place, node: Any, properties: Mapping[str, Any]) -> None:
    """{"if": {"properties": {name: {const|enum|contains}}, "required": [name]}, "then": {"required": […]}}."""
    node = place.keys(node, {"if", "then"})
    asked = place.at("if").keys(node.get("if"), {"properties", "required"})
    tests = place.at("if.properties").keys(asked.get("properties"), set(properties))
    for name, test in tests.items():
        test = place.at(f"if.properties.{name}").keys(test, {"const", "enum", "contains"})
        if len(test) != 1 or ("contains" in test and set(test["contains"]) != {"const"}):
            place.at(f"if.properties.{name}").refuse("写 const、enum 或 contains 之一", "one of const, enum, contains")
    if sorted(asked.get("required", [])) != sorted(tests):
        place.at("if.required").refuse("if 里的字段都要写进 required", "all fields of if must be in its required")
    _check_then(place.at("then"), node.get("then"), properties)


def _check_then(place: Place, node: Any, properties: Mapping[str, Any]) -> None:
    node = place.keys(node, {"required", "properties"})
    _names_known(place.at("required"), node.get("required", []), properties)
    for name, inner in place.at("properties").keys(node.get("properties", {}), set(properties)).items():
        _check_then(place.at(f"properties.{name}"), inner, properties[name].get("properties", {}))


def _names_known(place: Place, names: Any, properties: Mapping[str, Any]) -> None:
    if not isinstance(names, list):
        place.refuse("这里要写字段名的列表", "a list of field names is expected here")
    for name in names:
        if name not in properties:
            place.refuse(f"没有字段 {name}", f"there is no field {name}")


def _count(place: Place, node: dict[str, Any], *keys: str) -> None:
    for key in keys:
        if key in node and (isinstance(node[key], bool) or not isinstance(node[key], int) or node[key] < 0):
            place.at(key).refuse("这里要写 0 或正整数", "a whole number from 0 is expected here")


_CHECKS: dict[str, Callable[[Place, dict[str, Any]], None]] = {
    "string": _string,
    "integer": _number,
    "number": _number,
    "array": _array,
    "object": _object,
}
