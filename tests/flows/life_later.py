"""What comes later: a storm, the end of the son's watch, a move to another district. P09, P19, P34, P05."""

from __future__ import annotations

from care import special_periods
from care.duties import DutyCase
from care.referrals import Referral
from care.special_periods import SpecialPeriod
from engine import db, instances
from tests.flows import life_visits
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.flows.life_beginning import NAME, SPOUSE
from tests.processes import answers as say

STORM = "blizzard-7"
VILLAGE = "新居社区"


def the_ninth_of_the_ninth(life: Life) -> None:
    life.until("2026-10-17 10:00")
    life.visits(words.by_phone(), mode="phone", due="2026-10-18 00:30", kind="special_period")
    life_visits.and_hers(life)


def the_festivals_are_reported(life: Life, number: int) -> None:
    """The district writes a report of each festival that is over."""
    reports = [row for row in life.task_rows() if row.element_id == "close_report"]
    mine = [row for row in reports if row.unit_path.startswith(life.district_path())]
    assert len(mine) == number
    for _ in mine:
        life.does("district_desk", "close_report", {"words": "都看望到了"})


def a_storm(life: Life) -> None:
    """A yellow warning waits for the district; both of the couple are owed a visit, by telephone as roads close."""
    life.until("2026-11-20 09:00")
    warned_at = life.now()
    _warned(life, level="yellow")
    assert life.every(SpecialPeriod)[-1].state == "proposed"
    life.does("district_desk", "confirm_period", {"confirmed": True})
    assert "进行中" in life.page("district_desk", "/periods/").text_content()
    told = [each for each in life.sent(warned_at) if each.get("template") == "special_period_advice"]
    assert {each["to"] for each in told} == {"13512345678", "13900000001", "13700000001"}

    card = next(text for _, title, text in life.worklist("visitor") if NAME in text and "接探访单" in title)
    assert "周日" in card and "重点" in card  # by Sunday 22 November
    life.until("2026-11-20 15:00")
    _warned(life, level="red")
    for elder in (life.elder_id, life.spouse_id):
        life.visits(words.by_phone(), mode="phone", due="2026-11-22 09:00", kind="special_period", of=elder)
    life.does("township_desk", "progress_watch", {"done": "都已打电话"}, due="2026-11-22 09:00")


def the_storm_is_over(life: Life) -> None:
    """The same warning is called off: nothing more is owed, and the district says how it was."""
    life.until("2026-11-21 09:00")
    _warned(life, cancel=True)
    period = life.every(SpecialPeriod)[-1]
    assert (period.state, period.level, period.owed, period.reached) == ("cancelled", "red", 2, 2)
    life.does("district_desk", "close_report", {"words": "全部联系到"})
    with db.reading() as session:
        running = instances.find(session, process_ids=("special_period", "period_watch"))
        share = special_periods.share(session, period, life.village)
    assert running == [] and share.is_all


def _warned(life: Life, **said: str | bool) -> None:
    about = {"id": STORM, "area": "第一区", "kind": "blizzard", "to": "2026-11-23T20:00:00+08:00", **said}
    life.says("weather.warning", STORM, **{"from": "2026-11-20T09:00:00+08:00"}, **about)


def he_keeps_his_word(life: Life) -> None:
    """Ninety days after 15 October the village looks once more, and the file is closed."""
    life.until("2027-01-13 08:00")
    assert "check_watch" not in life.open()
    life.until("2027-01-14 10:00")
    life.does("village_desk", "check_watch", {"result": "performing", "elder_words": "每月都回来", "finding": "属实"},
              due="2027-01-18 23:59")  # fmt: skip
    row = life.rows(DutyCase)[0]
    assert (row.stage, row.outcome, row.closed_at) == ("closed", "performing", life.now())
    assert "supporter_duty" not in life.live()


