"""What the emergency card says of an elder's health, as forms ask for it and as the file keeps it.

The first assessment fills it, each yearly review shows it again. What a form leaves empty keeps what was known: an old
allergy on the card is safer than none. «无» (none) empties the field.

Public: read, shown, keep. Source: people-forms-indicators 6.1 (health); rulings 9.21; processes P02, P17a, P33.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from care.elders import Elder

AIDS = {
    "stick": "拐杖、助行器",
    "wheelchair": "轮椅",
    "hearing_aid": "助听器",
    "dentures": "假牙",
    "care_bed": "护理床",
    "oxygen": "制氧机",
    "other": "其他辅具",
}
MOBILITY = {"steady": "行走自如", "aid": "拄拐、轮椅", "bed": "卧床"}
_LISTS = ("illnesses", "drugs", "allergies")
_NONE = frozenset(("无", "没有", "none", "no"))
_BETWEEN = re.compile(r"[\n、，,；;]+")


def read(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a whole form says: its group `emergency_health`, the chronic illnesses and the walking of its own parts."""
    said = answers.get("emergency_health") or {}
    found: dict[str, Any] = {}
    for name in _LISTS:
        if said.get(name):
            found[name] = _listed(str(said[name]), lines=name == "drugs")
    chronic = [str(each["illness"]) for each in (answers.get("health") or {}).get("chronic") or []]
    papers = answers.get("papers") or {}
    chronic += [str(papers["illness_name"])] if papers.get("illness_name") else []
    if chronic:
        found["illnesses"] = list(dict.fromkeys([*found.get("illnesses", []), *chronic]))
    mobility = said.get("mobility") or (answers.get("living") or {}).get("walking")
    if mobility in MOBILITY:
        found["mobility"] = MOBILITY[mobility]
    if said.get("aids"):
        found["aids"] = [AIDS.get(each, each) for each in said["aids"]]
    if said.get("hospital"):
        found["hospital"] = str(said["hospital"])
    return found


def _listed(text: str, *, lines: bool) -> list[str]:
    """One per line where a dose may hold commas, else by comma too; «无» is nothing."""
    parts = (each.strip() for each in (text.splitlines() if lines else _BETWEEN.split(text)))
    return [each for each in parts if each and each.lower() not in _NONE]


def shown(health: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the group's fields with `prefill`."""
    codes = {words: code for code, words in AIDS.items()}
    walking = {words: code for code, words in MOBILITY.items()}
    found: dict[str, Any] = {name: "\n".join(health[name]) for name in _LISTS if health.get(name)}
    found["allergies"] = found.get("allergies", "").replace("\n", "、")
    found["aids"] = [codes[each] for each in health.get("aids") or () if each in codes]
    found["mobility"] = walking.get(str(health.get("mobility")))
    found["hospital"] = health.get("hospital")
    return {name: value for name, value in found.items() if value}


def keep(session: Session, elder: Elder, answers: Mapping[str, Any]) -> None:
    """Write it into the file; nothing that the form left open is lost."""
    elder.health = {**(elder.health or {}), **read(answers)}
    session.flush()
