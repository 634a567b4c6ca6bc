"""The expression language against tables of cases, by the chapters of the DMN standard."""

from __future__ import annotations

import pytest

from engine.expressions import ExpressionRefused, compile_expression, to_json
from tests.engine.conformance import REFUSED, functions, grammar, times

CASES = [
    pytest.param(text, value, id=f"{chapter}: {text}")
    for tables in (grammar.TABLES, functions.TABLES, times.TABLES)
    for chapter, rows in tables.items()
    for text, value in rows
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_the_language_does_what_the_standard_says(text, value):
    if value is REFUSED:
        with pytest.raises(ExpressionRefused):
            compile_expression(text)
        return

    found = to_json(compile_expression(text).evaluate({}))

    assert found == value
    assert type(found) is type(value)
