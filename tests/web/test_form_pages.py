"""A form on its page: what stands there, what comes back when it is refused, and what is kept."""

from __future__ import annotations

import gzip
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from engine import forms
from tests.engine.form_files import a_form
from tests.web.form_site import site
from web import assets, formview

KNOWN = {
    "elder": {"mood_watch": True},
    "visit": {"kind": "regular", "mode": "home", "planned_on": "2026-08-03"},
    "person": {"name": "乌云"},
}
LAST = {"living": {"self_care": "full", "appetite": "good", "attention": "watch", "room_temperature": 13}}
PHONE_CALL = {
    "kind": "regular", "mode": "phone", "met[]": "elder", "living.self_care": "full", "living.attention": "normal",
    "health.general": "good", "health.medicines": "as_told", "health.attention": "normal", "feelings.mood": "calm",
    "feelings.self_harm": "false", "feelings.change": "没有", "feelings.attention": "normal",
    "medication_safety.run_out": "false", "family_duty.troubled": "no", "submission": "s1", "form_version": "1",
}  # fmt: skip


@pytest.fixture
def visit() -> tuple[FlaskClient, list[dict[str, Any]]]:
    app, accepted = site(forms.form("visit"), known=KNOWN, last=LAST)
    return app.test_client(), accepted


def test_the_visit_page_asks_every_field_of_its_form(visit: tuple[FlaskClient, Any]) -> None:
    page = visit[0].get("/").text

    form = forms.form("visit")
    leaves = [path for path in form.fields if form.node(path)["type"] != "object" and not path.endswith(".same")]
    missing = [path for path in leaves if f'name="{_with_row(form, path)}' not in page]
    assert missing == []


def test_every_anchor_and_label_of_the_page_leads_to_one_element(visit: tuple[FlaskClient, Any]) -> None:
    client, _ = visit
    page = html.fromstring(client.post("/", data={"mode": "home", "kind": "regular"}).text)

    ids = page.xpath("//@id")
    pointed = [link[1:] for link in page.xpath("//a[starts-with(@href,'#')]/@href")]
    pointed += page.xpath("//label/@for") + [one for many in page.xpath("//@aria-describedby") for one in many.split()]
    assert len(ids) == len(set(ids))
    assert [each for each in pointed if each not in ids] == []


def test_files_that_may_be_left_out_say_so(visit: tuple[FlaskClient, Any]) -> None:
    page = html.fromstring(visit[0].get("/").text)

    names = ("photos", "words_voice", "signature")
    marked = [each for each in names if page.xpath(f"//*[@id='f-{each}']/legend/span[@class='optional']")]

    assert marked == ["photos", "words_voice"], "who has chosen to sign has to"


def test_the_page_of_the_longest_form_stays_small(visit: tuple[FlaskClient, Any]) -> None:
    page = visit[0].get("/", headers={"Accept-Encoding": "gzip"}).data
    files = [assets.load(name) for name in ("look.css", "app.js", "form.js")]

    assert len(page) < 18 * 1024
    assert len(page) + sum(len(each.packed or each.body) for each in files if each) < 40 * 1024
    assert b"None" not in gzip.decompress(page)


def test_a_refused_page_keeps_what_was_typed_and_names_each_fault(visit: tuple[FlaskClient, Any]) -> None:
    client, accepted = visit
    sent = {
        "mode": "home",
        "kind": "regular",
        "home_safety.heating.level": "major",
        "living.difficulties": "暖气不热 <b>",
    }

    answer = client.post("/", data=sent)

    page = html.fromstring(answer.text)
    assert (answer.status_code, accepted) == (422, [])
    assert page.xpath("//input[@name='home_safety.heating.level' and @value='major']/@checked")
    assert page.xpath("//textarea[@name='living.difficulties']")[0].text.strip() == "暖气不热 <b>"
    links = [link.text_content() for link in page.xpath("//*[@data-faults]//a")]
    assert {"供暖 照片：要一张照片", "供暖 情况：还没填", "居家安全 用电：还没选"} & set(links) >= {
        "供暖 照片：要一张照片"
    }
    assert page.xpath("//details[@data-section='home_safety']/@open")
    assert not page.xpath("//details[@data-section='policies']/@open")


