"""What a task's page knows before anybody types: prefilled facts, the last record, what a plain task is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import (
    access,
    assignments,
    campaigns,
    cases,
    consents,
    contact_checks,
    contacts,
    district_policies,
    emergency_health,
    fact_forms,
    meters,
    people,
    policies,
    registrations,
    visits,
)
from care.assignments import Candidate
from care.cases import KINDS
from care.contacts import Supporter
from care.elders import FLAG_TITLES, TIER_TITLES, Elder
from care.people import Person
from care.visit_periods import PERIOD_TITLES
from care.visits import Visit
from engine import clock, definitions, submissions, tasks
from engine.submissions import Submission
from engine.tasks import TaskRow
from web import confirm_facts, dwellings, help_facts, lone_trips, survey_words, trip
from web.language import N_, gettext, language, task_name
from web.said import said
from web.words import moment

DETAIL = {
    "number": N_("个案"),
    "kind": N_("警情"),
    "device": N_("设备"),
    "since": N_("从何时起"),
    "reason": N_("原因"),
}
REASONS = {
    "unknown device": N_("设备不在册"),
    "nobody has this device": N_("设备没有登记给老人"),
    "no consent for this purpose": N_("老人没有同意这项用途"),
    "the device's time lies in the future": N_("设备时间比现在晚"),
    "too old for its type": N_("来得太晚"),
}
_WATCHED = frozenset(("ALONE", "DISABLED", "FP_SPECIAL"))


def known(session: Session, person: Person, task: TaskRow) -> dict[str, Any]:
    """Values for fields with `prefill`, by path: `elder.…`, `visit.…`, `consent.…`, `supporters.…`, `now` and so on."""
    return {
        "now": clock.now(),
        "person": {"name": person.name, "id": person.id},
        "elder": _elder(session, task),
        "visit": _visit(session, task),
        "supporters": _supporters(session, task),
        "elder_basic": _elder_basic(session, task),
        "facts": _facts(session, task),
        "assignment": _assignment(session, task),
        "survey": survey_words.known(session, task),
        "lone_trip": lone_trips.known(session, task),
        "dwelling": dwellings.known(session, task),
        "proposed": _proposed(session, task),
        "emergency_health": _emergency_health(session, task),
        "confirm": confirm_facts.known(session, task),
        "help": help_facts.known(session, task),
        "now_on": clock.today(),
        "meter": _meter(session, person, task),
        "door": _door(task),
        "consent": {"text_version": consents.TEXT_VERSION},
    }


def _door(task: TaskRow) -> dict[str, Any]:
    """That the code at the elder's door was scanned, and when."""
    at = trip.scanned(task.subject_id) if task.form_key == "check_in" else None
    return {"by": "qr", "at": at} if at else {}


def _elder(session: Session, task: TaskRow) -> dict[str, Any]:
    elder = session.get(Elder, task.subject_id) if task.subject_id is not None else None
    if elder is None:
        return {}
    return {
        "number": elder.number,
        "name": elder.name,
        "mood_watch": bool(_WATCHED & set(elder.categories or ())),  # 五了解 A3: change since last is asked
        "two_needed": task.form_key == "check_in" and visits.two_needed(session, elder),
    }


def _supporters(session: Session, task: TaskRow) -> dict[str, Any]:
    """The list of P06 as it stands, and whom to call; only for its own two forms. Alleged abusers are on neither."""
    if task.subject_id is None or task.form_key not in ("supporters", "supporter_calls"):
        return {}
    family = contacts.supporters_of(session, task.subject_id)
    listed = [each for each in family if each.listed and not each.alleged_abuser]
    return {
        "listed": [_supporter(each) for each in listed],
        "calls": [
            {"name": each.name, "relation": each.relation, "phone": each.phone}
            for each in contact_checks.to_call(session, task.subject_id)
        ],
    }


def _elder_basic(session: Session, task: TaskRow) -> dict[str, Any]:
    """The file as it stands, when a registration comes back to its first form."""
    elder = session.get(Elder, task.subject_id) if task.form_key == "elder_basic" and task.subject_id else None
    if elder is None:
        return campaigns.hint(session, task.instance_id) if task.form_key == "elder_basic" else {}
    names = (
        "name", "sex", "ethnic_group", "id_number", "born_on", "phone", "phone_kind", "reached_by", "address",
        "language", "hearing", "marital_status", "heating", "best_time", "door_note", "do_not_call",
        "two_visitors",
    )  # fmt: skip
    living = {name: (elder.living or {}).get(name) for name in registrations.LIVING}
    return {**living, **{name: getattr(elder, name) or None for name in names}}


