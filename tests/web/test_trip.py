"""The day door by door: one stop for a household, the most urgent first, then along the way; the code at the door."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from care.elders import Elder, Household
from care.visits import Visit
from engine import clock, db, forms, incoming, jobs
from engine.jobs import transaction
from tests.town import Town
from tests.web.conftest import Browser, Place, a_task
from tests.web.desks import Desks, counted_statements
from web import trip
from web.trip import Stop, ordered


def stops(text: str) -> list[str]:
    """Each stop's heading."""
    return [re.sub(r"<[^>]+>|\s", "", found)[1:] for found in re.findall(r"<h2 id=\"stop-\d+\">(.*?)</h2>", text, re.S)]


def home_of(place: Place, name: str, address: str, position: list[float], household: int | None = None) -> int:
    """Another elder of the visitor's in the same grid."""
    with db.writing() as session:
        first = session.get_one(Elder, place.elder_id)
        made = Elder(
            name=name, born_on=date(1940, 1, 1), unit_id=first.unit_id, unit_path=first.unit_path, address=address,
            position=position, household_id=household, registered_on=clock.today(), facts={}, health={},
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def owed(place: Place, elder_id: int, **facts: Any) -> Any:
    with db.writing() as session:
        return a_task(session, "visitor", place.paths["village"], elder_id, assignee=place.ids["visitor"], **facts)


def test_a_household_is_one_stop_and_the_way_leads_to_the_nearest_next(site: Browser, place: Place) -> None:
    with db.writing() as session:
        home = Household(unit_path=place.paths["grid"])
        session.add(home)
        session.flush()
        household = home.id
        first = session.get_one(Elder, place.elder_id)
        first.household_id, first.position, first.address = household, [40.60, 109.80], "1号楼101"
    partner = home_of(place, "孟淑兰", "1号楼101", [40.60, 109.80], household)
    far = home_of(place, "宝音", "9号楼101", [40.69, 109.80])
    near = home_of(place, "许志远", "2号楼101", [40.61, 109.80])
    for elder_id in (far, place.elder_id, near, partner):
        owed(place, elder_id, name="每周探访")
    owed(place, far, name="以后的事", due=timedelta(days=9))
    owed(place, near, name="电话探访", due=timedelta(hours=2))
    site.sign_in(place.users["visitor"])

    shown = site.get("/trip").text

    assert stops(shown) == ["2号楼101", "1号楼101", "9号楼101"]  # the earliest, then the nearest, then the far one
    assert shown.count("每周探访") == 4 and "以后的事" not in shown


def test_an_urgent_stop_comes_first_wherever_it_is() -> None:
    def stop(where: str, rank: tuple[int, float], position: tuple[float, float] | None) -> Stop:
        made = Stop(where, position=position)
        made.__dict__["fixed"] = rank
        return made

    class Fixed(Stop):
        @property
        def rank(self) -> tuple[int, float]:
            return self.__dict__["fixed"]

    made = [
        stop("near", (1, 1.0), (40.0, 109.0)),
        stop("unknown", (1, 2.0), None),
        stop("urgent later", (0, 9.0), (41.0, 109.0)),
        stop("urgent", (0, 5.0), None),
        stop("beside the last urgent", (1, 8.0), (41.0, 109.1)),
        stop("later", (2, 0.0), (41.0, 109.0)),
    ]
    for each in made:
        each.__class__ = Fixed

    assert [each.where for each in ordered(made)] == [
        "urgent", "urgent later", "beside the last urgent", "near", "unknown", "later",
    ]  # fmt: skip


def test_the_last_visit_is_told_in_a_line(site: Browser, place: Place) -> None:
    owed(place, place.elder_id, name="每周探访")
    with db.writing() as session:
        elder = session.get_one(Elder, place.elder_id)
        for days, words in ((20, "旧的"), (6, "药快吃完了")):
            session.add(
                Visit(
                    elder_id=elder.id,
                    unit_path=elder.unit_path,
                    state="done",
                    mode="home",
                    next_attention=words,
                    opens_at=clock.now(),
                    due_at=clock.now(),
                    arrived_at=clock.now() - timedelta(days=days),
                )
            )
    site.sign_in(place.users["visitor"])

    shown = site.get("/trip").text

    assert "上次：田桂芝，07-28，上门，药快吃完了" in shown and "旧的" not in shown


def test_a_trip_takes_the_same_number_of_questions_however_long_it_is(site: Browser, place: Place) -> None:
    owed(place, place.elder_id)
    site.sign_in(place.users["visitor"])
    site.get("/trip")
    with counted_statements() as few:
        site.get("/trip")
    for number in range(12):
        owed(place, home_of(place, f"老人{number}", f"{number}号楼101", [40.6, 109.8 + number / 100]))
    with counted_statements() as many:
        site.get("/trip")

    assert len(many) == len(few)


@pytest.fixture
def desks(database: db.Database, monday: Any) -> Desks:
    """An elder who is owed a visit today; the visitor accepted it."""
    made = Desks()
    with transaction() as session:
        incoming.message(session, "visit.ordered", "1", {"elder_id": made.town.elder.id, "kind": "targeted"})
    jobs.drain()
    return made


def the_code(site: Browser, desks: Desks) -> str:
    site.sign_in(desks.users["village_desk"])
    shown = site.get(f"/elders/{desks.town.elder.id}/door")
    assert shown.status_code == 200 and "<svg" in shown.text and "田桂芝" not in shown.text.split("<main")[1]
    site.post("/sign-out")
    return trip.code(desks.town.elder)


def test_a_scanned_code_checks_in_and_its_moment_is_the_servers(site: Browser, desks: Desks) -> None:
    town: Town = desks.town
    code = the_code(site, desks)
    site.sign_in(desks.users["visitor"])
    (accept,) = town.open().values()
    site.post(f"/tasks/{accept.id}", {"by": "visitor"})
    (task,) = [each for each in town.open().values() if each.form_key == "check_in"]

    before = site.get(f"/tasks/{task.id}").text
    scanned = site.get(f"/door/{code}")
    after = site.get(f"/tasks/{task.id}").text
    clock.move_by(timedelta(hours=3))
    too_old = site.get(f"/tasks/{task.id}").text

    assert scanned.status_code == 200 and str(task.id) in scanned.text
    chosen = 'value="qr" checked'
    assert chosen in after and chosen not in before and chosen not in too_old


def test_a_made_up_code_and_anothers_elder_open_nothing(site: Browser, desks: Desks) -> None:
    code = the_code(site, desks)
    site.sign_in(desks.users["visitor"])
    wrong = [site.get(f"/door/{made_up}").status_code for made_up in (code[:-1] + "z", "E000001-", "nothing", "-")]
    site.post("/sign-out")
    site.sign_in(desks.users["designer"])

    assert wrong == [404] * 4
    assert site.get(f"/door/{code}").status_code == 404
    assert site.get(f"/elders/{desks.town.elder.id}/door").status_code == 404


def test_a_check_in_by_photo_needs_the_photo_at_the_door_and_nowhere_else(site: Browser, desks: Desks) -> None:
    photo = "a" * 12
    said = {"mode": "home", "by": "photo", "met": "yes"}
    with pytest.raises(forms.Invalid) as refused:
        forms.load("check_in", None, said)

    assert set(refused.value.faults) == {"photo"}
    assert forms.load("check_in", None, {**said, "photo": photo})["photo"] == photo
    assert "photo" not in forms.load("check_in", None, {"mode": "home", "by": "qr", "met": "yes"})
    assert "photo" not in forms.load("check_in", None, {**said, "mode": "phone"})  # no door, no photo
    assert forms.load("check_in", 3, said)["by"] == "photo"  # instances that began with the form before keep it


def test_an_entry_from_paper_needs_its_reason() -> None:
    said = {"mode": "home", "by": "paper", "met": "yes", "arrived_at": "2026-08-03T08:30+08:00"}

    with pytest.raises(forms.Invalid) as refused:
        forms.load("check_in", None, said)
    clean = forms.load("check_in", None, {**said, "late_reason": "手机没电"})

    assert set(refused.value.faults) == {"late_reason"}
    assert clean["late_reason"] == "手机没电"
    assert forms.form("check_in", 1).version == 1  # instances that began with the form before keep it