def test_a_short_form_by_telephone_is_accepted_without_the_parts_of_a_visit_at_home(
    visit: tuple[FlaskClient, list[dict[str, Any]]],
) -> None:
    client, accepted = visit

    answer = client.post("/", data={**PHONE_CALL, "home_safety.gas.level": "major"})

    assert answer.status_code == 200
    assert "home_safety" not in accepted[0] and accepted[0]["mood_watch"] is True


@pytest.mark.parametrize(("mode", "expected"), [("home", 13), ("phone", 7), ("video", 7), ("monitoring", 2)])
def test_the_mode_decides_how_long_the_form_is(mode: str, expected: int) -> None:
    view = formview.build(forms.form("visit"), action="/", known={"visit": {"mode": mode}}, lang="zh")

    assert view.total == expected


def test_elders_whose_mood_is_watched_are_asked_what_changed(visit: tuple[FlaskClient, Any]) -> None:
    client, _ = visit
    sent = {name: value for name, value in PHONE_CALL.items() if name != "feelings.change"}

    assert client.post("/", data=sent).status_code == 422
    app, accepted = site(forms.form("visit"), known={**KNOWN, "elder": {"mood_watch": False}})
    assert (app.test_client().post("/", data=sent).status_code, len(accepted)) == (200, 1)


def test_the_same_as_last_time_is_carried_over_but_never_what_must_be_asked_anew(
    visit: tuple[FlaskClient, list[dict[str, Any]]],
) -> None:
    client, accepted = visit
    sent = {name: value for name, value in PHONE_CALL.items() if name != "living.self_care"}

    client.post("/", data={**sent, "living.same": "true"})

    assert accepted[0]["living"] == {"same": True, "self_care": "full", "attention": "normal"}
    assert "上次：" in client.get("/").text


def test_files_that_arrive_with_a_refused_form_are_not_lost() -> None:
    app, accepted = site(a_form(), scripts=())
    client = app.test_client()
    file = (io.BytesIO(b"x"), "picture1")

    refused = client.post("/", data={"photos[]": file})
    kept = html.fromstring(refused.text).xpath("//input[@name='photos[]' and @type='checkbox']/@value")
    client.post("/", data={"reached": "no", "photos[]": kept})

    assert refused.status_code == 422
    assert kept == ["stored-picture1"]
    assert accepted[0]["photos"] == kept


def test_labels_and_faults_speak_english_too() -> None:
    view = formview.build(
        a_form(), action="/", answers={}, faults={"reached": {"zh": "还没选", "en": "Nothing"}}, lang="en"
    )

    assert view.title == "Alarm call"
    assert list(view.faults) == [("f-reached", "Reached", "Nothing")]


def test_a_moment_is_shown_in_the_citys_time_and_comes_back_the_same() -> None:
    app, accepted = site(a_form(), known={})
    client = app.test_client()

    client.post("/", data={"reached": "no", "moment": "2026-08-03T09:00"})
    refused = client.post("/", data={"moment": "2026-08-03T09:00"}).text

    assert accepted[0]["moment"] == "2026-08-03T09:00+08:00"
    assert 'value="2026-08-03T09:00"' in refused


def _with_row(form: forms.Form, path: str) -> str:
    """The name of a field in HTML: `rows.name` stands in the row 0."""
    name = path
    above = path.rpartition(".")[0]
    if above and form.node(above)["type"] == "array":
        name = f"{above}.0.{path.rpartition('.')[2]}"
    if form.fields[path].widget == "rows":
        return f"{name}.0."
    return name


def test_a_text_of_pages_has_room_to_be_written() -> None:
    app, _ = site(forms.form("bulletin_draft"))
    with app.test_client() as client:
        assert re.search(r'<textarea[^>]* rows="12"', client.get("/").text)
    app, _ = site(forms.form("note"))
    with app.test_client() as client:
        assert re.search(r'<textarea[^>]* rows="2"', client.get("/").text)
