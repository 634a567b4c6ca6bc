"""Forms that are no task's: the rules on their fields, said at the field, with script and without."""

from __future__ import annotations

import re
from pathlib import Path

import lxml.html
import pytest
from werkzeug.test import TestResponse

from care import leaves
from engine import db
from engine.forms.words import SENTENCES
from tests.web.conftest import Browser, Place
from web import plain_forms

WEB = Path(plain_forms.__file__).parent
RULED = re.compile(r"\s(required|min|max|minlength|pattern)\b|type=\"(number|date|time|month|datetime-local)\"")


def sent(site: Browser, address: str, page: str, data: dict[str, str]) -> TestResponse:
    """What a browser without script sends from the form of a page."""
    site.get(page)
    return site.post(address, {"rules": "1", **data}, headers={"Referer": f"http://localhost{page}"})


def test_without_script_the_page_comes_back_with_a_sentence_at_the_field(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    answer = sent(
        site, "/me/leave", "/me/leave", {"stand_in": "", "since": "2026-13-40", "until": "", "why": "带孙子看病"}
    )

    page = lxml.html.document_fromstring(answer.text)
    assert answer.status_code == 422
    at = {each.get("for"): each.getparent().findtext("p[@class='error']") for each in page.iterfind(".//label[@for]")}
    assert (at["stand_in"], at["since"], at["until"]) == ("还没选", "没有这一天，写成 2026-08-03", None)
    assert [each.text for each in page.iterfind(".//div[@role='alert']/a")] == [
        "谁替班：还没选",
        "从哪天起：没有这一天，写成 2026-08-03",
    ]
    assert page.get_element_by_id("stand_in").get("aria-describedby") == "stand_in-wrong"
    assert page.get_element_by_id("why").text == "带孙子看病"
    with db.reading() as session:
        assert leaves.coming(session, place.ids["visitor"]) == []


def test_the_sentence_is_english_on_english_pages(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    site.post("/language", {"language": "en", "next": "/me"})

    answer = sent(site, "/me/leave", "/me/leave", {"stand_in": "", "since": "", "until": "", "why": ""})

    assert "Nothing chosen yet</a>" in answer.text and "还没选" not in answer.text


def test_only_the_form_that_was_sent_is_judged(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    answer = sent(site, "/me/tokens", "/me", {"label": "小程序", "days": "900", "scopes": "tasks"})

    page = lxml.html.document_fromstring(answer.text)
    assert [each.text for each in page.iterfind(".//p[@class='error']")] == ["太大，最大 365"]
    assert page.get_element_by_id("label").get("value") == "小程序"
    assert page.get_element_by_id("programs").iterancestors("details").__next__().get("open") is not None


def test_a_form_without_fault_goes_to_its_view(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    answer = sent(
        site, "/me/password", "/me", {"old": "passt-genau", "new": "ein-neues-wort", "again": "ein-neues-wort"}
    )

    assert answer.status_code == 302


def test_a_page_of_somebody_else_is_not_drawn(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    site.get("/me/leave")

    answer = site.post("/me/leave", {"rules": "1", "stand_in": ""}, headers={"Referer": "http://elsewhere/me/leave"})

    assert "wrong" not in answer.text  # the view's own refusal


@pytest.mark.parametrize(
    "path", sorted((WEB / "templates").rglob("*.html")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_form_with_rules_says_so_and_keeps_the_browsers_bubbles_away(path: Path) -> None:
    if path.parent.name == "forms":  # task forms have their own
        return
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)

    for form in re.findall(r"<form\b.*?</form>", text, re.S):
        fields = re.findall(r"<(?:input|select|textarea)\b.*?>", form)
        if 'method="post"' in form and any(RULED.search(each) for each in fields):
            assert " novalidate" in form, form[:120]
            assert "hidden_token(rules=true)" in form or "chosen(" in form, form[:120]


def test_script_and_server_say_the_same() -> None:
    script = (WEB / "static" / "check.js").read_text(encoding="utf-8")
    codes = ("required", "required_choice", "required_file", "not_date", "not_time", "not_moment", "not_number")
    plain = [SENTENCES[code] for code in (*codes, "pattern")]
    filled = [
        tuple(each.split("{0}")[0] for each in SENTENCES[c]) for c in ("too_small", "too_big", "too_short", "too_long")
    ]

    assert [pair for pair in (*plain, *filled) if not all(words in script for words in pair)] == []
