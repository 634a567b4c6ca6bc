"""S-FEEL, checked and compiled once: the one language of conditions, decision cells, timers and mappings.

A text is read by our own parser into a short list of node kinds and these into closures. Texts are at most 1,000
characters, nested at most 20 deep; an evaluation takes at most 10,000 steps and cannot change what it reads.

    compile_expression('level >= 2 and source in ("sos", "smoke")').evaluate({"level": 3, "source": "sos"})
    compile_unary_tests("[60..70)").matches(65)
"""

from engine.expressions import (  # these register closures and functions
    cells as _cells,
)
from engine.expressions import (
    closures as _closures,
)
from engine.expressions import (
    repeats as _repeats,
)
from engine.expressions import (
    standard as _standard,
)
from engine.expressions import (
    standard_lists as _lists,
)
from engine.expressions import (
    standard_times as _times,
)
from engine.expressions import (
    statements as _statements,
)
from engine.expressions.compiled import (
    Expression,
    UnaryTests,
    compile_expression,
    compile_timer,
    compile_unary_tests,
)
from engine.expressions.faults import ExpressionFault, ExpressionRefused
from engine.expressions.functions import FUNCTIONS, function
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
    "Range",
    "UnaryTests",
    "as_moment",
    "aware",
    "compile_expression",
    "compile_timer",
    "compile_unary_tests",
    "function",
    "iso",
    "kind",
    "parse_cycle",
    "parse_date",
    "parse_duration",
    "parse_moment",
    "parse_temporal",
    "parse_time",
    "to_json",
]

del _cells, _closures, _repeats, _standard, _lists, _times, _statements
