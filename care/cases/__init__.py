"""Emergency cases (应急事件): from the report to the archive, in the five stages 发现·上报·处置·反馈·复核.

There is one open case per elder and kind; whatever comes after joins it. The diagrams P15, P16 and P18 move a case by
the operations of care/diagram_operations.py, pages read it by `open_cases`, `of_elder`, `timeline` and `rounds`. An
archived case is locked: nothing of it changes any more.
Source: draft annex 5; processes P15-P18; rulings 9.1, 9.2, 9.29.
"""

from care.cases.opening import Opened, Opening, close_false_alarm, join, link, note, open_all, open_case, restrict
from care.cases.reading import (
    attempts,
    by_number,
    get,
    in_unit,
    of_elder,
    of_instance,
    open_cases,
    rounds,
    timeline,
)
from care.cases.stages import (
    ON_SCENE,
    CaseLocked,
    CaseNotArchived,
    archive,
    begin_review,
    feed_back,
    feedback_due_at,
    feedback_is_late,
    handled,
    interim,
    on_scene,
    reopen,
    reopen_archived,
    review,
    reviewed_from,
)
from care.cases.tables import KINDS, LEVELS, STAGES, STATES, Case, CaseEntry, CaseRound, ContactAttempt

__all__ = [
    "KINDS",
    "LEVELS",
    "ON_SCENE",
    "STAGES",
    "STATES",
    "Case",
    "CaseEntry",
    "CaseLocked",
    "CaseNotArchived",
    "CaseRound",
    "ContactAttempt",
    "Opened",
    "Opening",
    "archive",
    "attempts",
    "begin_review",
    "by_number",
    "close_false_alarm",
    "feed_back",
    "feedback_due_at",
    "feedback_is_late",
    "get",
    "handled",
    "in_unit",
    "interim",
    "join",
    "link",
    "note",
    "of_elder",
    "of_instance",
    "on_scene",
    "open_all",
    "open_case",
    "open_cases",
    "reopen",
    "reopen_archived",
    "restrict",
    "review",
    "reviewed_from",
    "rounds",
    "timeline",
]
