"""He dies: the notices stop at once, what is open ends, and his wife becomes a major change. P34, P10, P33, P28."""

from __future__ import annotations

from datetime import timedelta

from care import contacts
from care.changes import MajorChange
from care.visits import VisitObligation
from engine import db
from tests.flows.life import Life
from tests.flows.life_trouble import DAUGHTER, KEY, PENDANT


def much_is_open(life: Life) -> None:
    """A need, a visit that the village ordered, the card to be printed, an errand, when the news comes."""
    life.says("need.raised", f"{life.elder_id}:cleaning", elder_id=life.elder_id, category="cleaning")
    life.says("errand.asked", f"{life.elder_id}:payment", elder_id=life.elder_id, kind="payment")
    life.begins("village_desk", "visit")
    life.begins("village_desk", "consent")
    assert {"need_referral", "errand", "visit_ordered", "consent", "visit_cycle"} <= set(life.live())


def the_visitor_tells_of_his_death(life: Life) -> None:
    """A person confirms it; with that moment nobody of the family is written to, and with the approval all ends."""
    life.begins("visitor", "exit")
    assert life.elder().status != "exited"
    life.waits("2h")
    told = life.now()
    life.does("village_desk", "confirm_exit", {"reason": "death", "on": f"{life.local(told):%Y-%m-%d}",
                                               "ground": "医院死亡证明"})  # fmt: skip
    with db.reading() as session:
        assert contacts.notifiable(session, life.elder_id) == []
    assert life.elder().status != "exited"
    warned = {"area": life.district, "kind": "cold_wave", "level": "red", "id": "after-death", "from": told.isoformat()}
    life.says("weather.warning", "after-death", **warned, to=(told + timedelta(days=2)).isoformat())
    life.waits("5h")
    life.does("township_desk", "approve", {"answer": "yes"})
    assert life.elder().status == "exited"
    assert life.live() == ["device_health"], life.live()
    assert set(life.open()) == {"collect_device"}
    assert {each.state for each in life.rows(VisitObligation)} <= {"fulfilled", "made_up", "missed", "cancelled"}
    life.died_at, life.left_at = told, life.now()


def his_wife_is_to_be_visited_within_a_day(life: Life) -> None:
    """Surviving spouse: a major change with a visit in 24 hours, and her tier is looked at anew."""
    wife = life.spouse_id
    said = {"who_told": "visitor", "confirmed": True, "kinds": ["bereavement"]}
    life.does("village_desk", "confirm_change", said, of=wife)
    change = life.rows(MajorChange, wife)[-1]
    assert change.first_due_at - change.reported_at == timedelta(hours=24)
    hers = [each for each in life.task_rows() if each.subject_id == wife]
    ordered = [each for each in hers if each.element_id == "accept_or_swap" and each.due_at == change.first_due_at]
    assert [each.assignee_id for each in ordered] == [life.id_of("visitor")]
    assert "review_facts" in {each.element_id for each in hers}


def the_pendant_is_fetched(life: Life) -> None:
    """Whoever finds it and presses it calls the desk, not a dead man's family."""
    assert life.presses(PENDANT, KEY) == "held"
    due = life.in_working_days(10, life.left_at)
    life.does("village_desk", "collect_device", {"result": "collected"}, due=due)
    assert (life.live(), life.open()) == ([], {})


def nothing_comes_after(life: Life) -> None:
    """Two months on nothing is open and no text about him went out."""
    left = life.died_at + timedelta(days=60) - life.now()
    life.waits(f"{left.total_seconds():.0f}s")
    assert (life.live(), life.open()) == ([], {})
    texts = [each for each in life.sent(life.died_at) if each["channel"] == "sms"]
    assert [each for each in texts if each["state"] == "sent" and life.is_about_him(each)] == []
    assert f"E{life.elder_id:06d}" not in life.types("elders")


def the_daughter_was_left_in_peace(life: Life) -> None:
    assert [each for each in life.sent(life.bereaved_at) if each.get("to") == DAUGHTER] == []
