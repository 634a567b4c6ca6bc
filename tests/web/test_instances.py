from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

import pytest

from engine import clock, db, history, incidents, incoming, instances, jobs, verbs
from engine.db import Database
from tests.processes import answers as say
from tests.web.conftest import Browser, application
from tests.web.desks import Desks
from web import instance_words


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


def test_designers_read_the_ids_beside_the_words_and_nobody_else_does(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    site.sign_in(desks.users["designer"])
    of_designer = site.get(f"/instances/{instance_id}").text
    site.sign_in(desks.users["district_desk"])
    of_desk = site.get(f"/instances/{instance_id}").text

    assert '<code class="id">judge_severity</code>' in of_designer and "按决策表判定" in of_designer
    assert "<code" not in of_desk and "按决策表判定" in of_desk
    assert "judge_severity" not in re.sub(r"(?s)<script.*?</script>|data-[a-z]+='[^']*'", "", of_desk)


def test_a_message_that_may_come_is_called_as_the_diagram_calls_it(site: Browser, desks: Desks) -> None:
    elder_id = desks.town.elder.id
    with jobs.transaction() as session:
        incoming.message(session, "aid.proposed", str(elder_id), {"elder_id": elder_id, "kind": "care_subsidy"})
    jobs.drain()
    with db.reading() as session:
        [row] = instances.find(session, process_ids=("policy_aid",), limit=5)
        instance_id = row.id
    site.sign_in(desks.users["district_desk"])

    waits = site.get(f"/instances/{instance_id}").text

    assert "如果来消息：老人退出" in waits and "elder.exited" not in waits


def test_why_a_task_was_transferred_is_told_to_who_leads_the_unit(site: Browser, desks: Desks) -> None:
    instance_id = instance_of(desks)
    task = desks.town.open()["call_elder"]
    with jobs.transaction() as session:
        verbs.urge(session, task.id, by=desks.town.staff["township_desk"], why="老人家没人，快去")
    texts = {}
    for role in ("district_desk", "designer"):
        site.sign_in(desks.users[role])
        texts[role] = site.get(f"/instances/{instance_id}").text

    assert "催办，老人家没人，快去" in texts["district_desk"]
    assert "催办" in texts["designer"] and "老人家没人" not in texts["designer"]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("period.opened", "特殊时段开始"),
        ("tier.lowered.key", "等级：重点"),
        ("exit.moved_out", "退出：迁出（离开本市）"),
        ("aid.granted", "政策补贴：已获批"),
        ("case.handled", "处置完成"),
    ],
)
def test_a_milestone_is_told_in_words(site: Browser, desks: Desks, what: str, words: str) -> None:
    row = history.HistoryRow(1, clock.now(), None, None, "x", None, what, None, None, None, None, None)

    with application().test_request_context("/"):
        assert instance_words.happened(row) == words


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
