"""Words that go out to people: written into the outgoing table once per occasion, sent by the connectors.

Family gets telephone messages through the contacts that may be notified (never an alleged abuser, nobody under a
protective hold); staff gets notices on their screens, and a desk that must act gets a plain task. Templates are codes
with their few facts; the words of each stand with the channel.

Public: first_contact, tell, desk, person, ask_contact, liaison_card, elder_desk, elder_notice, notes_about,
unit_notice, repeated_alarm, district_incident, TEMPLATES.
Source: processes P15 S2, 4.9; rulings 9.26; connectors §7.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import contacts, desk_tasks, organisation, people, task_links
from care.cases import Case, note
from care.contacts import Contact
from care.elders import Elder
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
    "visit_made_otherwise": (
        "这次不用去了：本期已由另一次探访完成",
        "No need to go: another visit has fulfilled the period",
    ),
    "visit_period_over": ("这次不用去了：特殊时段已结束", "No need to go: the special period is over"),
    "visit_not_submitted": ("签到24小时未提交探访记录", "A visit record is missing after 24 hours"),
    "reminded_half": ("任务时间已过一半", "Half of the time for a task is over"),
    "reminded_soon": ("任务快到期了", "A task is due soon"),
    "late": ("有任务超期未办，请督办", "A task is late; see to it"),
    "handed_up": ("超期未办的任务也转到你这里", "A late task has come to you as well"),
    "task_link": ("社区请您答复一件事，请点链接", "The community asks for your answer; please open the link"),
    "family_answered": ("家属通过链接答复，请看案卷", "The family answered by link; see the case"),
    "contact_agree": ("请答复是否愿意任老人的第一联系人", "Please answer whether you will be the first contact"),
    "liaison_card": ("联系卡：这是老人的探访责任人", "Liaison card: the elder's visitors"),
    "print_card": ("打印联系卡，送老人家中", "Print the liaison card and bring it to the elder"),
    "ability_pending": ("能力评估还没做完", "An ability assessment is still open"),
    "ability_late": ("能力评估超过20个工作日，请督办", "An ability assessment is beyond 20 working days"),
    "look_from_outside": (
        "不愿探访的老人：本月侧面了解一次",
        "An elder who wants no visits: look from outside this month",
    ),
    "first_visit_20h": ("重大变故首访还剩4小时", "First visit after a major change: 4 hours are left"),
    "first_visit_24h": ("重大变故首访超期，请督办", "The first visit after a major change is late; see to it"),
    "hazard_overdue": ("隐患到期未整改，请督办", "A hazard was not mended in time; see to it"),
    "special_period_advice": (
        "特殊时段：请注意安全，有事拨96111",
        "A special period: take care; call 96111 when you need help",
    ),
    "bulletin": ("季通报已发布，请阅", "The quarterly bulletin is out; please read it"),
    "tier_raised": ("老人等级上调，探访随即加密", "An elder's tier was raised; visits are denser at once"),
    "transferred": ("有任务转办给你", "A task was transferred to you"),
    "delegated": ("有任务委派给你", "A task was delegated to you"),
    "sign_asked": ("请你会签", "You are asked to sign"),
    "sent_back": ("有任务退回给你", "A task was sent back to you"),
    "copied": ("有任务抄送给你", "A task was copied to you"),
    "mentioned": ("有人在任务里提到你", "You were mentioned in a task"),
    "urged": ("有人催办", "A task is urged"),
    "ticket_without_kind": ("来电10分钟未分类", "A call has had no kind for 10 minutes"),
    "dispatch_not_accepted": ("派单30分钟未接，请督办", "An order was not accepted within 30 minutes"),
    "serious_complaint": ("严重投诉：已暂停责任人", "A serious complaint: the worker's duties are suspended"),
    "complaint_15wd": ("投诉15个工作日未答复，请督办", "A complaint was not answered in 15 working days"),
    "praised": ("收到群众表扬", "You were praised by a caller"),
    "stands_in_soon": ("请你替班，到时任务转给你", "You stand in for a colleague; the tasks come when the day comes"),
    "stands_in_no_more": ("不用替班了，同事不离岗", "You need not stand in: your colleague stays"),
    "welcome_back": ("已返岗：看看离岗期间的事", "Welcome back: see what happened meanwhile"),
    "meter_check": ("用水用电用气异常，请联系确认", "Use of water, power or gas is unusual; please get in touch"),
    "meter_outage": (
        "片区水电气表大面积无数，请联系供水供电单位",
        "Many meters of an area are silent; call the utility",
    ),
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
        told += _sms(session, f"case:{case.id}:{case.round}:contact:{contact.id}", contact.id, case)
    for whom in sorted(_BESIDE.keys() & set(tell_first)):
        role, about = _BESIDE[whom]
        told += _screen(session, f"case:{case.id}:{case.round}:{whom}", role, case.unit_path, about, case.id)
    note(session, case, "first_contact_told" if contact else "no_contact_to_tell")
    return told


@outgoing.addresses("sms")
def number_of(session: Session, payload: dict[str, Any]) -> dict[str, Any]:
    """The number of the contact person or elder that a text is for, as it is when the text is sent.

    What waited while notices stopped, or while this person came under suspicion, is not sent any more.
    """
    carried = task_links.texted(session, payload["link"]) if "link" in payload else {}
    return carried | _number(session, payload)


def _number(session: Session, payload: dict[str, Any]) -> dict[str, Any]:
    if "reader" in payload:
        elder = session.get(Elder, payload["reader"])
        if elder is None or not elder.phone:
            raise outgoing.DeliveryFailed("the elder has no telephone", permanent=True)
        _require_not_silenced(elder)
        return {"to": elder.phone}
    if "contact" not in payload:
        return {}
    contact = session.get(Contact, payload["contact"])
    if contact is None:
        raise outgoing.DeliveryFailed("the contact person is no longer on the list", permanent=True)
    _require_not_silenced(session.get_one(Elder, contact.elder_id))
    if not contacts.may_hear(session, contact):
        raise outgoing.Withheld("the contact person is not written to any more")
    return {"to": contact.phone}


def _sms(session: Session, key: str, contact_id: int, case: Case) -> int:
    sent = outgoing.record(
        session,
        "sms",
        key,
        lane="alarm",
        contact=contact_id,
        template="first_contact",
        kind=case.kind,
        case=case.number,
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
    zh, en = TEMPLATES.get(about, (about, about))
    desk_tasks.open_one(
        session,
        role,
        Subject(case.elder_id, case.unit_path, ""),
        name=f"{zh} {en}",
        form_version=1,
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


def ask_contact(session: Session, contact: Contact, key: str) -> bool:
    """A text to a contact person: whether they will take the elder's alarms. Once per key."""
    sent = outgoing.record(
        session, "sms", key[:200], contact=contact.id, template="contact_agree", elder=contact.elder_id
    )
    return sent is not None


