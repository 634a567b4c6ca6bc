"""What happens to him: an SOS, the hospital, the weeks after it, a festival, the son. P15 to P19, P09, P10, P35."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from care.absences import Absence
from care.cases import Case
from care.changes import MajorChange
from care.duties import DutyCase
from care.special_periods import PeriodContact, SpecialPeriod
from care.visits import VisitObligation
from tests.flows import life_help, life_visits
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.processes import answers as say

PENDANT, KEY = "p-1949", "ab" * 16
STAGES = ["立案", "处置完成", "已反馈", "已上门复核", "已归档"]
SON, DAUGHTER = "13600000002", "13700000001"


def a_pendant(life: Life, folder: Path) -> None:
    listed = folder / "devices.csv"
    listed.write_text(f"device,key,kind,elder,model\n{PENDANT},{KEY},sos,{life.elder().number},挂件\n")
    life.types("devices", "import", str(listed))


def he_falls_and_presses(life: Life) -> None:
    """SOS: the four steps begin together; the first contact hears; the kind decides who comes."""
    life.until("2026-09-08 20:00")
    began = life.now()
    assert life.presses(PENDANT, KEY) == "accepted"
    assert {"call_elder", "call_family", "ask_visitor", "grid_worker_check"} <= life.open().keys()
    told = [each for each in life.sent(began) if each["channel"] == "sms"]
    assert [(each["template"], each["to"]) for each in told] == [("first_contact", DAUGHTER)]
    life.does("monitor_desk", "call_elder", {**say.urgent("fall"), "state_words": "摔倒站不起来"})
    assert not {"call_family", "ask_visitor", "grid_worker_check"} & life.open().keys()
    life.does("monitor_desk", "call_120", {"services": ["120"], "called_by": "坐席", "level": "urgent"})
    life.does("village_desk", "doctor_informs", say.taken())
    life.does("monitor_desk", "family_comes", {"whom": "赵女儿", "answer": "comes"})
    life.does("village_desk", "escort", {"who": "family", "hospital": "第一医院"})
    life.until("2026-09-08 23:00")
    result = {"result": "admitted", "since": "2026-09-08T22:00", "hospital": "第一医院", "until_on": "2026-09-18"}
    life.does("village_desk", "hospital_result", result)
    assert life.elder().status == "absent"
    absence = life.rows(Absence)[0]
    assert (absence.kind, str(absence.until_at.date())) == ("hospital", "2026-09-18")


def fed_back_and_reviewed_by_somebody_else(life: Life) -> None:
    """Feedback within 24 hours of the alarm; three working days to the review; the township files it."""
    life.until("2026-09-09 10:00")
    life.does("monitor_desk", "feedback_24h", {"state": "hospital", "talked_with": ["family"], "result": "髋部骨折住院",
                                               "ledger_updated": True}, due="2026-09-09 20:00")  # fmt: skip
    life.until("2026-09-11 15:00")
    review = {**say.review(where="hospital"), "on_site_on": "2026-09-11T14:30"}
    life.does("township_desk", "review_3wd", review)
    life.does("village_desk", "check_file", say.case_file())
    life.does("township_desk", "approve_archive", {"answer": "yes"})
    case = life.rows(Case)[0]
    assert (case.state, case.locked, case.round) == ("archived", True, 1)
    told = [each for each in life.happened(case.id) if each in STAGES]
    assert told == STAGES


def an_emergency_is_a_major_change(life: Life) -> None:
    """With the archive: the village confirms, he is called within a day, and his facts are gone through with it."""
    said = {"who_told": "family", "confirmed": True, "kinds": ["emergency"]}
    life.does("village_desk", "confirm_change", said)
    life.visits(words.by_phone(), mode="phone", due="2026-09-12 15:00", kind="major_change")
    facts = {"ability_level": "none", "disability_cert_grade": "none"}
    life.does("visitor", "review_facts", {"way": "phone", "facts": facts})
    life.does("village_desk", "plan_update", say.plan())
    change = life.rows(MajorChange)[0]
    assert (change.kinds, change.first_visit_at) == (["emergency"], life.now())
    assert life.elder().tier == "key"


def in_hospital(life: Life) -> None:
    """The call of the change was the period's visit; the surveyors ask about the case, on the day the visitor asks.

    That he is home again joins the change: fourteen days from now.
    """
    life.until("2026-09-15 10:00")
    assert life.rows(VisitObligation)[-1].state == "fulfilled" and "accept_or_swap" not in life.open()
    life_visits.and_hers(life)
    life.does("surveyor", "call_back", {"way": "phone", "reached": "yes", "respondent": "family", "overall": 5})
    life.until("2026-09-18 09:00")
    life.does("visitor", "confirm_back", {"answer": "back"})
    assert life.elder().status == "in_register"
    change = life.rows(MajorChange)[0]
    assert (change.kinds, change.not_before) == (["hospital", "emergency"], life.now() + timedelta(days=14))
    assert life.live().count("major_change") == 1


def reviewed_again_at_home(life: Life) -> None:
    """Reviewed at his bed, he is looked at once more when he is home (P18 T2)."""
    said = {"result": "done", "text": "已在家复核，能扶着走"}
    life.does("village_desk", "review_again", said, due="2026-09-25 15:00")


def judged(life: Life, at: str, stable: bool) -> None:
    """Each week the township judges; before the fourteen days it goes on whatever it says."""
    life.until(at)
    life.does("township_desk", "judge_stable", {"stable": stable, "words": "能下床走动"})


def stable_again(life: Life) -> None:
    judged(life, "2026-10-02 17:00", True)
    life_visits.and_hers(life)
    life_visits.drawn_by_lot(life)
    assert life.rows(MajorChange)[0].outcome == "stabilised"
    life.until("2026-10-05 09:00")
    owed = life.rows(VisitObligation)[-1]
    assert (owed.period, owed.context) == ("two_weeks", "normal")


def the_moon_festival(life: Life) -> None:
    """It opens by itself two days before; he is visited once more, and the district writes its report."""
    life.until("2026-09-24 10:00")
    period = life.every(SpecialPeriod)[0]
    assert (period.name, period.state) == ("中秋节", "open")
    before = life.rows(VisitObligation)[-1].done
    life.visits(words.at_home(), due="2026-09-25 00:30", kind="special_period")
    life_visits.and_hers(life)
    assert [each.how for each in life.rows(PeriodContact)] == ["home"]
    assert life.rows(VisitObligation)[-1].done == before  # the regular visit of the period is another one


def the_son_is_taught(life: Life) -> None:
    """Urged twice in vain: a grave result on record, and the joint education."""
    life.does("village_desk", "check_urged", life_help.VAIN, due="2026-09-28 23:59")
    life.does("township_lead", "record_grave", {"results": ["injury", "hospital"], "finding": "摔伤住院无人照料"})
    life.until("2026-09-29 10:00")
    said = {"held_at": "2026-09-29T09:30", "participants": ["township", "justice"], "said": "依法应当履行"}
    life.does("township_lead", "joint_education", said | {"promised": True, "promise": "每月回来"})


def he_comes_again(life: Life) -> None:
    """Checked fifteen days after; then the watch begins."""
    life.until("2026-10-15 09:00")
    row = life.rows(DutyCase)[0]
    assert row.grave_results == ["injury", "hospital"] and row.joint_at is not None
    life.does("township_lead", "check_joint", {"result": "performing", "elder_words": "儿子回来了", "finding": "属实"},
              due="2026-10-19 23:59")  # fmt: skip
    assert life.rows(DutyCase)[0].stage == "watching"
