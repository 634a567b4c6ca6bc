"""What an expression must not be able to do: reach Python, run on and on, or fill the memory."""

from __future__ import annotations

import builtins
import time

import pytest

from engine.expressions import ExpressionFault, ExpressionRefused, compile_expression, compile_unary_tests, to_json
from engine.expressions.scope import MOST_STEPS


class Trap:
    """A Python object in the data; whoever reads anything of it fails the test."""

    secret = "reached"

    def __getattribute__(self, name):
        if name.startswith("__class__"):
            return object.__getattribute__(self, name)
        raise AssertionError(f"attribute {name} was reached")

    def __call__(self):
        raise AssertionError("called")


DATA = {"text": "abc", "number": 7, "list": [1, 2, 3], "trap": Trap(), "f": print, "m": time, "d": {"k": "v"}}

ESCAPES = [
    "().__class__",
    "().__class__.__bases__[0].__subclasses__()",
    "text.__class__",
    "number.__class__.__mro__",
    "trap.secret",
    "trap()",
    "f()",
    'f("x")',
    "m.sleep(9)",
    "m.sleep",
    "text.upper()",
    "text.format(number)",
    '"{0.__class__}".format(1)',
    'f"{number}"',
    '"%s" % number',
    '__import__("os").system("id")',
    "import os",
    'eval("1")',
    'exec("1")',
    'compile("1", "", "eval")',
    'open("/etc/passwd")',
    "getattr(text, 1)",
    "globals()",
    "locals()",
    "vars()",
    "lambda: 1",
    "[x for x in list]",
    "(x := 3)",
    "d.__init__",
    "d.keys()",
    "d.items",
    "d['k']",
    "list.append(4)",
    "list.__add__",
    "print(1)",
    "function(x) x + 1",
    'function(x) external {java: {class: "java.lang.Math"}}',
    "list; list",
    "list\n.clear()",
    "`id`",
    "$(id)",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "{% set x = 1 %}",
    "a = b = c",
    "1 if true else 2",
    "yield 1",
    "await f",
    "@f",
    "\\x41",
    "text.gi_frame.f_back",
    "trap.__dict__",
    "now().__class__",
    "today().replace",
    'duration("P1D").delta',
    "[1..5].low",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_no_python_object_can_be_reached(text):
    try:
        value = compile_expression(text).evaluate(DATA)
    except (ExpressionRefused, ExpressionFault):
        return

    assert value in (None, [None, None, None], 49, {"k": "v"}, [])


BOMBS = [
    "9**9**9**9",
    "9 ** 999 * 9 ** 999",
    "2 ** 100000000",
    "10 ** 40 * 10",
    "99999999999999999999999999999999999999999999999999",
    '"a" * 1000000000',
    "for i in 1..1000000000 return i",
    "for i in 1..9000 return 1 + 1 + 1 + 1",
    "for a in 1..200, b in 1..200 return a",
    "some a in 1..1000, b in 1..1000 satisfies a = -b",
    "every a in 1..100000 satisfies a > 0",
    "count(for a in 1..100000 return a)",
    "big[item > 0]",
    "count(big) + count(big)",
    "count(sort(reverse(big)))",
    "(" * 300 + "1" + ")" * 300,
    "[" * 300 + "]" * 300,
    "{a: " * 200 + "1" + "}" * 200,
    "-" * 900 + "1",
    "not(" * 200 + "true" + ")" * 200,
    "if true then " * 70 + "1" + " else 2" * 70,
    "list" + "[1]" * 300,
    " " * 2000,
    "1 + " * 600 + "1",
    "{a: long + long, b: a + a, c: b + b, d: c + c, e: d + d, f: e + e, g: f + f, h: g + g}",
    "{a: long + long, r: for i in 1..3000 return a + long}.r",
    "{a: [1,1,1,1,1,1,1,1,1], b: [a,a,a,a,a,a,a,a], c: [b,b,b,b,b,b,b], d: [c,c,c,c,c,c,c], e: [d,d,d,d,d,d,d,d]}",
    "{a: {x: 1, y: 1, z: 1}, b: {x: a, y: a, z: a, u: a, v: a, w: a}, c: [b,b,b,b,b,b,b,b,b,b,b],"
    " d: [c,c,c,c,c,c,c,c,c,c,c], e: [d,d,d,d,d,d,d,d,d,d,d,d]}",
    "for a in 1..90 return for b in 1..90 return for c in 1..90 return c",
    "string join(for i in 1..2000 return long, long)",
    "deep = deep2",
    "every x in 1..3000 satisfies not(x + 20000 in big)",
    "every x in 1..3000 satisfies big = big2",
    "every x in 1..3000 satisfies big in (big2)",
    "every x in 1..3000 satisfies not(big in (!= big2))",
    "every x in 1..3000 satisfies wide = wide2",
]


def _deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("text", BOMBS)
def test_no_expression_runs_on_or_fills_the_memory(text):
    data = {
        "list": [1, 2, 3],
        "big": list(range(9000)),
        "big2": list(range(9000)),
        "wide": dict.fromkeys(map(str, range(9000)), 1),
        "wide2": dict.fromkeys(map(str, range(9000)), 1),
        "long": "x" * 20_000,
        "deep": _deep(5000),
        "deep2": _deep(5000),
    }
    started = time.process_time()

    with pytest.raises((ExpressionRefused, ExpressionFault)):
        if to_json(compile_expression(text).evaluate(data)) is None:
            raise ExpressionFault("", "null")

    assert time.process_time() - started < 0.5


def test_an_expression_cannot_change_what_it_reads():
    data = {"list": [3, 1, 2], "d": {"k": [1]}}

    for text in (
        "sort(list)",
        "append(list, 4)",
        "reverse(list)",
        "concatenate(list, list)",
        "flatten([list])",
        "list[1]",
    ):
        compile_expression(text).evaluate(data)

    assert data == {"list": [3, 1, 2], "d": {"k": [1]}}


def test_steps_are_counted_for_each_evaluation_anew():
    expression = compile_expression(f"count(for i in 1..{MOST_STEPS // 5} return i)")

    assert [expression.evaluate({}) for _ in range(3)] == [MOST_STEPS // 5] * 3


def test_nothing_is_evaluated_as_python(monkeypatch):
    def poisoned(*arguments, **more):
        raise AssertionError("Python's own compiler was called")

    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, poisoned)

    value = compile_expression('if sum(for i in 1..4 return i * 2) > 19 then "yes" else string(1)').evaluate({})
    fits = compile_unary_tests('not([1..3]), contains("abc", ?), > 7').matches(8)

    assert (value, fits) == ("yes", True)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a +", 3),
        ("a b", 2),
        ("1 +* 2", 3),
        ('"open', 0),
        ("1 + /* two", 4),
        ("level > ?", 8),
        ("foo(1)", 0),
        ("string length()", 0),
        ("a = = b", 4),
        ("a < b < c", 6),
        ("(1", 2),
        ("[1..", 4),
        ("年龄 ＞ 3", 3),
        ("a.1", 1),
        ("if a then b", 11),
        ("for x in y", 10),
        ("{a: 1, a: 2}", 7),
        ("3abc", 1),
        ("a = “yes”", 4),
    ],
)
def test_a_refusal_says_where_and_why_in_both_languages(text, position):
    with pytest.raises(ExpressionRefused) as refused:
        compile_expression(text)

    assert refused.value.position == position
    assert any("一" <= letter <= "鿿" for letter in refused.value.zh)
    assert refused.value.en.isascii() or "“" in refused.value.en or "＞" in refused.value.en


