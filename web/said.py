"""What a form said, in words: for whoever reads it later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.forms import Form
from engine.forms.rules import is_filled
from web.language import gettext, language


def said(form: Form | None, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was written, as (field, words), texts and choices of the first two levels."""
    if form is None:
        return []
    code, found = language(), []
    for path, field in form.fields.items():
        value: Any = answers
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if is_filled(value) and not isinstance(value, Mapping) and not field.given and field.widget != "rows":
            found.append((field.label[code], _words(field.options, value, code)))
    return found


def _words(options: Mapping[str, Any], value: Any, code: str) -> str:
    if isinstance(value, list):
        return "、".join(_words(options, each, code) for each in value)
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return options[value].label[code] if value in options else str(value)
