"""User tasks: the rows of the worklist, who they are for and who took them.

A row follows the token of its instance: a step opens, finishes and cancels rows, nobody else does. A plain task stands
outside any instance (`instance_id` is None): it is how the desk hears of an alarm although no diagram runs.
Lists are paged by key: urgent first, then by due time. A task that is not done in time climbs the ladder (`ladder`).
"""

from engine.tasks import ladder
from engine.tasks.lists import Filters, Page, below, count, doers, find, of_instance, open_of, worklist
from engine.tasks.rows import claim, detail, follow, get, hand_on, hand_over, plain, release
from engine.tasks.successor import with_next
from engine.tasks.table import (
    CANCELLED,
    COLUMNS,
    DONE,
    OPEN,
    NoSuchTask,
    NotYours,
    SamePerson,
    TaskNotOpen,
    TaskRow,
    of_row,
    task,
)

__all__ = [
    "CANCELLED",
    "COLUMNS",
    "DONE",
    "OPEN",
    "Filters",
    "NoSuchTask",
    "NotYours",
    "Page",
    "SamePerson",
    "TaskNotOpen",
    "TaskRow",
    "below",
    "claim",
    "count",
    "detail",
    "doers",
    "find",
    "follow",
    "get",
    "hand_on",
    "hand_over",
    "ladder",
    "of_instance",
    "of_row",
    "open_of",
    "plain",
    "release",
    "task",
    "with_next",
    "worklist",
]
