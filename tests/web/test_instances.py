from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

import pytest

from engine import db, incidents, instances, jobs
from engine.db import Database
from tests.processes import answers as say
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def instance_of(desks: Desks) -> UUID:
    desks.alarm()
    found = desks.town.case().instance_id
    assert found is not None
    return found


def an_incident(instance_id: UUID, unit_path: str) -> UUID:
    with jobs.transaction() as session:
        incident_id, _ = incidents.open_or_update(
            session,
            kind="stuck",
            error="决策表 alarm_severity 没有给出结果",
            instance_id=instance_id,
            process_id="emergency_online",
            element="judge_severity",
            unit_path=unit_path,
            attempts=3,
        )
    return incident_id


def test_the_list_shows_what_runs_with_the_number_of_the_elder_not_the_name(site: Browser, desks: Desks) -> None:
    instance_of(desks)
    site.sign_in(desks.users["designer"])

    text = site.get("/instances/").text

    assert "线上应急" in text
    assert desks.town.elder.number in text
    assert "田桂芝" not in text


def test_the_page_of_an_instance_tells_what_it_waits_for(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    site.sign_in(desks.users["admin"])

    text = site.get(f"/instances/{instance_id}").text

    assert "现在等什么" in text
    assert "联系老人" in text
    assert "网格员上门核实：5分钟" in text
    assert "触发预警" in text
    assert "田桂芝" not in text


def test_the_history_is_told_in_words(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    desks.town.takes("call_elder")
    desks.town.does("call_elder", **say.mistaken())
    desks.town.does("record_false_alarm", cause="pressed", told=["elder"])
    site.sign_in(desks.users["admin"])

    text = site.get(f"/instances/{instance_id}").text
    happened = re.findall(r"<td>([^<]*)</td></tr>", text)

    assert happened
    assert [words for words in happened if re.fullmatch(r"[a-z_.]+", words)] == []


def test_a_called_diagram_is_shown_when_chosen(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    site.sign_in(desks.users["admin"])

    text = site.get(f"/instances/{instance_id}?diagram=onsite_check").text

    assert 'aria-current="true">网格员响应核实' in text


def test_the_file_of_a_version_is_served_once_and_for_all(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    site.sign_in(desks.users["admin"])
    found = re.search(r'data-diagram="([^"]+)"', site.get(f"/instances/{instance_id}").text)
    assert found

    answer = site.get(found[1])

    assert b"emergency_online" in answer.data
    assert "immutable" in answer.headers["Cache-Control"]


def test_an_incident_says_where_and_why_and_is_tried_again(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    incident_id = an_incident(instance_id, desks.town.city.village.path)
    site.sign_in(desks.users["admin"])

    listed = site.get("/instances/").text
    shown = site.get(f"/instances/{instance_id}").text
    answer = site.post(f"/instances/incidents/{incident_id}/retry")

    assert "识别预警分类" in listed
    assert "「识别预警分类」办不下去" in shown
    assert "决策表 alarm_severity 没有给出结果" in shown
    assert answer.status_code == 302
    with db.reading() as session:
        assert incidents.get(session, incident_id).closed_at is not None


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("designer", 403), ("visitor", 403), ("admin", 302)])
def test_whoever_only_watches_cannot_try_again(site: Browser, desks: Desks, role: str, status: int) -> None:
    incident_id = an_incident(instance_of(desks), desks.town.city.village.path)
    site.sign_in(desks.users[role])

    assert site.post(f"/instances/incidents/{incident_id}/retry").status_code == status


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "village_desk", "monitor_desk"])
def test_whoever_watches_no_processes_has_no_list(site: Browser, desks: Desks, role: str) -> None:
    instance_id = instance_of(desks)
    site.sign_in(desks.users[role])

    assert site.get("/instances/").status_code == 403
    assert site.get(f"/instances/{instance_id}").status_code == 404


def test_another_district_does_not_find_the_instance(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    incident_id = an_incident(instance_id, desks.town.city.village.path)
    site.sign_in(desks.elsewhere["district_desk"])

    assert "线上应急</a>" not in site.get("/instances/").text
    assert site.get(f"/instances/{instance_id}").status_code == 404
    assert site.post(f"/instances/incidents/{incident_id}/retry").status_code == 404


def test_long_lists_are_turned_page_by_page(site: Browser, desks: Desks) -> None:
    for number in range(52):
        desks.town.start("village_note", key=f"note{number}", note={"text": "x"})
    site.sign_in(desks.users["admin"])

    first = site.get("/instances/").text
    older = re.search(r'href="([^"]+)">看更早的', first)
    assert older
    second = site.get(older[1].replace("&amp;", "&")).text

    with db.reading() as session:
        every = len(instances.find(session, limit=200))
    assert first.count('<th scope="row"><a href="/instances/') == 50
    assert second.count('<th scope="row"><a href="/instances/') == every - 50