def _emergency_health(session: Session, task: TaskRow) -> dict[str, Any]:
    """What the emergency card says of the elder's health, for the forms that check it."""
    elder = session.get(Elder, task.subject_id) if task.form_key in _WITH_FACTS and task.subject_id else None
    return {} if elder is None else emergency_health.shown(elder.health or {})


_WITH_FACTS = frozenset(("assess", "judge_overlap", "care_plan", "review_facts"))


def _facts(session: Session, task: TaskRow) -> dict[str, Any]:
    """The facts of the tier as they are on file, and what was decided by them, for the forms that ask about them."""
    elder = session.get(Elder, task.subject_id) if task.form_key in _WITH_FACTS and task.subject_id else None
    if elder is None:
        return {}
    place = int(language() == "en")
    frequency = policies.decide_visit_frequency(elder.tier, policy=district_policies.in_force(session, elder.unit_path))
    period = PERIOD_TITLES.get(str(frequency["period"]), ("—", "—"))[place]
    return {
        **fact_forms.shown(elder.facts or {}),
        "tier_words": TIER_TITLES[elder.tier][place],
        "frequency_words": f"{period} ≥{frequency['min_visits']}" if frequency["period"] else period,
        "flag_words": "、".join(FLAG_TITLES.get(each, (each, each))[place] for each in elder.flags or ()) or None,
        "said_words": _sources(elder),
        "next_review_on": clock.today() + timedelta(days=365),
    }


def _sources(elder: Elder) -> str | None:
    """Where the facts on file come from: each source with its newest day."""
    newest: dict[str, str] = {}
    for each in (elder.facts_said or {}).values():
        newest[each["by"]] = max(each["on"], newest.get(each["by"], ""))
    return "；".join(f"{by} {on}" for by, on in sorted(newest.items(), key=lambda pair: pair[1]))[:500] or None


def _assignment(session: Session, task: TaskRow) -> dict[str, Any]:
    """Who could become visitor, for the form of P05; the first two are proposed."""
    elder = session.get(Elder, task.subject_id) if task.form_key == "assign" and task.subject_id else None
    if elder is None:
        return {}
    found = assignments.candidates(session, elder)
    names = [each.name for each in found] + [None, None]
    words = "、".join(_candidate(each, elder.language) for each in found)
    said = None
    if elder.language != assignments.EVERYBODYS:
        speakers = "、".join(each.name for each in found if each.speaks_it) or gettext("没有")
        said = gettext("%(language)s；会的人：%(names)s", language=elder.language, names=speakers)
    return {
        "candidates": words[:500] or None, "visitor": names[0], "visitor_b": names[1], "language_words": said,
    }  # fmt: skip


def _candidate(each: Candidate, wanted: str) -> str:
    """Name, load, team, and the elder's language where it is not everybody's."""
    team = people.TEAMS[each.team][language() == "en"] if each.team else ""
    speaks = gettext("会%(language)s", language=wanted) if each.speaks_it and wanted != assignments.EVERYBODYS else ""
    return f"{each.name}（{'，'.join(filter(None, (str(each.load), team, speaks)))}）"


def _proposed(session: Session, task: TaskRow) -> Mapping[str, Any]:
    """What the proposed visitor is asked to accept."""
    if task.form_key != "accept_assignment" or task.instance_id is None:
        return {}
    return submissions.of(session, task.instance_id, "propose")


def _meter(session: Session, person: Person, task: TaskRow) -> dict[str, Any]:
    """What a meter tells, in words; the figures only for who may see readings."""
    if task.form_key != "meter_check" or task.instance_id is None or task.subject_id is None:
        return {}
    row = meters.of_instance(session, task.instance_id)
    if row is None:
        return {}
    seen = meters.seen(row, access.parts(session, person, session.get_one(Elder, task.subject_id)))
    figures = "，".join(f"{name} {value}" for name, value in seen.items())
    words = meters.RULES.get(row.rule, (row.rule, row.rule))[int(language() == "en")]
    return {"words": f"{words}（{figures}）" if figures else words}


def _supporter(row: Supporter) -> dict[str, Any]:
    nearest = dict(enumerate(contact_checks.DISTANCES))
    said = {
        "name": row.name,
        "relation": row.relation,
        "phone": row.phone,
        "place": row.place,
        "distance": nearest.get(row.distance),
        "adult": row.adult,
        "capable": row.capable,
        **(row.duties or {}),
    }
    return {name: value for name, value in said.items() if value not in (None, "")}


