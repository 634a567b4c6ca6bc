"""Every role of the city's care, with its words, its place in the tree and the parts of a file it works with.

Source: people-forms-indicators 5.2; ladder of lateness: processes 4.0. `dept:<code>` stands for one department each.

Public: Role, Part, Scope, ROLES, DEPARTMENTS, FULL, CARD, role(code) (raises UnknownRole), title(code, language),
next_level(code), is_known(code).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from care.errors import UnknownRole


class Part(StrEnum):
    """A part of an elder's file that a role sees or does not see."""

    NAME = "name"
    AGE = "age"  # sex, birth date, language
    TIER = "tier"
    ADDRESS = "address"
    PHONE = "phone"
    ID_NUMBER = "id_number"
    DOOR = "door"  # best time, dog, how to find the door and the elder
    LIVING = "living"
    CONTACTS = "contacts"
    VISITORS = "visitors"
    EMERGENCY_HEALTH = "emergency_health"  # illnesses, drugs, allergies, mobility: what 120 must know
    HEALTH = "health"
    MONEY = "money"
    VISITS = "visits"
    CASES = "cases"
    DEVICES = "devices"
    READINGS = "readings"
    CONSENTS = "consents"
    DUTY = "duty"  # supporter-duty cases


class Scope(StrEnum):
    """Whose files a role may open."""

    UNIT = "unit"  # all elders in the unit of the post
    OWN = "own"  # elders that are assigned to the person
    TASK = "task"  # only while a task about the elder is theirs
    NONE = "none"  # no files


ALL = frozenset(Part)
DESK = ALL - {Part.READINGS}
FULL = DESK - {Part.DUTY}
CARD = frozenset(
    {Part.NAME, Part.AGE, Part.TIER, Part.ADDRESS, Part.PHONE, Part.DOOR, Part.CONTACTS, Part.VISITORS}
    | {Part.EMERGENCY_HEALTH, Part.CASES, Part.DEVICES}
)
GRID = frozenset(
    {Part.NAME, Part.AGE, Part.TIER, Part.ADDRESS, Part.PHONE, Part.DOOR, Part.VISITORS, Part.CASES, Part.DEVICES}
)
DOCTOR = frozenset(
    {Part.NAME, Part.AGE, Part.TIER, Part.ADDRESS, Part.PHONE, Part.DOOR, Part.CONTACTS}
    | {Part.EMERGENCY_HEALTH, Part.HEALTH}
)
ERRAND = frozenset({Part.NAME, Part.ADDRESS, Part.PHONE, Part.DOOR})
NOTHING: frozenset[Part] = frozenset()


@dataclass(frozen=True)
class Role:
    """A role; `level` is the unit that its posts hang on, `in_case` what it also sees while an emergency is open.

    `figures`: may see figures of its unit. `with_reason`: may open a single file after giving a reason, logged.
    `next`: who takes over when a task of this role stays undone.
    """

    code: str
    zh: str
    en: str
    level: str
    scope: Scope = Scope.NONE
    parts: frozenset[Part] = NOTHING
    in_case: frozenset[Part] = NOTHING
    figures: bool = False
    with_reason: bool = False
    next: str = "city_desk"
    rights: frozenset[str] = field(default_factory=frozenset)


