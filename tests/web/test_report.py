from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from engine import incoming
from engine.db import Database
from tests.web.conftest import Browser, Place


def sent(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(message, key, lane, payload) of what was reported."""
    with database.reading() as session:
        table = incoming.incoming
        rows = session.execute(select(table.c.name, table.c.key, table.c.lane, table.c.payload))
        return [(row.name, row.key, row.lane, row.payload["payload"]) for row in rows]


def the_number(text: str) -> str:
    found = re.search(r'name="submission" value="([^"]+)"', text)
    assert found
    return found[1]


def test_four_taps_report_an_emergency_in_the_alarm_lane(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    number = the_number(site.get(f"/report?elder={place.elder_id}").text)

    answer = site.post(
        "/report", {"submission": number, "elder": place.elder_id, "kinds": ["fall", "illness"], "danger": "yes"}
    )

    assert answer.location.startswith("/report/sent")
    ((name, key, lane, payload),) = sent(database)
    assert (name, key, lane) == ("emergency.offline", f"{place.elder_id}:illness", "alarm")
    assert payload["kinds"] == ["illness", "fall"] and payload["danger"] is True
    assert payload["reported_by"] == place.ids["visitor"] and payload["elder_id"] == place.elder_id
    assert "社区正在接" in site.get(answer.location).text


def test_reporting_twice_by_a_double_click_is_one_report(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    form = {
        "submission": the_number(site.get("/report").text),
        "elder": place.elder_id,
        "kinds": ["gas"],
        "danger": "unknown",
    }

    site.post("/report", form)
    site.post("/report", form)

    assert len(sent(database)) == 1


def test_somebody_unknown_is_reported_by_the_place(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["grid_worker"])
    number = the_number(site.get("/report").text)

    site.post(
        "/report",
        {"submission": number, "place": "河沿路口", "kinds": ["missing"], "danger": "no", "words": "老人找不到家"},
    )

    ((_, key, _, payload),) = sent(database)
    assert key == f"place:{number}"
    assert payload["elder_id"] is None and payload["place"] == "河沿路口"
    assert payload["report"] == "老人找不到家" and payload["danger"] is False


def test_what_is_missing_comes_back_with_what_was_chosen(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["visitor"])
    number = the_number(site.get("/report").text)

    answer = site.post("/report", {"submission": number, "kinds": ["fire"], "words": "厨房冒烟"})

    assert answer.status_code == 422
    assert "选一位老人；不认识就写地点。" in answer.text and "选一个，说不清也行。" in answer.text
    assert "厨房冒烟" in answer.text and re.search(r'value="fire" checked', answer.text)
    assert the_number(answer.text) == number
    assert sent(database) == []


def test_an_elder_out_of_scope_cannot_be_reported_by_number(site: Browser, database: Database, place: Place) -> None:
    site.sign_in(place.users["designer"])
    site.get("/report")

    answer = site.post("/report", {"elder": place.elder_id, "kinds": ["fall"], "danger": "no"})

    assert answer.status_code == 422 and sent(database) == []


def test_a_place_without_an_elder_lies_where_the_reporter_works(
    site: Browser, place: Place, database: Database
) -> None:
    site.sign_in(place.users["grid_worker"])
    site.get("/report")
    site.post("/report", {"place": "街心公园长椅", "kinds": ["illness"], "danger": "yes"})

    ((_, _, _, payload),) = sent(database)
    assert payload["unit_path"] == place.paths["grid"]