def liaison_card(session: Session, elder: Elder, key: str) -> str:
    """Who the visitors are: by text to the first contact («text»), else by a card that the village brings («hand»).

    Source: processes P05; R-USR-09.
    """
    contact = contacts.first(session, elder.id)
    if contact is not None and contact.relation != "community":
        outgoing.record(session, "sms", key[:200], contact=contact.id, template="liaison_card", elder=elder.id)
        return "text"
    elder_desk(session, elder, "village_desk", "print_card", key)
    return "hand"


def family(session: Session, elder: Elder, about: str, key: str, **facts: Any) -> bool:
    """A text to the first contact who may be notified; whether there was one. Once per key."""
    contact = contacts.first(session, elder.id)
    if contact is None:
        return False
    outgoing.record(session, "sms", key[:200], contact=contact.id, template=about, elder=elder.id, **facts)
    return True


def advice(session: Session, elder: Elder, kind: str, key: str) -> int:
    """Safety and self-rescue by text to the elder and the first contact; how many. Who has no telephone is visited.

    Nobody is written to of an elder whose notices have stopped. Source: draft 四(5); processes P09 T2.
    """
    contact = contacts.first(session, elder.id)
    readers: list[dict[str, int]] = [{"contact": contact.id}] if contact else []
    if elder.phone and elder.phone_kind != "none" and not _is_silenced(elder):
        readers.append({"reader": elder.id})
    sent = [
        outgoing.record(
            session,
            "sms",
            f"{key}:{next(iter(each))}"[:200],
            lane="bulk",
            template="special_period_advice",
            kind=kind,
            **each,
        )
        for each in readers
    ]
    return len([each for each in sent if each is not None])