def _rights(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DESK = "register change assign absence start_emergency place_device consent see_devices"
_LEAD = "see_incidents see_log export"

_EVERY = [
    Role("visitor", "探访责任人", "Visitor", "village", Scope.OWN, FULL, next="visitor_b",
         rights=_rights("change absence start_emergency consent")),
    Role("visitor_b", "探访责任人（B角）", "Second visitor", "village", Scope.OWN, FULL, next="village_desk",
         rights=_rights("change absence start_emergency consent")),
    Role("proposed_visitor", "提名责任人", "Proposed visitor", "village", Scope.TASK, ERRAND, next="village_desk"),
    Role("grid_worker", "网格员", "Grid worker", "grid", Scope.UNIT, GRID, CARD, next="village_desk",
         rights=_rights("register start_emergency absence")),
    Role("service_person", "服务人员", "Service person", "village", Scope.TASK, ERRAND, next="village_desk",
         rights=_rights("start_emergency")),
    Role("village_desk", "嘎查村（社区）", "Village desk", "village", Scope.UNIT, DESK, figures=True,
         next="township_desk", rights=_rights(_DESK)),
    Role("family_doctor", "家庭医生", "Family doctor", "township", Scope.OWN, DOCTOR, next="village_desk",
         rights=_rights("start_emergency")),
    Role("assessor", "评估员", "Assessor", "district", Scope.TASK, frozenset({Part.NAME, Part.AGE, Part.ADDRESS,
         Part.PHONE, Part.DOOR, Part.ID_NUMBER, Part.LIVING}), next="township_desk"),
    Role("township_desk", "苏木乡镇（街道）", "Township desk", "township", Scope.UNIT, DESK, figures=True,
         next="district_desk", rights=_rights(f"{_DESK} {_LEAD} accounts")),
    Role("township_lead", "苏木乡镇（街道）负责人", "Township lead", "township", Scope.UNIT, DESK,
         figures=True, next="district_desk", rights=_rights(f"{_DESK} {_LEAD} lift_hold")),
    Role("district_desk", "旗县区民政", "District desk", "district", Scope.UNIT, DESK, figures=True,
         next="city_desk", rights=_rights(f"{_DESK} {_LEAD} accounts survey begin_period")),
    Role("district_lead", "旗县区负责人", "District lead", "district", Scope.UNIT, DESK, figures=True,
         next="city_manager", rights=_rights(f"{_LEAD} assign choose_policy")),
    Role("district_emergency", "旗县区应急", "District emergency", "district", Scope.UNIT, CARD, figures=True,
         next="district_desk", rights=_rights("start_emergency see_board see_devices")),
    Role("city_desk", "市级工作台", "City desk", "city", in_case=CARD, figures=True, with_reason=True,
         next="city_manager",
         rights=_rights(f"start_emergency see_board see_devices choose_policy survey begin_period {_LEAD}")),
    Role("city_manager", "市级负责人", "City manager", "city", in_case=CARD, figures=True, with_reason=True,
         next="city_desk", rights=_rights(f"see_board see_devices {_LEAD} approve_release choose_policy")),
    Role("hotline", "96111话务员", "Hotline", "city", Scope.UNIT, CARD, next="hotline_lead",
         rights=_rights("start_emergency search see_board absence answer_calls")),
    Role("hotline_lead", "96111班长", "Hotline lead", "city", Scope.UNIT, CARD, figures=True, next="city_desk",
         rights=_rights("start_emergency search see_board absence answer_calls")),
    Role("monitor_desk", "监测席", "Monitoring desk", "city", Scope.UNIT, CARD, next="monitor_lead",
         rights=_rights("start_emergency search see_board see_devices absence")),
    Role("monitor_lead", "监测班长", "Monitoring lead", "city", Scope.UNIT, CARD, figures=True, next="city_desk",
         rights=_rights("start_emergency search see_board see_devices absence")),
    Role("surveyor", "回访员", "Surveyor", "city", Scope.TASK, frozenset({Part.NAME, Part.PHONE}), next="hotline_lead"),
    Role("provider", "服务机构", "Provider", "district", Scope.TASK, ERRAND, next="village_desk"),
    Role("volunteer", "志愿者", "Volunteer", "village", Scope.TASK, frozenset({Part.NAME, Part.ADDRESS, Part.DOOR}),
         next="village_desk"),
    Role("family", "家属", "Family", "city", next="monitor_desk"),
    Role("elder", "老年人本人", "Elder", "city", next="visitor"),
    Role("designer", "流程设计员", "Process designer", "city", rights=_rights("design deploy see_processes")),
    Role("admin", "系统管理员", "Administrator", "city",
         rights=_rights("accounts see_incidents retry see_processes see_connectors move_clock")),
    Role("self_test", "系统自检", "Self-test", "city"),  # nobody holds it: see care/alarms/self_test.py
    Role("auditor", "监督员", "Auditor", "city", Scope.UNIT, DESK, figures=True,
         rights=_rights("see_log see_incidents see_processes")),
]  # fmt: skip

ROLES: dict[str, Role] = {each.code: each for each in _EVERY}

# Names of the issued plan; the order is its order. Value: Chinese, English.
DEPARTMENTS: dict[str, tuple[str, str]] = {
    "civil_affairs": ("民政局", "Civil affairs"),
    "organisation_department": ("组织部", "Organisation department"),
    "publicity_department": ("宣传部", "Publicity department"),
    "social_work_department": ("社会工作部", "Social work department"),
    "public_security": ("公安局", "Public security"),
    "justice": ("司法局", "Justice"),
    "finance": ("财政局", "Finance"),
    "human_resources": ("人社局", "Human resources"),
    "housing": ("住建局", "Housing"),
    "water": ("水务局", "Water"),
    "agriculture": ("农牧局", "Agriculture"),
    "commerce": ("商务局", "Commerce"),
    "health": ("卫健委", "Health"),
    "market_regulation": ("市场监管局", "Market regulation"),
    "medical_insurance": ("医保局", "Medical insurance"),
    "data_bureau": ("政务服务与数据管理局", "Data bureau"),
    "youth_league": ("团市委", "Youth league"),
    "women_federation": ("妇联", "Women's federation"),
    "disabled_federation": ("残联", "Disabled persons' federation"),
    "financial_regulation": ("金融监管分局", "Financial regulation"),
    "power_supply": ("供电公司", "Power supply"),
}


def role(code: str) -> Role:
    """The role `code`; departments share one shape. Raises UnknownRole."""
    if code in ROLES:
        return ROLES[code]
    kind, _, name = code.partition(":")
    if kind == "dept" and name in DEPARTMENTS:
        zh, en = DEPARTMENTS[name]
        return Role(code, zh, en, "department", Scope.TASK, ERRAND, next="township_desk")
    raise UnknownRole(code)


def is_known(code: str) -> bool:
    return code in ROLES or (code.startswith("dept:") and code[5:] in DEPARTMENTS)


def title(code: str, language: str = "zh") -> str:
    """The role's name for people."""
    found = role(code)
    return found.en if language == "en" else found.zh


def next_level(code: str) -> str:
    """Who is told, and takes over, when a task of this role stays undone."""
    return role(code).next
