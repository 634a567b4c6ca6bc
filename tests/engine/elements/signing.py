"""Patterns of signing (会签、或签、依次) with multi-instance: by count, by ratio, one for all, in turn, with a veto.

Each asks the people of a list; their opinions become the list `answers`, by which a gateway decides how it goes on.
"""

from __future__ import annotations

from tests.engine.drawing import Drawing, members
from tests.engine.elements.example import Example, Sketch, Step, do, sees

THREE = {"people": ["a", "b", "c"]}
YES = 'count(answers[ok = "yes"])'
NO = 'count(answers[ok = "no"])'


def signed(until: str, passes: str, sequential: bool = False) -> Drawing:
    """sign for each of the people until the condition holds; then `after` if it passes, else `again`."""
    loop = members("people", "person", sequential, until=until, results="answers", own="sign")
    drawing = Sketch().user("sign", loop).user("after").user("again").gateway("xor", "decide")
    drawing.path("start", "sign", "decide").path("decide", "after", "end", when=passes)
    return drawing.path("decide", "again", "end_again", default=True)


def pattern(name: str, variant: str, zh: str, en: str, drawn: Drawing, *steps: Step) -> Example:
    return Example(name, "multiInstanceLoopCharacteristics", variant, zh, en, drawn, steps, start=THREE)


EXAMPLES = (
    pattern(
        "sign_all",
        "signing: everybody",
        "会签：人人都要签，全部同意才通过。",
        "Everybody signs; it passes when all agree.",
        signed("false", f"{YES} = count(answers)"),
        *(do("sign", ok="yes"), do("sign", ok="yes"), sees("sign"), do("sign", ok="yes"), sees("after"), do("after")),
    ),
    pattern(
        "sign_all_not_agreed",
        "signing: everybody, one does not agree",
        "会签：有人不同意，签完后走另一条路。",
        "Everybody signs; one who does not agree sends it the other way at the end.",
        signed("false", f"{YES} = count(answers)"),
        *(do("sign", ok="yes"), do("sign", ok="no"), sees("sign"), do("sign", ok="yes"), sees("again"), do("again")),
    ),
    pattern(
        "sign_veto",
        "signing: everybody, with a veto",
        "会签：一人不同意即止，其余不用再签。",
        "One who does not agree ends it at once; nobody else has to sign.",
        signed(f"{NO} > 0", f"{NO} = 0"),
        *(do("sign", ok="yes"), do("sign", ok="no"), sees("again"), do("again")),
    ),
    pattern(
        "sign_by_count",
        "signing: by count",
        "会签：满两人同意即通过，其余不用再签。",
        "Two who agree are enough; it also ends when two can no longer agree.",
        signed(f"{YES} >= 2 or {NO} > nrOfInstances - 2", f"{YES} >= 2"),
        *(do("sign", ok="yes"), do("sign", ok="no"), sees("sign"), do("sign", ok="yes"), sees("after"), do("after")),
    ),
    pattern(
        "sign_by_count_out_of_reach",
        "signing: by count, out of reach",
        "会签：已不可能满两人同意，提前结束。",
        "Two can no longer agree: the last is not asked any more.",
        signed(f"{YES} >= 2 or {NO} > nrOfInstances - 2", f"{YES} >= 2"),
        *(do("sign", ok="no"), do("sign", ok="no"), sees("again"), do("again")),
    ),
    pattern(
        "sign_by_ratio",
        "signing: by ratio",
        "会签：同意达到六成即通过。",
        "Passes as soon as 60 % of those asked agree.",
        signed(f"{YES} / nrOfInstances >= 0.6", f"{YES} / count(people) >= 0.6"),
        *(do("sign", ok="yes"), sees("sign", "sign"), do("sign", 1, ok="yes"), sees("after"), do("after")),
    ),
    pattern(
        "sign_any",
        "signing: one for all",
        "或签：一人签了就算，其余不用再签。",
        "The first to sign decides for all.",
        signed("nrOfCompletedInstances >= 1", f"{YES} > 0"),
        *(sees("sign", "sign", "sign"), do("sign", 2, ok="yes"), sees("after"), do("after")),
    ),
    pattern(
        "sign_in_turn",
        "signing: in turn",
        "依次会签：按名单一个接一个。",
        "One after the other, in the order of the list.",
        signed(f"{NO} > 0", f"{NO} = 0", True),
        *(do("sign", ok="yes"), sees("sign"), do("sign", ok="yes"), do("sign", ok="yes"), sees("after"), do("after")),
    ),
    pattern(
        "sign_in_turn_stops",
        "signing: in turn, stopped",
        "依次会签：有人不同意就停，后面的人不再签。",
        "In turn; who does not agree stops it, and those behind are never asked.",
        signed(f"{NO} > 0", f"{NO} = 0", True),
        *(do("sign", ok="yes"), do("sign", ok="no"), sees("again"), do("again")),
    ),
)