def _visit(session: Session, task: TaskRow) -> dict[str, Any]:
    """The visit that the task's process is about: kind, day, way and moment of checking in."""
    if task.instance_id is None:
        return {}
    asked = select(Visit).where(Visit.instance_id == task.instance_id).order_by(Visit.id.desc()).limit(1)
    visit = session.scalar(asked)
    if visit is None:
        return {}
    arrived = submissions.of(session, task.instance_id, "check_in")
    return {
        "kind": visit.kind,
        "mode": visit.mode or arrived.get("mode") or "home",
        "planned_on": clock.local(visit.due_at).date(),
        "started_at": visit.arrived_at or clock.now(),
        "checkin": arrived["by"] if arrived.get("by") in ("qr", "position", "photo") else "none",
    }


def last_answers(session: Session, task: TaskRow) -> Mapping[str, Any]:
    """The record of the elder's last visit, for 与上次相同; {} when there is none or the form is another."""
    if task.form_key != "visit" or task.subject_id is None:
        return {}
    asked = select(Visit.instance_id).where(
        Visit.elder_id == task.subject_id,
        Visit.instance_id.is_not(None),
        Visit.instance_id != task.instance_id,
        Visit.state.in_(("recorded", "done")),
    )
    before = session.scalar(asked.order_by(Visit.arrived_at.desc(), Visit.id.desc()).limit(1))
    kept = submissions.of_instance(session, before) if before is not None else []
    same = [each for each in kept if each.form_key == "visit" and each.state == submissions.ACCEPTED]
    return same[-1].body if same else {}


_AGAIN = frozenset(("sent_back", "withdrawn", "delegated_back", "not_agreed"))


def written_before(session: Session, task: TaskRow) -> Submission | None:
    """What was written for a task that is done again: proposed by a delegate, withdrawn, or sent back; else None."""
    if task.why not in _AGAIN:
        return None
    proposed = submissions.newest(session, task.id, submissions.PROPOSED)
    if proposed is not None or task.instance_id is None:
        return proposed or submissions.newest(session, task.id, submissions.WITHDRAWN)
    same = [each for each in submissions.of_instance(session, task.instance_id) if each.element == task.element_id]
    taken = [each for each in same if each.state in (submissions.ACCEPTED, submissions.WITHDRAWN)]
    return taken[-1] if taken else None


def detail(session: Session, task: TaskRow) -> list[tuple[str, str]]:
    """What a task is about, as (name, words): the emergency of a process, or what a plain task was opened with."""
    if task.instance_id is not None:
        return _case(session, task.instance_id)
    found = tasks.detail(session, task.id)
    if "supplement" in found:
        return _supplement(session, found)
    said = {**found, **(found["data"] if isinstance(found.get("data"), dict) else {})}
    return [(gettext(title), _words(name, said[name])) for name, title in DETAIL.items() if said.get(name)]


def _supplement(session: Session, found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A form that came too late: of which task, who wrote it and when, and what it says."""
    kept = submissions.get(session, UUID(str(found["supplement"])))
    if kept is None:
        return []
    who = people.names(session, [kept.who]).get(kept.who, "—") if kept.who is not None else "—"
    facts = [
        (gettext("哪件事"), task_name(str(found.get("about") or ""))),
        (gettext("谁写的"), f"{who} · {moment(kept.at, clock.now(), language())}"),
    ]
    form = definitions.form(session, kept.form_key, kept.form_version) if kept.form_key else None
    return facts + said(form, kept.body)


def _case(session: Session, instance_id: UUID) -> list[tuple[str, str]]:
    """The emergency that the task belongs to: kind and the moment it began."""
    case = cases.of_instance(session, instance_id)
    if case is None:
        return []
    kind = KINDS[case.kind][language() == "en"] if case.kind in KINDS else case.kind
    return [(gettext("警情"), f"{kind} · {moment(case.opened_at, clock.now(), language())}")]


def _words(name: str, value: Any) -> str:
    if name == "kind" and value in KINDS:
        return KINDS[value][language() == "en"]
    if name == "reason":
        return gettext(REASONS[value]) if value in REASONS else str(value)
    if name == "since":
        return moment(datetime.fromisoformat(str(value)), clock.now(), language())
    return str(value)
