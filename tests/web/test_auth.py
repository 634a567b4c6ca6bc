from __future__ import annotations

from datetime import datetime, timedelta

from care import organisation, people
from engine import clock
from engine.db import Database
from tests.web.conftest import Browser
from web import sessions

PASSWORD = "passt-genau"


def a_worker(database: Database, user_name: str = "li.min", phone: str | None = None) -> int:
    with database.writing() as session:
        city = organisation.add(session, None, "city", "青禾市")
        district = organisation.add(session, city, "district", "东岭区")
        township = organisation.add(session, district, "township", "河沿街道")
        village = organisation.add(session, township, "village", "榆树里社区")
        staff = people.add(session, user_name, "李敏", password=PASSWORD, phone=phone)
        people.give_post(session, staff, "visitor", village)
        return staff.id


def test_pages_ask_for_sign_in_and_lead_back_where_one_wanted_to_go(site: Browser, database: Database) -> None:
    a_worker(database)

    refused = site.get("/me")
    site.get(refused.location)
    entered = site.post("/sign-in", {"name": "li.min", "password": PASSWORD, "next": "/me"})

    assert refused.location == "/sign-in?next=/me"
    assert entered.location == "/me"
    assert "李敏" in site.get("/me").text


def test_a_telephone_number_names_the_account_too(site: Browser, database: Database) -> None:
    a_worker(database, phone="13900002046")

    site.get("/sign-in")

    assert site.post("/sign-in", {"name": "13900002046", "password": PASSWORD}).status_code == 302


def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(site: Browser, database: Database) -> None:
    a_worker(database)
    site.get("/sign-in")

    wrong_password = site.post("/sign-in", {"name": "li.min", "password": "falsch"})
    wrong_name = site.post("/sign-in", {"name": "nobody", "password": "falsch"})

    assert wrong_password.status_code == wrong_name.status_code == 422
    assert "工号或密码不对" in wrong_password.text and "工号或密码不对" in wrong_name.text
    assert 'value="li.min"' in wrong_password.text


def test_five_failures_rest_the_account_and_say_until_when(site: Browser, database: Database, monday: datetime) -> None:
    a_worker(database)
    site.get("/sign-in")

    answers = [site.post("/sign-in", {"name": "li.min", "password": "falsch"}) for _ in range(5)]
    right = site.post("/sign-in", {"name": "li.min", "password": PASSWORD})

    assert "09:15" in answers[-1].text
    assert right.status_code == 422

    clock.move_by(timedelta(minutes=16))
    assert site.post("/sign-in", {"name": "li.min", "password": PASSWORD}).status_code == 302


def test_an_address_elsewhere_is_never_followed(site: Browser, database: Database) -> None:
    a_worker(database)

    for elsewhere in ("https://example.org/", "//example.org", "/\\example.org"):
        site.get("/sign-in")
        answer = site.post("/sign-in", {"name": "li.min", "password": PASSWORD, "next": elsewhere})
        assert answer.location == "/"
        site.get("/me")
        site.post("/sign-out")


def test_a_form_without_the_token_is_refused(site: Browser, database: Database) -> None:
    a_worker(database)
    site.sign_in("li.min")

    assert site.client.post("/me/letters", data={"mode": "elder"}).status_code == 400


def test_signing_in_gives_a_new_session_and_signing_out_ends_it(site: Browser, database: Database) -> None:
    a_worker(database)
    site.sign_in("li.min")
    first = site.client.get_cookie("visitflow")
    assert first is not None

    site.post("/sign-out")
    site.client.set_cookie("visitflow", first.value)

    assert site.get("/me").status_code == 302, "the old cookie is worthless"


def test_a_session_ends_after_twelve_hours_however_busy(site: Browser, database: Database, monday: datetime) -> None:
    a_worker(database)
    site.sign_in("li.min")

    clock.move_by(timedelta(hours=11, minutes=59))
    assert site.get("/me").status_code == 200
    clock.move_by(timedelta(minutes=2))
    assert site.get("/me").status_code == 302


def test_revoking_all_sessions_signs_out_at_once(site: Browser, database: Database) -> None:
    person_id = a_worker(database)
    site.sign_in("li.min")

    with database.writing() as session:
        sessions.revoke_all(session, person_id)

    assert site.get("/me").status_code == 302


def test_pages_carry_the_headers_that_protect_them(site: Browser) -> None:
    headers = site.get("/sign-in").headers

    policy = headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=Lax" in headers["Set-Cookie"]


def test_the_language_is_switched_and_kept_over_signing_in(site: Browser, database: Database) -> None:
    a_worker(database)
    site.get("/sign-in")

    site.post("/language", {"language": "en", "next": "/sign-in"})
    assert "Password" in site.get("/sign-in").text

    site.sign_in("li.min")
    assert "Visitor" in site.get("/me").text


def test_demonstration_accounts_need_the_demonstration(site: Browser, database: Database) -> None:
    a_worker(database)
    site.get("/sign-in")

    assert site.post("/sign-in/demo", {"name": "li.min"}).status_code == 404


def test_a_new_password_signs_out_everywhere_else(site: Browser, database: Database) -> None:
    a_worker(database)
    site.sign_in("li.min")

    wrong = site.post("/me/password", {"old": "falsch", "new": "neun-zeichen", "again": "neun-zeichen"})
    right = site.post("/me/password", {"old": PASSWORD, "new": "neun-zeichen", "again": "neun-zeichen"})

    assert wrong.status_code == 422 and "原密码不对" in wrong.text
    assert right.status_code == 302 and site.get("/me").status_code == 200


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(
    site: Browser, database: Database, monday: datetime
) -> None:
    a_worker(database)
    site.sign_in("li.min")
    site.get("/report")
    clock.move_by(timedelta(hours=13))

    answer = site.post("/report", {"words": "写了一半"})

    assert answer.location == "/sign-in?next=/report"
    assert "登录后接着办" in site.get(answer.location).text
