"""What a decision costs: one table of 200 rules here, and the same table in the bare library's own evaluator."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import count

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.BpmnDmnParser import BpmnDmnParser

from engine import decisions
from tests.engine.dmn import decision, file_of, table_of

RULES = 200
LIMIT_MS = 0.5
_GIVEN = {"points": RULES * 10 - 5, "level": 2, "code": "t"}


def median_ms(call: Callable[[], object], times: int = 200) -> float:
    """Processor time of one call, the median of many."""
    spent = []
    for _ in range(times):
        began = time.process_time_ns()
        call()
        spent.append(time.process_time_ns() - began)
    return sorted(spent)[times // 2] / 1e6


def ours() -> Callable[[], object]:
    rows = [(f"[{10 * n}..{10 * n + 10})", "> 1", '"s","t"', str(n)) for n in range(RULES)]
    loaded = decisions.load(file_of(decision("d1", table_of("UNIQUE", list(_GIVEN), ["x"], rows))))
    return lambda: loaded.evaluate("d1", _GIVEN)


def bare() -> Callable[[], list[object]]:
    """The library's cells are Python, one condition each."""
    rows = [(f"{10 * n} <= ? < {10 * n + 10}", "? > 1", '? in ("s", "t")', str(n)) for n in range(RULES)]
    parser = BpmnDmnParser()
    written = table_of("UNIQUE", list(_GIVEN), ["x"], rows)
    numbers = count()
    written = re.sub(
        r"<(input|output|\w+Entry|inputExpression)(?=[ >])", lambda x: f'{x[0]} id="n{next(numbers)}"', written
    )
    parser.add_dmn_str(file_of(decision("d1", written)))
    table = parser.dmn_parsers["d1"]
    table.parse()
    engine, environment = DMNEngine(table.decision.decisionTables[0]), PythonScriptEngine()

    class Task:
        """As much of a task as the library's evaluator looks at."""

        def __init__(self) -> None:
            self.data = dict(_GIVEN)

        class workflow:
            script_engine = environment

    return lambda: engine.decide(Task())


def main() -> None:
    here, there = ours(), bare()
    assert here() == RULES - 1 and len(there()) == 1, "both find the last rule"
    mine, theirs = median_ms(here), median_ms(there, 30)
    print(f"\ndecision table of {RULES} rules and 3 columns, the last rule fits: processor ms, median")
    print(f"{'ours, S-FEEL':<34}{mine:>8.3f}   (promised: below {LIMIT_MS})")
    print(f"{'bare library, Python cells':<34}{theirs:>8.3f}   ({theirs / mine:.0f} times ours)")


if __name__ == "__main__":
    main()
