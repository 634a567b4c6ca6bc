"""The rota page: offices that are empty show where their work goes; roster and turns of A and B. Source: R-USR-07."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care import duty_roster, people, rota
from care.duty_roster import DutyTurn
from care.people import Post
from engine import clock, db, operations, tasks
from engine.db import Database
from engine.operations import Subject
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def name(desks: Desks, role: str) -> str:
    with db.reading() as session:
        return people.name_of(session, desks.town.staff[role])


def leaves(desks: Desks, role: str) -> None:
    with db.writing() as session:
        people.away(session, desks.town.staff[role], clock.now() - timedelta(minutes=1), None)


def test_an_empty_village_office_is_red_and_names_the_township(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["township_desk"])
    assert "无人在岗" not in site.get("/rota/").text
    leaves(desks, "village_desk")

    text = site.get("/rota/").text
    assert "无人在岗" in text and "转到青山街道苏木乡镇（街道）" in text


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        ([], "village_desk"),
        (["village_desk"], "township_desk"),
        (["village_desk", "township_desk"], "district_desk"),
        (["village_desk", "township_desk", "district_desk"], "city_desk"),
        (["village_desk", "township_desk", "district_desk", "city_desk"], "city_manager"),
    ],
)
def test_work_falls_upward_to_the_next_desk_that_is_manned(desks: Desks, away: list[str], expected: str) -> None:
    for role in away:
        leaves(desks, role)
    with db.reading() as session:
        subject = Subject(desks.town.elder.id, desks.town.elder.unit_path, "")
        found = operations.role_of(session, "village_desk", subject, {})
        assert found.role == expected
        assert people.holders(session, found.role, found.unit_path)


def test_a_late_task_climbs_over_empty_offices(desks: Desks) -> None:
    town = desks.town
    town.message("need.raised", str(town.elder.id), category="meals", items=["meals"])
    leaves(desks, "township_desk")
    climbed = []
    for _ in range(10):
        town.waits(hours=6)
        with db.reading() as session:
            row = next(each for each in tasks.find(session, limit=50).rows if each.element_id == "check_need")
        climbed += [row.also_role] if row.also_role and row.also_role not in climbed else []

    assert climbed[0] == "district_desk" and "township_desk" not in climbed


def test_the_roster_is_set_for_days_and_read(site: Browser, desks: Desks) -> None:
    today = clock.today()
    site.sign_in(desks.users["village_desk"])
    site.get("/rota/")
    form = {"worker": name(desks, "visitor"), "stand_in": name(desks, "visitor_b"), "from_on": today.isoformat()}
    site.post("/rota/duty", form | {"until_on": (today + timedelta(days=2)).isoformat(), "duty_phone": "04721234567"})

    text = site.get("/rota/").text
    assert text.count(name(desks, "visitor")) >= 4 and "04721234567" in text
    with db.reading() as session:
        assert len(list(session.scalars(select(DutyTurn)))) == 3


@pytest.mark.parametrize(
    "wrong",
    [{"worker": "没有这人"}, {"until_on": "2026-08-01"}, {"until_on": "2027-08-01"}, {"from_on": "x"}, {"same": "yes"}],
)
def test_a_roster_that_makes_no_sense_is_told(site: Browser, desks: Desks, wrong: dict[str, str]) -> None:
    today = clock.today().isoformat()
    site.sign_in(desks.users["village_desk"])
    site.get("/rota/")
    worker = name(desks, "visitor")
    form = {"worker": worker, "from_on": today, "until_on": today} | wrong
    site.post("/rota/duty", form | ({"stand_in": worker} if "same" in wrong else {}))

    with db.reading() as session:
        assert session.scalar(select(DutyTurn)) is None


def test_whoever_has_no_post_in_the_unit_is_not_put_on_call(desks: Desks) -> None:
    with db.writing() as session:
        other = session.scalars(select(Post.staff_id).where(Post.unit_path == desks.elsewhere_path)).first()
        assert other is not None
        with pytest.raises(Exception, match="本单位"):
            duty_roster.set_turns(session, desks.town.city.village, clock.today(), clock.today(), other, None)


def test_the_turn_of_a_and_b_is_set_and_decides_who_has_new_alarms(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["village_desk"])
    elder_id = desks.town.elder.id
    site.get("/rota/")
    site.post(f"/rota/turns/{elder_id}", {"turn": "day"})
    with db.reading() as session:
        assert [rota.is_b_on(row, clock.today() + timedelta(days=n)) for n in range(3)
                for row in rota.current(session, [elder_id]).values()] == [False, True, False]  # fmt: skip
    site.post(f"/rota/turns/{elder_id}", {"turn": ""})
    with db.reading() as session:
        assert rota.current(session, [elder_id]) == {}


def test_units_of_elsewhere_are_not_read(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.elsewhere["village_desk"])

    assert site.get("/rota/", query_string={"unit": desks.town.city.village.path}).status_code == 404
    assert site.post(f"/rota/turns/{desks.town.elder.id}", {"turn": "day"}).status_code in (403, 404)
    assert "田桂芝" not in site.get("/rota/").text
