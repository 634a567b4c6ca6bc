"""Messages that no diagram takes yet: nothing that a worker reports may vanish.

What a process of a later day would have received becomes one task of the village desk (process `village_note`, form
F-NOTE); an elder who is registered or rises in tier gets the visit period at once; the rest is only recorded.
Source: processes 4.0 (leading to a process that is not there yet), 4.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from care import elders, planner
from engine import tasks
from engine.operations import answers_question

NOTES = {
    "need.raised": ("需求转介", "Need"),
    "aid.proposed": ("政策补贴协助", "Benefit to apply for"),
    "errand.asked": ("代办事项", "Errand"),
    "hazard.found": ("隐患整改", "Hazard"),
    "facts.changed": ("情况有变化，请更新档案", "Facts changed"),
    "major_change.reported": ("重大变故", "Major change"),
    "assessment.requested": ("能力评估", "Ability assessment"),
    "consent.withdrawn": ("撤回同意，请确认", "Consent withdrawn"),
    "contact.unreachable": ("联系人联系不上", "Contact unreachable"),
    "device.offline": ("设备离线或故障，请核查", "Device offline or faulty"),
    "device.battery_low": ("设备低电量，请更换", "Device battery low"),
    "device.unbound": ("设备未绑定，请核查", "Device not bound"),
    "person.death": ("死亡待确认", "Death to be confirmed"),
    "person.moved": ("迁移待确认", "Move to be confirmed"),
    "person.hinted": ("疑似未建档老人", "Somebody not yet on file"),
    "survey.row": ("摸排登记", "Survey row"),
}
PLANS = frozenset({"elder.registered", "tier.raised"})
_SHOWN = ("category", "item", "kind", "purpose")


@answers_question("unclaimed")
def unclaimed(session: Session, name: str, key: str | None, data: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """(process, its data) for a message that no diagram takes; None: it is only recorded."""
    if name in PLANS and isinstance(data.get("elder_id"), int):
        elder = elders.get(session, data["elder_id"])
        if name == "tier.raised":
            planner.make_room(session, elder)
        begun = planner.period_data(session, elder)
        return None if begun is None else ("visit_cycle", begun)
    if name not in NOTES:
        return None
    zh, en = NOTES[name]
    details = "、".join(dict.fromkeys(_words(data)))
    title = f"{zh}（{details}） {en}" if details else f"{zh} {en}"
    if name.startswith("device.") and _is_open(session, data.get("elder_id"), title[:200]):
        return None  # the desk has it already; each further sign of the same device is only recorded
    return "village_note", {**data, "message": name, "message_key": key, "title": title[:200]}


def _is_open(session: Session, elder_id: Any, title: str) -> bool:
    if not isinstance(elder_id, int):
        return False
    found = tasks.find(session, filters=tasks.Filters(process_id="village_note", subject_id=elder_id))
    return any(row.name == title for row in found.rows)


def _words(data: dict[str, Any]) -> Iterable[str]:
    """What it is about, in the words that care knows, else in its codes."""
    listed = data.get("items")
    found = list(listed) if isinstance(listed, list) else []
    for each in [*found, *(data.get(name) for name in _SHOWN)]:
        code = each.get("item") if isinstance(each, dict) else each
        if isinstance(code, str) and code:
            yield WORDS.get(code, code)


WORDS = {
    "life_care": "生活照料",
    "meals": "助餐",
    "bathing": "助浴",
    "health": "健康服务",
    "legal_aid": "法律援助",
    "emergency_support": "应急保障",
    "home_safety": "居家安全",
    "cleaning": "家政",
    "property": "物业",
    "medication": "用药",
    "rehabilitation": "康复",
    "psychological": "心理关怀",
    "hardship": "突发困难",
    "mediation": "家庭矛盾调解",
    "lodging": "临时安置",
    "care_subsidy": "养老服务补贴",
    "medical_aid": "医保救助",
    "minimum_allowance": "低保特困",
    "disability_benefit": "残疾人补贴",
    "home_adaptation": "适老化改造",
    "payment": "缴费",
    "shopping": "代购代办",
    "certificate": "证件预约",
    "data_entry": "信息录入",
    "collect_goods": "物资领取",
    "book_service": "上门服务预约",
    "structure": "住房结构",
    "floor": "地面防滑",
    "bathroom": "卫生间",
    "handrails": "扶手",
    "lighting": "照明",
    "water": "用水",
    "electricity": "用电",
    "gas": "燃气",
    "heating": "供暖",
    "fire_equipment": "消防设施",
    "smoke_alarm": "烟感报警器",
    "call_device": "紧急呼叫设备",
    "children": "子女赡养",
    "relatives": "亲属照护",
    "guardian": "监护责任",
    "abuse": "虐待迹象",
    "desertion": "遗弃迹象",
    "uncared": "无人照料",
    "other": "其他",
    "emergency": "应急事件",
    "hospital": "住院",
    "offline": "离线",
    "battery_low": "低电量",
    "tamper": "拆动",
    "power_loss": "断电",
}
