"""The catalogue of deadlines: how long what may take, as named rules.

Diagrams say their deadlines themselves; the catalogue is what pages, planners and `visitflow decide deadline` ask.
Source: processes 4.9; calendar 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from care.errors import CareError
from care.policy_calendar import working_days_after
from engine import clock
from engine.expressions import Duration


class UnknownDeadline(CareError):
    """没有这条时限规则（There is no such deadline rule）"""

    def __init__(self, rule: str) -> None:
        super().__init__(f"{self.__doc__}：{rule}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A deadline: `amount` of `clock` (minutes, hours, days, months, years: running on; working_days)."""

    amount: int
    clock: str
    zh: str
    basis: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due (aware, the city's time); `provisional` when a year's calendar is not confirmed."""

    due: datetime
    provisional: bool


def _rules(*rows: tuple[str, int, str, str, str]) -> dict[str, Rule]:
    return {name: Rule(amount, unit, zh, basis) for name, amount, unit, zh, basis in rows}


RULES: Mapping[str, Rule] = _rules(
    ("feedback_24h", 24, "hours", "结果反馈", "D 附5"),
    ("review_3wd", 3, "working_days", "回访复核", "D 附5"),
    ("review_late_4wd", 4, "working_days", "回访复核超期报旗县区", "ruling"),
    ("major_change_24h", 24, "hours", "重大变故首次探访", "D 四(1)"),
    ("first_visit_7d", 7, "days", "建档后首次探访", "ruling"),
    ("alarm_action_2min", 2, "minutes", "预警人工处置", "ruling"),
    ("call_elder_3min", 3, "minutes", "联系老人", "ruling"),
    ("call_family_5min", 5, "minutes", "联系家属", "ruling"),
    ("call_visitor_5min", 5, "minutes", "联系探访责任人", "ruling"),
    ("grid_worker_town_15min", 15, "minutes", "网格员到场（城镇）", "ruling"),
    ("grid_worker_village_40min", 40, "minutes", "网格员到场（农村）", "ruling"),
    ("chain_silent_30min", 30, "minutes", "无人应答：拨打110", "ruling"),
    ("offline_township_10min", 10, "minutes", "线下上报未受理报乡镇", "ruling"),
    ("offline_district_20min", 20, "minutes", "线下上报未受理报旗县区", "ruling"),
    ("meter_phone_2h", 2, "hours", "水电气异常电话核实", "ruling"),
    ("meter_door_2h", 2, "hours", "水电气异常上门核实", "ruling"),
    ("nobody_at_door_high_2h", 2, "hours", "上门无人（高风险）", "ruling"),
    ("nobody_at_door_24h", 24, "hours", "上门无人", "ruling"),
    ("missing_status_2h", 2, "hours", "走失进展", "ruling"),
    ("missing_city_24h", 24, "hours", "走失报市", "ruling"),
    ("registration_15wd", 15, "working_days", "摸排建档", "ruling"),
    ("township_check_3wd", 3, "working_days", "乡镇审核", "ruling"),
    ("home_assessment_5wd", 5, "working_days", "入户评估", "ruling"),
    ("ability_assessment_20wd", 20, "working_days", "能力评估", "ruling"),
    ("visitor_accepts_2wd", 2, "working_days", "探访责任人确认", "ruling"),
    ("assignment_5wd", 5, "working_days", "结对确定", "ruling"),
    ("contact_check_5wd", 5, "working_days", "联系人核实", "ruling"),
    ("contact_recheck_6m", 6, "months", "联系人复核", "ruling"),
    ("referral_check_1wd", 1, "working_days", "转介核实", "ruling"),
    ("referral_accept_2wd", 2, "working_days", "转介受理", "ruling"),
    ("referral_serve_10wd", 10, "working_days", "转介办理", "ruling"),
    ("referral_confirm_5wd", 5, "working_days", "转介回访", "ruling"),
    ("aid_papers_10wd", 10, "working_days", "补贴材料", "ruling"),
    ("aid_news_3wd", 3, "working_days", "补贴结果告知", "ruling"),
    ("hazard_major_3d", 3, "days", "重大隐患整改", "ruling"),
    ("hazard_general_30d", 30, "days", "一般隐患整改", "ruling"),
    ("hazard_recheck_7d", 7, "days", "隐患复查", "ruling"),
    ("errand_3wd", 3, "working_days", "代办事项", "ruling"),
    ("dispute_desk_1wd", 1, "working_days", "纠纷联席", "ruling"),
    ("device_check_high_24h", 24, "hours", "设备核查（高风险）", "ruling"),
    ("device_check_3d", 3, "days", "设备核查", "ruling"),
    ("device_collected_10wd", 10, "working_days", "设备回收", "ruling"),
    ("duty_verified_5wd", 5, "working_days", "赡养义务核实", "ruling"),
    ("missing_facts_5wd", 5, "working_days", "补齐情况", "ruling"),
    ("judge_overlap_5wd", 5, "working_days", "乡镇认定", "ruling"),
    ("expired_paper_60d", 60, "days", "证件或评估过期", "ruling"),
    ("exit_confirmed_3wd", 3, "working_days", "退出确认", "ruling"),
    ("new_visitor_3d", 3, "days", "迁居后新责任人", "ruling"),
    ("supporter_urged_15d", 15, "days", "督促期限", "ruling"),
    ("joint_follow_up_15d", 15, "days", "联合跟进", "ruling"),
    ("complaint_registered_1wd", 1, "working_days", "投诉登记", "ruling"),
    ("complaint_answered_15wd", 15, "working_days", "投诉答复", "ruling"),
    ("complaint_reviewed_10wd", 10, "working_days", "投诉复核", "ruling"),
    ("hotline_dispatch_30min", 30, "minutes", "热线派单", "ruling"),
    ("hotline_answer_5wd", 5, "working_days", "热线答复", "ruling"),
    ("survey_call_3d", 3, "days", "满意度回访", "ruling"),
    ("absence_60d", 60, "days", "暂离最长", "ruling"),
    ("consent_1y", 1, "years", "同意书年度确认", "ruling"),
    ("policy_5y", 5, "years", "政策有效期", "P"),
    ("unnamed_5wd", 5, "working_days", "未另定时限的任务", "ruling"),
)


def deadline(rule: str, start: datetime) -> Deadline:
    """When `rule` is due that began at `start` (aware); raises UnknownDeadline.

    Hours, days and months run through nights and holidays; of working days the day of the start does not count.
    """
    known = RULES.get(rule)
    if known is None:
        raise UnknownDeadline(rule)
    if known.clock == "working_days":
        return Deadline(*working_days_after(start, known.amount))
    if known.clock in ("months", "years"):
        months = known.amount * (12 if known.clock == "years" else 1)
        return Deadline(Duration(months).after(clock.local(start)), False)
    return Deadline(clock.local(start + timedelta(**{known.clock: known.amount})), False)
