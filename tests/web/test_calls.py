"""The hotline's page of calls, and the interface of the telephone system. Source: processes P21; 5.2; R-NET-06."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from care import contacts, elders
from care.hotline import Ticket
from care.visits import Visit
from engine import clock, db, jobs
from tests import builders
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements
from web.api import tokens


@pytest.fixture
def desks(database: db.Database, monday: datetime) -> Desks:
    return Desks()


def rings(
    site: Browser, desks: Desks, phone: str, number: str = "c1", who: str = "hotline", **said: Any
) -> TestResponse:
    """The telephone system tells of a call, a second after the one before, with a token of that role."""
    desks.town.waits(seconds=1)
    with db.writing() as session:
        _, text = tokens.make(session, desks.town.staff[who], "telephone system", said.pop("scopes", ("calls",)))
    headers = {"Authorization": f"Bearer {text}"}
    answer = site.client.post("/api/v1/calls", json={"id": number, "phone": phone} | said, headers=headers)
    jobs.drain()
    return answer


def page(site: Browser, desks: Desks, who: str = "hotline") -> str:
    site.sign_in(desks.users[who])
    return site.get("/calls/").text


def son(desks: Desks) -> str:
    return f"136{desks.town.elder.id:08d}"


def test_the_card_of_the_callers_elder_opens_with_visit_and_what_is_under_way(site: Browser, desks: Desks) -> None:
    elder = desks.town.elder
    with db.writing() as session:
        at = clock.now() - timedelta(days=2)
        session.add(
            Visit(elder_id=elder.id, unit_path=elder.unit_path, opens_at=at, due_at=at, arrived_at=at, done_at=at,
                  state="done", mode="home")
        )  # fmt: skip
    desks.town.start("visit_ordered")

    answer = rings(site, desks, son(desks), recording="r-1")
    text = page(site, desks)

    assert (answer.status_code, answer.json) == (201, {"state": "done"})
    assert elder.name in text and elder.number in text and "上门" in text and "接探访单" in text
    assert son(desks) not in text  # masked
    task = desks.town.open()["answer"]
    assert f"task={task.id}" in text
    form = site.get(f"/desk/?task={task.id}").text
    assert elder.number in form
    with db.reading() as session:
        (ticket,) = session.query(Ticket).all()
        assert (ticket.elder_id, ticket.recording) == (elder.id, "r-1")


def test_once_the_ticket_is_written_the_call_is_gone(site: Browser, desks: Desks) -> None:
    rings(site, desks, son(desks))
    desks.town.does("answer", caller="family", kind="consult", words="问高龄津贴", promised=False)

    assert "现在没有来电" in page(site, desks)


def test_the_same_call_told_twice_is_one(site: Browser, desks: Desks) -> None:
    assert rings(site, desks, son(desks)).json == {"state": "done"}
    assert rings(site, desks, son(desks)).json == {"state": "known"}

    with db.reading() as session:
        assert session.query(Ticket).count() == 1


def test_a_number_of_several_elders_shows_them_all_and_chooses_none(site: Browser, desks: Desks) -> None:
    with db.writing() as session:
        other = builders.an_elder(session, desks.town.city, name="王有福", phone=son(desks))
        name = other.name
    rings(site, desks, son(desks))
    text = page(site, desks)

    assert "几位老人" in text and name in text and desks.town.elder.name in text


def test_an_unknown_number_is_a_call_like_any_other(site: Browser, desks: Desks) -> None:
    rings(site, desks, "13000000000")
    text = page(site, desks)

    assert "号码认不出" in text and "接听登记" in text


def test_nothing_of_closed_files_and_no_sign_of_a_suspicion(site: Browser, desks: Desks) -> None:
    with db.reading() as session:
        named = contacts.supporters_of(session, desks.town.elder.id)[1].id
    desks.town.message("duty.suspected", str(desks.town.elder.id), kind="care", supporter_id=named)
    assert "verify" in desks.town.elements()
    daughter = f"137{desks.town.elder.id:08d}"
    rings(site, desks, daughter)
    text = page(site, desks)
    assert desks.town.elder.name in text and "赡养" not in text

    desks.town.message("duty.suspected", str(desks.town.elder.id), kind="abuse", supporter_id=named)
    rings(site, desks, son(desks), "c2")
    text = page(site, desks)
    assert "号码认不出" in text and not any(word in text for word in ("虐待", "赡养", "报110"))


@pytest.mark.parametrize("who", ["village_desk", "visitor", "monitor_desk", "city_manager"])
def test_only_the_hotline_sees_calls_and_speaks_for_the_telephone_system(site: Browser, desks: Desks, who: str) -> None:
    assert rings(site, desks, son(desks), who=who).status_code == 403
    site.sign_in(desks.users[who])

    assert site.get("/calls/").status_code == 403 and site.get("/calls/rows").status_code == 403


@pytest.mark.parametrize(
    ("said", "status"),
    [({"phone": "<script>"}, 422), ({"phone": ""}, 422), ({"id": ""}, 422), ({"recording": "x" * 81}, 422)],
)
def test_what_is_no_call_is_refused(site: Browser, desks: Desks, said: dict[str, str], status: int) -> None:
    phone, number = said.pop("phone", son(desks)), said.pop("id", "c9")

    assert rings(site, desks, phone, number, **said).status_code == status


def test_a_token_without_the_scope_tells_of_no_call(site: Browser, desks: Desks) -> None:
    assert rings(site, desks, son(desks), scopes=("tasks",)).status_code == 403


def test_ten_calls_ask_no_more_than_two(site: Browser, desks: Desks) -> None:
    asked = []
    with db.writing() as session:
        ids = [builders.an_elder(session, desks.town.city).id for _ in range(10)]
    with db.reading() as session:
        numbers = [str(elders.get(session, each).phone) for each in ids]
    site.sign_in(desks.users["hotline"])
    for some in (numbers[:2], numbers[2:]):
        for phone in some:
            rings(site, desks, phone, f"n{phone}")
        with counted_statements() as ran:
            assert site.get("/calls/rows").status_code == 200
        asked.append(len(ran))

    assert asked[0] == asked[1]
