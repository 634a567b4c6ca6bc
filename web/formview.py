"""A form as a page draws it: each field with its value, choices, fault, what was said last time, and whether it shows.

`build` makes the view that templates/forms/form.html draws; `answers_of` reads what the browser sent. A task page does

    view = formview.build(form, action=…, known={"elder": {…}, "visit": {…}, "person": {…}}, last=…)
    answers = formview.answers_of(form, request.form, known=…, last=…, files=stored)
    try: … except forms.Invalid as fault: view = formview.build(…, answers=answers, faults=fault.faults), 422

`known` is what the page knows; fields with `prefill` start with it, hidden and fact fields always have it. `last` are
the answers of the elder's previous record of the same form.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from engine import clock, forms
from engine.forms import Form, Section, Words
from engine.forms.decoding import Sent
from engine.forms.rules import is_filled, value_at
from web.formlines import FILES, Drawing, Line, compact
from web.language import language

Known = Mapping[str, Any]


@dataclass(frozen=True)
class Stretch:
    """One section on the page. `lines` are its fields; a section that is one object has that object's fields."""

    section: Section
    title: str
    help: str
    norm: str
    lines: Sequence[Line]
    whole: Line | None
    shown: bool
    state: str  # "", done, faulty
    number: int

    @property
    def faulty(self) -> bool:
        return self.state == "faulty"

    @property
    def show(self) -> Markup | None:
        return compact(self.section.show)


@dataclass(frozen=True)
class Part:
    """Sections under one heading, or a single section without one."""

    title: str
    stretches: Sequence[Stretch]


@dataclass(frozen=True)
class FormView:
    """What the templates draw. `faults` are (id of the field, name of the field, sentence) in the order of the page."""

    form: Form
    title: str
    action: str
    parts: Sequence[Part]
    faults: Sequence[tuple[str, str, str]]
    submission: str
    draft: str
    ticket: str
    report_url: str
    submit: str
    has_files: bool
    rules: Mapping[str, Any] = field(default_factory=dict)
    keep: str = ""
    saved_at: datetime | None = None

    @property
    def counted(self) -> list[Stretch]:
        return [each for part in self.parts for each in part.stretches if each.section.counted]

    @property
    def steps(self) -> bool:
        """A long form is walked section by section."""
        return len(self.counted) > 3

    @property
    def done(self) -> int:
        return sum(each.state == "done" and each.shown for each in self.counted)

    @property
    def total(self) -> int:
        return sum(each.shown for each in self.counted)


def build(
    form: Form,
    *,
    action: str,
    answers: Mapping[str, Any] | None = None,
    faults: Mapping[str, Words] | None = None,
    known: Known | None = None,
    last: Mapping[str, Any] | None = None,
    submission: str = "",
    draft: str = "",
    ticket: str = "",
    report_url: str = "",
    submit: str = "",
    lang: str | None = None,
    norm: Mapping[str, str] | None = None,
    keep: str = "",
    saved_at: datetime | None = None,
) -> FormView:
    """The view of a form. `answers` are what was typed (kept whatever is wrong with it), `faults` sentences by path.

    `submission` is the client's id against sending twice, `draft` names the draft in the browser (the task's id).
    `keep` is where the browser saves what is typed, `saved_at` when the draft that `answers` are was saved there.
    `ticket` proves later that the form was given to this person. `norm` is what the city's norm says of a section.
    """
    code = lang or language()
    values = copy.deepcopy(dict(answers)) if answers is not None else started(form, known or {})
    for path, value in given(form, known or {}).items():
        _put(values, path, value)
    drawing = Drawing(form, values, dict(faults or {}), dict(last or {}), code)
    parts = _parts(form, drawing, code, norm or {})
    return FormView(
        form=form,
        title=form.title[code],
        action=action,
        parts=parts,
        faults=drawing.faults_in_order(),
        submission=submission,
        draft=draft,
        ticket=ticket,
        report_url=report_url if form.report else "",
        submit=submit,
        has_files=any(each.widget in FILES for each in form.fields.values()),
        keep=keep,
        saved_at=saved_at,
    )