def test_the_python_sources_of_the_language_call_no_compiler():
    from pathlib import Path

    import engine.expressions

    for path in Path(engine.expressions.__file__).parent.glob("*.py"):
        source = path.read_text("utf-8")
        for word in ("eval(", "exec(", " compile(", "getattr(value", "__import__", "import ast"):
            assert word not in source, f"{path.name} contains {word}"


@pytest.mark.parametrize(
    ("fits", "exceeds"),
    [
        (f'"{"x" * 998}"', f'"{"x" * 999}"'),
        ("(" * 19 + "1" + ")" * 19, "(" * 20 + "1" + ")" * 20),
        ("[" * 19 + "1" + "]" * 19, "[" * 20 + "1" + "]" * 20),
        ("-" * 19 + "a", "-" * 21 + "a"),
        ("a" + "[1]" * 20, "a" + "[1]" * 21),
        ("9" * 34, "9" * 41),
        ("1e40", "1e41"),
        ('matches("a", "' + "a" * 500 + '")', 'matches("a", "' + "a" * 501 + '")'),
        ('matches("a", "a{100}")', 'matches("a", "a{101}")'),
    ],
    ids=["length", "depth", "lists", "signs", "filters", "digits", "exponent", "pattern", "repetitions"],
)
def test_a_limit_of_the_text_holds_exactly(fits, exceeds):
    compile_expression(fits)

    with pytest.raises(ExpressionRefused):
        compile_expression(exceeds)


@pytest.mark.parametrize(
    ("fits", "exceeds"),
    [
        ("count(for i in 1..1900 return i)", "count(for i in 1..2100 return i)"),
        ("count(big) = 9000", "count(big) + count(big)"),
        ("some i in 1..2000 satisfies i = 2000", "some i in 1..3000 satisfies i = 3000"),
        ("sort(few, function(x, y) x < y) = few", "sort(big, function(x, y) x < y)"),
        ("count(for i in 1..9 return partial)", "for i in 1..200 return count(partial) + partial[1]"),
        ('matches(long, "x$")', 'count(for i in 1..9 return matches(long, "(a|b|x)*z$"))'),
        ('string length(replace(long, "x", "yy")) > 0', 'replace(longer, "x*y|x", "$0$0")'),
    ],
)
def test_steps_are_limited(fits, exceeds):
    data = {"big": list(range(9000)), "few": [1, 2, 3], "long": "x" * 1000, "longer": "x" * 5000}

    assert compile_expression(fits).evaluate(data)

    with pytest.raises(ExpressionFault):
        compile_expression(exceeds).evaluate(data)
