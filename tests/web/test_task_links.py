"""One task by link without an account: the family's answer, a helper's result, and all that a link must not do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from care import cases, contacts, elders, task_links
from care.contacts import Contact
from care.errors import RuleBroken
from care.hazards import Hazard
from care.task_links import TaskLink
from engine import clock, db, history, jobs, outgoing, settings, submissions, tasks
from engine.tasks import TaskRow
from tests.web.conftest import Browser, a_task
from tests.web.desks import Desks
from tests.web.test_pictures import a_photo
from web.app import create_app


@pytest.fixture
def desks(database: db.Database, monday: object) -> Desks:
    return Desks(with_second=True)


@pytest.fixture
def public() -> Iterator[str]:
    """The installation says how phones outside reach its pages."""
    before = settings.settings().public_address
    settings.change(public_address="https://care.example")
    yield "https://care.example"
    settings.change(public_address=before)


def reported(desks: Desks) -> TaskRow:
    """Somebody found the elder ill; the family is asked to come."""
    town = desks.town
    town.message("emergency.offline", f"{town.elder.id}:illness", kind="illness", kinds=["illness"], channel="visit")
    return town.open()["notify_family"]


def link_of(task: TaskRow, **given: str) -> tuple[int, str]:
    """A link to the task: its id and the path behind it."""
    with jobs.transaction() as session:
        row = (
            task_links.make(session, task, None, **given) if given else task_links.make_for_contact(session, task, None)
        )
        assert row is not None
        return row.id, f"/t/{task_links.token(row)}"


def answered(site: Browser, path: str, choice: str, words: str = "", **more: Any) -> Any:
    site.get(path)
    return site.post(path, {"choice": choice, "words": words, "submission": str(uuid4()), **more})


def told(what: str) -> list[Any]:
    with db.reading() as session:
        return list(session.execute(select(history.history).where(history.history.c.what == what)))


# --- the family ---


def test_the_family_answers_without_an_account(site: Browser, desks: Desks) -> None:
    task = reported(desks)
    link_id, path = link_of(task)
    shown = site.get(path).text

    assert "我马上过去" in shown and "田*芝" in shown and "春光社区" in shown
    answer = answered(site, path, "comes", "半小时到")

    assert "谢谢" in site.get(answer.location).text
    assert "notify_family" not in desks.town.open()
    with db.reading() as session:
        said = tasks.get(session, task.id)
    assert (said.state, said.done_by) == ("done", None)
    (row,) = told("link_answered")
    assert (row.who, row.subject_id, row.ids["link"], row.note) == (None, desks.town.elder.id, link_id, None)


def test_who_will_not_come_is_followed_up(site: Browser, desks: Desks) -> None:
    _, path = link_of(reported(desks))
    answered(site, path, "refuses")
    jobs.drain()

    assert "duty.suspected" in desks.town.messages()


def test_the_page_names_nobody_and_shows_no_place_or_number(site: Browser, desks: Desks) -> None:
    _, path = link_of(reported(desks))
    shown = site.get(path).text

    elder = desks.town.elder
    for words in (elder.name, elder.number, elder.address, elder.phone, "高风险", "高血压"):
        assert words and words not in shown, words
    assert shown.count("<script") == shown.count("defer></script>"), "nothing on it needs script"


def test_an_answer_to_an_alarm_stands_beside_the_desk_and_decides_nothing(site: Browser, desks: Desks) -> None:
    desks.alarm()
    task = desks.town.open()["call_family"]
    _, path = link_of(task)
    answered(site, path, "well", "刚通过电话")
    jobs.drain()

    assert "call_family" in desks.town.open(), "a person at the desk judges"
    with db.reading() as session:
        texts = [each.text for each in cases.timeline(session, desks.town.case().id) if each.what == "family_answered"]
    assert texts == ["女儿，已联系上，老人平安，刚通过电话"]
    assert desks.town.sent("family_answered")


def test_a_contact_says_whether_they_take_the_alarms(site: Browser, desks: Desks) -> None:
    task = a_task_of(desks, "contact_agreement")
    _, path = link_of(task)
    assert "愿意接报警电话" in site.get(path).text

    answered(site, path, "declines", "常出差")

    said = handed_in(task)
    assert (said["agrees"], said["way"], said["note"]) == (False, "sms", "常出差")


def handed_in(task: TaskRow) -> dict[str, Any]:
    """What was handed in for a task; by nobody with an account."""
    with db.reading() as session:
        found = submissions.newest(session, task.id, submissions.ACCEPTED)
    assert found is not None and found.who is None
    return found.body


def a_task_of(desks: Desks, form: str, role: str = "village_desk") -> TaskRow:
    """A plain task with that form about the elder."""
    with jobs.transaction() as session:
        task_id = a_task(session, role, desks.town.city.village.path, desks.town.elder.id, form=form)
        return tasks.get(session, task_id)


# --- how a link reaches the family ---


def test_the_text_goes_out_when_the_task_opens(desks: Desks, public: str) -> None:
    reported(desks)
    jobs.drain()

    with db.reading() as session:
        (row,) = session.scalars(select(TaskLink).where(TaskLink.form_key == "family_comes"))
        held = str([dict(each._mapping) for each in session.execute(outgoing.outgoing.select())])
        secret = task_links.token(row)
    (carried,) = desks.town.sent("task_link")
    assert carried["address"] == f"{public}/t/{secret}" and carried["to"].startswith("137")
    assert secret not in held, "what is stored cannot be opened"


def test_without_a_public_address_no_text_promises_a_link(desks: Desks) -> None:
    reported(desks)
    jobs.drain()

    assert not desks.town.sent("task_link")
    with db.reading() as session:
        assert session.scalars(select(TaskLink)).all() == []


def test_a_link_that_died_is_not_sent(desks: Desks, public: str) -> None:
    task = reported(desks)
    link_id, _ = link_of(task)
    with jobs.transaction() as session:
        task_links.revoke(session, task_links.get(session, link_id, task.id), None)
    with db.reading() as session, pytest.raises(outgoing.DeliveryFailed):
        outgoing.addressed(session, "sms", {"link": link_id})


# --- whom it is not for ---


@pytest.mark.parametrize("why", ["excluded", "hold", "dead", "off the list"])
def test_a_link_dies_with_the_right_to_be_told(site: Browser, desks: Desks, why: str) -> None:
    _, path = link_of(reported(desks))
    with db.writing() as session:
        elder = elders.get(session, desks.town.elder.id)
        family = session.scalars(select(Contact).where(Contact.elder_id == elder.id)).all()
        if why == "hold":
            elder.protective_hold = True
        if why == "dead":
            elder.plan = {**(elder.plan or {}), "notices_stopped": True}
        for each in family:
            each.excluded = why == "excluded"
            if why == "off the list":
                session.delete(each)

    shown = site.get(path)
    assert shown.status_code == 404 and "96111" in shown.text
    assert answered(site, path, "comes").status_code in (400, 404)
    assert "notify_family" in desks.town.open()


def test_an_alleged_abuser_gets_no_link_by_hand_either(desks: Desks) -> None:
    task = a_task_of(desks, "hazard_rectify")
    with jobs.transaction() as session:
        son = contacts.supporters_of(session, desks.town.elder.id)[1]
        son.alleged_abuser = True
        number = son.phone or ""
    with jobs.transaction() as session, pytest.raises(RuleBroken):
        task_links.make(session, task, None, "大儿子", number)


def test_under_a_hold_nobody_of_the_family_is_asked(desks: Desks) -> None:
    task = reported(desks)
    with jobs.transaction() as session:
        elders.get(session, desks.town.elder.id).protective_hold = True
    with jobs.transaction() as session:
        assert task_links.make_for_contact(session, task, None) is None


# --- what a link cannot do ---


def test_a_link_opens_one_task_and_ends(site: Browser, desks: Desks) -> None:
    task = reported(desks)
    link_id, path = link_of(task)

    for wrong in ("/t/" + "A" * 22, path[:-1] + ("A" if path[-1] != "A" else "B"), "/t/x"):
        assert site.get(wrong).status_code == 404
    desks.town.waits(days=7, minutes=1)
    assert site.get(path).status_code == 404
    with db.reading() as session:
        row = session.get_one(TaskLink, link_id)
        assert row.token_hash != path.encode() and task_links.token(row).encode() not in row.token_hash + row.nonce


def test_a_revoked_link_is_dead_and_says_who_to_call(site: Browser, desks: Desks) -> None:
    task = reported(desks)
    link_id, path = link_of(task)
    site.sign_in(desks.users["monitor_desk"])
    site.get(f"/tasks/{task.id}/links")
    assert site.post(f"/tasks/{task.id}/links/{link_id}/revoke").status_code == 302
    site.post("/sign-out")

    assert site.get(path).status_code == 404
    assert [row.who for row in told("link_revoked")] == [desks.town.staff["monitor_desk"]]


def test_twice_is_once_and_late_is_kept(site: Browser, desks: Desks) -> None:
    _, path = link_of(reported(desks))
    site.get(path)
    same = {"choice": "comes", "words": "", "submission": "0190a1b2-0000-7000-8000-000000000002"}
    assert [site.post(path, same).status_code for _ in range(2)] == [302, 302]

    assert "已办完" in site.get(path).text
    assert answered(site, path, "far", "又来不了了").status_code == 409
    jobs.drain()
    assert any(each.element_id == "look_at_supplement" for each in open_tasks())


def open_tasks() -> list[TaskRow]:
    with db.reading() as session:
        return [tasks.of_row(row) for row in session.execute(select(*tasks.COLUMNS).where(tasks.IS_OPEN))]


def test_an_answer_that_is_not_offered_changes_nothing(site: Browser, desks: Desks) -> None:
    _, path = link_of(reported(desks))

    answer = answered(site, path, "approved", "写了不少")

    assert answer.status_code == 422 and "写了不少" in answer.text
    assert "notify_family" in desks.town.open()


def test_opening_and_answering_are_limited(database: db.Database, desks: Desks) -> None:
    _, path = link_of(reported(desks))
    with create_app({"TESTING": True, "RATELIMIT_ENABLED": True}).test_client() as client:
        codes = [client.get("/t/" + "B" * 22).status_code for _ in range(61)]
        assert codes == [404] * 60 + [429]
    assert path


# --- helpers ---


def test_a_helper_does_an_errand_with_a_photo(site: Browser, desks: Desks) -> None:
    task = a_task_of(desks, "errand_done", "visitor")
    _, path = link_of(task, reader="邻居老周")

    assert answered(site, path, "done").status_code == 422, "words or a photo"
    answer = answered(site, path, "done", money="35", photo=(BytesIO(a_photo()), "p.jpg"))

    assert answer.status_code == 302
    said = handed_in(task)
    assert said["done"] is True and said["money_out"] == 35 and UUID(said["receipt"][0])


def test_a_helper_who_could_not_says_why(site: Browser, desks: Desks) -> None:
    task = a_task_of(desks, "referral_result")
    _, path = link_of(task, reader="家政小刘")

    assert answered(site, path, "not_done").status_code == 422
    assert answered(site, path, "not_done", "老人不在家").status_code == 302


def test_a_hazard_is_mended_by_the_property_company_and_rechecked_by_the_visitor(site: Browser, desks: Desks) -> None:
    town = desks.town
    town.message("hazard.found", f"{town.elder.id}:electricity", item="electricity",
                 items=[{"item": "electricity", "level": "general"}])  # fmt: skip
    town.does("remind_on_site", what="插座发黑", told=["elder", "family"])
    _, path = link_of(town.open()["rectify"], reader="物业王师傅", phone="13800001234")

    answered(site, path, "done", "换了插座", photo=(BytesIO(a_photo()), "after.jpg"))

    assert "recheck" in town.open()
    with db.reading() as session:
        row = session.scalars(select(Hazard)).one()
    assert row.rectified_at is not None and UUID(row.after_photo)


def test_what_is_no_picture_is_refused_and_the_words_stay(site: Browser, desks: Desks) -> None:
    task = a_task_of(desks, "hazard_rectify")
    _, path = link_of(task, reader="物业王师傅")

    answer = answered(site, path, "done", "换好了", photo=(BytesIO(b"%PDF-1.4"), "x.jpg"))

    assert answer.status_code == 422 and "换好了" in answer.text
    with db.reading() as session:
        assert tasks.get(session, task.id).state == "open"


# --- the worker ---


def test_the_responsible_worker_shows_the_code(site: Browser, desks: Desks) -> None:
    task = reported(desks)
    site.sign_in(desks.users["monitor_desk"])
    assert f"/tasks/{task.id}/links" in site.get(f"/tasks/{task.id}").text
    site.get(f"/tasks/{task.id}/links")

    made = site.post(f"/tasks/{task.id}/links", {})
    shown = site.get(made.location).text

    assert "<svg" in shown and "女儿" in shown
    found = re.search(r"/t/[\w-]{22}", shown)
    assert found is not None and site.get(found[0]).status_code == 200
    assert [row.who for row in told("link_made")] == [desks.town.staff["monitor_desk"]]


def test_a_link_is_made_and_seen_by_whose_task_it_is(site: Browser, desks: Desks) -> None:
    task = reported(desks)
    for role in ("visitor", "village_desk", "city_manager"):
        site.sign_in(desks.users[role])
        assert site.get(f"/tasks/{task.id}/links").status_code in (403, 404), role
    other = a_task_of(desks, "note")
    site.sign_in(desks.users["village_desk"])
    assert site.get(f"/tasks/{other.id}/links").status_code == 404, "a form that nobody answers by link"


def test_a_helper_has_a_name(site: Browser, desks: Desks) -> None:
    task = a_task_of(desks, "hazard_rectify")
    site.sign_in(desks.users["village_desk"])
    site.get(f"/tasks/{task.id}/links")

    made = site.post(f"/tasks/{task.id}/links", {"reader": "", "phone": ""})

    assert "写明给谁" in site.get(made.location).text
    with db.reading() as session:
        assert session.scalars(select(TaskLink)).all() == []


def test_a_good_link_says_until_when(desks: Desks) -> None:
    link_id, _ = link_of(reported(desks))
    with db.reading() as session:
        assert session.get_one(TaskLink, link_id).ends_at == clock.now() + timedelta(days=7)
