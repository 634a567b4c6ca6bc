"""Random texts and random trees: the language refuses or evaluates whatever is written, and nothing else happens."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions import (
    FUNCTIONS,
    ExpressionFault,
    ExpressionRefused,
    compile_expression,
    compile_timer,
    compile_unary_tests,
    to_json,
)

DATA = {
    "a": 1,
    "b": [1, 2.5, None, "x", {"k": [3]}],
    "c": {"k": "v", "n": None},
    "d": "2026-08-03",
    "e": True,
}
WORDS = (
    *("a", "b", "c.k", "d", "e", "missing", "item", "?", "null", "true", "false", "0", "1", "-3", "2.5", "1e30", '"x"'),
    *('"\\uD83D"', '@"2026-08-03"', '@"P1D"', '@"P1M"', '@"09:00:00Z"', '@"2026-08-03T09:00:00"', "[]", "{}", "[1..3]"),
    *("(", ")", "[", "]", "{", "}", ",", ":", ".", "..", "+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">="),
    *("and", "or", "not", "if", "then", "else", "for", "some", "every", "in", "return", "satisfies", "between"),
    *("instance of number", "function(x)", "partial", "@", '"', "\\", "__class__", "，", "“"),
)

SINGLES = st.sampled_from(
    (
        *("a", "b", "c", "c.k", "d", "e", "missing", "null", "true", "0", "1", "-3", "2.5", "1e39", '"x"', '""'),
        *('@"2026-08-03"', '@"P1D"', '@"P13M"', '@"-PT0.5S"', '@"09:00:00Z"', '@"10:00:00"', '"(a+)+$"'),
        *('@"2026-08-03T09:00:00"', '@"9999-12-31"', '@"0001-01-01T00:00:00+14:00"', "[1..3]", "(> 2)", "{k: 1}"),
        *("[]", "{}", "b[1]", "b[item > 1]"),
    )
)


def _grown(inner):
    pair = st.tuples(inner, inner)
    signs = st.sampled_from(("+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"))
    called = st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=4))
    parts = st.sampled_from(("year", "days", "k", "start", "time offset", "end included", "timezone", "second"))
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
        called.map(lambda x: f"{x[0]}({', '.join(x[1])})"),
        st.lists(inner, max_size=4).map(lambda x: f"[{', '.join(x)}]"),
        pair.map(lambda x: f"{{m: {x[0]}, n: [m, {x[1]}]}}"),
        pair.map(lambda x: f"[{x[0]}..{x[1]}]"),
        pair.map(lambda x: f"({x[0]})[{x[1]}]"),
        st.tuples(inner, parts).map(lambda x: f"({x[0]}).{x[1]}"),
        inner.map(lambda x: f"-({x})"),
        inner.map(lambda x: f"not({x})"),
        st.tuples(inner, inner, inner).map(lambda x: f"(if {x[0]} then {x[1]} else {x[2]})"),
        st.tuples(inner, inner, inner).map(lambda x: f"({x[0]} between {x[1]} and {x[2]})"),
        pair.map(lambda x: f"(for x in {x[0]} return {x[1]} + x)"),
        pair.map(lambda x: f"(for x in 1..3 return [partial, {x[0]}, {x[1]}])"),
        pair.map(lambda x: f"(some x in {x[0]} satisfies {x[1]} = x)"),
        pair.map(lambda x: f"(every x in {x[0]} satisfies {x[1]} < x)"),
        pair.map(lambda x: f"sort({x[0]}, function(x, y) {x[1]})"),
        inner.map(lambda x: f"({x} instance of list<number>)"),
    )


def _bears(compiled, use):
    """Compile and use; refusals and faults of the language are answers too."""
    try:
        return use(compiled())
    except (ExpressionRefused, ExpressionFault) as answer:
        assert any("一" <= letter <= "鿿" for letter in answer.zh) and answer.en
        return None


@settings(max_examples=400, deadline=None)
@given(st.recursive(SINGLES, _grown, max_leaves=12))
def test_a_random_tree_has_a_value_that_json_can_carry(text):
    value = _bears(lambda: compile_expression(text), lambda compiled: to_json(compiled.evaluate(DATA)))

    json.dumps(value, allow_nan=False).encode()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_random_words_are_refused_or_evaluated(text):
    _bears(lambda: compile_expression(text), lambda compiled: to_json(compiled.evaluate(DATA)))
    _bears(lambda: compile_unary_tests(text), lambda compiled: compiled.matches(1, DATA))
    _bears(lambda: compile_timer(text), lambda compiled: compiled.evaluate(DATA))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_random_letters_are_refused_or_evaluated(text):
    _bears(lambda: compile_expression(text), lambda compiled: to_json(compiled.evaluate(DATA)))
    _bears(lambda: compile_unary_tests(text), lambda compiled: compiled.matches("x", DATA))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab(|)*+?{}1,[]^-\\$.dw", max_size=25), st.text(alphabet="ab1- ", max_size=40))
def test_a_random_pattern_is_refused_or_tried_within_the_steps(pattern, text):
    data = {"p": pattern, "t": text}

    for each in ("matches(t, p)", 'replace(t, p, "-")', "split(t, p)", "extract(t, p)"):
        _bears(lambda each=each: compile_expression(each), lambda compiled: compiled.evaluate(data))
