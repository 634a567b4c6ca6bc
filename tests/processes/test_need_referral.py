"""P11 need_referral and referral_work, walked along each way out. Source: processes P11, 4.8, 4.9; rulings 10 no. 9."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from care import organisation, policies, referrals
from care.demo import openings
from care.referrals import Referral, ReferralRound
from engine import db, incoming, jobs
from engine.incoming import incoming as events
from tests import builders
from tests.processes.test_visits import record
from tests.town import Town


@pytest.fixture
def asked(town: Town) -> Town:
    """The elder wishes for meals."""
    town.message("need.raised", str(town.elder.id), category="meals", items=["meals"])
    return town


@pytest.fixture
def sent(asked: Town) -> Town:
    checks(asked)
    return asked


@pytest.fixture
def serving(sent: Town) -> Town:
    sent.does("accept", answer="accept")
    return sent


@pytest.fixture
def served(serving: Town) -> Town:
    serves(serving)
    return serving


def checks(town: Town, answer: str = "refer", **changes: Any) -> None:
    said = {"category": "meals", "wish": "中午送饭"} if answer == "refer" else {"why_not": "女儿回来做饭"}
    town.does("check_need", answer=answer, **{**said, **changes})


def serves(town: Town, done: bool = True) -> None:
    said = {"what": "签了送餐", "done_on": "2026-08-04"} if done else {"reason": "不在配送范围"}
    town.does("serve", served=done, **said)


def confirms(town: Town, answer: str) -> None:
    town.does("confirm_with_elder", how="phone", answer=answer, **({"left": "还没送来"} if answer == "no" else {}))


def row(town: Town) -> Referral:
    with db.reading() as session:
        return referrals.of_elder(session, town.elder.id)[0]


def turns(town: Town) -> list[ReferralRound]:
    with db.reading() as session:
        return referrals.rounds(session, referrals.of_elder(session, town.elder.id)[0].id)


def a_department(town: Town, code: str) -> None:
    with jobs.transaction() as session:
        unit = organisation.add(session, organisation.city(session), "department", code, code=code)
        builders.a_worker(session, f"dept:{code}", unit)


def test_settled_only_once_the_elder_says_so(served: Town):
    assert row(served).closed_at is None
    confirms(served, "yes")

    assert (row(served).outcome, turns(served)[0].settled) == ("settled", True)
    assert {"referral.sent", "referral.settled"} <= set(served.messages())
    assert served.live() == ["satisfaction"]  # P23 asks three days later


def test_the_elder_sends_it_back_once_and_it_is_served_again(served: Town):
    confirms(served, "no")
    assert "serve" in served.elements()
    assert [each.settled for each in turns(served)] == [False, None]
    serves(served)
    confirms(served, "yes")

    assert (row(served).outcome, row(served).unsettled) == ("settled", 1)


def test_a_second_no_is_the_townships(served: Town):
    confirms(served, "no")
    serves(served)
    confirms(served, "no")
    assert served.open()["township_decides"].role == "township_desk"
    served.does("township_decides", decision="again", receiver="village_desk")

    assert served.open()["accept"].role == "village_desk"


def test_what_cannot_be_done_is_told_to_the_elder(serving: Town):
    serves(serving, done=False)
    serving.does("tell_reason", result="done", text="告诉老人不在配送范围")

    assert row(serving).outcome == "not_possible"
    assert turns(serving)[0].served is False


@pytest.mark.parametrize("answer", ["no_need", "merged", "withdrawn"])
def test_the_village_finds_that_nothing_is_to_be_referred(asked: Town, answer: str):
    checks(asked, answer)

    assert row(asked).outcome == answer
    assert asked.live() == []


def test_the_elder_takes_it_back_at_the_end(served: Town):
    confirms(served, "withdrawn")

    assert row(served).outcome == "withdrawn"
    assert turns(served)[0].settled is None


def test_one_rejection_is_the_villages_two_the_townships_three_the_districts(sent: Town):
    sent.does("accept", answer="reject", reason="没有力量")
    assert sent.open()["re_route"].role == "village_desk"
    sent.does("re_route", receiver="family_doctor")
    assert row(sent).receiver == "family_doctor"
    sent.does("accept", answer="reject", reason="不是医疗")
    sent.does("township_decides", decision="again", receiver="dept:commerce")
    sent.does("accept", answer="reject", reason="不归我们")
    assert sent.open()["district_decides"].role == "district_desk"
    assert (row(sent).rejects, row(sent).coordination) == (3, True)
    sent.does("district_decides", decision="not_possible", note="本地无配送")
    sent.does("tell_reason", result="done", text="已告知")

    assert row(sent).outcome == "not_possible"
    assert [each.rejected_at is not None for each in turns(sent)] == [True, True, True]


def test_township_may_say_that_it_is_not_possible(sent: Town):
    for element in ("accept", "re_route", "accept"):
        said = {"receiver": "village_desk"} if element == "re_route" else {"answer": "reject", "reason": "没有力量"}
        sent.does(element, **said)
    sent.does("township_decides", decision="not_possible", note="没有服务商")

    assert "tell_reason" in sent.elements()


def test_the_district_may_name_another_receiver(sent: Town):
    for element in ("accept", "re_route", "accept", "township_decides", "accept"):
        said: dict[str, Any] = {"answer": "reject", "reason": "没有力量"}
        if element != "accept":
            said = {"receiver": "village_desk"} | ({"decision": "again"} if element == "township_decides" else {})
        sent.does(element, **said)
    sent.does("district_decides", decision="again", receiver="village_desk")

    assert "accept" in sent.elements()


def test_urgent_needs_skip_the_check(town: Town):
    town.message("need.raised", f"{town.elder.id}:lodging", category="lodging", urgent=True)

    assert town.elements() == {"accept"}
    assert row(town).urgent


def test_the_table_says_who_serves_and_within_how_many_days(town: Town):
    a_department(town, "justice")
    town.message("need.raised", f"{town.elder.id}:legal_aid", category="legal_aid", urgent=True)
    task = town.open()["accept"]
    assert task.role == "dept:justice"
    town.does("accept", answer="accept")

    due = turns(town)[0].due_at
    assert town.open()["serve"].due_at == due
    assert (row(town).receiver, row(town).rule) == ("dept:justice", "I-need-legal")


def test_every_category_has_a_receiver_that_is_a_role_in_both_policies():
    for policy in policies.policy_sets():
        for category in referrals.CATEGORIES:
            for area in ("town", "rural"):
                found = policies.decide("need_routing", {"category": category, "area": area}, policy)
                assert found["receiver"] in referrals.receivers(), (policy, category)
                assert found["serve_days"] in range(1, 11)


def test_villages_and_towns_shop_differently(town: Town):
    found = {
        area: policies.decide("need_routing", {"category": "shopping", "area": area})["receiver"]
        for area in ("town", "rural")
    }
    assert found == {"town": "dept:commerce", "rural": "volunteer"}


def test_deadlines_are_those_of_the_catalogue(town: Town):
    """One working day to check, two to take on, five to ask the elder; Monday is the day of the start."""
    town.message("need.raised", f"{town.elder.id}:meals", category="meals")
    due = {"check_need": town.open()["check_need"].due_at}
    checks(town)
    due["accept"] = town.open()["accept"].due_at
    town.does("accept", answer="accept")
    due["serve"] = town.open()["serve"].due_at
    serves(town)
    due["confirm_with_elder"] = town.open()["confirm_with_elder"].due_at

    assert {name: f"{moment:%m-%d}" for name, moment in due.items() if moment} == {
        "check_need": "08-04", "accept": "08-05", "serve": "08-17", "confirm_with_elder": "08-10",
    }  # fmt: skip


@pytest.mark.parametrize("element", ["check_need", "accept", "serve", "confirm_with_elder"])
def test_who_is_late_has_the_next_level_beside(town: Town, element: str):
    """150% of the time: the next level takes over, and the task stays open. Source: processes 4.0."""
    town.message("need.raised", f"{town.elder.id}:meals", category="meals")
    walk = {
        "accept": lambda: checks(town),
        "serve": lambda: town.does("accept", answer="accept"),
        "confirm_with_elder": lambda: serves(town),
    }
    for name, step in walk.items():
        if element in town.elements():
            break
        step()
        assert name in town.elements()
    before = town.open()[element]
    town.waits(days=25)

    after = town.open()[element]
    assert after.id == before.id
    assert after.also_role is not None


def test_another_system_answers_by_messages(sent: Town):
    key = str(row(sent).id)
    sent.message("referral.accepted", key, accepted=True)
    assert "serve" in sent.elements()
    sent.message("referral.result", key, served=True)

    assert "confirm_with_elder" in sent.elements()
    assert (turns(sent)[0].accepted_at is not None, turns(sent)[0].served) == (True, True)


def test_another_system_rejects_and_the_next_receiver_answers_by_the_form(sent: Town):
    sent.message("referral.accepted", str(row(sent).id), accepted=False)
    sent.does("re_route", receiver="village_desk")
    sent.does("accept", answer="accept")

    assert "serve" in sent.elements()
    assert row(sent).rejects == 1


def test_a_visit_that_finds_several_needs_begins_one_referral_for_each(town: Town):
    town.start("visit_ordered", kind="targeted")
    town.does("accept_or_swap", by="visitor")
    town.does("go", mode="home", by="qr", met="yes")
    found = record()
    found["wishes"] = {**found.get("wishes", {}), "meals": "wish", "bathing": "soon"}
    town.does("visit_form", **found)

    with db.reading() as session:
        every = {each.category: each for each in referrals.of_elder(session, town.elder.id)}
    assert {"meals", "bathing"} <= every.keys()
    assert (every["meals"].urgent, every["bathing"].urgent) == (False, True)
    assert "village_note" not in town.live()


def test_the_same_need_again_joins_the_one_under_way(asked: Town):
    asked.message("need.raised", str(asked.elder.id), category="meals", items=["meals", "bathing"])

    with db.reading() as session:
        every = {each.category: each.mentions for each in referrals.of_elder(session, asked.elder.id)}
    assert every == {"meals": 2, "bathing": 1}
    assert asked.live().count("need_referral") == 2


def test_whose_need_it_is_may_be_unknown(town: Town):
    with jobs.transaction() as session:
        incoming.message(session, "need.raised", "case:7", {"elder_id": None, "category": "lodging", "case_id": 7})
    jobs.drain()

    town.does("handle_unknown", result="done", text="已查明并安置")
    assert town.live() == []


@pytest.mark.parametrize("message", ["elder.exited", "elder.suspended"])
def test_an_elder_who_leaves_ends_it(serving: Town, message: str):
    serving.message(message, str(serving.elder.id))

    assert row(serving).outcome == "exited"
    assert serving.elements() == set()
    assert serving.live() == []


def test_the_receiver_learns_no_more_than_it_needs(sent: Town):
    """Ids and codes only leave by the message. Source: people-forms-indicators 5.2."""
    with db.reading() as session:
        said = session.connection().execute(events.select().where(events.c.name == "referral.sent")).one().payload
    assert set(said["payload"]) == {"referral_id", "elder_id", "category", "receiver"}


def test_the_demonstration_has_some_of_everything_under_way(town: Town):
    """Sent once, however often the program starts."""
    with jobs.transaction() as session:
        for _ in range(16):
            builders.an_elder(session, town.city)
    for _ in range(2):
        with jobs.transaction() as session:
            openings.begin(session)
        jobs.drain()

    live = Counter(town.live())
    assert live == {
        "need_referral": 4, "policy_aid": 2, "errand": 2, "hazard_rectification": 3, "device_health": 1,
        "special_period": 1,
    }  # fmt: skip