def to_another_district(life: Life) -> None:
    """Both move, while a visit is ordered and a need is looked at. The files go along; nothing of them stays behind."""
    life.until("2027-01-18 10:00")
    there = life.another_district(VILLAGE)
    life.says("need.raised", f"{life.elder_id}:cleaning", elder_id=life.elder_id, category="cleaning")
    life.begins("village_desk", "visit")
    for elder in (life.spouse_id, life.elder_id):
        life.begins("village_desk", "exit", of=elder)
        said = {"reason": "moved_within", "on": "2027-01-18", "ground": "换到有电梯的房子", "new_unit": VILLAGE}
        life.does("village_desk", "confirm_exit", said | {"new_address": "新居社区3号楼"}, of=elder)
        life.does("township_desk", "approve", {"answer": "yes"}, of=elder)

    elder, wife = life.elder(), life.elder(life.spouse_id)
    assert (elder.status, elder.tier) == ("in_register", "key") and elder.unit_path.startswith(there)
    assert wife.unit_path == elder.unit_path
    both = [row for row in life.task_rows() if row.subject_id in (elder.id, wife.id)]
    assert {"check_need", "accept_or_swap", "propose"} <= {row.element_id for row in both if row.subject_id == elder.id}
    assert [row.element_id for row in both if not row.unit_path.startswith(there) and row.unit_path > "/1/"] == []
    for role in ("village_desk@", "visitor@", "township_desk@", "district_desk@"):
        assert [text for _, _, text in life.worklist(role) if NAME in text or SPOUSE in text] == []
        assert life.browser(role).get(f"/elders/{life.elder_id}").status_code == 404
    life.at, life.district = "@there", "第二区"


def welcomed_there(life: Life) -> None:
    """A new visitor within three days; until then the village there acts, and its visit goes to the new one."""
    due = "2027-01-21 10:00"
    before = life.now()
    assert any(NAME in text for _, _, text in life.worklist("village_desk"))
    said = say.proposal("", "") | {"visitor": life.name_of("visitor"), "visitor_b": life.name_of("visitor_b")}
    for elder in (life.spouse_id, life.elder_id):
        life.does("village_desk", "propose", said | {"from_on": "2027-01-18"}, due=due, of=elder)
        life.does("visitor", "accept", {"answer": "accept", "read": True}, of=elder)
        life.does("township_desk", "confirm", {"answer": "yes"}, due=due, of=elder)
    assert life.templates(before).count("liaison_card") == 2
    life.does("village_desk", "check_need", {"answer": "refer", "wish": "每周打扫一次"})
    ordered = life.task("accept_or_swap")
    assert not life.is_of_a_period(ordered) and ordered.assignee_id == life.id_of("visitor")
    life.visits(words.at_home(), due=f"{life.due(ordered):%Y-%m-%d %H:%M}", kind="targeted")
    life_visits.and_hers(life)


def his_story_so_far(life: Life) -> None:
    """«近来» on his page in the new place: newest first, each with who did it."""
    visitor, desk = (life.name_of(role) for role in ("visitor", "village_desk"))
    handed_on = f"接探访单或转交转交，本岗位 → {visitor}"  # the ordered visit and that of the period
    assert [each.removeprefix("10:00") for each in life.timeline()] == [
        "本期已由另一次探访完成，这次不用去",
        f"老人确认{visitor}，办完", f"五了解四协助三排查{visitor}，办完", f"到户签到{visitor}，办完",
        f"接探访单或转交{visitor}，办完", f"核实需求{desk}，办完", handed_on, handed_on,
    ]  # fmt: skip


def his_home_is_cleaned(life: Life) -> None:
    """The need that moved along is served in the new place."""
    life.does("village_desk", "accept", {"answer": "accept", "who": "家政点"})
    life.does("village_desk", "serve", {"served": True, "what": "每周二打扫"})
    life.does("visitor", "confirm_with_elder", {"how": "phone", "answer": "yes"})
    assert [each.outcome for each in life.rows(Referral)] == ["settled", "settled"]
    life_visits.drawn_by_lot(life)


def asked_whether_it_is_clean(life: Life) -> None:
    life.until("2027-01-21 10:00")
    life.does("surveyor", "call_back", say.scored(5))
