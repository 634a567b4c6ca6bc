"""One file gives the page, the limits and the validation; answers are judged by it and by nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from werkzeug.datastructures import MultiDict

from engine import forms
from engine.forms.rules import holds
from tests.engine.form_files import CALL, a_file, a_form

RULES = json.loads((Path(__file__).parent / "show_rules.json").read_text(encoding="utf-8"))
SCRIPT = Path(forms.__file__).resolve().parents[2] / "web" / "static" / "form.js"


def faults_of(answers: Any, **changes: Any) -> dict[str, str]:
    """The English sentences by path; {} when the answers are good."""
    try:
        forms.clean(a_form(**changes), answers)
    except forms.Invalid as refused:
        assert all(words["zh"] and words["en"] for words in refused.faults.values())
        return {path: words["en"] for path, words in refused.faults.items()}
    return {}


# ---- answers


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({"reached": "no"}, {}),
        ({}, {"reached": "Nothing chosen yet"}),
        ({"reached": ""}, {"reached": "No such choice; choose again"}),
        ({"reached": None}, {"reached": "Write text here"}),
        ({"reached": "perhaps"}, {"reached": "No such choice; choose again"}),
        ({"reached": "no", "minutes": 0}, {"minutes": "Too small: at least 1"}),
        ({"reached": "no", "minutes": 61}, {"minutes": "Too big: at most 60"}),
        ({"reached": "no", "minutes": "5"}, {"minutes": "Write a whole number here"}),
        ({"reached": "no", "minutes": 5.5}, {"minutes": "Write a whole number here"}),
        ({"reached": "no", "minutes": True}, {"minutes": "Write a whole number here"}),
        ({"reached": "no", "degrees": 42.5}, {}),
        ({"reached": "no", "degrees": float("nan")}, {"degrees": "Write a number here"}),
        ({"reached": "no", "degrees": "warm"}, {"degrees": "Write a number here"}),
        ({"reached": "no", "alone": "yes"}, {"alone": "Choose yes or no"}),
        ({"reached": "no", "code": "AB1"}, {}),
        ({"reached": "no", "code": "ab1"}, {"code": "Two capitals and a digit"}),
        ({"reached": "no", "code": "AB12"}, {"code": "Too long: at most 3 characters"}),
        ({"reached": "no", "told": []}, {"told": "At least 1 needed"}),
        ({"reached": "no", "told": ["nobody"]}, {"told.0": "No such choice; choose again"}),
        ({"reached": "no", "told": ["family", "family"]}, {"told": "The same item twice"}),
        ({"reached": "no", "told": "family"}, {"told": "A list is expected here"}),
        ({"reached": "no", "photos": ["a1b2c3d4", "b1b2c3d4", "c1b2c3d4"]}, {"photos": "Too many: at most 2"}),
        ({"reached": "no", "photos": ["../x"]}, {"photos.0": "This file did not arrive; take it again"}),
        ({"reached": "no", "home": "here"}, {"home": "This part cannot be read; fill it in again"}),
        ({"reached": "no", "tries": [{"number": "1"}]}, {"tries.0.way": "Nothing chosen yet"}),
        ({"reached": "no", "extra": 1}, {"extra": "The form has no such field; reload the page"}),
        ({"reached": "no", "home": {"extra": 1}}, {"home.extra": "The form has no such field; reload the page"}),
    ],
)
def test_answers_are_judged_field_by_field(answers: dict[str, Any], faults: dict[str, str]) -> None:
    assert faults_of(answers) == faults


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("day", ["2026-02-28", "2028-02-29"], ["2026-02-29", "2026-2-3", "20260203", "2026-W31-1", "tomorrow"]),
        ("hour", ["09:30", "23:59:59"], ["24:00", "9:30", "0930"]),
        ("moment", ["2026-08-03T09:00+08:00", "2026-08-03T01:00:00Z"], ["2026-08-03T09:00", "2026-08-03", "x"]),
        (
            "phone",
            ["13812345678", "+8613812345678", "0472-5551234", "04725551234", "120", "400-123-4567"],
            ["1381234567", "23812345678", "abc", "138 1234 5678", "12"],
        ),
    ],
)
def test_formats_take_what_is_real_and_nothing_else(field: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if faults_of({"reached": "no", field: text})] == []
    assert [text for text in bad if not faults_of({"reached": "no", field: text})] == []


def test_conditions_are_told_together_with_other_faults() -> None:
    found = faults_of({"reached": "yes", "told": ["police"], "degrees": "x", "home": {"level": "bad"}})

    assert sorted(found) == ["degrees", "home.note", "level", "minutes"]


def test_what_is_hidden_is_neither_asked_nor_kept() -> None:
    answers = {"reached": "no", "level": "nonsense", "home": {"level": "good", "note": "left over"}}

    assert forms.clean(a_form(), answers) == {"reached": "no", "home": {"level": "good"}}


def test_each_row_decides_for_itself_what_it_asks() -> None:
    answers = {"reached": "no", "tries": [{"way": "phone", "number": "120"}, {"way": "door", "number": "120"}]}

    assert forms.clean(a_form(), answers)["tries"] == [{"way": "phone", "number": "120"}, {"way": "door"}]


def test_a_hidden_field_counts_as_not_answered_for_other_rules() -> None:
    form = a_form(ui__fields__minutes={"label": ["分钟", "Minutes"], "show": {"field": "level", "filled": True}})

    assert forms.clean(form, {"reached": "no", "level": "good", "minutes": 5}) == {"reached": "no"}


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udfff"])
def test_text_that_no_database_keeps_is_refused_with_a_sentence(text: str) -> None:
    assert faults_of({"reached": "no", "code": text}) == {
        "code": "Contains invisible control characters; type it again"
    }


@pytest.mark.parametrize("answers", [None, [], "text", 5])
def test_answers_that_are_no_object_are_refused(answers: Any) -> None:
    assert list(faults_of(answers)) == [""]


def test_answers_too_large_or_too_deep_are_refused() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"a": deep}

    assert list(faults_of({"reached": "no", "code": "x" * 300_000})) == [""]
    assert list(faults_of({"reached": "no", "home": deep})) == [""]


def test_answers_stay_as_they_were_given() -> None:
    answers = {"reached": " no ", "level": "good"}

    assert forms.clean(a_form(), answers) == {"reached": "no"}
    assert answers == {"reached": " no ", "level": "good"}


def test_the_process_gets_only_what_the_form_hands_over() -> None:
    answers = forms.clean(a_form(), {"reached": "no", "code": "AB1"})

    assert forms.for_process(a_form(), answers) == {"reached": "no", "home": {"level": None}}


# ---- second opinion


@pytest.mark.parametrize(
    "answers",
    [
        {"reached": "no"},
        {"reached": "yes", "level": "good"},
        {"reached": "yes"},
        {},
        {"reached": "no", "minutes": 5, "degrees": 1.5, "alone": False, "told": ["family"]},
        {"reached": "no", "told": ["police"]},
        {"reached": "no", "told": ["police"], "minutes": 3},
        {"reached": "no", "minutes": 5.5},
        {"reached": "no", "minutes": 5.0},
        {"reached": "no", "home": {"level": "bad"}},
        {"reached": "no", "home": {"level": "bad", "note": "x"}},
        {"reached": "no", "home": {"level": "bad", "note": "x" * 21}},
        {"reached": "no", "tries": [{"way": "door"}]},
        {"reached": "no", "tries": [{}]},
        {"reached": "no", "tries": [{"way": "door"}] * 4},
        {"reached": "no", "extra": None},
        {"reached": "no", "photos": "x"},
    ],
)
def test_a_second_validator_agrees(answers: dict[str, Any]) -> None:
    second = jsonschema.Draft202012Validator(a_form().schema)

    assert second.is_valid(answers) == (faults_of(answers) == {})


def test_every_form_of_the_checkout_can_be_read_and_is_plain_json_schema() -> None:
    for key in sorted(forms.keys()):
        jsonschema.Draft202012Validator.check_schema(forms.form(key).schema)


# ---- show rules


@pytest.mark.parametrize("case", RULES, ids=[case["why"] for case in RULES])
def test_show_rules_in_python(case: dict[str, Any]) -> None:
    assert holds(case["rule"], case["answers"], tuple(case.get("beside", ()))) is case["shown"]


def test_show_rules_in_the_browsers_language() -> None:
    node = shutil.which(
        "node", path=f"{Path(shutil.which('python') or '').parent}:{Path(__file__).parents[2]}/.venv/bin"
    )
    node = node or shutil.which("node")
    if node is None:
        pytest.skip("no node here; the browser tests run the same rules")
    program = f"{SCRIPT.read_text(encoding='utf-8')}\nconst cases={json.dumps(RULES)};" + (
        "console.log(JSON.stringify(cases.filter((c)=>holds(c.rule,c.answers,c.beside||[])!==c.shown).map((c)=>c.why)))"
    )

    wrong = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True).stdout

    assert json.loads(wrong) == []


# ---- from the browser


def test_a_browsers_fields_become_nested_answers() -> None:
    sent = MultiDict(
        [
            ("reached", "no"), ("minutes", "5"), ("degrees", "36.6"), ("alone", "false"), ("told[]", "family"),
            ("told[]", ""), ("moment", "2026-08-03T09:00"), ("home.level", "good"), ("tries.0.way", ""),
            ("tries.3.way", "phone"), ("tries.3.number", " 120 "), ("csrf_token", "x"), ("_page", "1"), ("code", " "),
        ]
    )  # fmt: skip

    assert forms.from_html(a_form(), sent) == {
        "reached": "no",
        "minutes": 5,
        "degrees": 36.6,
        "alone": False,
        "told": ["family"],
        "moment": "2026-08-03T09:00+08:00",
        "home": {"level": "good"},
        "tries": [{"way": "phone", "number": "120"}],
    }


def test_what_cannot_be_read_comes_back_as_it_was_typed() -> None:
    sent = MultiDict([("reached", "no"), ("minutes", "five"), ("moment", "soon"), ("elsewhere", "1")])

    answers = forms.from_html(a_form(), sent)

    assert (answers["minutes"], answers["moment"], answers["elsewhere"]) == ("five", "soon", "1")
    assert sorted(faults_of(answers)) == ["elsewhere", "minutes", "moment"]


def test_a_field_that_the_page_supplies_is_not_believed_from_a_browser() -> None:
    sent = MultiDict([("reached", "no"), ("knows", "false")])

    assert forms.from_html(a_form(), sent, {"knows": True}) == {"reached": "no", "knows": True}
    assert forms.from_html(a_form(), sent) == {"reached": "no"}


# ---- form files


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"version": 0}, "version"),
        ({"version": None}, "version"),
        ({"surprise": 1}, "surprise"),
        ({"title": ["只有中文"]}, "title"),
        ({"process": ["nowhere"]}, "process"),
        ({"schema__properties__reached": {"type": "text"}}, "schema.properties.reached.type"),
        ({"schema__properties__reached": {"type": "string", "oneOf": []}}, "schema.properties.reached.oneOf"),
        ({"schema__properties__code": {"type": "string", "pattern": "("}}, "schema.properties.code.pattern"),
        ({"schema__properties__day": {"type": "string", "format": "day"}}, "schema.properties.day.format"),
        ({"schema__properties__Big": {"type": "string"}}, "schema.properties.Big"),
        ({"schema__required": ["nowhere"]}, "schema.required"),
        ({"schema__properties__code": {"use": "nowhere"}}, "schema.properties.code.use"),
        (
            {"schema__allOf": [{"if": {"properties": {"reached": {"const": "yes"}}}, "then": {"required": ["level"]}}]},
            "schema.allOf.0.if.required",
        ),
        ({"ui__fields__level": {"label": ["级", "L"], "show": {"field": "nowhere", "is": 1}}}, "level.show"),
        ({"ui__fields__level": {"label": ["级", "L"], "show": "nowhere"}}, "schema.properties.level.ui.show"),
        ({"ui__fields__level": {"options": "levels"}}, "schema.properties.level.ui.label"),
        ({"ui__fields__level": {"label": ["级", "L"], "widget": "rows"}}, "schema.properties.level.ui.widget"),
        ({"ui__fields__level": {"label": ["级", "L"], "colour": "red"}}, "schema.properties.level.ui.colour"),
        ({"ui__fields__other": {"label": ["别", "O"]}}, "ui.fields.other"),
        ({"ui__fields__reached": {"label": ["接", "R"], "show": {"field": "level", "filled": True}}}, "ui"),
        ({"ui__sections": []}, "ui.sections"),
        ({"ui__sections": [{"id": "a", "title": ["甲", "A"], "fields": ["nowhere"]}]}, "ui.sections.0.fields"),
    ],
)
def test_a_form_file_that_breaks_the_rules_is_refused_with_its_place(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(forms.FormRefused) as refused:
        forms.parse(orjson.dumps(a_file(**changes)), "call.json")

    assert (refused.value.file, refused.value.path) == ("call.json", path)
    assert refused.value.words["zh"] and refused.value.words["en"]


def test_a_file_that_is_no_json_is_refused() -> None:
    with pytest.raises(forms.FormRefused, match=r"call\.json"):
        forms.parse(b"{", "call.json")


def test_an_older_version_is_found_beside_the_newest(tmp_path: Path) -> None:
    (tmp_path / "call.json").write_bytes(orjson.dumps(CALL))
    (tmp_path / "call.v1.json").write_bytes(orjson.dumps({**CALL, "version": 1, "title": ["旧", "Old"]}))

    assert forms.form("call", folder=tmp_path).version == 2
    assert forms.form("call", 1, tmp_path).title["en"] == "Old"
    assert forms.keys(tmp_path) == ["call"]
    with pytest.raises(forms.UnknownForm):
        forms.form("call", 3, tmp_path)
    with pytest.raises(forms.UnknownForm):
        forms.form("../secrets", folder=tmp_path)


def test_every_older_version_is_kept() -> None:
    """What was handed in under it is read with it."""
    every = forms.keys()

    for key in every:
        for version in range(1, forms.form(key).version):
            assert forms.form(key, version).version == version


def test_a_form_must_bear_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(orjson.dumps(CALL))

    with pytest.raises(forms.FormRefused):
        forms.form("other", folder=tmp_path)
