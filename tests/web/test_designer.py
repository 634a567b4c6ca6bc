from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from engine import db, definitions, instances, settings, tasks
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import drafts

PROCESS = "village_note"


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


@pytest.fixture
def designer(site: Browser, desks: Desks) -> Iterator[Browser]:
    """A designer who deploys without a second person, as in a demonstration."""
    settings.change(release_by_two=False)
    site.sign_in(desks.users["designer"])
    yield site
    settings.change(release_by_two=True)


@pytest.fixture
def one_of_two(site: Browser, desks: Desks) -> Browser:
    """A designer whose releases somebody else approves."""
    site.sign_in(desks.users["designer"])
    return site


def current_xml() -> str:
    with db.reading() as session:
        return definitions.xml(session, definitions.current(session, PROCESS).id).decode()


def version() -> int:
    with db.reading() as session:
        return definitions.current(session, PROCESS).version


def send(site: Browser, what: str, xml: Any) -> TestResponse:
    return site.client.post(f"/designer/{PROCESS}/{what}", json={"xml": xml}, headers={"X-CSRFToken": site.token})


def renamed(xml: str) -> str:
    """The diagram with another name for its user task."""
    start = xml.index("<bpmn:userTask")
    at = xml.index('name="', start) + len('name="')
    return xml[:at] + "新" + xml[at:]


def without_form(xml: str) -> str:
    """The diagram whose user task lost its form."""
    start = xml.index("<bpmn:userTask")
    at = xml.index('name="form"', start)
    return xml[: xml.rindex("<", 0, at)] + xml[xml.index("/>", at) + 2 :]


def test_every_process_is_listed_with_version_and_what_runs(designer: Browser, desks: Desks) -> None:
    desks.town.start(PROCESS, note={"text": "x"})

    text = designer.get("/designer/").text

    assert "村（社区）处理上报事项" in text
    assert "第 1 版" in text


def test_the_current_version_is_opened_until_there_is_a_draft(designer: Browser) -> None:
    assert designer.get(f"/designer/{PROCESS}/diagram.bpmn").text == current_xml()

    send(designer, "save", renamed(current_xml()))

    assert designer.get(f"/designer/{PROCESS}/diagram.bpmn").text == renamed(current_xml())
    assert "草稿" in designer.get(f"/designer/{PROCESS}").text
    assert "有草稿" in designer.get("/designer/").text


def test_a_sound_diagram_has_no_errors(designer: Browser) -> None:
    answer = send(designer, "check", current_xml())

    assert [each for each in answer.json["findings"] if each["level"] == "error"] == []


def test_a_fault_is_found_at_its_element_and_the_draft_is_kept_all_the_same(designer: Browser) -> None:
    broken = without_form(current_xml())

    answer = send(designer, "save", broken)

    assert "handle_note" in [each["element"] for each in answer.json["findings"] if each["level"] == "error"]
    with db.reading() as session:
        draft = drafts.of(session, PROCESS)
        assert draft is not None
        assert draft.xml.decode() == broken


def test_a_refused_diagram_says_which_element_and_why_and_nothing_is_deployed(designer: Browser) -> None:
    answer = send(designer, "deploy", without_form(current_xml()))

    assert answer.status_code == 422
    assert answer.json["message"] == "没有部署：先改好标红的地方。"
    found = [each for each in answer.json["findings"] if each["element"] == "handle_note"]
    assert found
    assert "表单" in found[0]["message"]
    assert version() == 1


def test_a_new_version_is_for_new_instances_running_ones_stay(designer: Browser, desks: Desks) -> None:
    before = desks.town.start(PROCESS, key="before", note={"text": "x"})
    send(designer, "save", renamed(current_xml()))

    answer = send(designer, "deploy", renamed(current_xml()))
    after = desks.town.start(PROCESS, key="after", note={"text": "x"})

    assert answer.json["version"] == 2
    with db.reading() as session:
        assert instances.get(session, before).version == 1
        assert instances.get(session, after).version == 2
        assert [task.name[0] == "新" for task in tasks.of_instance(session, before)] == [False]
        assert [task.name[0] == "新" for task in tasks.of_instance(session, after)] == [True]
        assert drafts.of(session, PROCESS) is None


