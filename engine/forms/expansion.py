"""From a form file to its schema and fields: what is written once in `defs` is put where `use` names it.

A property may carry its `ui` beside it, or the file lists it under `ui.fields`; both end in the same place. Choices are
written once, as `options`; the enum follows from them.
"""

from __future__ import annotations

import copy
from typing import Any

from engine.forms.errors import Words
from engine.forms.metaschema import MARKS, UI_KEYS, WIDGETS, Place, check_rule, check_schema_node
from engine.forms.model import Field, Option
from engine.forms.rules import Rule

LONG_TEXT = 80
DEFAULT_TEXT = 500
DEFAULT_ITEMS = 50
DEEPEST = 5


class Expansion:
    """Walks the schema half of one file; afterwards `schema` and `fields` are complete."""

    def __init__(self, place: Place, document: dict[str, Any]) -> None:
        self.place = place
        self.defs: dict[str, Any] = document.get("defs", {})
        self.option_sets: dict[str, Any] = document.get("options", {})
        self.rules: dict[str, Any] = document.get("rules", {})
        self.listed: dict[str, Any] = dict(document["ui"].get("fields", {}))
        self.fields: dict[str, Field] = {}
        self.schema = self._object(place.at("schema"), document["schema"], ())
        for path in self.listed:
            place.at(f"ui.fields.{path}").refuse("schema 里没有这个字段", "the schema has no such field")

    def _object(self, place: Place, node: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        if len(path) > DEEPEST:
            place.refuse("套得太深", "nested too deeply")
        check_schema_node(place, node)
        inside = {
            name: self._property(place.at(f"properties.{name}"), each, (*path, name))
            for name, each in node["properties"].items()
        }
        return {**node, "properties": inside, "additionalProperties": False}

    def _property(self, place: Place, written: Any, path: tuple[str, ...]) -> dict[str, Any]:
        node = self._used(place, written)
        key = ".".join(path)
        look = {**node.pop("ui", {}), **self.listed.pop(key, {})}
        place.at("ui").keys(look, UI_KEYS)
        kind = node.get("type", "")
        if kind == "object":
            node = self._object(place, node, path)
        else:
            check_schema_node(place, node)
            node = self._limited(place, node, path)
        self.fields[key] = self._field(place.at("ui"), look, node)
        return _with_enum(node, self.fields[key])

    def _used(self, place: Place, written: Any) -> dict[str, Any]:
        """The node with what it `use`s put in; its own keys win."""
        node = dict(written) if isinstance(written, dict) else place.refuse("要写一个对象", "an object is expected")
        if "use" not in node:
            return node
        name = node.pop("use")
        if name not in self.defs:
            place.at("use").refuse(f"defs 里没有 {name}", f"defs has no {name}")
        base = copy.deepcopy(self.defs[name])
        return {**base, **node, "ui": {**base.get("ui", {}), **node.get("ui", {})}}

    def _limited(self, place: Place, node: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """Limits that an author left out: no text and no list without end, and an answer is never empty text."""
        if node["type"] == "string" and "enum" not in node and "const" not in node:
            return {"minLength": 1, "maxLength": DEFAULT_TEXT, **node}
        if node["type"] != "array":
            return node
        items = self._used(place.at("items"), node["items"])
        if items.get("type") == "object":
            items.pop("ui", None)
            items = self._object(place.at("items"), items, path)
        else:
            check_schema_node(place.at("items"), items)
        return {"maxItems": DEFAULT_ITEMS, **node, "items": items}

    def _field(self, place: Place, look: dict[str, Any], node: dict[str, Any]) -> Field:
        options = self._options(place.at("options"), look.get("options", {}))
        widget = look.get("widget") or _usual_widget(node, options)
        if widget not in WIDGETS[node["type"]]:
            known = ", ".join(sorted(WIDGETS[node["type"]]))
            place.at("widget").refuse(f"这种字段可以用：{known}", f"a field of this type can be: {known}")
        fill = look.get("fill")
        return Field(
            label=self._words(place, look, "label") or place.at("label").refuse("要写名称", "a label is needed"),
            widget=widget,
            options=options,
            help=self._words(place, look, "help"),
            unit=self._words(place, look, "unit"),
            placeholder=self._words(place, look, "placeholder"),
            say=self._words(place, look, "say"),
            show=self.rule(place.at("show"), look.get("show")),
            prefill=str(look.get("prefill", "")),
            fresh=bool(look.get("fresh", False)),
            fill=(str(fill["value"]), place.at("fill.label").words(fill.get("label"))) if fill else None,
        )

    def rule(self, place: Place, written: Any) -> Rule | None:
        """A show rule, written out or named from the file's `rules`."""
        if isinstance(written, str):
            if written not in self.rules:
                place.refuse(f"rules 里没有 {written}", f"rules has no {written}")
            written = self.rules[written]
        if written is None:
            return None
        check_rule(place, written)
        return dict(written)

    def _words(self, place: Place, look: dict[str, Any], key: str) -> Words | None:
        return place.at(key).words(look[key]) if key in look else None

    def _options(self, place: Place, written: Any) -> dict[str, Option]:
        if isinstance(written, str):
            if written not in self.option_sets:
                place.refuse(f"options 里没有 {written}", f"options has no {written}")
            written = self.option_sets[written]
        if not isinstance(written, dict):
            place.refuse("选项要写成 {值: 文字}", "options are {value: words}")
        result = {}
        for value, words in written.items():
            extra = words if isinstance(words, dict) else {}
            mark, icon = str(extra.get("is", "")), str(extra.get("icon", ""))
            if mark and mark not in MARKS:
                place.at(f"{value}.is").refuse(f"只能是 {'、'.join(MARKS)}", f"one of {', '.join(MARKS)}")
            result[value] = Option(place.at(value).words(words), mark, icon)
        return result


def _with_enum(node: dict[str, Any], field: Field) -> dict[str, Any]:
    """The node with the choices that its options name."""
    if not field.options:
        return node
    if node["type"] == "array":
        items = {key: value for key, value in node["items"].items() if key not in ("minLength", "maxLength")}
        return {"uniqueItems": True, **node, "items": {"enum": list(field.options), **items}}
    rest = {key: value for key, value in node.items() if key not in ("minLength", "maxLength")}
    return rest if node["type"] == "integer" else {"enum": list(field.options), **rest}


def _usual_widget(node: dict[str, Any], options: dict[str, Option]) -> str:
    kind = node["type"]
    if kind == "string":
        if options or "enum" in node:
            return "segments" if len(options or node["enum"]) <= 4 else "select"
        if node.get("format") == "attachment":
            return "photo"
        return "long" if node.get("maxLength", 0) > LONG_TEXT and "format" not in node else "text"
    if kind == "array":
        items = node["items"]
        if items.get("format") == "attachment":
            return "photos"
        return "rows" if items.get("type") == "object" else "ticks"
    return {"integer": "number", "number": "number", "boolean": "yesno", "object": "group"}[kind]
