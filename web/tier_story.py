"""Why an elder has this tier: each decision with its policy version, the facts it used and the rules that fired.

Facts are shown to those whose role works with the elder's living and health; everybody else who may open the file sees
tier, policy, rules and reason. Opening it is logged like the file. Source: policy 2.2, 3.3.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from care import access, elders, files, people
from care.elders import CATEGORY_TITLES, FACTS, FLAG_TITLES, TierResult
from care.roles import Part
from engine import db
from web.language import N_, gettext, language
from web.pages import page
from web.policy import policy_name
from web.signed_in import me

bp = Blueprint("tier_story", __name__)

FACT_TITLES = {
    "living_alone": N_("单独居住"),
    "lives_with_partner_only": N_("只与老伴同住"),
    "has_partner": N_("有配偶"),
    "partner_age": N_("配偶周岁"),
    "partner_same_area": N_("配偶在同一地区"),
    "has_children": N_("有子女"),
    "children_same_area": N_("有子女在同一地区"),
    "rural": N_("住在农村牧区"),
    "children_away_months": N_("子女外出几个月"),
    "children_away_for_work": N_("子女外出务工"),
    "supporter_present": N_("身边有赡养人"),
    "supporter_capable": N_("赡养人有能力"),
    "ability_level": N_("能力等级"),
    "ability_assessed_by_professional": N_("由专业人员评估"),
    "suspected_disability": N_("疑似失能"),
    "disability_cert_generation": N_("残疾人证第几代"),
    "disability_cert_grade": N_("残疾等级"),
    "disability_cert_valid": N_("残疾人证有效"),
    "fp_special_family": N_("计生特殊家庭"),
    "dementia": N_("失智"),
    "severe_illness": N_("患重症疾病"),
    "dispersed_destitute": N_("分散供养特困"),
    "other_special_recognised": N_("乡镇认定其他特殊困难"),
}
REASONS = {
    "registration": N_("建档分级"),
    "registered": N_("建档分级"),
    "onboarding": N_("入户评估"),
    "review": N_("复评"),
    "assessment": N_("入户评估"),
}


@bp.get("/elders/<int:elder_id>/tier")
def show(elder_id: int) -> ResponseReturnValue:
    """Every decision, newest first."""
    person = me()
    with db.writing() as session:
        file = files.open_file(session, person, elder_id, address=request.remote_addr or "", reason="tier")
        elder = access.elder(session, person, elder_id)
        parts = access.parts(session, person, elder)
        rows = elders.tier_history(session, elder_id) if Part.TIER in parts else []
        names = people.names(session, {row.by for row in rows if row.by})
        sees_facts = {Part.LIVING, Part.HEALTH} <= parts
        results = [_told(row, names, sees_facts) for row in rows]
    return page("elders/tier.html", file=file, results=results, sees_facts=sees_facts, policy_name=policy_name)


def _told(row: TierResult, names: dict[int, str], sees_facts: bool) -> dict[str, Any]:
    place = int(language() == "en")
    reason, _, rest = row.reason.partition(":")
    return {
        "row": row,
        "reason": gettext("政策切换") if reason == "policy" else gettext(REASONS.get(reason, row.reason)),
        "choice_id": int(rest) if reason == "policy" and rest.isdigit() else None,
        "by": names.get(row.by) if row.by else None,
        "grounds": row.grounds or [{"rule": each, "note": ""} for each in row.rules],
        "categories": [CATEGORY_TITLES.get(each, (each, each))[place] for each in row.categories],
        "flags": [FLAG_TITLES.get(each, (each, each))[place] for each in row.flags],
        "facts": [
            (gettext(FACT_TITLES[name]), _value(row.facts[name]))
            for name in FACTS
            if sees_facts and (row.facts or {}).get(name) is not None
        ],
    }


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return str(value)
