"""Answers to the shipped forms, as workers would give them; keyword arguments change single fields."""

from __future__ import annotations

from typing import Any

NOW = "2026-08-03T09:30:00+08:00"


def _made(defaults: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (defaults | changes).items() if value is not None}


def nobody(**changes: Any) -> dict[str, Any]:
    """alarm_call: nobody answered."""
    return _made({"reached": "no", "level": "unknown"}, changes)


def general(**changes: Any) -> dict[str, Any]:
    """alarm_call: reached, an ordinary trouble."""
    return _made({"reached": "yes", "risk": "low", "level": "general", "state_words": "灯坏了"}, changes)


def urgent(*kinds: str, **changes: Any) -> dict[str, Any]:
    """alarm_call: reached, urgent, of these kinds (illness)."""
    return _made({"reached": "yes", "risk": "high", "level": "urgent", "kinds": list(kinds or ("illness",))}, changes)


def mistaken(**changes: Any) -> dict[str, Any]:
    """alarm_call: reached, a false alarm."""
    return _made({"reached": "yes", "risk": "low", "level": "false"}, changes)


def helped(outcome: str = "solved", **changes: Any) -> dict[str, Any]:
    return _made({"what": "换了灯泡", "outcome": outcome, "kinds": ["fall"] if outcome == "urgent" else None}, changes)


def called(*services: str, **changes: Any) -> dict[str, Any]:
    """rescue_call."""
    return _made(
        {"services": list(services or ("120",)), "called_at": NOW, "called_by": "坐席", "level": "urgent"}, changes
    )


def family(answer: str = "comes", **changes: Any) -> dict[str, Any]:
    return _made({"whom": "女儿", "at": NOW, "answer": answer}, changes)


def on_scene(**changes: Any) -> dict[str, Any]:
    return _made({"arrived_at": NOW, "done": ["calmed"], "state": "safe"}, changes)


def escort(**changes: Any) -> dict[str, Any]:
    return _made({"who": "family", "left_at": NOW}, changes)


def hospital(result: str = "home", **changes: Any) -> dict[str, Any]:
    return _made({"result": result, "since": NOW, "hospital": None if result == "home" else "第一医院"}, changes)


def found(how: str = "safe", **changes: Any) -> dict[str, Any]:
    return _made({"last_seen": "早市，8点", "found": how}, changes)


def fire(**changes: Any) -> dict[str, Any]:
    return _made({"cause": "gas", "hurt": False, "hazard_left": False, "lodging_needed": False}, changes)


def mediation(**changes: Any) -> dict[str, Any]:
    return _made(
        {"departments": ["justice"], "record": "已协商", "result": "agreed", "duty_breach": False, "legal_aid": False},
        changes,
    )


def taken(**changes: Any) -> dict[str, Any]:
    """acknowledge."""
    return _made({"answer": "take"}, changes)


def feedback(state: str = "solved", **changes: Any) -> dict[str, Any]:
    running = {"interim": True, "next_steps": "继续"} if state == "in_progress" else {}
    said = {"state": state, "talked_with": ["elder"], "result": "已恢复", "ledger_updated": True}
    return _made(said | running, changes)


def review(resolved: str = "yes", **changes: Any) -> dict[str, Any]:
    said = {
        "on_site_on": NOW, "where": "home", "elder_state": "good", "hazard_checked": "none", "satisfied": "yes",
        "causes": [{"cause": "线路", "removed": resolved == "yes"}], "resolved": resolved,
        "left": None if resolved == "yes" else "线路还没换",
    }  # fmt: skip
    return _made(said, changes)


def case_file(**changes: Any) -> dict[str, Any]:
    stages = ["found", "reported", "handled", "fed_back", "reviewed"]
    return _made({"checked": stages, "complete": True}, changes)


def note(**changes: Any) -> dict[str, Any]:
    return _made({"result": "done", "text": "已办"}, changes)


