"""What the engine asks the domain: whom an instance is about, and who holds a role for that elder now.

Every role is resolved inside the elder's unit. An absent worker gives way to the stand-in, a post that nobody holds to
the next level of the ladder, so a task is never for nobody; with an unknown elder and place the monitoring desk
takes it. Families and elders have no account: a desk acts for them.

Public: WHY, why_title, and the registered answers subject_of and role_of.
Source: processes 4.0, P05, P36; rulings 9.12.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from care import district_policies, organisation, people, roles, rota
from care.elders import Elder
from care.organisation import Unit, prefix
from care.people import Post, Staff
from care.policies import DEFAULT_POLICY
from care.visitors import Responsibility, holds_today
from engine import clock
from engine.expressions import parse_date
from engine.operations import Assignment, Subject, answers_question

WHY = {
    "your_elder": ("你是该老人的专属探访责任人", "You are this elder's visitor"),
    "your_elder_b": ("你是该老人的B角责任人", "You are this elder's second visitor"),
    "stands_in_for_a": ("A角不在，由你（B角）接替", "Visitor A is away; you stand in"),
    "stands_in": ("同事不在，由你替班", "A colleague is away; you stand in"),
    "your_turn": ("今天轮到你（B角）", "It is your turn today (visitor B)"),
    "acting_visitor": ("该老人暂无可到岗的责任人，由村居代办", "No visitor is there now; the village desk acts"),
    "proposed": ("你被提名为该老人的探访责任人", "You are proposed as this elder's visitor"),
    "your_grid": ("老人住在你的网格", "The elder lives in your grid"),
    "your_village": ("老人住在你的嘎查村（社区）", "The elder lives in your village"),
    "your_township": ("老人住在你的苏木乡镇（街道）", "The elder lives in your township"),
    "your_district": ("老人住在你的旗县区", "The elder lives in your district"),
    "your_role": ("属于你的岗位职责", "It belongs to your post"),
    "your_department": ("属于你部门的职责", "It belongs to your department"),
    "your_patient": ("你是该老人的签约家庭医生", "You are this elder's family doctor"),
    "your_service": ("你负责为该老人服务", "You serve this elder"),
    "on_behalf_of_family": ("家属没有账号，由你代为联系办理", "Families have no account; you act for them"),
    "on_behalf_of_elder": ("老人没有账号，由你代为办理", "Elders have no account; you act for them"),
    "transferred": ("同事转办给你", "A colleague transferred it to you"),
    "delegated": ("同事委派你办，办完由他确认", "A colleague delegated it to you and will confirm it"),
    "delegated_back": ("你委派的办完了，请确认", "What you delegated is done; confirm it"),
    "co_sign": ("请你会签", "You are asked to sign it"),
    "not_agreed": ("会签有人不同意，请再看", "Somebody did not agree; look at it again"),
    "sent_back": ("退回给你，请重办", "It was sent back to you; do it again"),
    "withdrawn": ("你撤回了，请重办", "You withdrew it; do it again"),
    "handed_up": ("原办理人到时没办完，也转到你这里", "It was not done in time; it is yours as well"),
    "nobody_holds": ("下一级岗位无人在岗，由你接办", "Nobody is on that post now; you take it"),
    "unknown_elder": ("老人身份不明，由监测席先处理", "The elder is unknown; the monitoring desk begins"),
}
_WHY_OF_NO_ELDER = {
    "your_grid": ("这件事归你的网格", "It is your grid's"),
    "your_village": ("这件事归你的嘎查村（社区）", "It is your village's"),
    "your_township": ("这件事归你的苏木乡镇（街道）", "It is your township's"),
    "your_district": ("这件事归你的旗县区", "It is your district's"),
}
_WHY_OF_LEVEL = {
    "grid": "your_grid",
    "village": "your_village",
    "township": "your_township",
    "district": "your_district",
}
_ON_BEHALF = {"family": ("monitor_desk", "on_behalf_of_family"), "elder": ("visitor", "on_behalf_of_elder")}
_PERSONAL = {
    "visitor_b": ("visitor_b", "your_elder_b"),
    "family_doctor": ("family_doctor", "your_patient"),
    "service_person": ("service_person", "your_service"),
    "provider": ("service_person", "your_service"),
    "volunteer": ("service_person", "your_service"),
}


@dataclass(frozen=True)
class _Holder:
    staff_id: int
    there: bool


@answers_question("subject_of")
def subject_of(session: Session, data: dict[str, Any]) -> Subject:
    """The elder of `elder_id`; else nobody, in the unit of `unit_path` if there is one, else in the city.

    The policy is what the place follows on the day `policy_on` (that of a planned visit period), else today.
    """
    wanted, day = data.get("elder_id"), _day(data)
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        asked = select(Elder.id, Elder.unit_path, district_policies.chosen(Elder.__table__.c.unit_path, day))
        found = session.execute(asked.where(Elder.id == wanted)).first()
        if found is not None:
            return Subject(found[0], found[1], found[2] or DEFAULT_POLICY, _reporter(data))
    place = data.get("unit_path")
    known = isinstance(place, str) and organisation.by_path(session, place) is not None
    path = str(place) if known else _city_path(session)
    policy = session.scalar(select(district_policies.chosen(literal(path), day)))
    return Subject(None, path, policy or DEFAULT_POLICY, _reporter(data))


def _reporter(data: dict[str, Any]) -> int | None:
    """Who reported it (`reported_by` of an emergency), so that it is among what this person began."""
    who = data.get("reported_by")
    return who if isinstance(who, int) and not isinstance(who, bool) else None


def _day(data: dict[str, Any]) -> date:
    named = data.get("policy_on")
    return (parse_date(named) if isinstance(named, str) else None) or clock.today()


@answers_question("role_of")
def role_of(session: Session, role: str, subject: Subject, data: dict[str, Any]) -> Assignment:
    """Who holds `role` for the subject now. Raises UnknownRole (also for aliases such as `rescue`)."""
    roles.role(role)
    if role in _ON_BEHALF:
        stand_in, why = _ON_BEHALF[role]
        found = role_of(session, stand_in, subject, data)
        return Assignment(found.role, found.unit_path, found.person_id, why)
    if role.startswith("dept:"):
        return _department(session, role, subject)
    if role == "proposed_visitor":
        return _proposed(session, subject, data)
    if role == "self_test":
        return Assignment(role, subject.unit_path, None, "your_role")  # nobody's, and never handed to anybody
    if subject.id is not None:
        if role == "visitor":
            return _visitor(session, subject, alarm="case" in data)
        if role in _PERSONAL:
            return _personal(session, role, subject)
    if role == "grid_worker":
        return _grid_worker(session, subject)
    return _post(session, role, subject.unit_path)


@answers_question("known_roles")
def known_roles() -> frozenset[str]:
    """The codes that user tasks may name, departments included."""
    return frozenset(roles.ROLES) | {f"dept:{each}" for each in roles.DEPARTMENTS}


def why_title(code: str, language: str = "zh", about_elder: bool = True) -> str:
    """The reason in words; of a task about no elder it speaks of the place alone."""
    known = WHY if about_elder else WHY | _WHY_OF_NO_ELDER
    return known.get(code, WHY["your_role"])[1 if language == "en" else 0]


def _visitor(session: Session, subject: Subject, alarm: bool = False) -> Assignment:
    """A in person; B while A is away; then A's named stand-in; then the village desk, acting.

    New alarms go to B when the rota says that it is B's turn (P36).
    """
    a = _responsible(session, subject, "visitor")
    b = _responsible(session, subject, "visitor_b")
    if alarm and b is not None and b.there and subject.id is not None and rota.is_turn_of_b(session, subject.id):
        return Assignment("visitor", subject.unit_path, b.staff_id, "your_turn")
    if a is not None and a.there:
        return Assignment("visitor", subject.unit_path, a.staff_id, "your_elder")
    if b is not None and b.there:
        return Assignment("visitor", subject.unit_path, b.staff_id, "stands_in_for_a")
    for away in (a, b):
        named = people.stand_in(session, away.staff_id) if away is not None else None
        if named is not None:
            return Assignment("visitor", subject.unit_path, named, "stands_in")
    return _post(session, "village_desk", subject.unit_path, "acting_visitor")


def _proposed(session: Session, subject: Subject, data: dict[str, Any]) -> Assignment:
    """Whom the proposal of P05 names; the village desk when that account is gone meanwhile."""
    named = (data.get("proposal") or {}).get("visitor_id")
    if isinstance(named, int) and people.person(session, named) is not None:
        return Assignment("proposed_visitor", subject.unit_path, named, "proposed")
    return _post(session, "village_desk", subject.unit_path, "nobody_holds")


def _personal(session: Session, role: str, subject: Subject) -> Assignment:
    """The worker who is named for this elder; without one, the next level of the ladder."""
    kind, why = _PERSONAL[role]
    found = _responsible(session, subject, kind)
    if found is not None and found.there:
        return Assignment(role, subject.unit_path, found.staff_id, why)
    named = people.stand_in(session, found.staff_id) if found is not None else None
    if named is not None:
        return Assignment(role, subject.unit_path, named, "stands_in")
    return _post(session, roles.next_level(role), subject.unit_path, "nobody_holds")


def _responsible(session: Session, subject: Subject, kind: str) -> _Holder | None:
    asked = (
        select(Responsibility.staff_id, people.absent(Responsibility.staff_id), Staff.until_on)
        .join(Staff, Staff.id == Responsibility.staff_id)
        .where(Responsibility.elder_id == subject.id, Responsibility.kind == kind, holds_today())
        .order_by(Responsibility.from_on.desc(), Responsibility.id.desc())
    )
    found = session.execute(asked).first()
    if found is None:
        return None
    staff_id, away, until_on = found
    return _Holder(staff_id, not away and (until_on is None or until_on > clock.today()))


def _grid_worker(session: Session, subject: Subject) -> Assignment:
    """The grid's worker (the role, where a grid has several), a named stand-in, or the village desk."""
    grid = prefix(subject.unit_path, "grid")
    if grid is None:
        return _post(session, "village_desk", subject.unit_path)
    there = people.holders(session, "grid_worker", grid)
    if there:
        return Assignment("grid_worker", grid, there[0] if len(there) == 1 else None, "your_grid")
    posts = select(Post.staff_id).where(Post.role == "grid_worker", Post.unit_path == grid, people.held_today())
    for away in session.scalars(posts).all():
        named = people.stand_in(session, away)
        if named is not None:
            return Assignment("grid_worker", grid, named, "stands_in")
    return _post(session, "village_desk", grid, "nobody_holds")


