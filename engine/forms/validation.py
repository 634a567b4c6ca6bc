"""The marshmallow schema of a form, made from its JSON Schema when the form is loaded.

Fields raise codes (`too_long|40`); words.py makes sentences of them. Conditions (if/then) are checked also when other
fields already failed, so that a worker sees everything at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from engine.expressions import compile_pattern

_PHONE = re.compile(r"(\+?86)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,5})?|[48]00-?\d{3}-?\d{4}|\d{3,6}")
_ATTACHMENT = re.compile(r"[A-Za-z0-9_-]{8,64}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?")


class _Object(Schema):
    """An object: unknown names refused, conditions of `allOf` held."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "unknown", "type": "not_object"}  # noqa: RUF012 (marshmallow's own form)
    node: dict[str, Any] = {}  # noqa: RUF012

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _conditions(self, data: Any, original: Any, **_: Any) -> None:
        if not isinstance(original, Mapping):
            return
        faults: dict[str, Any] = {}
        for condition in self.node.get("allOf", []):
            if _applies(condition["if"]["properties"], original):
                _add_missing(faults, self.node, condition["then"], original)
        if faults:
            raise ValidationError(faults)


class _Leaf(fields.Field[Any]):
    """A single answer; `node` is its JSON Schema."""

    def __init__(self, node: dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.node = node

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        code = _fault(self.node, value)
        if code:
            raise ValidationError(code)
        return value


def build(node: dict[str, Any]) -> type[Schema]:
    """A marshmallow schema class for an object node."""
    required = set(node.get("required", []))
    made = {name: _field(inner, name in required) for name, inner in node["properties"].items()}
    schema = _Object.from_dict(made, name="FormAnswers")
    schema.node = node  # type: ignore[attr-defined]
    return schema


def _field(node: dict[str, Any], required: bool) -> fields.Field[Any]:
    messages = {"required": missing_code(node), "null": type_code(node), "invalid": type_code(node)}
    options: dict[str, Any] = {"required": required, "error_messages": messages}
    if node["type"] == "object":
        return fields.Nested(build(node), **options)
    if node["type"] == "array":
        return fields.List(_field(node["items"], False), validate=lambda value: _check_list(node, value), **options)
    return _Leaf(node, **options)


def missing_code(node: Mapping[str, Any]) -> str:
    """How to say that this answer is missing."""
    if node.get("format") == "attachment" or node.get("items", {}).get("format") == "attachment":
        return "required_photo"
    chosen = node["type"] in ("boolean", "array") or "enum" in node
    return "required_choice" if chosen else "required"


def type_code(node: Mapping[str, Any]) -> str:
    kinds = {"string": "not_text", "object": "not_object", "array": "not_list", "boolean": "not_boolean"}
    return kinds.get(node["type"], f"not_{node['type']}")


def _check_list(node: dict[str, Any], value: list[Any]) -> None:
    if len(value) < node.get("minItems", 0):
        raise ValidationError(f"too_few|{node['minItems']}")
    if len(value) > node["maxItems"]:
        raise ValidationError(f"too_many|{node['maxItems']}")
    if node.get("uniqueItems") and any(each in value[:index] for index, each in enumerate(value)):
        raise ValidationError("repeated")


def _fault(node: Mapping[str, Any], value: Any) -> str:
    """The code of what is wrong with a single answer, or ""."""
    kind = node["type"]
    if kind == "boolean":
        fits = isinstance(value, bool)
    elif kind == "string":
        fits = isinstance(value, str)
    else:
        fits = _is_number(value) and (kind == "number" or float(value).is_integer())
    if not fits:
        return type_code(node)
    if ("enum" in node and value not in node["enum"]) or ("const" in node and value != node["const"]):
        return "not_choice"
    return _text_fault(node, value) if kind == "string" else _range_fault(node, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def _range_fault(node: Mapping[str, Any], value: Any) -> str:
    if "minimum" in node and value < node["minimum"]:
        return f"too_small|{node['minimum']}"
    if "maximum" in node and value > node["maximum"]:
        return f"too_big|{node['maximum']}"
    return ""


def _text_fault(node: Mapping[str, Any], value: str) -> str:
    if len(value) < node.get("minLength", 0):
        return missing_code(node) if not value else f"too_short|{node['minLength']}"
    if len(value) > node.get("maxLength", len(value)):
        return f"too_long|{node['maxLength']}"
    if "pattern" in node and not compile_pattern(node["pattern"]).fits(value):
        return "pattern"
    return _format_fault(node.get("format", ""), value)


def _format_fault(form: str, value: str) -> str:
    try:
        if form == "date":
            date.fromisoformat(value)
            return "" if _DATE.fullmatch(value) else "not_date"
        if form == "time":
            time.fromisoformat(value)
            return "" if _TIME.fullmatch(value) else "not_time"
        if form == "date-time":
            return "" if datetime.fromisoformat(value).tzinfo and "T" in value else "not_moment"
    except ValueError:
        return {"date": "not_date", "time": "not_time"}.get(form, "not_moment")
    if form == "phone" and not _PHONE.fullmatch(value):
        return "not_phone"
    return "not_attachment" if form == "attachment" and not _ATTACHMENT.fullmatch(value) else ""


def _applies(tests: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    for name, test in tests.items():
        value = answers.get(name)
        if "const" in test and not (name in answers and value == test["const"]):
            return False
        if "enum" in test and value not in test["enum"]:
            return False
        if "contains" in test and not (isinstance(value, list) and test["contains"]["const"] in value):
            return False
    return True


def _add_missing(faults: dict[str, Any], node: Mapping[str, Any], then: Mapping[str, Any], answers: Any) -> None:
    """Put the code of each missing answer that `then` asks for into `faults`."""
    if not isinstance(answers, Mapping):
        return
    for name in then.get("required", []):
        if name not in answers:
            faults[name] = [missing_code(node["properties"][name])]
    for name, inner in then.get("properties", {}).items():
        below: dict[str, Any] = {}
        _add_missing(below, node["properties"][name], inner, answers.get(name))
        if below:
            faults[name] = below


def flattened(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """marshmallow's nested messages as (path, code)."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from flattened(inner, path if name == "_schema" else (*path, str(name)))
        return
    for code in messages if isinstance(messages, list) else [messages]:
        yield path, str(code)
