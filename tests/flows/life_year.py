"""A year of a woman of 65 who lives alone: a visit each month, more at festivals, and the yearly review. P07, P33."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from pathlib import Path

from care.visits import VisitObligation
from tests.flows import life_words as words
from tests.flows.life import Life

HEAD = "姓名,出生日期,性别,网格,住址,电话,责任人A,责任人B,联系人,关系,联系电话"
FACTS = "独自居住,有老伴,有子女,子女同在一地,住在嘎查村"
NOW = {"children_same_area": "yes", "ability_level": "none", "disability_cert_grade": "none"}
FESTIVALS = {  # the day of the extra contact, and by when it is owed: within 48 hours of the opening
    "2026-09-24": "2026-09-25 00:30",
    "2026-10-17": "2026-10-18 00:30",
    "2027-02-04": "2027-02-05 00:30",
    "2027-02-19": "2027-02-20 00:30",
    "2027-04-04": "2027-04-05 00:30",
    "2027-06-08": "2027-06-09 00:30",
}


def on_a_list(life: Life, folder: Path) -> None:
    listed = folder / "elders.csv"
    visitors = f"{life.users['visitor']},{life.users['visitor_b']}"
    row = f"李秀英,1961-05-10,女,第一区/青山街道/春光社区/第一网格,3号楼101,13900000009,{visitors}"
    listed.write_text(f"{HEAD},{FACTS}\n{row},李女儿,child,13700000009,是,否,是,否,否\n")
    life.types("import", "elders", str(listed))
    life.elder_id = 1
    assert (life.elder().tier, life.elder().categories) == ("general", ["ALONE"])


def visited_each_month_and_at_festivals(life: Life) -> None:
    """The first visit in the middle of August; each further one is due a month's length after the last."""
    day, regular = date(2026, 8, 16), []
    while day < date(2027, 8, 1):
        regular.append(day)
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        day += timedelta(days=monthrange(following.year, following.month)[1])
    for each in sorted([*map(str, regular), *FESTIVALS]):
        life.until(f"{each} 10:00")
        if each in FESTIVALS:
            life.visits(words.by_phone(), mode="phone", due=FESTIVALS[each], kind="special_period")
        else:
            life.visits(words.at_home(met=["elder"], alone=True), due=f"{each} 18:00", kind="regular")
        if "village_check" in life.open():
            life.does("village_desk", "village_check", {"way": "phone", "answer": "ok"})
        if "list_supporters" in life.open():
            _contacts_are_checked(life)
    owed = life.rows(VisitObligation)
    assert [(each.period, each.state) for each in owed] == [("month", "fulfilled")] * 12


def _contacts_are_checked(life: Life) -> None:
    """Every half year (P06). Around the spring festival of a year that is not announced the times are an estimate."""
    calls = {"calls": [{"answered": True}, {"answered": True}]}
    for role, element, said in (
        ("village_desk", "list_supporters", words.family()),
        ("visitor", "call_check", calls),
        ("village_desk", "contact_consents", {"way": "phone", "agrees": True}),
    ):
        life.does(role, element, said, due=f"{life.due(life.task(element)):%Y-%m-%d %H:%M}")


def her_daughter_has_come_home(life: Life) -> None:
    """On the day the review comes to the visitor; by the facts of now there is no tier, and the township is asked."""
    life.until("2027-08-03 00:10")
    assert "review_facts" not in life.open()
    life.until("2027-08-03 09:00")
    life.does("visitor", "review_facts", {"way": "onsite", "facts": NOW})
    assert life.elder().tier == "general"
    life.does("township_desk", "confirm", {"answer": "yes"}, due="2027-08-06 23:59")
    assert (life.elder().tier, life.elder().flags) == ("none", ["ALONE_NEAR_FAMILY"])


def the_lower_tier_holds_from_the_next_period(life: Life) -> None:
    """August's visit stays owed; in September there is none."""
    assert "accept_or_swap" in life.open()
    life.until("2027-09-02 09:00")
    assert str(life.rows(VisitObligation)[-1].starts_on) == "2027-08-01"
