"""The page of what a restore held back: who may, what is sent and what never, and who decided why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import db, held, jobs, outgoing
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import held_back

SENT: list[str] = []


@pytest.fixture
def desks(database: db.Database, monday: datetime) -> Desks:
    """Three effects were going out when the backup was made."""
    desks = Desks()
    SENT.clear()
    outgoing.delivers("test.held")(lambda payload, key: SENT.append(key))
    with jobs.transaction() as session:
        for key in ("one", "two", "three"):
            outgoing.record(session, "test.held", key)
        held.hold_back(session, datetime(2026, 8, 2, tzinfo=UTC))
    jobs.drain()
    return desks


def ids() -> dict[str, str]:
    with db.reading() as session:
        return {each.key: str(each.id) for each in held.find(session)}


def test_one_is_released_one_dropped_and_the_page_says_by_whom_and_why(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["admin"])
    assert "/instances/held/" in site.get("/instances/").text
    assert "等人决定 3 条" in site.get("/instances/held/").text

    site.post("/instances/held/", {"what": "released", "id": ids()["one"], "reason": "网关没有记录"})
    site.post("/instances/held/", {"what": "dropped", "id": ids()["two"], "reason": "已经发过"})
    jobs.drain()

    assert (SENT, list(ids())) == (["one"], ["three"])
    shown = site.get("/instances/held/").text
    assert "等人决定 1 条" in shown and "网关没有记录" in shown and "已经发过" in shown
    with db.reading() as session:
        assert {(each.what, each.why) for each in held.decided(session)} == {
            ("released", "网关没有记录"),
            ("dropped", "已经发过"),
        }
        assert all(each.who for each in held.decided(session))


def test_all_are_settled_at_once_and_a_reason_is_asked_for(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["admin"])
    site.get("/instances/held/")

    assert site.post("/instances/held/", {"what": "dropped", "every": "1", "reason": " "}).status_code == 422
    assert len(ids()) == 3
    site.post("/instances/held/", {"what": "dropped", "every": "1", "reason": "都发过"})
    jobs.drain()

    assert (ids(), SENT) == ({}, [])
    assert "/instances/held/" not in site.get("/instances/").text


def test_pages_go_on_by_key(site: Browser, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_back, "PAGE", 2)
    site.sign_in(desks.users["admin"])
    with db.reading() as session:
        rows = held.find(session)

    assert f'value="{rows[2].id}"' not in site.get("/instances/held/").text
    rest = site.get(f"/instances/held/?at={rows[1].created_at:%Y-%m-%dT%H:%M:%S.%f}%2B00:00&id={rows[1].id}").text
    assert f'value="{rows[2].id}"' in rest and f'value="{rows[1].id}"' not in rest


@pytest.mark.parametrize("role", ["district_desk", "monitor_desk", "designer", "auditor", "visitor"])
def test_nobody_but_administrators(site: Browser, desks: Desks, role: str) -> None:
    site.sign_in(desks.users[role])

    assert site.get("/instances/held/").status_code == 403
    assert site.post("/instances/held/", {"what": "released", "every": "1", "reason": "x"}).status_code == 403
    assert len(ids()) == 3
