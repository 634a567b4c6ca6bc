"""From what a browser sends to answers: `a.b` is nested, `a[]` a list, `a.0.b` a row of a list.

Text that should be a number and is none stays text, so that it is refused with its words and comes back to be mended.
Fields that the page supplies (hidden, fact) are taken from `given`, never from the browser.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from engine import clock
from engine.forms.model import Form
from engine.forms.rules import is_filled

MOST_ROWS = 200
PAGE_NAMES = frozenset(("csrf_token", "submission", "task", "form_version", "ticket", "next"))
_YES, _NO = frozenset(("true", "1", "on", "yes")), frozenset(("false", "0", "off", "no"))


class Sent(Protocol):
    """What werkzeug's MultiDict offers."""

    def getlist(self, key: str) -> list[str]: ...
    def keys(self) -> Collection[str]: ...


def from_html(
    form: Form, sent: Sent, given: Mapping[str, Any] | None = None, page_names: Collection[str] = PAGE_NAMES
) -> dict[str, Any]:
    """The answers in what a browser sent; `given` holds the values of hidden and fact fields by path.

    Names of the page itself (token, submission id, those that begin with `_`) are left out. Any other name that the
    form does not know is kept, so that the form refuses it instead of losing it.
    """
    names = list(sent.keys())
    used: set[str] = set()
    answers = _object(form, form.schema, "", sent, names, used) or {}
    for path, value in (given or {}).items():
        _put(answers, path, value)
    for name in names:
        if name not in used and name not in page_names and not name.startswith("_"):
            answers.setdefault(name[:60], next(iter(sent.getlist(name)), ""))
    return answers


def _object(
    form: Form, node: Mapping[str, Any], prefix: str, sent: Sent, names: list[str], used: set[str]
) -> dict[str, Any]:
    found = {}
    for name, inner in node["properties"].items():
        value = _value(form, inner, f"{prefix}{name}", sent, names, used)
        if is_filled(value):
            found[name] = value
    return found


def _value(form: Form, node: Mapping[str, Any], name: str, sent: Sent, names: list[str], used: set[str]) -> Any:
    if node["type"] == "object":
        return _object(form, node, f"{name}.", sent, names, used)
    if node["type"] == "array" and node["items"]["type"] == "object":
        rows = sorted({index for each in names if (index := _row(each, name)) is not None})[:MOST_ROWS]
        return [row for index in rows if (row := _object(form, node["items"], f"{name}.{index}.", sent, names, used))]
    key = f"{name}[]" if node["type"] == "array" else name
    used.add(key)
    field = form.fields.get(".".join(each for each in name.split(".") if not each.isdigit()))
    if field is not None and field.given:
        return None
    texts = [text.strip().replace("\r\n", "\n") for text in sent.getlist(key)]
    if node["type"] == "array":
        return [_typed(node["items"], text) for text in texts if text]
    last = next((text for text in reversed(texts) if text), "")
    return _typed(node, last) if last else None


def _row(sent_name: str, name: str) -> int | None:
    if not sent_name.startswith(f"{name}."):
        return None
    index = sent_name[len(name) + 1 :].partition(".")[0]
    return int(index) if index.isascii() and index.isdigit() and len(index) < 5 else None


def _typed(node: Mapping[str, Any], text: str) -> Any:
    if node["type"] == "boolean":
        return True if text.lower() in _YES else False if text.lower() in _NO else text
    if node["type"] in ("integer", "number"):
        return _number(text)
    return _moment(text) if node.get("format") == "date-time" else text


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    if not abs(value) < 1e15:
        return text
    return int(value) if value.is_integer() else value


def _moment(text: str) -> str:
    """A browser sends local time without a zone; it is stored with the city's."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=clock.zone())).isoformat(timespec="minutes")


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        answers = answers.setdefault(step, {})
    if is_filled(value):
        answers[last] = value
