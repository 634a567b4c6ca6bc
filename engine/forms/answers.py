"""Judge answers: refuse what no form takes, drop what was not asked, and say what is wrong at which field."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from marshmallow import ValidationError

from engine.forms.errors import Invalid, Words
from engine.forms.model import Form, plain
from engine.forms.rules import Path, holds, value_at
from engine.forms.validation import flattened
from engine.forms.words import sentence

MOST_BYTES = 256 * 1024
DEEPEST = 12


def clean(form: Form, answers: Any) -> dict[str, Any]:
    """The answers as they may be stored: trimmed, valid, without what the show rules hide.

    Raises Invalid with every fault by path. The same answers give the same result; the argument stays as it is.
    """
    refuse_unstorable(answers)
    asked = without_hidden(form, _trimmed(answers))
    _open_required(form, asked)
    try:
        loaded: dict[str, Any] = form.validator.load(asked)
    except ValidationError as fault:
        faults = dict(_faults(form, asked, fault.messages))
        if faults:
            raise Invalid(faults) from None
        loaded = asked
    return loaded


def for_process(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Only the fields that the form hands to the process; what was not answered is None, so that gateways can ask."""
    result: dict[str, Any] = {}
    for name in form.process:
        *above, last = name.split(".")
        place = result
        for step in above:
            place = place.setdefault(step, {})
        place[last] = value_at(answers, name.split("."))
    return result


def without_hidden(form: Form, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers without the fields whose show rule does not hold. A hidden field counts as not answered."""
    result = copy.deepcopy(answers)
    for ruled in form.ruled:
        for path in _places(result, ruled.split(".")):
            if not holds(form.fields[ruled].show, result, path[:-1]):
                holder = value_at(result, path[:-1])
                if isinstance(holder, dict):
                    holder.pop(path[-1], None)
    return result


def is_shown(form: Form, answers: Any, path: Path) -> bool:
    """Whether a field, and all that it lies in, is asked at present. `answers` are already without hidden fields."""
    for length in range(1, len(path) + 1):
        field = form.fields.get(plain(path[:length]))
        if field and not path[length - 1].isdigit() and not holds(field.show, answers, path[: length - 1]):
            return False
    return True


def _places(answers: Any, names: list[str], path: Path = ()) -> Iterator[Path]:
    """Where a field may stand in the answers: once, or once in each row of a list."""
    if isinstance(answers, list):
        for index, each in enumerate(answers):
            yield from _places(each, names, (*path, str(index)))
    elif len(names) == 1:
        yield (*path, names[0])
    elif isinstance(answers, Mapping) and names[0] in answers:
        yield from _places(answers[names[0]], names[1:], (*path, names[0]))


def refuse_unstorable(answers: Any) -> None:
    """Raises Invalid for what no database holds: half characters, endless nesting, numbers beyond 64 bits."""
    if not isinstance(answers, dict):
        raise Invalid({"": sentence("not_object")})
    for path, value in _leaves(answers):
        if len(path) > DEEPEST:
            raise Invalid({"": sentence("too_large")})
        if isinstance(value, str) and ("\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value)):
            raise Invalid({".".join(path): sentence("bad_text")})
    try:
        size = len(orjson.dumps(answers))
    except (orjson.JSONEncodeError, RecursionError):
        raise Invalid({"": sentence("not_object")}) from None
    if size > MOST_BYTES:
        raise Invalid({"": sentence("too_large")})


def _leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value and, as values too, every name of an object."""
    if len(path) > DEEPEST + 1:
        return
    if isinstance(node, dict):
        for name, inner in node.items():
            yield path, name
            yield from _leaves(inner, (*path, ascii(name)[1:-1][:40]))
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _leaves(inner, (*path, str(index)))
    yield path, node


def _trimmed(node: Any) -> Any:
    if isinstance(node, str):
        return node.strip()
    if isinstance(node, dict):
        return {name: _trimmed(inner) for name, inner in node.items()}
    return [_trimmed(each) for each in node] if isinstance(node, list) else node


def _open_required(form: Form, answers: dict[str, Any]) -> None:
    """Put {} where a whole required part is missing, so that its own fields are named as missing."""
    for name, rule in form.needs.items():
        path = tuple(name.split("."))
        if form.fields[name].widget in ("group", "item", "check") and is_shown(form, answers, path):
            holder = value_at(answers, path[:-1])
            if isinstance(holder, dict) and path[-1] not in holder and holds(rule, answers, path[:-1]):
                holder[path[-1]] = {}


def _faults(form: Form, answers: Any, messages: Any) -> Iterator[tuple[str, Words]]:
    """Faults by path; nobody is asked for what is hidden. Of several at one field the first counts."""
    seen: set[Path] = set()
    for path, code in flattened(messages):
        if path in seen or (code.startswith("required") and not is_shown(form, answers, path)):
            continue
        seen.add(path)
        yield ".".join(path), _words(form, path, code)


def _words(form: Form, path: Path, code: str) -> Words:
    field = form.fields.get(plain(path))
    if field and code == "pattern" and field.say:
        return field.say
    if field and code == "required_photo" and field.widget in ("voice", "signature"):
        return sentence(f"required_{field.widget}")
    return sentence(code)
