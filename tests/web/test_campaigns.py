"""The pages of survey campaigns: opening, targets, progress, and a list behind every number."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care.campaigns import Campaign, Target
from engine import clock, db, jobs
from engine.db import Database
from tests.processes.test_village_survey import opened, said
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def a_form(desks: Desks, **changes: str) -> dict[str, str]:
    today = clock.today()
    form = {
        "name": "夏季摸底", "kind": "full", "unit": desks.town.city.district.path, "repeats": "",
        "from_on": today.isoformat(), "until_on": (today + timedelta(days=10)).isoformat(),
    }  # fmt: skip
    return form | changes


def count() -> int:
    with db.reading() as session:
        return len(list(session.scalars(select(Campaign))))


def test_a_district_desk_opens_a_campaign_and_the_village_reads_its_task(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["district_desk"])
    site.get("/surveys/")
    answer = site.post("/surveys/", a_form(desks))
    jobs.drain()
    assert answer.status_code == 302 and count() == 1

    site.sign_in(desks.users["village_desk"])
    text = site.get(f"/tasks/{desks.town.open()['do_survey'].id}").text
    assert "入户摸排" in text and "没有新发现的老人" in text and "没有下达数" in text


def test_the_target_set_on_the_page_stands_in_the_villages_task(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    site.sign_in(desks.users["district_desk"])
    page = site.get(f"/surveys/{campaign_id}/villages")
    field = re.search(r'name="(households-\d+)"', page.text)
    assert field is not None
    site.post(f"/surveys/{campaign_id}/targets", {field[1]: "120", "what": "villages"})
    site.sign_in(desks.users["village_desk"])

    assert "120 户" in site.get(f"/tasks/{desks.town.open()['do_survey'].id}").text


def test_a_wrong_number_is_told_and_changes_nothing(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    with db.reading() as session:
        target_id = session.scalars(select(Target)).one().id
    site.sign_in(desks.users["district_desk"])
    site.get(f"/surveys/{campaign_id}/villages")
    site.post(f"/surveys/{campaign_id}/targets", {f"households-{target_id}": "约120"})

    assert "不是数字" in site.get(f"/surveys/{campaign_id}/villages").text
    with db.reading() as session:
        assert session.scalars(select(Target)).one().households_due is None


@pytest.mark.parametrize("role", ["village_desk", "township_desk", "district_lead", "auditor"])
def test_others_read_and_do_not_open(site: Browser, desks: Desks, role: str) -> None:
    campaign_id = opened(desks.town)
    site.sign_in(desks.users[role])
    text = site.get("/surveys/").text

    assert "2026年摸底排查" in text and "布置一次排查" not in text
    assert site.post("/surveys/", a_form(desks)).status_code == 403
    assert site.post(f"/surveys/{campaign_id}/close").status_code == 403
    assert count() == 1


def test_every_number_opens_its_list(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    desks.town.does("do_survey", **said(nothing_new=False, found=[{"name": "赵新登"}], complete=False))
    site.sign_in(desks.users["township_desk"])
    text = site.get(f"/surveys/{campaign_id}").text

    addresses = set(re.findall(rf'href="(/surveys/{campaign_id}[^"]+)"', text))
    assert any("/found" in each for each in addresses) and any("what=done" in each for each in addresses)
    for address in addresses:
        assert site.get(address.replace("&amp;", "&")).status_code == 200, address
    assert "赵新登" in site.get(f"/surveys/{campaign_id}/found").text


def test_the_city_reads_masked_names(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    desks.town.does("do_survey", **said(nothing_new=False, found=[{"name": "赵新登"}], complete=False))
    site.sign_in(desks.users["city_desk"])
    text = site.get(f"/surveys/{campaign_id}/found").text

    assert "赵新登" not in text and "赵" in text


def test_what_is_late_is_counted_and_listed(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    desks.town.waits(days=16)
    site.sign_in(desks.users["district_desk"])

    assert "过期" in site.get("/surveys/").text
    assert "春光社区" in site.get(f"/surveys/{campaign_id}/villages", query_string={"what": "late"}).text
    assert "春光社区" not in site.get(f"/surveys/{campaign_id}/villages", query_string={"what": "done"}).text


@pytest.mark.parametrize("days", [1, 16])
def test_what_is_done_is_never_overdue(site: Browser, desks: Desks, days: int) -> None:
    campaign_id = opened(desks.town)
    desks.town.does("do_survey", **said())
    desks.town.does("check_survey", answer="yes")
    desks.town.waits(days=days)
    site.sign_in(desks.users["district_desk"])

    for address in ("/surveys/", f"/surveys/{campaign_id}"):
        assert states(site.get(address).text) == ["已查完"]


def test_what_was_ended_early_is_not_overdue_later(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    desks.town.does("do_survey", **said(households_done=30, complete=False))
    site.sign_in(desks.users["district_desk"])
    site.get(f"/surveys/{campaign_id}")
    site.post(f"/surveys/{campaign_id}/close")
    jobs.drain()
    desks.town.waits(days=16)
    site.sign_in(desks.users["district_desk"])

    assert states(site.get("/surveys/").text) == ["已结束"]
    assert "春光社区" not in site.get(f"/surveys/{campaign_id}/villages", query_string={"what": "late"}).text


def states(text: str) -> list[str]:
    """The words of all tags."""
    return re.findall(r'<span class="tag"[^>]*>([^<]+)</span>', text)


def test_another_district_knows_nothing_of_it(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    site.sign_in(desks.elsewhere["district_desk"])

    assert "2026年摸底排查" not in site.get("/surveys/").text
    for address in ("", "/villages", "/found"):
        assert site.get(f"/surveys/{campaign_id}{address}").status_code == 404


def test_a_page_asks_as_often_for_many_villages_as_for_one(site: Browser, desks: Desks) -> None:
    campaign_id = opened(desks.town)
    site.sign_in(desks.users["district_desk"])
    site.get(f"/surveys/{campaign_id}")
    with counted_statements() as few:
        site.get(f"/surveys/{campaign_id}")
    with db.writing() as session:
        from care import organisation

        for number in range(12):
            unit = organisation.add(session, desks.town.city.township, "village", f"村{number}")
            session.add(Target(campaign_id=campaign_id, unit_path=unit.path))
    with counted_statements() as many:
        site.get(f"/surveys/{campaign_id}")

    assert len(many) == len(few)
