"""The lines of a form: one per field, with all that the template needs to draw it and nothing to decide there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from markupsafe import Markup

from engine import clock, forms
from engine.forms import Form, Words
from engine.forms.answers import is_shown, without_hidden
from engine.forms.model import plain
from engine.forms.rules import Path, Rule, is_filled, value_at

FEW = 4  # choices that stand in one row
MANY = 25  # fields; in longer forms those that may stay empty are not marked
SCALE = 5  # widest range of whole numbers that is chosen instead of typed
FILES = ("photo", "photos", "voice", "signature")  # always marked: who has no camera at hand must not be held up
INPUT_TYPES = {"date": "date", "time": "time", "date-time": "datetime-local", "phone": "tel"}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    mark: str
    icon: str
    chosen: bool


@dataclass(frozen=True)
class Line:
    """One field on the page. `name` is the name in HTML, `id` its anchor, `show` the rule for the browser."""

    name: str
    id: str
    widget: str
    label: str
    help: str = ""
    unit: str = ""
    placeholder: str = ""
    value: Any = None
    choices: Sequence[Choice] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False
    optional: bool = False
    need: Markup | None = None
    show: Markup | None = None
    shown: bool = True
    fault: str = ""
    last: Markup | None = None
    last_words: str = ""
    children: Sequence[Line] = ()
    rows: Sequence[Sequence[Line]] = ()
    fill: tuple[str, str] | None = None

    @property
    def has_fault(self) -> bool:
        below = [*self.children, *(line for row in self.rows for line in row)]
        return bool(self.fault) or any(each.has_fault for each in below)

    @property
    def in_row(self) -> bool:
        """A few short choices beside their label, as one line of a check list."""
        few = self.widget in ("segments", "yesno") and len(self.choices) <= FEW
        return (few and max((_width(each.label) for each in self.choices), default=0) <= 4) or self.widget == "check"

    @property
    def dangers(self) -> list[str]:
        """The choices that mean: report now."""
        return [each.value for each in self.choices if each.mark == "danger"]

    @property
    def runs(self) -> list[tuple[bool, list[Line]]]:
        """The children in stretches: (lines of a check list?, lines)."""
        found: list[tuple[bool, list[Line]]] = []
        for line in self.children:
            if not found or found[-1][0] != line.in_row:
                found.append((line.in_row, []))
            found[-1][1].append(line)
        return found


class Drawing:
    """Turns the fields of one form into lines."""

    def __init__(
        self, form: Form, values: dict[str, Any], faults: dict[str, Words], last: dict[str, Any], code: str
    ) -> None:
        self.form, self.values, self.faults, self.last, self.code = form, values, faults, last, code
        self.shown_values = without_hidden(form, values)
        self.labels: dict[str, tuple[str, str]] = {}
        self.marks_optional = len(form.fields) <= MANY  # in a long form nearly every field would say so

    def line(self, path: Path, section_rule: Rule | None = None) -> Line:
        """The line of a field and of all below it."""
        key = plain(path)
        look, node, name = self.form.fields[key], self.form.node(path), ".".join(path)
        label = look.label[self.code]
        self.labels[name] = (_id(name), label)
        value = value_at(self.values, path)
        need = self.form.needs.get(key)
        own_rule = _own_rule(look.show, section_rule)
        widget = "scale" if _is_scale(node, look.widget) else look.widget
        return Line(
            name=f"{name}[]" if node["type"] == "array" and widget != "rows" else name,
            id=_id(name),
            widget=widget,
            label=label,
            help=self._text(look.help),
            unit=self._text(look.unit),
            placeholder=self._text(look.placeholder),
            value=_typed_value(node, value),
            choices=self._choices(key, widget, value),
            limits=_limits(node),
            required=need is not None and forms.holds(need, self.shown_values, path[:-1]),
            optional=need is None and (self.marks_optional or widget in FILES),
            need=compact(need),
            show=compact(own_rule),
            shown=forms.holds(own_rule, self.shown_values, path[:-1]),  # what it lies in hides itself
            fault=self.faults[name][self.code] if name in self.faults else "",
            last=compact(self._last_values(path)) if widget == "item" else None,
            last_words=self._last_words(path) if widget == "item" else "",
            children=[self.line((*path, each)) for each in node["properties"]] if node["type"] == "object" else (),
            rows=self._rows(path, node, value) if widget == "rows" else (),
            fill=(look.fill[0], look.fill[1][self.code]) if look.fill else None,
        )

    def faults_in_order(self) -> list[tuple[str, str, str]]:
        """(id, label, sentence) as the page goes down; what belongs to no drawn field comes first."""
        order = list(self.labels)
        unplaced = [name for name in self.faults if name not in self.labels]
        placed = sorted((name for name in self.faults if name in self.labels), key=order.index)
        return [(*self._named(name), self.faults[name][self.code]) for name in [*unplaced, *placed]]

    def state_of(self, names: Sequence[str]) -> str:
        """`done` when something of the section was answered and nothing that is needed is missing."""
        touched = any(is_filled(value_at(self.shown_values, (name,))) for name in names)
        missing = any(
            not is_filled(value_at(self.shown_values, path.split(".")))
            for path, rule in self.form.needs.items()
            if path.split(".")[0] in names
            and self._is_shown(tuple(path.split(".")))
            and forms.holds(rule, self.shown_values, tuple(path.split(".")[:-1]))
        )
        return "done" if touched and not missing else ""

    def _is_shown(self, path: Path) -> bool:
        return is_shown(self.form, self.shown_values, path)

    def _named(self, name: str) -> tuple[str, str]:
        """Anchor and name of a field with a fault; a line of a check list is named by its label."""
        if name not in self.labels:
            return "form", name[:40]
        above = tuple(name.split(".")[:-1])
        over = self.form.fields.get(plain(above)) if above else None
        identity, label = self.labels[name]
        if over is None or over.widget == "group":
            return identity, label
        first = next(iter(self.form.node(above)["properties"])) if over.widget == "check" else ""
        return identity, over.label[self.code] if name.endswith(f".{first}") else f"{over.label[self.code]} {label}"

    def _text(self, words: Words | None) -> str:
        return words[self.code] if words else ""

    def _choices(self, key: str, widget: str, value: Any) -> list[Choice]:
        look, node = self.form.fields[key], self.form.node(key)
        chosen = {str(each) for each in value} if isinstance(value, list) else {_as_text(value)}
        if widget == "yesno":
            words = {"true": ("是", "Yes"), "false": ("否", "No")}
            return [Choice(each, two[self.code == "en"], "", "", each in chosen) for each, two in words.items()]
        if widget == "scale":
            numbers = range(node["minimum"], node["maximum"] + 1)
            return [Choice(str(each), str(each), "", "", str(each) in chosen) for each in numbers]
        return [
            Choice(each, option.label[self.code], option.mark, option.icon, each in chosen)
            for each, option in look.options.items()
        ]

    def _rows(self, path: Path, node: Mapping[str, Any], value: Any) -> list[list[Line]]:
        """The rows that are filled and one empty one, so that a row can be added without script."""
        filled = len(value) if isinstance(value, list) else 0
        count = min(filled + 1, node["maxItems"])
        return [
            [self.line((*path, str(index), each)) for each in node["items"]["properties"]] for index in range(count)
        ]

    def _last_values(self, path: Path) -> dict[str, Any] | None:
        """What can be taken over from last time, by name."""
        before = value_at(self.last, path)
        if not isinstance(before, Mapping):
            return None
        key = plain(path)
        found = {
            name: value
            for name, value in before.items()
            if name != "same" and (look := self.form.fields.get(f"{key}.{name}")) and not look.fresh and _simple(value)
        }
        return found or None

    def _last_words(self, path: Path) -> str:
        """Last time in a line: «自理、胃口好»."""
        words = []
        for name, value in (self._last_values(path) or {}).items():
            look = self.form.fields[f"{plain(path)}.{name}"]
            for each in value if isinstance(value, list) else [value]:
                text = look.options[each].label[self.code] if each in look.options else _as_text(each)
                if look.options or look.widget == "long":
                    words.append(f"{look.label[self.code]} {text}")
        return ("；" if self.code == "zh" else "; ").join(words[:8])


def compact(value: Any) -> Markup | None:
    """JSON for an attribute in single quotes, as short as it can be; None stays None."""
    if value is None:
        return None
    text = orjson.dumps(value).decode()
    return Markup(text.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;"))


def _own_rule(rule: Rule | None, section_rule: Rule | None) -> Rule | None:
    """A field's rule without its section's; the section carries that one itself."""
    if rule is None or section_rule is None or rule == section_rule:
        return None if rule == section_rule else rule
    inside = [each for each in rule.get("all", ()) if each != section_rule]
    return inside[0] if len(inside) == 1 and len(rule.get("all", ())) == 2 else rule


def _is_scale(node: Mapping[str, Any], widget: str) -> bool:
    bounds = node["type"] == "integer" and widget == "number" and "minimum" in node and "maximum" in node
    return bool(bounds and node["maximum"] - node["minimum"] <= SCALE)


def _limits(node: Mapping[str, Any]) -> dict[str, Any]:
    """The limits that browsers keep by themselves."""
    limits: dict[str, Any] = {}
    if node["type"] == "string" and "enum" not in node:
        limits["maxlength"] = node.get("maxLength")
        limits["pattern"] = node.get("pattern")
        limits["type"] = INPUT_TYPES.get(node.get("format", ""))
    if node["type"] in ("integer", "number"):
        limits["min"], limits["max"] = node.get("minimum"), node.get("maximum")
        limits["inputmode"] = "numeric" if node["type"] == "integer" and node.get("minimum", -1) >= 0 else None
        limits["step"] = None if node["type"] == "integer" else "any"
    if node["type"] == "array":
        limits["data-most"] = node.get("maxItems")
    return {name: value for name, value in limits.items() if value is not None}


def _typed_value(node: Mapping[str, Any], value: Any) -> Any:
    """A value as an input shows it: moments in the city's time without zone."""
    if node.get("format") == "date-time" and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (clock.local(moment) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M")
    return value if node["type"] in ("array", "object") else _as_text(value)


def _as_text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else "" if value is None else str(value)


def _simple(value: Any) -> bool:
    """Only answers that fit into one field are offered in the browser; rows are carried over by the server."""
    return not isinstance(value, dict) and not (
        isinstance(value, list) and any(isinstance(each, dict) for each in value)
    )


def _width(text: str) -> float:
    """Letters as wide as Chinese signs; Latin ones count half."""
    return sum(1 if ord(sign) > 0x2E80 else 0.5 for sign in text)


def _id(name: str) -> str:
    return "f-" + name.replace(".", "-")


def walk(lines: Sequence[Line]) -> Iterator[Line]:
    """All lines with those below them."""
    for line in lines:
        yield line
        yield from walk(line.children)
        for row in line.rows:
            yield from walk(row)
