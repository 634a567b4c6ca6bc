"""What a check says, and what it must know to say it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.diagrams import Flow, Node

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One fault of one file: `level` is error (stops a deployment) or warning; `element` is empty for the whole file.

    `rule` is the name of the function that found it.
    """

    file: str
    element: str
    rule: str
    level: str
    zh: str
    en: str

    @property
    def is_error(self) -> bool:
        return self.level == ERROR

    def as_json(self) -> dict[str, str]:
        """The line of `visitflow check --json`: file, element, rule, level, message (and both languages apart)."""
        return {
            "file": self.file,
            "element": self.element,
            "rule": self.rule,
            "level": self.level,
            "message": f"{self.zh} {self.en}",
            "zh": self.zh,
            "en": self.en,
        }


class Signature(NamedTuple):
    """The parameter names of an operation, and those among them that must be given."""

    parameters: frozenset[str]
    required: frozenset[str]


@dataclass(frozen=True)
class Known:
    """What diagrams may name. None: not known here, so names of that kind are not checked.

    `channels` are those of `operations` that talk to the outside. `processes` and `decisions` are those outside the
    checked files; what the files hold themselves is added.
    """

    forms: Collection[str] | None = None
    operations: Mapping[str, Signature] | None = None
    decisions: Collection[str] | None = None
    messages: Collection[str] | None = None
    channels: Collection[str] | None = None
    roles: Collection[str] | None = None
    processes: Collection[str] | None = None

    @staticmethod
    def signatures(operations: Mapping[str, Any]) -> dict[str, Signature]:
        """Signatures of registered operations (`engine.operations.OPERATIONS`)."""
        return {name: Signature(each.parameters, each.required) for name, each in operations.items()}


class Fault(NamedTuple):
    """What a rule yields; the registry adds file and rule."""

    element: str
    zh: str
    en: str
    level: str = ERROR


def fault(about: Node | Flow | str, zh: str, en: str, level: str = ERROR) -> Fault:
    """A fault about a node, a flow or an id; `{it}` in both sentences becomes its name and id."""
    if isinstance(about, str):
        return Fault(about, zh.replace("{it}", f"「{about}」"), en.replace("{it}", about), level)
    name = about.name.replace("\n", " ")
    return Fault(
        about.id,
        zh.replace("{it}", f"「{name}」（{about.id}）" if name else f"「{about.id}」"),
        en.replace("{it}", f"“{name}” ({about.id})" if name else about.id),
        level,
    )


def warning(about: Node | Flow | str, zh: str, en: str) -> Fault:
    return fault(about, zh, en, WARNING)
