from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from care import elders
from care.files import AccessLog
from engine import clock, history
from engine.db import Database
from tests.builders import a_city, an_elder
from tests.web.conftest import Browser, Place, a_task
from web import tier_story


def readings(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        return [(row.staff_id, row.what) for row in session.query(AccessLog).order_by(AccessLog.id)]


def test_a_visitor_sees_the_own_elders_only(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        an_elder(session, a_city(session), name="别处人")
    site.sign_in(place.users["visitor"])

    shown = site.get("/elders").text

    assert "田桂芝" in shown and "别处人" not in shown


def test_every_address_of_an_elder_out_of_scope_answers_404(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        other = an_elder(session, a_city(session), name="别处人")
        elder_id, number = other.id, other.number
    site.sign_in(place.users["visitor"])

    for address in (
        f"/elders/{elder_id}",
        f"/elders/number/{number}",
        f"/elders/{elder_id}/call/phone",
        f"/elders/{elder_id}/call/id_number",
    ):
        assert site.get(address).status_code == 404, address
    assert site.post(f"/elders/{elder_id}/reveal", {"what": "phone"}).status_code == 404
    assert "没有找到" in site.get("/elders?q=别处人").text
    assert "别处人" not in site.get(f"/report?elder={elder_id}").text


def test_the_file_masks_numbers_and_writes_down_who_read_it(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    shown = site.get(f"/elders/{place.elder_id}").text

    assert "139****" in shown and "1502**********" in shown
    assert "高血压" in shown and "女儿" in shown
    assert readings(database) == [(place.ids["visitor"], "file")]


def test_a_number_is_shown_on_asking_and_that_is_written_down(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    site.get(f"/elders/{place.elder_id}")
    address = f"/elders/{place.elder_id}/reveal"

    by_script = site.post(address, {"what": "phone"}, headers={"Accept": "application/json"})
    by_page = site.post(address, {"what": "id_number"})

    assert by_script.json is not None and by_script.json["value"].startswith("139")
    assert "1502002" not in by_script.text and "15020019440301" in by_page.text
    assert (place.ids["visitor"], "reveal:phone") in readings(database)
    assert (place.ids["visitor"], "reveal:id_number") in readings(database)


def test_calling_dials_without_showing_and_is_written_down(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    answer = site.get(f"/elders/{place.elder_id}/call/phone")

    assert answer.status_code == 302 and answer.location.startswith("tel:139")
    assert readings(database) == [(place.ids["visitor"], "reveal:phone")]


def test_a_grid_worker_reads_no_health_and_no_id_number(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["grid_worker"])
    shown = site.get(f"/elders/{place.elder_id}")

    assert shown.status_code == 200
    assert "高血压" not in shown.text and "1502" not in shown.text
    assert site.post(f"/elders/{place.elder_id}/reveal", {"what": "id_number"}).status_code == 403


def test_a_city_desk_gives_a_reason_first_and_the_log_keeps_it(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["city_desk"])
    assert site.get(f"/elders/{place.elder_id}").status_code == 404
    site.get("/elders")

    short = site.post("/elders/reason", {"number": place.elder_number, "reason": "看"}, follow_redirects=True)
    opened = site.post("/elders/reason", {"number": place.elder_number, "reason": "核对上级来信"})

    assert "请写明调阅理由" in short.text
    assert opened.location == f"/elders/{place.elder_id}"
    assert site.get(opened.location).status_code == 200
    assert (place.ids["city_desk"], "reason") in readings(database)


def test_a_designer_and_an_administrator_read_no_files(site: Browser, database: Database, place: Place) -> None:
    for role in ("designer", "admin"):
        site.sign_in(place.users[role])
        assert "田桂芝" not in site.get("/elders").text
        assert site.get(f"/elders/{place.elder_id}").status_code == 404
        site.post("/sign-out")


def test_the_file_leads_to_what_is_owed(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        task_id = a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], name="每周探访"
        )
    site.sign_in(place.users["visitor"])

    assert f'href="/tasks/{task_id}"' in site.get(f"/elders/{place.elder_id}").text


def test_searching_finds_by_name_number_and_whole_telephone(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    assert "田桂芝" in site.get("/elders?q=田桂").text
    assert "田桂芝" in site.get(f"/elders?q={place.elder_number.lower()}").text
    assert "没有找到" in site.get("/elders?q=不存在的人").text
    assert "没有找到" in site.get("/elders?q=%25").text, "signs of patterns find nothing"


def test_the_file_of_one_who_has_died_says_so_and_offers_no_call(
    site: Browser, database: Database, place: Place
) -> None:
    site.sign_in(place.users["visitor"])
    assert "打电话" in site.get(f"/elders/{place.elder_id}").text
    with database.writing() as session:
        elders.set_status(session, elders.get(session, place.elder_id), "exited")

    shown = site.get(f"/elders/{place.elder_id}").text

    assert ">退出</span>" in shown
    assert "打电话" not in shown and f"/report?elder={place.elder_id}" not in shown


def test_every_reason_for_a_tier_that_a_diagram_gives_has_words() -> None:
    decides = re.compile(r'id="tiers\.decide".*?id="reason"[^>]*value="&quot;(\w+)&quot;"', re.DOTALL)
    folder = Path(tier_story.__file__).parents[1] / "processes"
    given = {each for file in folder.glob("*/*.bpmn") for each in decides.findall(file.read_text(encoding="utf-8"))}

    assert given and given <= tier_story.REASONS.keys()


def test_a_year_stands_on_a_line_of_its_own_in_a_timeline(site: Browser, database: Database, place: Place) -> None:
    with database.writing() as session:
        row = history.row_of("completed", who=place.ids["visitor"], name="探访", subject_id=place.elder_id)
        history.write_all(session, [row | {"at": clock.now() - timedelta(days=400)}])
    site.sign_in(place.users["visitor"])

    assert "年<wbr>" in site.get(f"/elders/{place.elder_id}").text
