"""Operations of hazards: `hazards.*` (P14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from care import elders, hazards, matters, organisation
from care.diagram_operations.reported import sort_out
from care.hazards import Hazard
from engine import clock, history
from engine.operations import Found, Step, operation

_DANGER = {"gas": "gas", "electricity": "fire", "heating": "fire", "fire_equipment": "fire", "smoke_alarm": "fire"}
_ROLES = {"housing": "dept:housing", "gas_company": "dept:housing", "heating_company": "dept:housing",
          "water_company": "dept:water", "power_company": "dept:power_supply"}  # fmt: skip
_REMIND_WITHIN = {"immediate": timedelta(hours=2), "major": timedelta(days=1), "general": timedelta(days=3)}


def _said(row: Hazard, **more: Any) -> dict[str, Any]:
    role = _ROLES.get(row.party, "village_desk")
    return {**hazards.facts(row), "role": role, "danger_kind": _DANGER.get(row.item, "hazard"), **more}


def _photo(answers: Mapping[str, Any], name: str) -> str | None:
    found = answers.get(name)
    return str(found[0]) if isinstance(found, list) and found else None


@operation("hazards.take")
def take(
    session: Session,
    step: Step,
    elder_id: int | None,
    item: str | None = None,
    items: Sequence[Any] | None = None,
    level: str | None = None,
    visit_id: int | None = None,
    case_id: int | None = None,
) -> dict[str, Any]:
    """{"way"}: one, split or unknown; `items` are {item, level}, or `item` and `level` of one. Source: P14."""
    pairs = [(each["item"], each.get("level")) for each in items or () if isinstance(each, Mapping)]
    found: dict[str, str | None] = dict(pairs) if pairs else ({item: level} if item else {})
    singles = {
        what: {"item": what, "level": how or level or "general", "visit_id": visit_id, "case_id": case_id}
        for what, how in found.items()
    }
    return sort_out(session, step, "hazard.found", elder_id, singles)


@operation("hazards.open")
def open_one(
    session: Session,
    step: Step,
    elder_id: int,
    item: str,
    level: str | None = None,
    visit_id: int | None = None,
    case_id: int | None = None,
) -> dict[str, Any]:
    """{"hazard_id", "item", "level", "party", "round", "due_at", "role", "danger_kind", "remind_due_at"}."""
    elder = elders.get(session, elder_id)
    row = hazards.open_hazard(session, elder, item, level or "general", visit_id, case_id, step.instance_id)
    village = organisation.ancestor(session, elder.unit_path, "village")
    area = "rural" if village is not None and village.rural else "town"
    remind = (clock.now() + _REMIND_WITHIN[row.level]).isoformat()
    return Found({"elder_id": elder_id, "hazard_item": row.item, "area": area}, **_said(row, remind_due_at=remind))


@operation("hazards.more")
def more(session: Session, step: Step, hazard_id: int, level: str | None = None) -> None:
    """Found again; a worse level shortens the time."""
    hazards.more(session, hazards.get(session, hazard_id), level)


@operation("hazards.reminded")
def reminded(session: Session, step: Step, hazard_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"named"}: whom the visitor names as responsible, null without. Source: P14 T1."""
    row, answers = hazards.get(session, hazard_id), step.answers(element)
    hazards.reminded(session, row, _photo(answers, "before"))
    return _said(row, named=answers.get("party"))


@operation("hazards.assign")
def assign(session: Session, step: Step, hazard_id: int, party: str, named: str | None = None) -> dict[str, Any]:
    """The same fields: who mends it, by the table unless the visitor named another. Source: P14 D."""
    row = hazards.get(session, hazard_id)
    hazards.assign(session, row, named or party)
    return _said(row)


@operation("hazards.rectified")
def rectified(session: Session, step: Step, hazard_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"result"}: done, refused (by the family) or transferred. Source: P14 T2, F-RECTIFY."""
    row, answers = hazards.get(session, hazard_id), step.answers(element)
    result = str(answers.get("result") or "done")
    if result == "done":
        hazards.rectified(session, row, _photo(answers, "after"))
    elif result == "refused":
        hazards.refused(session, row)
    return _said(row, result=result)


@operation("hazards.rechecked")
def rechecked(session: Session, step: Step, hazard_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"fixed"}: what the visitor saw. Source: P14 T3, K12."""
    row = hazards.get(session, hazard_id)
    fixed = step.answers(element).get("fixed") is True
    hazards.rechecked(session, row, fixed)
    return _said(row, fixed=fixed)


@operation("hazards.decided")
def decided(session: Session, step: Step, hazard_id: int, element: str) -> dict[str, Any]:
    """The same fields and {"decision"}: again, accept_risk or transferred. Source: P14."""
    row, answers = hazards.get(session, hazard_id), step.answers(element)
    decision = str(answers.get("decision") or "again")
    if decision == "again":
        hazards.assign(session, row, str(answers.get("party") or row.party))
        hazards.again(session, row)
    return _said(row, decision=decision)


@operation("hazards.close")
def close(session: Session, step: Step, hazard_id: int, outcome: str) -> None:
    """The end: fixed, accepted_risk, transferred or exited."""
    row = hazards.get(session, hazard_id)
    matters.close(session, row, outcome)
    history.write(session, step.instance_id, step.by, f"hazard.{outcome}", step.element_id, row.elder_id, row.unit_path)