def _department(session: Session, role: str, subject: Subject) -> Assignment:
    """The nearest branch that serves the place; without one the township desk takes it on."""
    unit = organisation.department(session, role.partition(":")[2], subject.unit_path)
    if unit is not None and people.holders(session, role, unit.path):
        return Assignment(role, unit.path, None, "your_department")
    return _post(session, roles.next_level(role), subject.unit_path, "nobody_holds")


def _post(session: Session, role: str, path: str, why: str | None = None) -> Assignment:
    """`role` at the unit of its level above `path`, or the first level of its ladder where somebody is there."""
    ladder = _ladder(session, role, path)
    if not ladder:
        return Assignment(role, path, None, "your_role")
    manned = _manned(session, ladder)
    for step, (code, unit_path) in enumerate(ladder):
        if (code, unit_path) in manned:
            return Assignment(code, unit_path, None, why or _why(session, role, code, path, step))
    code, unit_path = ladder[0]
    return Assignment(code, unit_path, None, why or "your_role")


def _why(session: Session, asked: str, code: str, path: str, step: int) -> str:
    if code == asked:
        return _WHY_OF_LEVEL.get(roles.role(code).level, "your_role")
    return "unknown_elder" if step == 0 and code == "monitor_desk" else "nobody_holds"


def _ladder(session: Session, role: str, path: str) -> list[tuple[str, str]]:
    """(role, unit path) of the role and of each level above it that the path reaches; desks of the city at the end."""
    city = prefix(path, "city") or _city_path(session)
    steps: list[tuple[str, str]] = []
    seen: set[str] = set()
    code = role
    while code not in seen:
        seen.add(code)
        unit_path = city if roles.role(code).level == "city" else prefix(path, roles.role(code).level)
        if unit_path is None and not steps:
            return _ladder(session, "monitor_desk", city)
        if unit_path is not None:
            steps.append((code, unit_path))
        code = roles.next_level(code)
    return steps


def _manned(session: Session, ladder: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these posts somebody holds and is there, in one question."""
    asked = (
        select(Post.role, Post.unit_path)
        .join(Staff, Staff.id == Post.staff_id)
        .where(
            or_(*((Post.role == code) & (Post.unit_path == path) for code, path in ladder)),
            people.held_today(),
            ~people.absent(Post.staff_id),
            or_(Staff.until_on.is_(None), Staff.until_on > clock.today()),
        )
        .distinct()
    )
    return {(code, path) for code, path in session.execute(asked)}


def _city_path(session: Session) -> str:
    """The city's path; «/» while the tree is empty."""
    return session.scalar(select(Unit.path).where(Unit.level == "city").order_by(Unit.id).limit(1)) or "/"
