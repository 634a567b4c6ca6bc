"""Supporters who do not meet their duty: verified, urged, educated jointly, handed to the police; closed files.

Only those who are named in a file read it (care/access): whoever does a step is named by that, nobody else is. From
the first sign of abuse or desertion on, the person alleged is left out of every notice and is never told why; where
nobody knows who it is, all notices to the family rest. The program judges nothing: what is grave or criminal is what a
person recorded.

Public: DutyCase, DutyEntry, DutyMember, KINDS, ABUSE, STAGES, OUTCOMES, HAPPENED, open_duty, again, get, keep, watch,
close, protect, judge_at_once, lift_hold, name, readers, entries, open_of.
Source: issued plan 四(五); draft annex 4 三(3); processes P19 (rulings); R-FAM-03 to R-FAM-05, R-USR-05; K19.
"""

from care.duties.handling import (
    again,
    close,
    entries,
    get,
    judge_at_once,
    lift_hold,
    name,
    open_duty,
    open_of,
    protect,
    readers,
    watch,
)
from care.duties.stages import keep
from care.duties.tables import ABUSE, HAPPENED, KINDS, OUTCOMES, STAGES, DutyCase, DutyEntry, DutyMember

__all__ = [
    "ABUSE",
    "HAPPENED",
    "KINDS",
    "OUTCOMES",
    "STAGES",
    "DutyCase",
    "DutyEntry",
    "DutyMember",
    "again",
    "close",
    "entries",
    "get",
    "judge_at_once",
    "keep",
    "lift_hold",
    "name",
    "open_duty",
    "open_of",
    "protect",
    "readers",
    "watch",
]
