"""Every indicator with its title and where its rows come from; those whose facts are not recorded yet say why.

Source: people-forms-indicators 6.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from care.indicators import of_cases, of_matters, of_register, of_services, of_visits
from care.indicators.month import Month

Rows = Select[*tuple[Any, ...]]
"""elder_id, ref, unit_path, tier, num, den of each row."""
Source = Callable[[Session, Month], Rows]


@dataclass(frozen=True)
class Indicator:
    """One figure. `code` is K02, or K08.reopened for a second share of the same indicator.

    `kind`: share (num ÷ den in percent), count (num alone), seconds (median and 90th percentile of num). `ref`: what a
    row is (elder, obligation, visit, case, change, alarm, referral ...). `missing`: why there is no figure yet.
    `informs`: without a target by its nature.
    """

    code: str
    zh: str
    en: str
    ref: str
    rows: Source | None = None
    kind: str = "share"
    missing: tuple[str, str] = ("", "")


def _later(zh: str, en: str) -> tuple[str, str]:
    return (f"{zh}上线后才有数", f"no figures before {en} is there")


_EVERY = [
    Indicator("K01", "建档率", "Files confirmed", "elder", of_register.files_confirmed),
    Indicator("K02", "探访覆盖率", "Coverage", "elder", of_register.covered),
    Indicator("K03", "探访完成率", "Visits made", "obligation", of_visits.made),
    Indicator("K04", "探访及时率", "Visits on time", "obligation", of_visits.on_time),
    Indicator("K05", "上门率", "On site", "visit", of_visits.on_site),
    Indicator("K06", "24小时反馈率", "Feedback in 24 hours", "case", of_cases.fed_back),
    Indicator("K07", "3个工作日复核率", "Review in 3 working days", "case", of_cases.reviewed),
    Indicator("K08", "一次办结率", "Closed in one round", "case", of_cases.closed_at_once),
    Indicator("K08.reopened", "重开率", "Re-opened", "case", of_cases.reopened),
    Indicator("K09", "首次响应时间", "First response", "case", of_cases.first_action, "seconds"),
    Indicator("K09.reached", "联系上本人时间", "Person reached", "case", of_cases.person_reached, "seconds"),
    Indicator("K09.on_scene", "到场时间", "On the scene", "case", of_cases.on_scene, "seconds"),
    Indicator("K10", "误报率", "False alarms", "alarm", of_cases.false_alarms),
    Indicator("K11", "需求转介办结率", "Referrals settled", "referral", of_services.settled),
    Indicator("K11.on_time", "转介按时办理率", "Referrals served on time", "referral", of_services.served_on_time),
    Indicator("K11.rejected", "转介退回率", "Referrals rejected", "referral", of_services.rejected),
    Indicator("K12", "隐患整改率", "Hazards fixed", "hazard", of_matters.hazards_fixed),
    Indicator("K12.open", "未消除的重大隐患", "Major hazards open", "hazard", of_matters.major_hazards_open, "count"),
    Indicator("K13", "满意率", "Satisfied", "survey", of_services.satisfied),
    Indicator("K13.answered", "回访答复率", "Surveys answered", "survey", of_services.survey_answered),
    Indicator(
        "K13.unreachable", "回访联系不上", "Surveys that reached nobody", "survey", of_services.survey_unreachable
    ),
    Indicator("K14", "投诉办结率", "Complaints answered", "complaint", of_services.complaint_answered),
    Indicator("K14.founded", "投诉属实率", "Complaints founded", "complaint", of_services.complaint_founded),
    Indicator("K15", "责任人落实率", "Visitors named", "elder", of_register.visitors_named),
    Indicator("K16", "联系人落实率", "Contacts settled", "elder", of_register.contact_settled),
    Indicator("K17", "评估及时率", "Reviews on time", "elder", of_register.reviewed),
    Indicator("K18", "设备在线率", "Devices online", "device", of_matters.devices_online),
    Indicator("K19", "赡养督促立卷", "Duty files opened", "duty", of_services.duty_opened, "count"),
    Indicator("K19.performing", "恢复赡养", "Performing again", "duty", of_services.duty_performing, "count"),
    Indicator("K19.joint", "联合批评教育", "Joint educations", "duty", of_services.duty_joint, "count"),
    Indicator("K19.transferred", "移送公安", "Handed to the police", "duty", of_services.duty_transferred, "count"),
    Indicator("K20", "政策享受率", "Entitled and granted", "hint", of_matters.granted),
    Indicator("K20.granted", "办成补贴", "Benefits granted", "aid", of_matters.aids_granted, "count"),
    Indicator("K21", "热线工单", "Hotline tickets", "ticket", of_services.tickets, "count"),
    Indicator("K21.accepted", "派单30分钟接单率", "Accepted in 30 minutes", "ticket", of_services.ticket_accepted),
    Indicator("K21.answered", "热线按时答复率", "Answered on time", "ticket", of_services.ticket_answered),
    Indicator("K22", "特殊时段触达率", "Reached in special periods", "contact", of_matters.reached_in_special_periods),
    Indicator("K23", "重大变故24小时走访率", "Visit in 24 hours", "change", of_visits.after_a_change),
    Indicator("K24", "志愿", "Volunteers", "volunteer", missing=_later("志愿者", "P29"), kind="count"),
    Indicator("K25", "培训", "Training", "training", missing=_later("技能培训", "P30"), kind="count"),
    Indicator("K26", "65岁以上健康随访率", "Health visits from 65", "elder", missing=_later("健康随访", "P42")),
    Indicator("K27", "数据交换", "Data exchange", "exchange", missing=_later("数据交换", "P32"), kind="count"),
]

INDICATORS: dict[str, Indicator] = {each.code: each for each in _EVERY}
