"""Whoever belongs elsewhere gets 404 or 403 at every address that names something of an elder, a case or a process.

Addresses are those of the application: a new one with an argument that is not known here fails until it is given a
thing of another township (`ids`) or is said to name nothing of a person (NAMES_NO_PERSON). So does a new form without
one, until it is filled in with things of another township or said to be about oneself (`forms_of_others`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from care import campaigns, district_policies, duties, elders, ledgers, oversight, people, providers
from care.special_periods import SpecialPeriod
from engine import clock, db, instances
from engine.db import Database
from tests import builders
from tests.town import Town
from tests.web import forms_of_others, papers_of_others
from tests.web.conftest import Browser
from tests.web.test_pictures import a_photo
from web import attachments, desk_kept, overview, task_verbs, trip
from web.api import tokens
from web.app import create_app

PASSWORD = "passt-genau"
ROLES = ("visitor", "grid_worker", "village_desk", "township_desk", "district_desk")
WRITES = ("POST", "PUT", "DELETE")


@pytest.fixture
def ids(database: Database, monday: datetime) -> dict[str, Any]:
    """An elder with a running emergency in one district; workers of another district who can sign in."""
    town = Town(name="田桂芝")
    town.device_sends("sos")
    with database.writing() as session:
        other = builders.a_second_township(session, town.city)
        for role in ROLES:
            other.staff[role].password_hash = people.hashed(PASSWORD)
            other.staff[role].user_name = f"other-{role}"
        town.city.staff["designer"].password_hash = people.hashed(PASSWORD)
        (instance, *_) = instances.find(session)
        theirs, _ = tokens.make(session, town.staff["village_desk"], "theirs")
        desk_kept.keep(
            session, people.person(session, town.staff["village_desk"]), "filter", "theirs", "queue=all", False
        )
        session.flush()
        kept_id = session.scalar(select(desk_kept.DeskKept.id))
        programs = {role: tokens.make(session, other.staff[role].id, "other")[1] for role in ROLES}
        return {
            "elder_id": town.elder.id,
            "number": town.elder.number,
            "case_id": town.case().id,
            "task_id": town.open()["call_family"].id,
            "instance_id": instance.id,
            "what": "phone",
            "action": "suspend",
            "verb": "transfer",
            "element": "call_elder",
            "ledger_id": "visits",
            "unit": town.city.village.path,
            "duty_id": duties.open_duty(session, elders.get(session, town.elder.id), ["care"]).id,
            "choice_id": a_choice(session, town),
            "report_id": a_report(session, town),
            "campaign_id": a_campaign(session, town),
            "provider_id": providers.add(session, town.city.village, "property", "x", []).id,
            "worker_id": town.staff["visitor"],
            "period_id": a_period(session, town),
            "attachment_id": attachments.store(session, a_photo(), town.staff["village_desk"], town.elder.id),
            "token_id": theirs.id,
            "code": trip.code(town.elder),
            "kept_id": kept_id,
            "programs": programs,
            "designer": people.find_staff(session, town.staff["designer"]).user_name,
            **papers_of_others.ids(session, town),
            **forms_of_others.ids(session, town),
        }


WHO_ASKED = ("access_log", "web_session", "api_token")
SEVERAL: dict[str, list[str]] = {
    "action": ["suspend", "resume", "cancel", "move", "edit", "migrate", "undo"],
    "verb": list(task_verbs.PAGES),
    "what": list(overview.LISTS),
    "ledger_id": list(ledgers.LEDGERS),
    "code": ["K03", "K10"],
}
"""Further values of arguments that stand for several addresses."""
NAMES_NO_PERSON = {"kind_id", "token", "name", "process_id", "definition_id", "release_id", "tag"}
"""A token is the key of whoever holds it (a poster's or a link's: their own tests); the others name drawn things."""


def a_choice(session: Any, town: Town) -> int:
    """A switch of policy in the district of the first township."""
    day = clock.today() + timedelta(days=30)
    row = district_policies.propose(session, town.city.district, "draft-2026", day, document="9", reason="x", by=None)
    return row.id


def a_report(session: Any, town: Town) -> int:
    """The July dispatch of the first township."""
    return oversight.open_report(session, "dispatch", date(2026, 7, 1), town.city.township.path, None).id


def a_campaign(session: Any, town: Town) -> int:
    """A survey of the first district."""
    today = clock.today()
    return campaigns.open_campaign(session, town.city.district, "full", "x", today, today).campaign.id


def a_period(session: Any, town: Town) -> int:
    """A storm in the district of the first township."""
    now = clock.now()
    row = SpecialPeriod(
        unit_path=town.city.district.path, kind="blizzard", level="red", state="open", from_at=now, until_at=now
    )
    session.add(row)
    session.flush()
    return row.id


def addresses(ids: dict[str, Any], method: str = "GET") -> list[str]:
    """Every address of this method that names one of these things."""
    app = create_app({"TESTING": True})
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or ()) and rule.arguments and rule.arguments <= ids.keys():
                several = next((name for name in SEVERAL if name in rule.arguments), "")
                for each in [*SEVERAL.get(several, []), ids.get(several)]:
                    values = {**{name: ids[name] for name in rule.arguments}, **({several: each} if several else {})}
                    found.append(str(app.url_map.bind("").build(rule.endpoint, {**values, "unit": ids["unit"]})))
    return sorted(set(found))


def test_every_address_is_tried_or_names_no_person(ids: dict[str, Any]) -> None:
    rules = list(create_app({"TESTING": True}).url_map.iter_rules())

    known = (ids.keys(), NAMES_NO_PERSON)
    left = {rule.rule for rule in rules if not any(rule.arguments <= each for each in known)}

    assert left == set(), "give the argument a thing of another township in `ids`"
    assert {each for rule in rules for each in rule.methods or ()} == {"GET", "HEAD", "OPTIONS", *WRITES}


def test_every_form_is_tried_or_about_oneself(ids: dict[str, Any]) -> None:
    rules = create_app({"TESTING": True}).url_map.iter_rules()
    forms = {rule.rule for rule in rules if not rule.arguments and set(WRITES) & (rule.methods or set())}

    tried = {address.partition("?")[0] for address in forms_of_others.filled_in(ids)}

    assert forms - tried == forms_of_others.ABOUT_ONESELF, "fill it in with a thing of another township"


@pytest.mark.parametrize("role", ROLES)
def test_workers_of_another_township_change_nothing(site: Browser, ids: dict[str, Any], role: str) -> None:
    site.sign_in(f"other-{role}")
    before = _rows()

    wrong = {}
    for method in WRITES:
        for address in addresses(ids, method):
            answer = _sent(site, ids["programs"][role], method, address)
            if answer.status_code not in (400, 403, 404) or "田桂芝" in answer.text:
                wrong[method, address] = answer.status_code

    assert [len(addresses(ids, method)) >= least for method, least in zip(WRITES, (8, 1, 1), strict=True)] == [True] * 3
    assert wrong == {}
    assert _rows() == before


def _sent(site: Browser, token: str, method: str, address: str) -> TestResponse:
    """The answer to what somebody would send there: a form, or JSON with a token."""
    if not address.startswith("/api/v1/"):
        return site.post(address, {"note": "不归我管", "reason": "不归我管", "client_id": "0" * 32})
    body: dict[str, Any] = {"answers": {"result": "done", "text": "不归我管"}}
    if method == "POST":
        body["submission"] = str(uuid4())
    body = {"what": "phone"} if "/reveal" in address else {"why": "不归我管"} if "/verbs/" in address else body
    return site.client.open(address, method=method, json=body, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("role", ROLES)
def test_forms_filled_in_with_things_of_another_township_change_nothing(
    site: Browser, ids: dict[str, Any], role: str
) -> None:
    site.sign_in(f"other-{role}")
    before = _rows()

    wrong = {}
    for address, form in forms_of_others.filled_in(ids).items():
        program = address.startswith("/api/v1/")
        headers = {"Authorization": f"Bearer {ids['programs'][role]}"} if program else {}
        body = {"json": form} if program and "file" not in form else {"data": {"csrf_token": site.token, **form}}
        answer = site.client.post(address, headers=headers, **body)
        if answer.status_code not in (200, 302, 400, 403, 404, 422) or "田桂芝" in answer.text:
            wrong[address] = answer.status_code

    assert wrong == {}
    assert _rows() == before


def _read(site: Browser, token: str, address: str, **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if address.startswith("/api/v1/") else {}
    return site.get(address, headers=headers, **options)


def _rows() -> dict[str, list[tuple[Any, ...]]]:
    """Everything but who asked: to see that nothing was changed."""
    with db.reading() as session:
        tables = [each for each in db.Base.metadata.sorted_tables if each.name not in WHO_ASKED]
        return {each.name: sorted(map(repr, session.execute(each.select()))) for each in tables}


@pytest.mark.parametrize("role", ROLES)
def test_workers_of_another_township_read_nothing(site: Browser, ids: dict[str, Any], role: str) -> None:
    site.sign_in(f"other-{role}")

    wrong = {}
    for address in addresses(ids):
        answer = _read(site, ids["programs"][role], address)
        if answer.status_code not in (403, 404) or "田桂芝" in answer.text:
            wrong[address] = answer.status_code

    assert len(addresses(ids)) >= 6
    assert wrong == {}


@pytest.mark.parametrize("asked", ["elder", "unit"])
@pytest.mark.parametrize("role", ROLES)
def test_lists_of_another_township_do_not_name_the_elder(
    site: Browser, ids: dict[str, Any], role: str, asked: str
) -> None:
    """Neither by looking for the elder or the task nor by asking for the elder's own village in the address."""
    site.sign_in(f"other-{role}")
    app = create_app({"TESTING": True})
    rules = [each for each in app.url_map.iter_rules() if "GET" in (each.methods or ())]
    lists = [each.rule for each in rules if not each.arguments and not each.rule.startswith("/static")]
    lists += [f"/programme/{tag}" for tag in ("online", "m5", "p3")]
    queries = {
        "elder": {"q": "田桂芝", "elder": ids["elder_id"]},
        "unit": {"unit": ids["unit"], "task": str(ids["task_id"]), "id": str(ids["task_id"])},
    }

    naming = []
    for address in lists:
        answer = _read(site, ids["programs"][role], address, query_string=queries[asked])
        if "田桂芝" in answer.text.replace('value="田桂芝"', "") or ids["number"] in answer.text:
            naming.append(address)

    assert naming == []


def test_a_designer_sees_processes_and_no_person(site: Browser, ids: dict[str, Any]) -> None:
    site.sign_in(ids["designer"])

    for address in addresses(ids):
        answer = site.get(address)
        assert "田桂芝" not in answer.text and "139" not in (answer.location or ""), address
