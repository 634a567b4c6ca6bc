"""Whoever belongs elsewhere gets 404 or 403 at every address that names something of an elder, a case or a process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from care import people
from engine import instances
from engine.db import Database
from tests import builders
from tests.town import Town
from tests.web.conftest import Browser
from web.app import create_app

PASSWORD = "passt-genau"


@pytest.fixture
def ids(database: Database, monday: datetime) -> dict[str, Any]:
    """An elder with a running emergency in one township; workers of another township who can sign in."""
    town = Town(name="田桂芝")
    town.device_sends("sos")
    with database.writing() as session:
        other = builders.a_second_township(session, town.city)
        for role in ("visitor", "grid_worker", "village_desk", "township_desk"):
            other.staff[role].password_hash = people.hashed(PASSWORD)
            other.staff[role].user_name = f"other-{role}"
        town.city.staff["designer"].password_hash = people.hashed(PASSWORD)
        (instance, *_) = instances.find(session)
        return {
            "elder_id": town.elder.id,
            "number": town.elder.number,
            "case_id": town.case().id,
            "task_id": next(iter(town.open().values())).id,
            "instance_id": instance.id,
            "what": "phone",
            "designer": people.find_staff(session, town.staff["designer"]).user_name,
        }


def addresses(ids: dict[str, Any]) -> list[str]:
    """Every address that can be opened and names one of these things."""
    app = create_app({"TESTING": True})
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.arguments and rule.arguments <= ids.keys():
                found.append(
                    str(app.url_map.bind("").build(rule.endpoint, {name: ids[name] for name in rule.arguments}))
                )
    return sorted(set(found))


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "village_desk", "township_desk"])
def test_workers_of_another_township_read_nothing(site: Browser, ids: dict[str, Any], role: str) -> None:
    site.sign_in(f"other-{role}")

    wrong = {}
    for address in addresses(ids):
        answer = site.get(address)
        if answer.status_code not in (403, 404) or "田桂芝" in answer.text:
            wrong[address] = answer.status_code

    assert len(addresses(ids)) >= 6
    assert wrong == {}


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "village_desk", "township_desk"])
def test_lists_of_another_township_do_not_name_the_elder(site: Browser, ids: dict[str, Any], role: str) -> None:
    site.sign_in(f"other-{role}")
    app = create_app({"TESTING": True})

    naming = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and not rule.rule.startswith("/static"):
            answer = site.get(rule.rule, query_string={"q": "田桂芝"} if rule.rule != "/elders" else {})
            if "田桂芝" in answer.text.replace('value="田桂芝"', "") or ids["number"] in answer.text:
                naming.append(rule.rule)

    assert naming == []


def test_a_designer_sees_processes_and_no_person(site: Browser, ids: dict[str, Any]) -> None:
    site.sign_in(ids["designer"])

    for address in addresses(ids):
        answer = site.get(address)
        assert "田桂芝" not in answer.text and "139" not in (answer.location or ""), address
