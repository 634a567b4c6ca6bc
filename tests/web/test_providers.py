"""The pages of providers, and where the processes name them."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from care import providers
from care.providers import Provider
from care.referrals import Referral
from engine import db, jobs
from engine.db import Database
from tests import builders
from tests.web.conftest import Browser
from tests.web.desks import Desks


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def a_provider(desks: Desks, name: str = "春光站", **facts: object) -> int:
    with jobs.transaction() as session:
        return providers.add(session, desks.town.city.village, "service_point", name, ["meals"], **facts).id


def test_a_village_desk_enters_changes_and_closes_a_provider(site: Browser, desks: Desks) -> None:
    site.sign_in(desks.users["village_desk"])
    site.get("/providers/")
    form = {"name": "春光站", "kind": "service_point", "unit": desks.town.city.village.path, "services": ["meals"]}
    answer = site.post("/providers/", form | {"position": "40.65,109.84", "phone": "04721234567"})
    address = answer.location
    assert "春光站" in site.get("/providers/").text and "助餐" in site.get(address).text

    site.post(address, form | {"do": "save", "name": "春光新站", "services": ["meals", "bathing"]})
    with db.reading() as session:
        row = session.scalars(select(Provider)).one()
        assert (row.name, row.offers, row.latitude) == ("春光新站", ["meals", "bathing"], None)
    site.post(address, {"do": "close"})
    assert "春光新站" not in site.get("/providers/").text


@pytest.mark.parametrize(("field", "value", "words"), [("name", " ", "1至80个字"), ("position", "北纬", "纬度")])
def test_what_makes_no_sense_is_told_and_nothing_is_written(
    site: Browser, desks: Desks, field: str, value: str, words: str
) -> None:
    site.sign_in(desks.users["village_desk"])
    site.get("/providers/")
    form = {"name": "x", "kind": "property", "unit": desks.town.city.village.path, field: value}
    site.post("/providers/", form)

    assert words in site.get("/providers/").text
    with db.reading() as session:
        assert session.scalar(select(Provider)) is None


def test_nobody_enters_providers_for_a_unit_above_or_elsewhere(site: Browser, desks: Desks) -> None:
    provider_id = a_provider(desks)
    site.sign_in(desks.users["village_desk"])
    site.get("/providers/")
    for path in (desks.town.city.township.path, desks.elsewhere_path):
        form = {"name": "x", "kind": "property", "unit": path}
        assert site.post("/providers/", form).status_code == 403
    site.sign_in(desks.elsewhere["village_desk"])
    site.get("/providers/")
    assert site.get(f"/providers/{provider_id}").status_code == 404
    assert site.post(f"/providers/{provider_id}", {"do": "close"}).status_code == 404
    assert "春光站" not in site.get("/providers/").text


def test_every_number_of_the_network_opens_its_list(site: Browser, desks: Desks) -> None:
    a_provider(desks)
    site.sign_in(desks.users["district_desk"])
    assert "kind=service_point&amp;level=village" in site.get("/providers/").text
    query = {"kind": "service_point", "level": "village"}
    assert "春光站" in site.get("/providers/", query_string=query).text
    assert "春光站" not in site.get("/providers/", query_string=query | {"level": "township"}).text


def test_the_village_reads_who_offers_it_and_the_receiver_who_was_chosen(site: Browser, desks: Desks) -> None:
    town = desks.town
    provider_id = a_provider(desks, phone="04721234567")
    town.message("need.raised", str(town.elder.id), category="meals", items=["meals"])
    site.sign_in(desks.users["village_desk"])
    text = site.get(f"/tasks/{town.open()['check_need'].id}").text
    assert "春光站（村级，04721234567）" in text

    town.does("check_need", answer="refer", category="meals", wish="午饭", provider="春光站")
    with db.reading() as session:
        assert session.scalars(select(Referral)).one().provider_id == provider_id
    assert "指定的服务机构" in site.get(f"/tasks/{town.open()['accept'].id}").text
    assert "助餐" in site.get(f"/providers/{provider_id}").text


def test_a_benefit_that_pays_for_a_service_shows_who_provides_it(site: Browser, desks: Desks) -> None:
    town = desks.town
    with jobs.transaction() as session:
        providers.add(session, town.city.village, "enterprise", "安居改造", ["home_adaptation"], phone="0472-1")
    site.sign_in(desks.users["village_desk"])

    shown = {}
    for kind in ("home_adaptation", "old_age"):
        town.message("aid.proposed", f"{town.elder.id}:{kind}", kind=kind)
        shown[kind] = site.get(f"/tasks/{town.open()['precheck'].id}").text
        town.does("precheck", apply=False, why_not="不符合")

    assert "安居改造（村级，0472-1）" in shown["home_adaptation"]
    assert "安居改造" not in shown["old_age"]


def test_a_name_that_nobody_has_leaves_the_need_to_its_kind(site: Browser, desks: Desks) -> None:
    town = desks.town
    a_provider(desks)
    town.message("need.raised", str(town.elder.id), category="meals", items=["meals"])
    town.does("check_need", answer="refer", category="meals", wish="午饭", provider="没有这家")

    with db.reading() as session:
        assert session.scalars(select(Referral)).one().provider_id is None
    assert "accept" in town.elements()


def test_elders_whom_no_point_serves_on_foot_are_listed(site: Browser, desks: Desks) -> None:
    town = desks.town
    with jobs.transaction() as session:
        point = providers.add(
            session, town.city.township, "service_point", "街道站", [], latitude=40.65, longitude=109.84
        )
        providers.add(session, town.city.village, "property", "物业不算", [], latitude=40.60, longitude=109.84)
        builders.an_elder(session, town.city, name="郑很近", position=[40.655, 109.84])
        builders.an_elder(session, town.city, name="冯很远", position=[40.60, 109.84])
        assert point.latitude is not None
    site.sign_in(desks.users["village_desk"])
    text = site.get("/providers/far").text

    assert "冯很远" in text and "5.6" in text and "郑很近" not in text
    assert text.index("冯很远") < text.index("田桂芝")  # her place is unknown
    site.sign_in(desks.elsewhere["village_desk"])
    assert "冯很远" not in site.get("/providers/far").text
    assert site.get("/providers/far", query_string={"unit": town.city.village.path}).status_code == 404
