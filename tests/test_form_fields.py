"""Every field that the norm asks for is a field of a form. Source: people-forms-indicators chapter 6.

docs/reference/form-fields.toml says which; a field that no form has, or a form of the norm without a table, fails here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from engine import forms

TABLES = tomllib.loads((Path(__file__).parents[1] / "docs/reference/form-fields.toml").read_text(encoding="utf-8"))
OF_THE_NORM = """
    F-ELDER F-VISIT F-ASSESS F-CONFIRM F-CONSENT F-ASSIGN F-SUPPORTER F-ABILITY F-MISSED F-ABSENT F-REVIEWFACTS F-CHANGE
    F-EXIT F-ALARM-CALL F-FALSE F-NOTE F-EMERGENCY F-FEEDBACK F-REVIEW F-REFRESULT F-RECTIFY F-URGE F-JOINT F-TRANSFER
    F-AID F-ERRAND F-TICKET F-COMPLAINT F-SAT F-SELF F-SAMPLE F-HEALTH F-DEVICE F-VOLUNTEER F-TRAIN F-AWARD F-ACCEPT
""".split()  # noqa: SIM905
LATER = {"F-HEALTH", "F-VOLUNTEER", "F-TRAIN", "F-AWARD", "F-ACCEPT"}
PAGES = [(norm, field, path) for norm, table in TABLES.items() for field, paths in table.items() if field[0] != "_"
         for path in paths]  # fmt: skip


def test_every_form_of_the_norm_has_its_table() -> None:
    assert sorted(TABLES) == sorted(OF_THE_NORM)
    assert {norm for norm, table in TABLES.items() if "_later" in table} == LATER
    assert all(len(table) > 1 or table.keys() - {"_later"} for norm, table in TABLES.items() if norm not in LATER)


@pytest.mark.parametrize(("norm", "field", "path"), PAGES, ids=lambda each: str(each))
def test_the_norm_s_field_is_on_its_form(norm: str, field: str, path: str) -> None:
    key, _, below = path.partition(".")
    form = forms.form(key)
    part = below.rstrip("*")

    found = form.fields.get(part.replace("[]", ""), form.fields.get(part))

    assert found is not None, f"{norm}, {field}: the form {key} has no field {part!r}"
    assert found.label.get("zh") and found.label.get("en"), (
        f"{norm}, {field}: {path} has no label in one of the languages"
    )
    assert not below.endswith("*") or any(each.startswith(f"{part}.") for each in form.fields), f"{path} has no parts"
