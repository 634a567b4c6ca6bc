"""Two months of visits, and the help that follows from them: P07, P08, P11, P14, P23, and the beginning of P19."""

from __future__ import annotations

from care.duties import DutyCase
from care.hazards import Hazard
from care.referrals import Referral
from care.surveys import Survey
from tests.flows import life_visits
from tests.flows import life_words as words
from tests.flows.life import Life


def first_visit(life: Life) -> None:
    """Within a week of the registration; the floor is slippery, and he would like his meals brought."""
    life.until("2026-08-06 10:00")
    floor = {"level": "general", "note": "卫生间门口地面滑", "told": ["elder", "family"]}
    found = words.at_home(
        wishes={"meals": "wish", "attention": "normal"},
        home_safety={**dict.fromkeys(words.HOME, words.SAFE), "floor": floor},
    )
    life.visits(found, due="2026-08-07 18:00", kind="regular")
    assert "village_check" in life.open()
    life_visits.and_hers(life)
    life_visits.drawn_by_lot(life)
    assert {"need_referral", "hazard_rectification"} <= set(life.live())


def meals_that_come_at_the_second_attempt(life: Life) -> None:
    life.does("village_desk", "check_need", {"answer": "refer", "wish": "中午送一顿饭"})
    life.does("village_desk", "accept", {"answer": "accept", "who": "助餐点"})
    life.until("2026-08-11 09:30")
    life.does("village_desk", "serve", {"served": True, "what": "签了送餐"})
    life.does("visitor", "confirm_with_elder", {"how": "phone", "answer": "no", "left": "还没有送来"})
    life.until("2026-08-13 09:30")
    life.does("village_desk", "serve", {"served": True, "what": "今天起每天送"})
    life.does("visitor", "confirm_with_elder", {"how": "phone", "answer": "yes"})
    row = life.rows(Referral)[0]
    assert (row.outcome, row.unsettled) == ("settled", 1)


def a_floor_that_is_mended(life: Life) -> None:
    life.does("visitor", "remind_on_site", {"what": "门口铺防滑垫", "told": ["elder", "family"]})
    life.does("village_desk", "rectify", {"result": "done", "done": "铺了防滑垫"}, due="2026-09-05 10:00")
    life.does("visitor", "recheck", {"fixed": True})
    assert life.rows(Hazard)[0].outcome == "fixed"


def asked_whether_he_is_content(life: Life) -> None:
    """Three days after the referral was settled, by the surveyors and never by the visitor."""
    life.until("2026-08-16 10:00")
    life.does("surveyor", "call_back", {"way": "phone", "reached": "yes", "respondent": "elder", "overall": 4})
    assert life.rows(Survey)[0].outcome == "answered"


def a_son_who_does_not_come(life: Life) -> None:
    """The second visit, by telephone: something is wrong with the family."""
    life.until("2026-08-18 10:00")
    life.visits(
        words.by_phone(family_duty={"troubled": "unclear"}), mode="phone", due="2026-08-20 18:00", kind="regular"
    )
    life.until("2026-08-20 09:00")
    said = {"elder_words": "儿子两年没来", "finding": "邻居也这样说", "founded": True, "kind": "care",
            "supporter": "赵儿子", "elder_wish": "go_on", "way": "urge"}  # fmt: skip
    life.does("village_desk", "verify", said)
    urged(life, until="2026-09-04")


def a_quiet_visit(life: Life) -> None:
    life_visits.every_other_week(life, "2026-09-01")
    life.until("2026-09-07 09:00")  # the fifteen days of the son were over on Friday at six
    life.does("village_desk", "check_urged", VAIN, due="2026-09-09 23:59")
    urged(life, until="2026-09-22")


VAIN = {"result": "not_performing", "elder_words": "还是没来", "finding": "电话里推脱"}


def urged(life: Life, until: str) -> None:
    said = {"supporter": "赵儿子", "duties": ["care"], "must_change": "每月回来一次", "received_how": "phone"}
    life.does("village_desk", "urge", said)
    row = life.rows(DutyCase)[0]
    assert row.until_at is not None and row.stage == "urging"
    assert f"{life.local(row.until_at):%Y-%m-%d %H}" == f"{until} 18"  # fifteen days (4.9)
    assert "check_urged" not in life.open()
