"""Hostile files are refused with a sentence by one child, and an honest file beside them is judged all the same."""

from __future__ import annotations

import resource
from functools import cache
from pathlib import Path

import pytest

from engine.checks import Finding, check_in_child
from engine.checks.child import LIMIT_SECONDS
from engine.decisions import DecisionsRefused, load
from tests.engine.hostile import diagrams, markup

SOUND = Path(__file__).parents[1] / "diagrams" / "sound.bpmn"
DIAGRAMS = diagrams.diagrams()


def bundle() -> dict[str, bytes]:
    return (
        markup.files()
        | {f"{name}.bpmn": content for name, (content, _) in DIAGRAMS.items()}
        | {f"{name}.dmn": content for name, content in diagrams.tables().items()}
        | {"sound.bpmn": SOUND.read_bytes()}
    )


@cache
def judged() -> tuple[list[Finding], float]:
    """What one child says of everything at once, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    found = check_in_child(bundle(), forms=diagrams.forms())
    return found, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


@pytest.mark.parametrize("name", [*markup.files(), *(f"{each}.dmn" for each in diagrams.tables()), *diagrams.forms()])
def test_a_hostile_file_is_refused_with_a_sentence(name):
    found = [each for each in judged()[0] if each.file == name and each.is_error]

    assert found and all(each.rule != "check_not_finished" for each in found)
    assert all(any("一" <= letter <= "鿿" for letter in each.zh) and each.en for each in found)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_hostile_diagram_is_refused_by_its_rule(name):
    assert DIAGRAMS[name][1] in {each.rule for each in judged()[0] if each.file == f"{name}.bpmn" and each.is_error}


def test_an_honest_file_beside_them_is_judged_all_the_same():
    assert [each for each in judged()[0] if each.file == "sound.bpmn" and each.is_error] == []


def test_all_of_them_together_stay_within_the_limit_of_one_child():
    assert judged()[1] <= LIMIT_SECONDS


def test_nothing_of_a_file_outside_comes_back():
    assert "root:" not in "".join(each.zh + each.en for each in judged()[0])


@pytest.mark.parametrize("name", [each for each in markup.files() if each.endswith(".dmn")])
def test_a_hostile_decision_file_is_refused_by_its_reader_too(name):
    with pytest.raises(DecisionsRefused):
        load(markup.files()[name])


def test_what_compiles_for_ever_ends_only_the_child():
    files = {"sound.bpmn": SOUND.read_bytes()}

    found = check_in_child(files, further="tests.engine.hostile.endless_judge")

    assert [each.rule for each in found if each.is_error] == ["check_not_finished"]
