"""The facts of the tier decision as forms ask for them, and as they are kept: each with its source and its day.

A form answers yes, no or unknown; unknown is kept as «not known», which is not «no» (policy 3.4 no. 16). A part of a
form that was not shown says nothing about its facts, so what was known of them falls away with the answer above it.

Public: read, shown, keep. Source: policy 3.2; R-DATA-01; R-NET-07.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from care.elders import FACTS, Elder
from engine import clock

_NUMBERS = frozenset(("partner_age", "children_away_months"))
_CODED = frozenset(("ability_level", "disability_cert_generation", "disability_cert_grade"))
_NONE = "none"  # no assessment, no certificate: kept as null with its source and day, which «never asked» has not
_MAY_BE_NONE = frozenset(("ability_level", "disability_cert_grade"))
_WORDS = {"yes": True, "no": False}
_LATEST = frozenset(("other_special_recognised",))  # not asked by the forms: the township recognises it


def read(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a form's group `facts` states; what is unknown, or was not asked, is missing.

    None for an assessment or a certificate that the elder does not have.
    """
    found: dict[str, Any] = {}
    for name in FACTS:
        said = answers.get(name)
        if name in _NUMBERS and isinstance(said, int):
            found[name] = said
        elif name in _CODED and isinstance(said, str) and said.isdigit():
            found[name] = int(said)
        elif name in _MAY_BE_NONE and said == _NONE:
            found[name] = None
        elif name not in _NUMBERS | _CODED and said in _WORDS:
            found[name] = _WORDS[said]
    if found.get("living_alone") is True or found.get("has_partner") is False:
        found["lives_with_partner_only"] = False  # follows, and is not asked
    return found


def shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as a form is prefilled with them."""
    result: dict[str, Any] = {}
    for name in FACTS:
        value = facts.get(name)
        if name in _NUMBERS:
            result[name] = value
        elif name in _CODED:
            there_is_none = _NONE if name in facts and name in _MAY_BE_NONE else None
            result[name] = there_is_none if value is None else str(value)
        else:
            result[name] = None if value is None else "yes" if value else "no"
    return {name: value for name, value in result.items() if value is not None}


def keep(session: Session, elder: Elder, facts: Mapping[str, Any], source: str, *, whole: bool = False) -> list[str]:
    """Write facts into the file with source and day; which of them are new or other than before.

    `whole`: these are all that is known, so what the forms ask and is missing here is unknown from now on.
    """
    before = dict(elder.facts or {})
    after = {name: before[name] for name in before if name in _LATEST} if whole else dict(before)
    after |= facts
    changed = [name for name in FACTS if before.get(name) != after.get(name)]
    said = dict(elder.facts_said or {})
    for name in {*facts, *changed}:
        said[name] = {"on": clock.today().isoformat(), "by": source}
    elder.facts, elder.facts_said = after, said
    session.flush()
    return changed
