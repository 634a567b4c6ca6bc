"""What follows from a visit record, finding by finding. Source: draft annex 4, processes P08."""

from __future__ import annotations

from typing import Any

import pytest

from care.visit_findings import findings
from engine import forms


def test_a_visit_without_findings_leads_nowhere() -> None:
    found = findings({"mode": "home", "home_safety": {"gas": {"level": "normal"}}, "living": {"attention": "normal"}})

    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        ({"living": {"attention": "urgent"}}, ["unknown"]),
        ({"health": {"attention": "urgent"}}, ["illness"]),
        ({"feelings": {"self_harm": True, "attention": "normal"}}, ["self_harm"]),
        ({"hardship": {"family_conflict": {"result": "urgent", "text": "x"}}}, ["dispute"]),
        ({"home_safety": {"gas": {"level": "immediate"}}}, ["gas"]),
        ({"home_safety": {"heating": {"level": "immediate"}}}, ["fire"]),
        ({"home_safety": {"structure": {"level": "immediate"}}}, ["hazard"]),
        ({"medication_safety": {"misuse": {"level": "immediate"}}}, ["illness"]),
        ({"family_duty": {"abuse": {"level": "major"}}}, ["abuse"]),
        ({"family_duty": {"uncared": {"level": "immediate"}}}, ["unknown"]),
        ({"monitoring": {"conclusion": "urgent"}}, ["unknown"]),
        ({"home_safety": {"gas": {"level": "major"}}}, []),
        ({"family_duty": {"abuse": {"level": "general"}}}, []),
        ({"wishes": {"meals": "soon"}}, []),
    ],
)
def test_what_cannot_wait_is_urgent_and_says_of_which_kind(answers: dict[str, Any], kinds: list[str]) -> None:
    found = findings(answers)

    assert (found["urgent"], found["urgent_kinds"]) == (bool(kinds), kinds)


@pytest.mark.parametrize(
    ("answers", "flag", "value"),
    [
        ({"home_safety": {"structure": {"level": "immediate"}}}, "danger", True),
        ({"hardship": {"family_conflict": {"result": "urgent"}}}, "danger", False),
        ({"wishes": {"meals": "wish", "bathing": "none", "same": True}}, "demands", ["meals"]),
        ({"services": {"care_station": {"result": "refer"}, "medical": {"result": "done"}}}, "demands", ["life_care"]),
        ({"hardship": {"family_conflict": {"result": "refer"}}}, "demands", ["mediation"]),
        ({"health": {"rehabilitation": True}}, "demands", ["rehabilitation"]),
        ({"feelings": {"comfort": True}}, "demands", ["psychological"]),
        ({"wishes": {"legal_aid": "soon"}}, "urgent_demands", ["legal_aid"]),
        ({"subsidies": {"medical_aid": {"result": "refer"}}}, "subsidies", ["medical_aid"]),
        ({"errands": {"payment": {"result": "refer"}, "shopping": {"result": "done"}}}, "errands", ["payment"]),
        ({"home_safety": {"heating": {"level": "major"}}}, "hazards", [{"item": "heating", "level": "major"}]),
        ({"living": {"suspect_disability": True}}, "suspected_disability", True),
        ({"consent": "withdrawn", "withdrawn": ["meters"]}, "consent_withdrawn", True),
        ({"consent": "withdrawn", "withdrawn": ["meters"]}, "withdrawn_purposes", ["meters"]),
        ({"medication_safety": {"run_out": True}}, "medication", True),
        ({"medication_safety": {"expired": {"level": "general"}}}, "medication", True),
        ({"health": {"medicines": "not_as_told"}}, "medication", True),
        ({"family_duty": {"children": {"level": "general"}}}, "duty_breach", True),
        ({"family_duty": {"troubled": "unclear"}}, "duty_breach", True),
        ({"family_duty": {"troubled": "unclear"}}, "abuse", False),
        ({"family_duty": {"troubled": "yes"}}, "abuse", True),
        ({"family_duty": {"desertion": {"level": "general"}}}, "abuse", True),
        ({"facts_changed": ["phone"]}, "facts_changed", ["phone"]),
        ({"major_change": ["bereavement"]}, "major_change", ["bereavement"]),
        ({"home_safety": {"call_tested": "silent"}}, "devices", ["call_device"]),
        ({"home_safety": {"smoke_alarm": {"level": "general"}}}, "device_trouble", True),
        ({"policies": {"aid": ["knows", "wants"], "device": ["has", "wants"]}}, "policy_gaps", ["aid"]),
        ({"mode": "phone"}, "not_checked", ["home_safety", "policies"]),
    ],
)  # fmt: skip
def test_each_finding_raises_its_flag(answers: dict[str, Any], flag: str, value: Any) -> None:
    assert findings(answers)[flag] == value


def test_every_line_of_the_form_leads_somewhere() -> None:
    """A hazard, duty, service or hardship that the form asks for is never unknown to the findings."""
    form = forms.form("visit")

    for part, mark in (("home_safety", "immediate"), ("family_duty", "immediate"), ("medication_safety", "immediate")):
        lines = [name for name in form.node(part)["properties"] if form.fields[f"{part}.{name}"].widget == "check"]
        assert lines and all(findings({part: {name: {"level": mark}}})["urgent"] for name in lines)
    for part in ("services", "hardship"):
        assert all(findings({part: {name: {"result": "refer"}}})["demands"] for name in form.node(part)["properties"])
