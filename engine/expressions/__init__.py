"""S-FEEL, checked and compiled once: the one language of conditions, decision cells, timers and mappings.

A text is read by our own parser into a short list of node kinds and these into closures. Texts are at most 1,000
characters, nested at most 20 deep; an evaluation takes at most 10,000 steps and cannot change what it reads.

    compile_expression('level >= 2 and source in ("sos", "smoke")').evaluate({"level": 3, "source": "sos"})
    compile_unary_tests("[60..70)").matches(65)
"""

from engine.expressions import (  # these register closures and functions
    cells,
    closures,
    repeats,
    standard_contexts,
    standard_lists,
    standard_numbers,
    standard_ranges,
    standard_texts,
    standard_times,
    statements,
)
from engine.expressions.compiled import (
    Expression,
    UnaryTests,
    compile_expression,
    compile_timer,
    compile_unary_tests,
)
from engine.expressions.faults import ExpressionFault, ExpressionRefused
from engine.expressions.functions import FUNCTIONS, Function, function, know
from engine.expressions.patterns import PatternRefused, compile_pattern
from engine.expressions.times import (
    Cycle,
    Duration,
    as_moment,
    aware,
    iso,
    parse_cycle,
    parse_date,
    parse_duration,
    parse_moment,
    parse_temporal,
    parse_time,
)
from engine.expressions.values import Range, kind, to_json

__all__ = [
    "FUNCTIONS",
    "Cycle",
    "Duration",
    "Expression",
    "ExpressionFault",
    "ExpressionRefused",
    "Function",
    "PatternRefused",
    "Range",
    "UnaryTests",
    "as_moment",
    "aware",
    "compile_expression",
    "compile_pattern",
    "compile_timer",
    "compile_unary_tests",
    "function",
    "iso",
    "kind",
    "know",
    "parse_cycle",
    "parse_date",
    "parse_duration",
    "parse_moment",
    "parse_temporal",
    "parse_time",
    "to_json",
]

_REGISTERED = (
    *(cells, closures, repeats, statements),
    *(standard_contexts, standard_lists, standard_numbers, standard_ranges, standard_texts, standard_times),
)
