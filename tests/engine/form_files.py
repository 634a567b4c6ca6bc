"""A small form that has every kind of field (call_form.json), changed where a test wants it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import orjson

from engine import forms
from engine.forms import Form

CALL: dict[str, Any] = json.loads((Path(__file__).parent / "call_form.json").read_text(encoding="utf-8"))


def a_file(**changes: Any) -> dict[str, Any]:
    """The form file, with values put at dotted paths (`__` for a dot); None takes the key out."""
    document = copy.deepcopy(CALL)
    for path, value in changes.items():
        *above, last = path.split("__")
        place = document
        for step in above:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return document


def a_form(**changes: Any) -> Form:
    return forms.parse(orjson.dumps(a_file(**changes)), "call.json")
