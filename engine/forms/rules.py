"""Show rules: when a field is asked. Small data, never code; web/static/form.js reads the same rules.

A rule is {"field": path, "is"|"in"|"not"|"filled"|"contains": value} or {"all": […]}, {"any": […]}, {"not": rule}.
A path is absolute (`home.gas.level`) or begins with a dot: `.level` stands beside the field that carries the rule, also
inside a row of a list. tests/engine/show_rules.json is run by both interpreters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Rule = Mapping[str, Any]
Path = tuple[str, ...]

OPERATORS = ("is", "in", "not", "filled", "contains")


def holds(rule: Rule | None, answers: Any, beside: Path = ()) -> bool:
    """Whether the rule is fulfilled by the answers; `beside` is where the field's neighbours are. No rule: yes."""
    if not rule:
        return True
    if "all" in rule:
        return all(holds(each, answers, beside) for each in rule["all"])
    if "any" in rule:
        return any(holds(each, answers, beside) for each in rule["any"])
    if "field" not in rule:
        return not holds(rule["not"], answers, beside)
    return _compare(rule, value_at(answers, resolve(rule["field"], beside)))


def _compare(rule: Rule, value: Any) -> bool:
    if "is" in rule:
        return bool(value == rule["is"])
    if "in" in rule:
        return bool(value in rule["in"])
    if "not" in rule:
        return bool(value != rule["not"])
    if "contains" in rule:
        return isinstance(value, list) and rule["contains"] in value
    return bool(is_filled(value) == rule["filled"])


def is_filled(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def resolve(field: str, beside: Path) -> Path:
    """The full path that a rule means."""
    return (*beside, *field[1:].split(".")) if field.startswith(".") else tuple(field.split("."))


def value_at(answers: Any, path: Sequence[str]) -> Any:
    """The answer at a path, None where there is none; numbers go into lists."""
    for step in path:
        if isinstance(answers, Mapping):
            answers = answers.get(step)
        elif isinstance(answers, list) and step.isdigit() and int(step) < len(answers):
            answers = answers[int(step)]
        else:
            return None
    return answers


def fields_read(rule: Rule | None, beside: Path = ()) -> Iterator[Path]:
    """The fields that a rule looks at."""
    if not rule:
        return
    for each in [*rule.get("all", ()), *rule.get("any", ())]:
        yield from fields_read(each, beside)
    if "field" in rule:
        yield resolve(rule["field"], beside)
    elif "not" in rule:
        yield from fields_read(rule["not"], beside)
