"""The closed files of supporters' duty, as pages."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from care import contacts, elders
from care.duties import DutyCase
from engine import db
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    found = Desks()
    found.town.message("duty.suspected", str(found.town.elder.id), kind="abuse")
    found.town.does("assess_crime", suspected=False, finding="现场没有伤情")
    return found


def file_id() -> int:
    with db.reading() as session:
        return session.scalars(select(DutyCase.id)).one()


def test_who_is_named_reads_what_was_written(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["township_lead"])

    assert "田桂芝" in site.get("/duties/").text
    text = site.get(f"/duties/{file_id()}").text
    assert "现场没有伤情" in text and "虐待" in text and "停发对方通知" in text


@pytest.mark.parametrize(
    "role", ["visitor", "township_desk", "district_desk", "district_lead", "city_manager", "admin", "auditor"]
)
def test_to_everybody_else_there_is_no_file(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])

    assert site.get(f"/duties/{file_id()}").status_code == 404
    assert "田桂芝" not in site.get("/duties/").text


@pytest.mark.parametrize("role", ["visitor", "township_desk", "auditor"])
def test_the_elders_page_does_not_tell_of_it(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])
    text = site.get(f"/elders/{desks.town.elder.id}").text

    assert "田桂芝" in text and "判断是否涉嫌犯罪" not in text


def test_the_list_of_instances_does_not_tell_of_it(site: Browser, desks: Desks) -> None:
    with db.reading() as session:
        instance_id = session.scalars(select(DutyCase.instance_id)).one()
    site.sign_in(desks.users["district_desk"])
    assert str(instance_id) not in site.get("/instances/?process=supporter_duty").text
    assert site.get(f"/instances/{instance_id}").status_code == 404


def test_only_the_lead_lifts_the_hold_and_with_a_reason(site: Browser, desks: Desks) -> None:
    where = f"/duties/{file_id()}/lift"
    site.sign_in(desks.users["village_desk"])
    assert site.post(where, {"reason": "已经核实清楚"}).status_code == 403
    site.sign_in(desks.users["township_lead"])
    site.post(where, {"reason": "无"})
    with db.reading() as session:
        assert elders.get(session, desks.town.elder.id).protective_hold
    site.post(where, {"reason": "已经核实清楚"})

    with db.reading() as session:
        assert not elders.get(session, desks.town.elder.id).protective_hold
        assert len(contacts.notifiable(session, desks.town.elder.id)) == 2


def test_the_lead_names_a_colleague_who_then_reads_it(site: Browser, desks: Desks) -> None:
    where = f"/duties/{file_id()}"
    site.sign_in(desks.users["village_desk"])
    assert site.post(f"{where}/name", {"worker": desks.users["township_desk"]}).status_code == 403
    site.sign_in(desks.users["township_lead"])
    site.post(f"{where}/name", {"worker": desks.users["township_desk"]})
    site.sign_in(desks.users["township_desk"])

    assert site.get(where).status_code == 200
    site.sign_in(desks.users["visitor"])
    assert site.get(where).status_code == 404