def test_the_same_diagram_again_makes_no_version(designer: Browser) -> None:
    answer = send(designer, "deploy", current_xml())

    assert answer.json["message"] == "内容没有变，仍是第 1 版。"
    assert version() == 1


def test_the_others_go_on_calling_the_changed_process(designer: Browser) -> None:
    with db.reading() as session:
        before = {each.process_id for each in definitions.every(session)}

    send(designer, "deploy", renamed(current_xml()))

    with db.reading() as session:
        assert {each.process_id for each in definitions.every(session)} == before


def test_by_two_the_button_leads_to_the_hand_in_and_deploys_nothing(one_of_two: Browser, desks: Desks) -> None:
    assert "交稿审批" in one_of_two.get(f"/designer/{PROCESS}").text

    answer = send(one_of_two, "deploy", renamed(current_xml()))

    assert (answer.status_code, version()) == (200, 1)
    assert answer.json["go"] == f"/releases/#note-{PROCESS}"
    assert f'id="note-{PROCESS}"' in one_of_two.get("/releases/").text
    handed = one_of_two.post(f"/releases/{PROCESS}", {"note": "改了名称"})
    assert handed.status_code == 302 and version() == 1
    desks.town.does("try_out", works=True, text="试过")
    assert version() == 1
    desks.town.does("approve", approved=True, running="stay", text="同意")
    assert version() == 2


def test_by_two_a_faulty_draft_is_kept_and_not_handed_in(one_of_two: Browser) -> None:
    answer = send(one_of_two, "deploy", without_form(current_xml()))

    assert answer.status_code == 422 and "还不能交稿" in answer.json["message"]
    assert version() == 1
    with db.reading() as session:
        assert drafts.of(session, PROCESS) is not None


def test_by_two_what_did_not_change_is_no_draft(one_of_two: Browser) -> None:
    answer = send(one_of_two, "deploy", current_xml())

    assert answer.json["message"] == "内容没有变，仍是第 1 版。"
    with db.reading() as session:
        assert drafts.of(session, PROCESS) is None


def test_a_demonstration_keeps_the_direct_way() -> None:
    assert settings.read({"VISITFLOW_DEMO": "1"}).deploys_directly
    assert settings.read({"VISITFLOW_RELEASE_BY_TWO": "0"}).deploys_directly
    assert not settings.read({}).deploys_directly


def test_a_layout_keeps_the_meaning(designer: Browser) -> None:
    answer = send(designer, "layout", current_xml())

    assert answer.status_code == 200
    found = send(designer, "check", answer.json["xml"]).json["findings"]
    assert [each for each in found if each["level"] == "error"] == []


@pytest.mark.parametrize("what", ["check", "save", "deploy", "layout"])
@pytest.mark.parametrize("xml", ["<not", "not xml at all", "<html/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_is_no_diagram_is_answered_with_a_sentence(designer: Browser, what: str, xml: str) -> None:
    answer = send(designer, what, xml)

    assert answer.status_code in (200, 422)
    assert answer.json.get("message") or answer.json["findings"]
    assert version() == 1


@pytest.mark.parametrize(("xml", "status"), [(None, 400), ("", 400), (5, 400), ("x" * 1_200_000, 413)])
def test_an_empty_or_too_large_body_is_refused(designer: Browser, xml: Any, status: int) -> None:
    assert send(designer, "save", xml).status_code == status


def test_an_unknown_process_is_not_found(designer: Browser) -> None:
    assert designer.get("/designer/no_such").status_code == 404
    assert designer.get("/designer/no_such/diagram.bpmn").status_code == 404


@pytest.mark.parametrize("role", ["admin", "city_manager", "monitor_desk", "visitor"])
def test_only_designers_design(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])

    assert site.get("/designer/").status_code == 403
    assert site.get(f"/designer/{PROCESS}").status_code == 403
    assert send(site, "save", current_xml()).status_code == 403
    assert send(site, "deploy", renamed(current_xml())).status_code == 403
    assert version() == 1