def _is_silenced(elder: Elder) -> bool:
    return elder.status == "exited" or bool((elder.plan or {}).get("notices_stopped"))


def _require_not_silenced(elder: Elder) -> None:
    """A text that waits while an elder dies goes to nobody. Source: processes P34."""
    if _is_silenced(elder):
        raise outgoing.Withheld("the notices about this elder have stopped")


def elder_desk(
    session: Session, elder: Elder, role: str, about: str, key: str, due_in: timedelta = timedelta(days=7)
) -> None:
    """A plain task about an elder for a desk that has to act, once per key."""
    zh, en = TEMPLATES[about]
    desk_tasks.open_one(
        session,
        role,
        Subject(elder.id, elder.unit_path, ""),
        name=f"{zh} {en}",
        form_version=1,
        priority=None,
        due_in=due_in,
        key=key[:200],
        detail={"about": about},
        element_id=about[:80],
    )


def notes_about(session: Session, elder_id: int) -> list[UUID]:
    """Open tasks that `elder_desk` gave to desks about an elder, and the review for which the elder was to come home.

    What else belongs to an emergency is none of them.
    """
    task = tasks.task
    asked = select(task.c.id, task.c.detail).where(
        task.c.subject_id == elder_id, task.c.instance_id.is_(None), task.c.state == tasks.OPEN
    )
    return [row.id for row in session.connection().execute(asked) if _ends_with_the_elder(row.detail or {})]


def _ends_with_the_elder(detail: dict[str, Any]) -> bool:
    return set(detail) == {"about"} or detail.get("about") == "review_again"


def area_desk(session: Session, unit_path: str, about: str, key: str) -> None:
    """A plain task for the emergency desk of a place's district, about no elder, once per key."""
    zh, en = TEMPLATES[about]
    desk_tasks.open_one(
        session,
        "district_emergency",
        Subject(None, unit_path, ""),
        name=f"{zh} {en}",
        form_version=1,
        due_in=timedelta(hours=2),
        key=key[:200],
        detail={"about": about},
        element_id=about[:80],
    )


def elder_notice(session: Session, elder: Elder, role: str, about: str, key: str) -> None:
    """A notice about an elder on the screens of whoever holds the role, once per key."""
    given = operations.role_of(session, role, Subject(elder.id, elder.unit_path, ""), {})
    outgoing.record(
        session, "screen", key[:200], role=given.role, unit_path=given.unit_path, person=given.person_id,
        template=about, elder=elder.id,
    )  # fmt: skip


def unit_notice(session: Session, unit_path: str, role: str, about: str, key: str) -> None:
    """A notice on the screens of a role for a place, where it is about no elder; once per key."""
    given = operations.role_of(session, role, Subject(None, unit_path, ""), {"unit_path": unit_path})
    outgoing.record(
        session, "screen", key[:200], role=given.role, unit_path=given.unit_path, person=given.person_id, template=about
    )  # fmt: skip


def repeated_alarm(session: Session, case: Case) -> None:
    """An open case's alarm came again after ten minutes of quiet: the desk hears of it."""
    tell(session, case, "monitor_desk", "repeated_alarm", occasion=f":{case.repeats}")


def district_incident(session: Session, unit_path: str, kind: str, key: str) -> None:
    """One task for the district's emergency desk in place of many single alarms."""
    zh, en = TEMPLATES["district_incident"]
    desk_tasks.open_one(
        session,
        "district_emergency",
        Subject(None, unit_path, ""),
        name=f"{zh} {en}",
        form_version=1,
        due_in=timedelta(minutes=10),
        key=key,
        detail={"kind": kind, "since": clock.now().isoformat()},
        element_id="district_incident",
    )