def answers_of(
    form: Form,
    sent: Sent,
    *,
    known: Known | None = None,
    last: Mapping[str, Any] | None = None,
    files: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """What the browser sent, as answers: given values put in, what is the same as last time carried over.

    `files` are (field name, attachment id) of files that arrived with the form and are already stored.
    """
    answers = forms.from_html(form, sent, given(form, known or {}))
    for name, identity in files:
        path = name.removesuffix("[]")
        before = value_at(answers, path.split("."))
        _put(answers, path, [*(before or []), identity] if name.endswith("[]") else identity)
    return carried_over(form, answers, last or {})


def completed(form: Form, answers: Mapping[str, Any], *, known: Known, last: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that a program sent, completed as `answers_of` does with a browser's."""
    whole = copy.deepcopy(dict(answers))
    for path, value in given(form, known).items():
        _put(whole, path, value)
    return carried_over(form, whole, last)


def given(form: Form, known: Known) -> dict[str, Any]:
    """Values of the fields that the page supplies, by path; unknown ones are missing."""
    found = {path: _json(value_at(known, each.prefill.split("."))) for path, each in form.fields.items() if each.given}
    return {path: value for path, value in found.items() if value is not None}


def started(form: Form, known: Known) -> dict[str, Any]:
    """What an untouched form begins with."""
    answers: dict[str, Any] = {}
    for path, each in form.fields.items():
        value = _json(value_at(known, each.prefill.split("."))) if each.prefill else None
        if is_filled(value):
            _put(answers, path, value)
    return answers


def carried_over(form: Form, answers: dict[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    """Where 与上次相同 is ticked, what was left empty is taken from last time, except what is always asked anew."""
    result = copy.deepcopy(answers)
    for path, each in form.fields.items():
        part, before = value_at(result, path.split(".")), value_at(last, path.split("."))
        if each.widget != "item" or not isinstance(part, dict) or not isinstance(before, Mapping):
            continue
        if part.get("same") is True:
            for name, value in before.items():
                field_below = form.fields.get(f"{path}.{name}")
                if name not in part and field_below and not field_below.fresh:
                    part[name] = copy.deepcopy(value)
    return result


def fitting(node: Mapping[str, Any], value: Any) -> Any:
    """What of an unchecked value has the shape that this part of a schema asks for; None for none of it."""
    kind = node["type"]
    if isinstance(value, dict) and kind == "object":
        fits = {name: fitting(inner, value.get(name)) for name, inner in node["properties"].items()}
        return {name: each for name, each in fits.items() if each is not None}
    if isinstance(value, list) and kind == "array":
        return [each for one in value if (each := fitting(node["items"], one)) is not None]
    if isinstance(value, bool):
        return value if kind == "boolean" else None
    return value if isinstance(value, _PLAIN.get(kind, ())) else None


_PLAIN: Mapping[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float)}


def _parts(form: Form, drawing: Drawing, code: str, norm: Mapping[str, str]) -> list[Part]:
    parts: list[Part] = []
    open_part = ""
    number = 0
    for section in form.sections:
        number += section.counted and forms.holds(section.show, drawing.shown_values)
        stretch = _stretch(section, drawing, code, number, norm.get(section.id, ""))
        if section.part and section.part == open_part:
            parts[-1] = Part(parts[-1].title, [*parts[-1].stretches, stretch])
        else:
            parts.append(Part(form.parts[section.part][code] if section.part else "", [stretch]))
        open_part = section.part
    return parts


def _stretch(section: Section, drawing: Drawing, code: str, number: int, norm: str) -> Stretch:
    lines = [drawing.line((name,), section.show) for name in section.fields]
    whole = lines[0] if len(lines) == 1 and lines[0].widget in ("group", "item") else None
    own = whole.help if whole else ""
    return Stretch(
        section=section,
        title=section.title[code],
        help=section.help[code] if section.help else own,
        norm=norm,
        lines=whole.children if whole else lines,
        whole=whole,
        shown=forms.holds(section.show, drawing.shown_values),
        state="faulty" if any(line.has_fault for line in lines) else drawing.state_of(section.fields),
        number=number,
    )


def _json(value: Any) -> Any:
    """Moments and days as forms store them."""
    if isinstance(value, datetime):
        return clock.local(value).isoformat(timespec="minutes")
    return value.isoformat() if hasattr(value, "isoformat") else value


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    """Set a value at a path; rows are reached by number and exist already."""
    *above, last = path.split(".")
    place: Any = answers
    for step in above:
        if isinstance(place, list):
            if not step.isdigit() or int(step) >= len(place):
                return
            place = place[int(step)]
        else:
            place = place.setdefault(step, {})
    if isinstance(place, dict):
        place[last] = value
