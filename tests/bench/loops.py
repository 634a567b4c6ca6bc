"""Loops at round 10 and at round 1,000 (`make bench`, or `python -m tests.bench.loops`): time and size of one round.

A round is what a person or a timer does to go once round the loop; after each call the instance is dumped, pruned and
restored. Processor time of this thread, medians over NEAR rounds; each kind is run three times and the best ratio kept
apart from the worst, since other programs share the machine.
"""

from __future__ import annotations

import statistics
import time

from engine import clock
from tests.engine.lasting import BEGIN, LASTING, Lasting, weight

ROUNDS = 1000
NEAR = 20
RUNS = 3


def measured(kind: Lasting) -> tuple[float, float, tuple[int, int], tuple[int, int]]:
    """(ms of a round near round 10, near the last, weights there)."""
    spent: list[float] = []
    with clock.frozen(BEGIN):
        play = kind.begin()
        first = last = (0, 0)
        for number in range(1, ROUNDS + 1):
            began = time.thread_time()
            kind.round(play, number == ROUNDS)
            spent.append(1000 * (time.thread_time() - began))
            if number == 10:
                first = weight(play)
            elif number == ROUNDS - 1:
                last = weight(play)
    assert play.ended
    early = statistics.median(spent[4 : 4 + NEAR])
    late = statistics.median(spent[-NEAR - 1 : -1])
    return early, late, first, last


def main() -> None:
    print(f"loops, {ROUNDS} rounds, processor time, medians of {NEAR} rounds, {RUNS} runs")
    print(f"{'kind':26}{'steps':>6}{'round 10':>11}{'round 1000':>12}{'ratio':>15}{'tasks':>9}{'bytes':>13}")
    for kind in LASTING:
        runs = [measured(kind) for _ in range(RUNS)]
        early, late = (statistics.median(each[at] for each in runs) for at in (0, 1))
        ratios = sorted(each[1] / each[0] for each in runs)
        _, _, (tasks, size), (tasks_late, size_late) = runs[0]
        print(
            f"{kind.name:26}{kind.steps:>6}{early:>8.2f} ms{late:>9.2f} ms{ratios[0]:>8.2f}–{ratios[-1]:.2f}"
            f"{tasks:>6}/{tasks_late}{size:>8}/{size_late}"
        )


if __name__ == "__main__":
    main()