def arrived(met: str = "yes", **changes: Any) -> dict[str, Any]:
    """check_in."""
    return _made({"mode": "home", "by": "qr", "met": met, "why": "不想开门" if met == "refused" else None}, changes)


def consents(*refused: str, **changes: Any) -> dict[str, Any]:
    """consent: every purpose answered yes but these."""
    from care.consents import PURPOSES

    said = {
        "explained": True, "purposes": {each: each not in refused for each in PURPOSES}, "signed_by": "elder",
        "manner": "witness", "witness_name": "邻居", "witness_words": "老人点头同意",
    }  # fmt: skip
    return _made(said, changes)


def supporter(name: str, relation: str = "child", **changes: Any) -> dict[str, Any]:
    """A row of supporters."""
    said = {"name": name, "relation": relation, "phone": "13700001111", "distance": "city", "adult": True,
            "capable": True, "money": "yes"}  # fmt: skip
    return _made(said, changes)


def listed(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """supporters."""
    return _made({"none": not rows, "supporters": list(rows) or None}, changes)


def calls(**answered: bool) -> dict[str, Any]:
    """supporter_calls, by name."""
    return {"calls": [{"name": name, "answered": yes} for name, yes in answered.items()]}


def proposal(a: str, b: str, **changes: Any) -> dict[str, Any]:
    """assign, by user names."""
    said = {
        "pairing_body": "春光社区党支部", "visitor": a, "visitor_b": b, "boundary": "探访、代办，不代管现金",
        "emergency_duty": "5分钟内应答", "from_on": "2026-08-03",
    }  # fmt: skip
    return _made(said, changes)


def assessed(**facts: Any) -> dict[str, Any]:
    """assess: nothing found, with these facts (an elder alone without family)."""
    known = {"living_alone": "yes", "has_partner": "no", "has_children": "no", "rural": "no", "ability_level": "none",
             "disability_cert_grade": "none"}  # fmt: skip
    safe = {"level": "normal"}
    drugs = ("storage", "dose", "expired", "misuse", "duplicate")
    home = ("structure floor bathroom handrails lighting water electricity gas heating fire_equipment smoke_alarm "
            "call_device")  # fmt: skip
    return {
        "visited_on": "2026-08-03", "met": ["elder"], "reached_by": "phone",
        "facts": {**known, **facts},
        "living": {"self_care": "full", "attention": "normal"},
        "health": {"general": "good", "medicines": "as_told", "attention": "normal"},
        "feelings": {"mood": "calm", "self_harm": False, "attention": "normal"},
        "home_safety": dict.fromkeys(home.split(), safe),
        "medication_safety": {"run_out": False, **dict.fromkeys(drugs, safe)},
        "family_duty": dict.fromkeys(("children", "relatives", "guardian", "abuse", "desertion", "uncared"), safe),
    }  # fmt: skip


def plan(**changes: Any) -> dict[str, Any]:
    """care_plan."""
    return _made({"modes": ["onsite", "phone"], "attention": "冬天看炉子", "next_review_on": "2027-08-03"}, changes)


def basic(**changes: Any) -> dict[str, Any]:
    """elder_basic: the id number is the example of GB 11643."""
    said = {
        "name": "赵新登", "sex": "m", "id_number": "11010519491231002X", "born_on": "1949-12-31", "grid": "第一网格",
        "address": "第一网格9号楼", "reached_by": "phone", "phone": "13512345678", "language": "汉语",
    }  # fmt: skip
    return _made(said, changes)


def ticket(kind: str, **changes: Any) -> dict[str, Any]:
    """ticket: a caller of the hotline."""
    return _made({"caller": "family", "kind": kind, "words": "来电内容", "promised": False}, changes)


def scored(overall: int, **changes: Any) -> dict[str, Any]:
    """satisfaction, answered by telephone."""
    return _made({"way": "phone", "reached": "yes", "respondent": "elder", "overall": overall}, changes)
