"""What processes.md says of each task in the life of one elder: role, form, time, and the paragraph that says so.

Times are written here once more from the catalogue 4.9, with a calendar of their own, so that the play and the
diagrams can disagree. A time of «given» follows from an earlier moment; the play names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

# The State Council's holidays of 2026 from August on, with the weekend days that are worked for them; of 2027 nothing
# is announced yet, so no working day of the play lies at a festival of that year.
FREE = {date(2026, 9, day) for day in (25, 26, 27)} | {date(2026, 10, day) for day in range(1, 8)}
WORKED = {date(2026, 9, 20), date(2026, 10, 10)}


@dataclass(frozen=True)
class Told:
    """`due`: «wd3» third working day, its end; «h24» hours, «m10» minutes, «d7» days from the task's beginning; «given»
    follows from an earlier moment. `acting`: who does it in this city where nobody holds the role (4.0, P05).
    """

    role: str
    form: str
    due: str
    source: str
    acting: str = ""


TASKS = {
    # P01 to P06
    "collect_basic": Told("village_desk", "elder_basic", "wd15", "P01 T1; 4.9 registration whole 15 wd"),
    "collect_willingness": Told("village_desk", "willingness", "given", "P01 T2; 4.9 registration whole 15 wd"),
    "home_assessment": Told("visitor", "assess", "wd5", "P02 T1; 4.9 home assessment 5 wd", "village_desk"),
    "care_plan": Told("village_desk", "care_plan", "wd5", "P02 T3; 4.0 no deadline named: 5 wd"),
    "approve_plan": Told("township_desk", "confirm", "wd3", "P02 T3; 4.9 township check 3 wd"),
    "explain_and_sign": Told("visitor", "consent", "wd5", "P04 T1; 4.0 no deadline named: 5 wd", "village_desk"),
    "list_supporters": Told("village_desk", "supporters", "wd5", "P06 T1; 4.9 contact check 5 wd"),
    "call_check": Told("visitor", "supporter_calls", "given", "P06 T2; 4.9 contact check 5 wd", "village_desk"),
    "contact_consents": Told("village_desk", "contact_agreement", "given", "P06 T5; 4.9 contact check 5 wd"),
    "propose": Told("village_desk", "assign", "wd5", "P05 T1; 4.9 whole assignment 5 wd"),
    "accept:accept_assignment": Told("visitor", "accept_assignment", "wd2", "P05 T2; 4.9 visitor accepts 2 wd"),
    "confirm": Told("township_desk", "confirm", "given", "P05 T3; 4.9 whole assignment 5 wd"),
    "township_confirm": Told("township_desk", "confirm", "wd3", "P01 T7; 4.9 township check 3 wd"),
    # P07, P08
    "accept_or_swap": Told("visitor", "accept_or_swap", "given", "P08 T0; by the visit's day"),
    "go": Told("visitor", "check_in", "given", "P08 T1; by the visit's day"),
    "visit_form": Told("visitor", "visit", "given", "P08 T2; by the visit's day"),
    "elder_confirm": Told("visitor", "elder_confirm", "given", "P08 T3; by the visit's day"),
    "village_check": Told("village_desk", "village_check", "d3", "P08 T5 within 3 days"),
    # P09, P10
    "confirm_period": Told("district_desk", "period_confirm", "h2", "P09 T1 2 h"),
    "progress_watch": Told("township_desk", "period_watch", "given", "P09 T3"),
    "close_report": Told("district_desk", "period_report", "wd3", "P09 T4"),
    "confirm_change": Told("village_desk", "change", "h2", "P10 T1 2 h"),
    "first_visit_20h": Told("township_desk", "note", "d3", "P10 late first visit: township at 20 h"),
    "plan_update": Told("village_desk", "care_plan", "wd3", "P10 T2"),
    "judge_stable": Told("township_desk", "stable", "d2", "P10 weekly"),
    # P11, P14, P23
    "check_need": Told("village_desk", "referral_check", "wd1", "P11 T1 1 wd; 4.9"),
    "accept:referral_accept": Told("provider", "referral_accept", "wd2", "P11 T2 2 wd; 4.9", "village_desk"),
    "serve": Told("provider", "referral_result", "wd10", "P11 T3 default 10 wd; 4.9", "village_desk"),
    "confirm_with_elder": Told("visitor", "referral_confirm", "wd5", "P11 T5 5 wd; 4.9"),
    "remind_on_site": Told("visitor", "hazard_remind", "d3", "P14 T1"),
    "rectify": Told("village_desk", "hazard_rectify", "given", "P14 T2 一般 30 days; 4.9"),
    "recheck": Told("visitor", "hazard_recheck", "d7", "P14 T3 7 days; 4.9"),
    "call_back": Told("surveyor", "satisfaction", "d3", "P23 T1 3 tries in 10 days"),
    # P15, P17a, P18
    "call_elder": Told("monitor_desk", "alarm_call", "m3", "P15 T1 3 min; 4.9"),
    "call_family": Told("monitor_desk", "alarm_call", "m5", "P15 T2 5 min; 4.9"),
    "ask_visitor": Told("visitor", "alarm_call", "m5", "P15 T3 5 min; 4.9"),
    "grid_worker_check": Told("grid_worker", "alarm_call", "m15", "P15 T4 15 min in town; 4.9"),
    "family_comes": Told("monitor_desk", "family_comes", "m10", "附5一 家属到场陪护; 4.0 inside an emergency 10 min"),
    "call_120": Told("monitor_desk", "rescue_call", "m10", "P17a; 4.0 inside an emergency 10 min"),
    "doctor_informs": Told("family_doctor", "acknowledge", "m30", "P17a family doctor told", "village_desk"),
    "escort": Told("village_desk", "escort", "h1", "P17a 陪同就医"),
    "hospital_result": Told("village_desk", "hospital_result", "h24", "P17a"),
    "feedback_24h": Told("monitor_desk", "feedback", "given", "P18 T1 24 h from the alarm; 附5"),
    "review_3wd": Told("village_desk", "review", "wd3", "P18 T2 3 wd, never who handled it; 附5", "township_desk"),
    "check_file": Told("village_desk", "case_file", "wd2", "P18 T3"),
    "review_again": Told("village_desk", "note", "d14", "P18 T2 again after return; 4.0 F-NOTE"),
    "approve_archive": Told("township_desk", "confirm", "wd2", "P18 T3 township approves for 紧急"),
    # P19
    "verify": Told("village_desk", "duty_verify", "wd5", "P19 stage 0 5 wd; 4.9"),
    "urge": Told("village_desk", "urge", "wd3", "P19 stage 1"),
    "check_urged": Told("village_desk", "duty_check", "wd3", "P19 stage 1 check"),
    "record_grave": Told("township_lead", "grave_result", "wd3", "P19 stage 2 严重后果 recorded"),
    "joint_education": Told("township_lead", "joint_education", "wd10", "P19 stage 2"),
    "check_joint": Told("township_lead", "duty_check", "wd3", "P19 stage 2 check after 15 days; 4.9"),
    "check_watch": Told("village_desk", "duty_check", "wd3", "P19 watch 90 days"),
    # P33, P34, P35, P28
    "review_facts": Told("visitor", "review_facts", "d30", "P33 T1 late 30 days; 4.9"),
    "confirm_back": Told("visitor", "back_from_absence", "h24", "P35 confirm_back 24 h"),
    "confirm_exit": Told("village_desk", "exit", "wd3", "P34 T1 3 wd; 4.9"),
    "approve": Told("township_desk", "confirm", "wd3", "P34 T2"),
    "collect_device": Told("village_desk", "device_collect", "given", "P28 collect within 10 wd; 4.9"),
}  # fmt: skip


def due_of(rule: str, since: datetime) -> datetime:
    """When a task that began at `since` (the city's time) is due."""
    kind, number = rule.rstrip("0123456789"), int(rule.lstrip("abcdefghijklmnopqrstuvwxyz") or 0)
    if kind == "wd":
        return working_days(number, since.date())
    return since + {"m": timedelta(minutes=number), "h": timedelta(hours=number), "d": timedelta(days=number)}[kind]


def working_days(number: int, after: date) -> datetime:
    """The end of the nth working day after a day, that day not counted (chapter 7)."""
    day = after
    while number:
        day += timedelta(days=1)
        number -= is_worked(day)
    return datetime.combine(day, time(23, 59))


def is_worked(day: date) -> bool:
    return day in WORKED or (day.weekday() < 5 and day not in FREE)
