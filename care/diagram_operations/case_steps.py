"""Operations of cases: `alarms.*` and `cases.*` (P15, P16, P17, P18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from care import absences, alarms, cases, changes, elders, notices, organisation, responders
from care.cases import Case
from care.deadlines import deadline
from care.planner import SERVED
from engine import clock, incoming
from engine.expressions import parse_moment
from engine.operations import Step, operation

OFFLINE_FEEDBACK_ROLE = "township_desk"
ONLINE_FEEDBACK_ROLE = "monitor_desk"


def _facts(session: Session, case: Case, is_new: bool) -> dict[str, Any]:
    """What diagrams know of a case: `rural` decides how long the way is, the rest what the tables ask."""
    elder = elders.get(session, case.elder_id) if case.elder_id else None
    village = organisation.ancestor(session, case.unit_path, "village")
    return {
        "outcome": "new" if is_new else "attached",
        "case_id": case.id,
        "opened_at": case.opened_at.isoformat(),
        "danger": case.danger,
        "rural": bool(village and village.rural),
        "tier": elder.tier if elder else "none",
        "dementia": bool(elder and (elder.facts or {}).get("dementia")),
        "electricity_dependent": bool(elder and elder.depends_on_power),
    }


@operation("alarms.screen")
def screen_alarm(
    session: Session,
    step: Step,
    alarm_id: int | None = None,
    elder_id: int | None = None,
    kind: str = "unknown",
    device: str | None = None,
) -> dict[str, Any]:
    """The case of an alarm: `outcome` is `new` or `attached` (joined an open case). Source: processes P15 S0."""
    case, is_new = alarms.screen(session, alarm_id, elder_id, kind, device or "")
    if is_new:
        cases.link(session, case, step.instance_id)
    return _facts(session, case, is_new)


@operation("cases.open")
def open_case(
    session: Session,
    step: Step,
    elder_id: int | None = None,
    kind: str | None = None,
    kinds: Sequence[str] | None = None,
    danger: bool | None = None,
    channel: str | None = None,
    report: str | None = None,
    place: str | None = None,
    reported_by: int | None = None,
    known_case: int | None = None,
) -> dict[str, Any]:
    """Open a case for a report, or join the one that is open; `known_case` is one that somebody opened already.

    `report` are the words of whoever found it, `place` where nobody knows whom it is about.
    """
    if known_case is not None:
        case = cases.get(session, known_case)
        is_new = case.instance_id in (None, step.instance_id)
    else:
        opened = cases.open_case(
            session,
            elder_id=elder_id,
            unit_path=step.unit_path,
            kind=kind or next(iter(kinds or ()), "unknown"),
            kinds=list(kinds or ()),
            channel=channel or "visit",
            danger=bool(danger),
            level="urgent",
            report=report,
            place=place,
            reported_by=reported_by,
        )
        case, is_new = opened.case, opened.is_new
    if is_new:
        cases.link(session, case, step.instance_id)
    else:
        cases.join(session, case, "reported_again")
        if report:
            cases.note(session, case, "report", text=report, who=reported_by)
    return _facts(session, case, is_new)


@operation("cases.who_acts")
def who_acts(session: Session, step: Step, case_id: int, elements: Sequence[str]) -> dict[str, Any]:
    """{"yes": bool}: whether somebody took one of these tasks; without elements: whether anybody of the chain
    answered or accepted (who is still on the way counts). Source: processes P15.
    """
    chosen = list(elements) or list(responders.CHAIN)
    return {"yes": responders.has_acted(session, step.instance_id, chosen, step.data)}


@operation("cases.call_desk_lead")
def call_desk_lead(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """Two minutes without anybody: the shift leader gets a task to call or to add an operator; not if one acts."""
    acts = responders.has_acted(session, step.instance_id, list(responders.CALLS), step.data)
    if not acts:
        notices.desk(session, cases.get(session, case_id), "monitor_lead", "desk_idle", element=step.element_id)
    return {"called": not acts}


@operation("cases.settle")
def settle(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """{"level", "kinds", "state", "nobody_reached", "danger"} from the answers of those who were contacted."""
    case = cases.get(session, case_id)
    found = responders.settled(step.data)
    for attempt in responders.attempts(session, case, step):
        session.add(attempt)
        if attempt.whom == "family":
            responders.check_contact(session, case, attempt.answered)
    case.level = found["level"]
    case.kinds = found["kinds"] or case.kinds
    cases.note(session, case, f"level_{found['level']}", who=step.by, element=step.element_id)
    return found


@operation("cases.raise_level")
def raise_level(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """An ordinary trouble turned urgent: the same fields as `cases.settle`. Source: processes P15 G1 (up any time)."""
    case = cases.get(session, case_id)
    said = [step.answers(element) for element in responders.HELP if element in step.data]
    kinds = sorted({kind for answers in said for kind in answers.get("kinds") or ()})
    case.level, case.kinds = "urgent", kinds or case.kinds
    cases.note(session, case, "level_urgent", who=step.by, element=step.element_id)
    return responders.risk("urgent", kinds, reached=True)


@operation("cases.close_false_alarm")
def close_false_alarm(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """Close a false alarm with its cause. Source: processes P15 G1."""
    cause = str(step.answers("record_false_alarm").get("cause") or "other")
    cases.close_false_alarm(session, cases.get(session, case_id), cause, step.by)
    return {"state": "false_alarm"}


@operation("cases.rescue_types")
def rescue_types(
    session: Session, step: Step, case_id: int, branches: Any = None, asked: Sequence[str] | None = None
) -> dict[str, Any]:
    """{"branches": […]}: what the table found and the desk asked for; empty until somebody has said what is needed."""
    decided = branches if isinstance(branches, list) else []
    chosen = [each for each in ("medical", "missing", "fire_gas", "dispute") if each in {*decided, *(asked or ())}]
    if chosen:
        cases.note(session, cases.get(session, case_id), f"rescue_{'_'.join(chosen)}"[:40], who=step.by)
    return {"branches": chosen}


@operation("cases.restrict")
def restrict(session: Session, step: Step, case_id: int) -> None:
    """Only the case team may see it. Source: processes P17d."""
    cases.restrict(session, cases.get(session, case_id))


@operation("cases.in_hospital")
def in_hospital(session: Session, step: Step, case_id: int, element: str) -> None:
    """Register the stay in hospital as an absence of the elder. Source: processes P17a, P35."""
    case, answers = cases.get(session, case_id), step.answers(element)
    if case.elder_id is None or absences.current(session, case.elder_id) is not None:
        return
    until = clock.now() + absences.LONGEST
    if answers.get("until_on"):
        said = datetime.combine(date.fromisoformat(answers["until_on"]), time(18, 0), tzinfo=clock.zone())
        until = min(max(said, clock.now() + (absences.LONGEST / 60)), until)
    elder = elders.get(session, case.elder_id)
    absences.register(session, elder, "hospital", until, place=str(answers.get("hospital") or ""), by=step.by)


@operation("cases.handled")
def handled(session: Session, step: Step, case_id: int) -> None:
    """The handling of this round is over (stage 处置); when somebody stood there is kept (K09)."""
    case = cases.get(session, case_id)
    for element in _ON_SCENE:
        said = step.answers(element).get("arrived_at") if element in step.data else None
        at = parse_moment(str(said)) if said else None
        if at is not None:
            cases.on_scene(session, case, at if at.tzinfo else at.replace(tzinfo=clock.zone()), element)
    cases.handled(session, case)


_ON_SCENE = ("onsite_first_aid", "property", "family_community", "safe_place")


@operation("cases.clock")
def feedback_clock(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """Where the 24 hours begin, who gives the feedback, and whether the township approves the archive."""
    return _clock(cases.get(session, case_id))


def _clock(case: Case) -> dict[str, Any]:
    return {
        "start": case.clock_from.isoformat(),
        "round": case.round,
        "urgent": case.level == "urgent",
        "handled": case.handled_at is not None,
        "feedback_role": ONLINE_FEEDBACK_ROLE if case.channel == "device" else OFFLINE_FEEDBACK_ROLE,
    }


@operation("cases.interim_feedback")
def interim_feedback(session: Session, step: Step, case_id: int, element: str) -> dict[str, Any]:
    """An interim feedback; the new clock. Source: processes P18 T1 (ruling)."""
    case = cases.get(session, case_id)
    cases.interim(session, case, step.by, step.answers(element).get("result"))
    return _clock(case)


@operation("cases.feedback")
def feedback(session: Session, step: Step, case_id: int, element: str) -> dict[str, Any]:
    """{"at", "interim", "review"}: the feedback is given; `review` is none, running (it did not wait) or done."""
    case, answers = cases.get(session, case_id), step.answers(element)
    interim = answers.get("state") == "in_progress" and answers.get("interim") is True
    progress = "done" if case.reviewed_at else "running" if case.review_began else "none"
    if not interim:
        cases.feed_back(session, case, step.by, answers.get("result"))
    return {"at": clock.now().isoformat(), "interim": interim, "review": progress}


@operation("cases.feedback_late")
def feedback_late(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """24 hours without feedback: counted late, the district has a task; {"first": bool} begins the review."""
    case = cases.get(session, case_id)
    cases.feedback_is_late(session, case)
    notices.desk(session, case, "district_desk", "feedback_24h", element=step.element_id)
    return {"first": not case.review_began}


@operation("cases.reviewer")
def reviewer(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """{"role", "from"}: who reviews (the township where the village has nobody else), from when the 3 days run."""
    case = cases.get(session, case_id)
    return {
        "role": responders.reviewing_role(session, case, step.instance_id),
        "from": cases.begin_review(session, case).isoformat(),
    }


@operation("cases.review")
def review(session: Session, step: Step, case_id: int, element: str) -> dict[str, Any]:
    """Keep the review; one at the bed of a hospital is followed by another one at home. Source: processes P18 T2."""
    case, answers = cases.get(session, case_id), step.answers(element)
    due = deadline("review_3wd", cases.reviewed_from(session, case)).due
    resolved = answers.get("resolved") == "yes"
    cases.review(session, case, step.by, resolved, answers.get("left") or answers.get("state_words"), due)
    if resolved and answers.get("where") in ("hospital", "family"):
        notices.desk(session, case, "village_desk", "review_again", element=step.element_id)
    return {"resolved": resolved, "fed_back": case.fed_back_at is not None}


@operation("cases.reopen")
def reopen(session: Session, step: Step, case_id: int, element: str) -> dict[str, Any]:
    """{"outcome": "reopened", "round"}: the next round begins with its own clock. Source: processes P18 G."""
    case = cases.get(session, case_id)
    number = cases.reopen(session, case, step.by, step.answers(element).get("left"))
    return {"outcome": "reopened", "round": number}


@operation("cases.archive")
def archive(session: Session, step: Step, case_id: int) -> dict[str, Any]:
    """{"outcome": "archived", "round"}: locked from now on; what it means for the elder follows. Source: P18 T3."""
    case = cases.get(session, case_id)
    cases.archive(session, case, step.by)
    _lead_on(session, case)
    return {"outcome": "archived", "round": case.round}


def _lead_on(session: Session, case: Case) -> None:
    """The elder's tier is reviewed (P33); an urgent case is a major change, unless one is open (P10).

    Source: processes P10, P18, P33, 4.8; docs/adr/0029.
    """
    elder = elders.get(session, case.elder_id) if case.elder_id else None
    if elder is None or elder.status not in SERVED:
        return
    about = {"elder_id": elder.id, "items": ["emergency"], "case_id": case.id}
    incoming.message(session, "facts.changed", str(elder.id), about)
    is_open = any(each.closed_at is None for each in changes.of_elder(session, elder.id))
    if case.level == "urgent" and not is_open:
        incoming.message(session, "major_change.reported", str(elder.id), about)
