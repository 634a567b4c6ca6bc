"""What is said of a decision table before it is used, and that it is what happens when it is used."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import DecisionFault
from engine.decisions.coverage import contradictions, gaps, overlaps, shown, tables
from tests.engine.dmn import one, table_of


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        ([("< 60",), (">= 60",)], []),
        ([("<= 60",), (">= 60",)], [("r1", "r2")]),
        ([("[1..5)",), ("[5..9]",)], []),
        ([("[1..5]",), ("(5..9]",), ("5",)], [("r1", "r3")]),
        ([("-",), ("7",)], [("r1", "r2")]),
        ([('"a","b"',), ('"b","c"',)], [("r1", "r2")]),
        ([('"a"',), ('not("a")',)], []),
        ([('not("a")',), ('not("b")',)], [("r1", "r2")]),
        ([("true",), ("false",)], []),
        ([('< date("2026-08-01")',), ('>= date("2026-08-01")',)], []),
        ([('<= @"2026-08-01"',), ('[@"2026-08-01"..@"2026-08-31"]',)], [("r1", "r2")]),
        ([('< @"PT1H"',), ('>= @"PT1H"',)], []),
        ([("limit",), ("5",)], []),  # what a cell reads elsewhere cannot be foreseen
        ([("? > limit",), ("5",)], []),
        ([("[1..2]",), ("[4..5]",)], []),
        ([("<= 3",), ("< 0",)], [("r1", "r2")]),
        ([("[1.5..2]",), ("2",)], [("r1", "r2")]),
    ],
)
def test_overlapping_rules_are_found(rows, pairs):
    [table] = tables(one("UNIQUE", ["a"], ["x"], [(*row, "1") for row in rows]))

    assert [(each.first.id, each.second.id) for each in overlaps(table)] == pairs


def test_rules_overlap_only_where_all_columns_do():
    rows = [("< 5", '"a"', "1"), ("< 3", '"b"', "2"), ("> 2", '"a","b"', "3")]

    [table] = tables(one("UNIQUE", ["n", "s"], ["x"], rows))

    assert [(each.first.id, each.second.id, shown(table, each.example)) for each in overlaps(table)] == [
        ("r1", "r3", 'n = 3, s = "a"')
    ]


def test_any_rules_may_overlap_with_the_same_result():
    [table] = tables(one("ANY", ["a"], ["x"], [("> 1", "1"), ("> 2", "1"), ("> 3", "2"), ("> 4", "a")]))

    assert [(each.first.id, each.second.id) for each in contradictions(table)] == [("r1", "r3"), ("r2", "r3")]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("< 60",), (">= 60",)], []),
        ([("< 60",), ("> 60",)], ["a = 60"]),
        ([("<= 5",), (">= 6",)], []),  # whole numbers
        ([("<= 5.5",), (">= 6.5",)], ["a = 6"]),
        ([("0",), ("> 0",)], []),  # a count
        ([("-",)], []),
        ([("true",)], ["a = false"]),
        ([('"a"',)], ['a = "…"']),
        ([("limit",), ("> 5",)], []),
        ([('< @"2026-08-01"',), ('> @"2026-08-02"',)], ["a = 2026-08-01"]),
    ],
)
def test_values_without_a_rule_are_found(rows, found):
    [table] = tables(one("UNIQUE", ["a"], ["x"], [(*row, "1") for row in rows]))

    assert sorted(shown(table, each) for each in gaps(table)) == found


def test_listed_input_values_bound_what_can_be_missing():
    listed = table_of("UNIQUE", ["a"], ["x"], [('"high"', "1"), ('"key"', "2")]).replace(
        "</input>", '<inputValues><text>"high","key"</text></inputValues></input>', 1
    )
    [table] = tables(one("UNIQUE", ["a"], ["x"], [], logic=listed))

    assert gaps(table) == []


CELLS = st.sampled_from(
    ("-", "< 3", "<= 3", "3", "[1..4)", "(1..4]", "> 2", "not(2)", "1,4", "[2..2]", ">= 5", "not(< 3)")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), st.integers(-2, 8), st.integers(-2, 8))
def test_a_table_without_findings_never_fails_and_findings_name_failing_values(rows, a, b):
    decisions = one("UNIQUE", ["a", "b"], ["x"], [(*row, str(number)) for number, row in enumerate(rows)])
    [table] = tables(decisions)
    said = [each.example for each in overlaps(table)] + gaps(table)

    for example in said:
        with pytest.raises(DecisionFault):
            decisions.evaluate("d1", dict(zip(("a", "b"), (each or 0 for each in example), strict=True)))
    if not said:
        decisions.evaluate("d1", {"a": a, "b": b})
