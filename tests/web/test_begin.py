"""What is begun by hand: buttons by right, one instance of each, the first task at once where it is one's own."""

from __future__ import annotations

import pytest

from engine import db, instances, jobs, tasks
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: db.Database, monday: object) -> Desks:
    return Desks(with_second=True)


def offered(site: Browser, desks: Desks) -> list[str]:
    text = site.get(f"/elders/{desks.town.elder.id}/begin").text
    return [part.split('"')[0] for part in text.split('name="matter" value="')[1:]]


def begins(site: Browser, desks: Desks, matter: str) -> str:
    answer = site.post(f"/elders/{desks.town.elder.id}/begin", {"matter": matter})
    jobs.drain()
    return str(answer.location or answer.status_code)


def test_what_is_offered_goes_by_the_rights_of_the_role(site: Browser, desks: Desks) -> None:
    said = {}
    for role in ("visitor", "village_desk", "grid_worker"):
        site.sign_in(desks.users[role])
        said[role] = offered(site, desks)
        site.post("/sign-out")

    assert said["visitor"] == ["absence", "visit", "change", "facts", "consent", "exit"]
    assert said["village_desk"] == [*said["visitor"][:5], "contacts", "visitor", "exit"]
    assert said["grid_worker"] == ["absence", "exit"]


def test_the_visitor_registers_an_absence_and_is_led_to_its_form(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["visitor"])
    assert f'href="/elders/{desks.town.elder.id}/begin"' in site.get(f"/elders/{desks.town.elder.id}").text
    offered(site, desks)

    address = begins(site, desks, "absence")
    again = begins(site, desks, "absence")

    assert address.startswith("/tasks/") and 'name="kind"' in site.get(address).text
    assert again == f"/elders/{desks.town.elder.id}"  # under way: not begun twice
    assert desks.town.live() == ["temporary_absence"]
    with db.reading() as session:
        assert instances.find(session)[0].started_by == desks.town.staff["visitor"]


@pytest.mark.parametrize(
    ("matter", "element"),
    [("visit", "accept_or_swap"), ("change", "confirm_change"), ("facts", "review_facts"), ("exit", "confirm_exit"),
     ("consent", "explain_and_sign"), ("contacts", "list_supporters"), ("visitor", "propose")],
)  # fmt: skip
def test_each_matter_opens_its_task(site: Browser, desks: Desks, matter: str, element: str) -> None:
    site.sign_in(desks.users["village_desk"])
    offered(site, desks)

    begins(site, desks, matter)

    assert element in desks.town.elements()


def test_what_is_not_offered_is_refused_and_others_elders_are_not_found(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["grid_worker"])
    site.get(f"/elders/{desks.town.elder.id}")
    assert begins(site, desks, "visitor") == "403"
    site.sign_in(desks.elsewhere["village_desk"])
    site.post("/sign-out")
    site.sign_in(desks.elsewhere["village_desk"])

    assert site.get(f"/elders/{desks.town.elder.id}/begin").status_code == 404
    assert begins(site, desks, "exit") == "404"
    assert desks.town.live() == []


def test_who_has_left_has_nothing_more_to_begin(site: Browser, desks: Desks) -> None:
    desks.town.elder_is(status="exited")
    site.sign_in(desks.users["village_desk"])

    assert offered(site, desks) == []
    assert "没有你能发起的事" in site.get(f"/elders/{desks.town.elder.id}/begin").text


@pytest.mark.parametrize("role", ["village_desk", "grid_worker"])
def test_a_new_elder_is_registered_where_the_worker_is(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])
    assert "新增老人" in site.get("/elders").text

    address = str(site.post("/elders/new").location)

    assert 'name="id_number"' in site.get(address).text
    with db.reading() as session:
        row = tasks.find(session).rows[0]
    assert (row.element_id, row.role) == ("collect_basic", role)


@pytest.mark.parametrize("role", ["visitor", "township_desk", "designer"])
def test_who_works_in_no_grid_or_village_registers_nobody(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])
    site.get("/me")

    assert site.post("/elders/new").status_code == 403
