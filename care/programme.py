"""«2565» as data: two networks, five levels, six mechanisms, five projects, and what belongs to each.

Every process and every indicator has one mechanism, its network, and the projects that it serves; a user task belongs
to the level that its role works on. Titles are those of the issued plan's headings.

Public: Title, NETWORKS, LEVELS, MECHANISMS, PROJECTS, Tags, PROCESSES, INDICATORS_OF, tags_of, level_of, processes_of.
Source: draft 一(2), 附3; issued plan 二 to 五; R-GOV-03.
"""

from __future__ import annotations

from dataclasses import dataclass

from care import roles

Title = tuple[str, str]

NETWORKS: dict[str, Title] = {
    "online": ("线上智慧服务保障网", "Online network"),
    "offline": ("线下实地探访服务网", "Visits on site"),
}
LEVELS: dict[str, Title] = {
    "city": ("市级统筹指挥", "City commands"),
    "department": ("部门协同保障", "Departments join in"),
    "district": ("旗县区组织实施", "Districts organise"),
    "township": ("苏木乡镇（街道）具体落实", "Townships carry out"),
    "village": ("嘎查村（社区）一线服务", "Villages serve"),
}
MECHANISMS: dict[str, Title] = {
    "m1": ("分类分级探访机制", "Visits by category and tier"),
    "m2": ("标准化服务规范机制", "Standard service"),
    "m3": ("智慧数据协同机制", "Data together"),
    "m4": ("多元服务供给机制", "Many who serve"),
    "m5": ("闭环应急处置机制", "Emergencies to their end"),
    "m6": ("科学考核评估机制", "Evaluation"),
}
PROJECTS: dict[str, Title] = {
    "p1": ("专业服务队伍提质工程", "Professional teams"),
    "p2": ("智慧平台升级赋能工程", "Smart platform"),
    "p3": ("“银龄安居”安全保障工程", "Safe at home"),
    "p4": ("15分钟养老服务圈扩容工程", "15-minute circle"),
    "p5": ("社会力量培育壮大工程", "Society joins in"),
}


@dataclass(frozen=True)
class Tags:
    """What a process or an indicator belongs to."""

    mechanism: str
    network: str
    projects: tuple[str, ...]


_NETWORK = {"n": "online", "f": "offline"}


def _tags(text: str) -> Tags:
    """«5n23»: mechanism 5, online, projects 2 and 3."""
    return Tags(f"m{text[0]}", _NETWORK[text[1]], tuple(f"p{each}" for each in text[2:]))


_BY_TAG = {
    "1f1": "assign_visitor handover tier_change_list",
    "1f14": "seasonal_move visit_cycle visit_ordered home_visit special_period period_watch major_change",
    "1n2": "elder_registration onboarding_assessment ability_assessment reassessment elder_exit temporary_absence "
    "village_survey contact_determination",
    "2f14": "visit_handover hazard_rectification hazard_work",
    "2f45": "errand errand_work",
    "3n2": "consent policy_release definition_release village_note",
    "1f13": "lone_trip",
    "3n23": "device_health device_check self_test meter_anomaly",
    "4f45": "need_referral referral_work policy_aid aid_work",
    "5n23": "emergency_online closure interim_feedback onsite_check",
    "5f13": "emergency_offline general_help joint_rescue er_medical er_missing er_fire_gas er_dispute",
    "5f1": "supporter_duty duty_joint duty_measures duty_protection duty_steps duty_transfer duty_urging",
    "6n2": "hotline_intake hotline_dispatch hotline_following satisfaction complaint",
    "6n15": "monthly_dispatch quarterly_bulletin annual_evaluation oversight_duty unit_statement",
}
PROCESSES: dict[str, Tags] = {each: _tags(text) for text, names in _BY_TAG.items() for each in names.split()}
"""Process id → its tags; tests hold that every shipped process is here."""

_OF_INDICATORS = {
    "1f14": "K02 K03 K04 K05 K22 K23",
    "1n2": "K01 K15 K16 K17",
    "2f14": "K12",
    "3n23": "K10 K18 K27",
    "4f45": "K11 K20 K24 K25 K26",
    "5n23": "K06 K07 K08 K09",
    "5f1": "K19",
    "6n2": "K13 K14 K21",
}
INDICATORS_OF: dict[str, Tags] = {each: _tags(text) for text, names in _OF_INDICATORS.items() for each in names.split()}
"""Number of an indicator (K08 for K08.reopened too) → its tags."""


def tags_of(process_id: str) -> Tags | None:
    """The tags of a process; None for one that a city drew itself."""
    return PROCESSES.get(process_id)


def level_of(role: str) -> str:
    """Which of the five levels a role works on."""
    level = roles.role(role).level
    return "village" if level == "grid" else level if level in LEVELS else "city"


def processes_of(tag: str) -> list[str]:
    """Processes of a mechanism, project or network, sorted; [] for an unknown tag."""
    return sorted(
        name for name, tags in PROCESSES.items() if tag in (tags.mechanism, tags.network) or tag in tags.projects
    )


def indicators_of(tag: str) -> list[str]:
    """Numbers of the indicators of a mechanism, project or network, sorted."""
    return sorted(
        number
        for number, tags in INDICATORS_OF.items()
        if tag in (tags.mechanism, tags.network) or tag in tags.projects
    )


def titles() -> dict[str, Title]:
    """Every tag with its words."""
    return {**NETWORKS, **MECHANISMS, **PROJECTS}
