"""Plain forms, those that are no task's: their rules stand on the fields, in the template, and nowhere else.

`required`, lengths, limits, patterns and the kinds of fields are HTML's own words. check.js reads them in the browser
and says at the field, in the page's language, what is missing. Without script this module does the same before the view
is asked: it draws the page on which the form stands again, with what was typed and a sentence at each field (422). A
form whose fields have rules says so (`hidden_token(rules=true)`), and check.js takes that away when it has looked;
whoever posts past the page meets the view's own refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
from flask import Flask, Response, current_app, request
from markupsafe import Markup

from engine.forms.words import sentence
from web.language import gettext, language

RULES = "rules"
MARK = Markup(f'<input type="hidden" name="{RULES}" value="1">')
Element = Any  # of lxml, whose types do not know what html adds
_KINDS: dict[str, tuple[Any, str]] = {
    "date": (date.fromisoformat, "not_date"),
    "month": (lambda text: date.fromisoformat(f"{text}-01"), "not_date"),
    "time": (time.fromisoformat, "not_time"),
    "datetime-local": (datetime.fromisoformat, "not_moment"),
    "number": (float, "not_number"),
}
_CONTROLS = ".//input[@name]|.//select[@name]|.//textarea[@name]"


def install(app: Flask) -> None:
    app.before_request(look)


def look() -> Response | None:
    """The page again when a form came without script and breaks a rule of its fields; else None: on to the view."""
    if request.method != "POST" or RULES not in request.form:
        return None
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return None
    drawn = _drawn(came_from.path, came_from.query)
    if drawn.status_code != 200 or drawn.mimetype != "text/html":
        return None
    page = lxml.html.document_fromstring(drawn.get_data())
    form = next((each for each in page.iterfind(".//form") if _is_sent(each)), None)
    faults = list(_faults(form)) if form is not None else []
    if form is None or not faults:
        return None
    _fill_in(form)
    _tell(form, faults)
    drawn.set_data(lxml.html.tostring(page, encoding="utf-8", doctype="<!doctype html>"))
    drawn.status_code = 422
    return drawn


def _drawn(path: str, query: str) -> Response:
    """The page of an address of ours, as this person sees it."""
    environ = request.environ | {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_LENGTH": "0", "CONTENT_TYPE": "",
        "wsgi.input": BytesIO(), "HTTP_ACCEPT_ENCODING": "",
    }  # fmt: skip
    own = {key: value for key, value in environ.items() if not key.startswith("werkzeug.")}
    with current_app.app_context(), current_app.request_context(own):
        return current_app.full_dispatch_request()


def _is_sent(form: Element) -> bool:
    """Whether this is the form that was sent: its address, the fields that nobody types, and no others than it has."""
    if form.get("method", "").lower() != "post" or form.get("data-form") is not None:
        return False
    address = urljoin(request.headers["Referer"], form.get("action") or request.headers["Referer"])
    if urlsplit(address).path != request.path:
        return False
    given = [(each.get("name"), each.get("value", "")) for each in form.iterfind(".//input[@type='hidden']")]
    known = {each.get("name") for each in form.xpath(f"{_CONTROLS}|.//button[@name]")}
    return known >= set(request.form) and all(
        value in request.form.getlist(name) for name, value in given if name != "csrf_token"
    )


def _faults(form: Element) -> Iterator[tuple[Element, str]]:
    """(control, code of the sentence): the first rule that each field breaks."""
    seen = set()
    for control in form.xpath(_CONTROLS):
        name = control.get("name")
        if name not in seen and control.get("type") != "hidden" and (code := _fault(control, name)):
            seen.add(name)
            yield control, code


def _fault(control: Element, name: str) -> str:
    kind = control.get("type", control.tag)
    if kind == "file":
        sent = request.files.get(name)
        return "required_file" if control.get("required") is not None and not (sent and sent.filename) else ""
    typed = request.form.get(name, "").strip() if kind != "password" else request.form.get(name, "")
    if not typed:
        is_choice = kind in ("radio", "checkbox", "select")
        return ("required_choice" if is_choice else "required") if control.get("required") is not None else ""
    return _fault_of_text(control, kind, typed)


def _fault_of_text(control: Element, kind: str, typed: str) -> str:
    read, wrong = _KINDS.get(kind, (str, ""))
    try:
        value = read(typed)
    except ValueError:
        return str(wrong)
    for rule, beyond in (("min", "too_small"), ("max", "too_big")):
        bound = control.get(rule)
        if bound and (value < read(bound) if rule == "min" else value > read(bound)):
            return f"{beyond}|{bound.replace('T', ' ')}"
    if (least := control.get("minlength")) and len(typed) < int(least):
        return f"too_short|{least}"
    if (most := control.get("maxlength")) and len(typed) > int(most):
        return f"too_long|{most}"
    return "pattern" if (rule := control.get("pattern")) and not re.fullmatch(rule, typed) else ""


def _fill_in(form: Element) -> None:
    """What was typed stands in the fields again; passwords and files are asked for anew."""
    for control in form.xpath(_CONTROLS):
        values, kind = request.form.getlist(control.get("name")), control.get("type", control.tag)
        if kind in ("radio", "checkbox"):
            _mark(control, "checked", control.get("value", "on") in values)
        elif kind == "select":
            for option in control.iterfind(".//option"):
                _mark(option, "selected", option.get("value", option.text) in values)
        elif kind == "textarea":
            control.text = values[0] if values else ""
        elif kind not in ("hidden", "password", "file") and values:
            control.set("value", values[0])


def _mark(element: Element, mark: str, on: bool) -> None:
    element.attrib.pop(mark, None)
    if on:
        element.set(mark, mark)


def _tell(form: Element, faults: list[tuple[Element, str]]) -> None:
    """A summary on top that links to the fields, and the sentence at each."""
    summary = lxml.html.Element("div", {"class": "errors stack tight", "role": "alert", "tabindex": "-1"})
    summary.set("data-focus", "")
    summary.set("autofocus", "")
    heading = lxml.html.Element("h2")
    heading.text = gettext("还有 %(n)s 处要改", n=len(faults))
    summary.append(heading)
    for number, (control, code) in enumerate(faults):
        said = sentence(code)[language()]
        at = control.get("id") or f"wrong-{number}"
        control.set("id", at)
        link = lxml.html.Element("a", {"href": f"#{at}"})
        link.text = f"{_label(form, control)}{gettext('：')}{said}"
        summary.append(link)
        _say_at(control, f"{at}-wrong", said)
    form.insert(0, summary)
    for above in form.iterancestors("details"):
        above.set("open", "")


def _say_at(control: Element, at: str, said: str) -> None:
    word = lxml.html.Element("p", {"class": "error", "id": at})
    word.text = said
    control.set("aria-invalid", "true")
    control.set("aria-describedby", f"{at} {control.get('aria-describedby', '')}".strip())
    place = next(
        (each for each in control.iterancestors() if "field" in each.classes or "choice" in each.classes), None
    )
    if place is not None:
        place.append(word)
    else:
        control.addnext(word)
    for above in control.iterancestors("details"):
        above.set("open", "")


def _label(form: Element, control: Element) -> str:
    """What a field is called: its label without «选填» and units, its group's legend, or its hidden label."""
    labels = form.xpath(".//label[@for=$id]|ancestor::label", id=control.get("id")) or control.xpath(
        "ancestor::fieldset[1]/legend"
    )
    if control.get("type") in ("radio", "checkbox"):
        labels = control.xpath("ancestor::fieldset[1]/legend") or labels
    if not labels:
        return str(control.get("aria-label", ""))
    return "".join(labels[0].xpath(".//text()[not(ancestor::*[@class='optional'])]")).strip()
