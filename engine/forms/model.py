"""What a form is once its file has been read: pure JSON Schema on one side, how each field looks on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.forms.errors import Words
from engine.forms.rules import Path, Rule

if TYPE_CHECKING:
    from marshmallow import Schema


@dataclass(frozen=True)
class Option:
    """One choice: its words, a mark for the eye (`warn`, `major`, `danger`) and an icon's name."""

    label: Words
    mark: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Field:
    """How one field looks and behaves. `show` already contains the rules of its section and of what it lies in."""

    label: Words
    widget: str
    options: Mapping[str, Option] = field(default_factory=dict)
    help: Words | None = None
    unit: Words | None = None
    placeholder: Words | None = None
    say: Words | None = None
    show: Rule | None = None
    prefill: str = ""
    fresh: bool = False
    fill: tuple[str, Words] | None = None

    @property
    def given(self) -> bool:
        """The page supplies the value; what a browser sends for it is not believed."""
        return self.widget in ("hidden", "fact")


@dataclass(frozen=True)
class Section:
    """A stretch of a form under one heading; `part` groups sections, `counted` ones make up the progress."""

    id: str
    title: Words
    fields: tuple[str, ...]
    part: str = ""
    show: Rule | None = None
    help: Words | None = None
    counted: bool = True


@dataclass(frozen=True)
class Form:
    """One version of a form.

    `schema` is plain JSON Schema 2020-12. `fields` are keyed by path without the numbers of rows (`rows.name`).
    `ruled` lists the paths that carry a show rule, in an order in which they can be decided one after the other.
    `needs` are the paths that can be required, with the condition under which they are ({} always).
    `report`: a choice marked `danger` offers the emergency report at once.
    """

    id: str
    version: int
    title: Words
    source: str
    process: tuple[str, ...]
    schema: dict[str, Any]
    parts: Mapping[str, Words]
    sections: tuple[Section, ...]
    fields: Mapping[str, Field]
    ruled: tuple[str, ...]
    needs: Mapping[str, Rule]
    report: bool = False

    @cached_property
    def validator(self) -> Schema:
        """The marshmallow schema made from `schema`; built once."""
        from engine.forms.validation import build

        return build(self.schema)()

    def node(self, path: str | Path) -> dict[str, Any]:
        """The schema node of a field; numbers of rows in the path do no harm."""
        node = self.schema
        for step in path.split(".") if isinstance(path, str) else path:
            node = node["items"] if step.isdigit() else _inside(node)[step]
        return node


def _inside(node: dict[str, Any]) -> dict[str, Any]:
    return dict((node.get("items", node)).get("properties", {}))


def plain(path: Path) -> str:
    """A path without the numbers of rows, as `Form.fields` is keyed."""
    return ".".join(step for step in path if not step.isdigit())
