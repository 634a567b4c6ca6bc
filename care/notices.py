"""Words that go out to people: written into the outgoing table once per occasion, sent by the connectors.

Family gets telephone messages through the contacts that may be notified (never an alleged abuser, nobody under a
protective hold); staff gets notices on their screens, and a desk that must act gets a plain task. Templates are codes
with their few facts; the words of each stand with the channel.

Public: first_contact, tell, desk, repeated_alarm, district_incident, TEMPLATES.
Source: processes P15 S2, 4.9; rulings 9.26; connectors §7.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import contacts, organisation, people
from care.cases import Case, note
from engine import clock, operations, outgoing, tasks
from engine.operations import Subject

TEMPLATES = {
    "first_contact": ("老人报警，请联系确认", "The elder's device raised an alarm; please get in touch"),
    "call_119_first": ("烟雾、燃气报警：先拨119", "Smoke or gas: call 119 first"),
    "repeated_alarm": ("报警重复", "The alarm is repeated"),
    "desk_idle": ("报警2分钟无人处理，请增派坐席", "Nobody has acted on an alarm for 2 minutes"),
    "not_arrived": ("网格员未按时到场，请派员", "The grid worker has not arrived; send somebody"),
    "report_unacknowledged": ("应急报告10分钟无人接报，请接管", "Nobody acknowledged an emergency for 10 minutes"),
    "rescue_not_called": ("救援电话10分钟无人拨打，请立即拨打", "Nobody made the rescue call for 10 minutes"),
    "feedback_12h": ("24小时反馈：已过12小时", "Feedback: 12 hours have passed"),
    "feedback_20h": ("24小时反馈：还有4小时", "Feedback: 4 hours are left"),
    "feedback_24h": ("24小时反馈超期，请督办", "The 24-hour feedback is late; see to it"),
    "feedback_36h": ("反馈超期12小时，请督办", "The feedback is 12 hours late; see to it"),
    "review_due": ("请按时上门复核", "A review is due"),
    "review_late": ("复核超期，请督办", "The review is late; see to it"),
    "review_again": ("老人出院后请再次上门复核", "Review again once the elder is home"),
    "missing_notice": ("老人走失，请协助查找", "An elder is missing; please help to search"),
    "missing_24h": ("老人走失24小时未找到", "An elder has been missing for 24 hours"),
    "search_status": ("请报查找情况（每2小时）", "Report how the search goes (every 2 hours)"),
    "not_found": ("老人未找到，已移交公安", "The elder was not found; the police go on"),
    "visit_due_today": ("今天要探访", "A visit is due today"),
    "visit_period_ends": ("探访周期将结束", "A visit period is about to end"),
    "visit_not_submitted": ("签到24小时未提交探访记录", "A visit record is missing after 24 hours"),
    "reminded_half": ("任务时间已过一半", "Half of the time for a task is over"),
    "reminded_soon": ("任务快到期了", "A task is due soon"),
    "late": ("有任务超期未办，请督办", "A task is late; see to it"),
    "handed_up": ("超期未办的任务也转到你这里", "A late task has come to you as well"),
    "district_incident": ("区域停电或断网", "Power or network outage in the district"),
}
_BESIDE = {
    "desk_119": ("monitor_desk", "call_119_first"),
    "property": ("property", "first_contact"),
    "gas_company": ("gas_company", "first_contact"),
    "family_doctor": ("family_doctor", "first_contact"),
}
_DUE = {"search_status": timedelta(hours=1), "review_again": timedelta(days=14)} | dict.fromkeys(
    ("desk_idle", "not_arrived", "report_unacknowledged", "rescue_not_called"), timedelta(minutes=10)
)
"""Inside an emergency ten minutes, what watches over the feedback and the review four hours. Source: processes 4.0."""


def first_contact(session: Session, case: Case, tell_first: Collection[str]) -> int:
    """Tell the first contact what happened (and property, gas company, doctor where named); how many were told."""
    told = 0
    contact = contacts.first(session, case.elder_id) if case.elder_id else None
    if contact is not None:
        told += _sms(session, f"case:{case.id}:{case.round}:contact:{contact.id}", contact.phone, case)
    for whom in sorted(_BESIDE.keys() & set(tell_first)):
        role, about = _BESIDE[whom]
        told += _screen(session, f"case:{case.id}:{case.round}:{whom}", role, case.unit_path, about, case.id)
    note(session, case, "first_contact_told" if contact else "no_contact_to_tell")
    return told


def _sms(session: Session, key: str, phone: str, case: Case) -> int:
    sent = outgoing.record(
        session, "sms", key, lane="alarm", to=phone, template="first_contact", kind=case.kind, case=case.number
    )
    return int(sent is not None)


def _screen(session: Session, key: str, role: str, unit_path: str, about: str, case_id: int | None) -> int:
    sent = outgoing.record(
        session, "screen", key[:200], role=role, unit_path=unit_path, template=about, case=case_id, lane="alarm"
    )
    return int(sent is not None)


def tell(
    session: Session, case: Case, role: str, about: str, *, wide: bool = False, occasion: str = "", element: str = ""
) -> None:
    """A notice to whoever holds the role for this case; `wide`: every district of the city. Once per occasion."""
    key = f"case:{case.id}:{case.round}:{about}:{role}{occasion}"
    if wide:
        city = organisation.city(session)
        for district in organisation.below(session, city.path, "district"):
            _screen(session, f"{key}:{district.id}", role, district.path, about, case.id)
    else:
        given = operations.role_of(session, role, Subject(case.elder_id, case.unit_path, ""), {})
        _screen(session, key, given.role, given.unit_path, about, case.id)
    note(session, case, f"told_{about}", element=element)


def desk(session: Session, case: Case, role: str, about: str, *, occasion: str = "", element: str = "") -> None:
    """A plain task for a desk that has to act, once per case, round and occasion."""
    given = operations.role_of(session, role, Subject(case.elder_id, case.unit_path, ""), {})
    zh, en = TEMPLATES.get(about, (about, about))
    tasks.plain(
        session,
        name=f"{zh} {en}",
        role=given.role,
        unit_path=given.unit_path,
        assignee_id=given.person_id,
        subject_id=case.elder_id,
        form_version=1,
        why=given.why,
        due_in=_DUE.get(about, timedelta(hours=4)),
        key=f"case:{case.id}:{case.round}:{about}:{role}{occasion}"[:200],
        detail={"case": case.id, "number": case.number, "about": about},
        element_id=about[:80],
    )
    note(session, case, f"desk_{about}", element=element)


def person(session: Session, staff_id: int | None, about: str, key: str, **facts: Any) -> None:
    """A notice to one worker on the screen, once per key."""
    if staff_id is None or people.person(session, staff_id) is None:
        return
    outgoing.record(session, "screen", key[:200], person=staff_id, template=about, **facts)


def repeated_alarm(session: Session, case: Case) -> None:
    """An open case's alarm came again after ten minutes of quiet: the desk hears of it."""
    tell(session, case, "monitor_desk", "repeated_alarm", occasion=f":{case.repeats}")


def district_incident(session: Session, unit_path: str, kind: str, key: str) -> None:
    """One task for the district's emergency desk in place of many single alarms."""
    given = operations.role_of(session, "district_emergency", Subject(None, unit_path, ""), {"unit_path": unit_path})
    zh, en = TEMPLATES["district_incident"]
    tasks.plain(
        session,
        name=f"{zh} {en}",
        role=given.role,
        unit_path=given.unit_path,
        form_version=1,
        why=given.why,
        due_in=timedelta(minutes=10),
        key=key,
        detail={"kind": kind, "since": clock.now().isoformat()},
        element_id="district_incident",
    )
