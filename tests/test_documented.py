"""Settings, operations, messages, forms, roles and processes: what the reference says is what the code does."""

from __future__ import annotations

import pytest

from engine import metrics
from engine.decisions.tables import AGGREGATIONS, LETTERS
from engine.settings import CHECKOUT
from tests import documents as pages
from tests import pictures
from tests.documents import documents


@pytest.mark.parametrize("path", [path.relative_to(CHECKOUT).as_posix() for path in documents()])
def test_the_reference_is_what_the_code_says(path):
    written = (CHECKOUT / path).read_text() if (CHECKOUT / path).exists() else ""

    assert written == documents()[CHECKOUT / path], "run `make docs`"


@pytest.mark.parametrize("target", [target.relative_to(CHECKOUT).as_posix() for target in pictures.shipped_pictures()])
def test_the_picture_shows_the_diagram_as_it_is(target):
    file = pictures.shipped_pictures()[CHECKOUT / target]

    assert pictures.is_current(CHECKOUT / target, file), "run `make docs`"


@pytest.mark.parametrize(
    "table", ["bpmn", "feel-functions", "decisions", "settings", "operations", "messages", "metrics"]
)
def test_each_table_of_the_engine_is_written_from_the_code(table):
    assert CHECKOUT / "docs" / "reference" / f"{table}.md" in documents()


def test_every_figure_that_a_process_counts_is_in_the_table():
    """The table follows a list; whatever else is registered would be shown and not explained."""
    registered = {name for each in metrics.REGISTRY.collect() for name in [each.name]}

    assert {each._name for each in metrics.ALL} == registered


def test_every_hit_policy_is_in_the_table():
    alone = set(LETTERS)
    gathering = {f"COLLECT {word}" for word in AGGREGATIONS if word}

    assert set(pages._POLICIES) == alone | gathering
