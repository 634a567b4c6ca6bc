"""Visits: what is owed in a period (obligation), each visit with its record, and what was found.

An obligation says how many visits an elder is owed in a calendar period and how many were done; a visit after its
end is a 补访 and does not repair the rate. The diagrams P07 and P08 move
them by the operations of care/diagram_operations.
Source: policy 3.5; processes P07, P08; indicators K02-K05.
"""

from care.visits.by_two import two_needed
from care.visits.needed import begun_by_nobody, call_off, is_needed, put_down
from care.visits.obligations import (
    absent,
    cancel,
    close,
    count,
    current,
    is_missed,
    make_room,
    next_visit,
    open_period,
    reason_for_missing,
    replan,
    was_missed_before,
)
from care.visits.reading import due_in_unit, get, is_over, last_of_each, obligation, obligations_of, of_elder
from care.visits.records import (
    checked_in,
    corrected,
    escalated,
    finish,
    keep_absence,
    order,
    record,
    refused,
    returned,
    times_of,
)
from care.visits.tables import Visit, VisitFinding, VisitObligation

__all__ = [
    "Visit",
    "VisitFinding",
    "VisitObligation",
    "absent",
    "begun_by_nobody",
    "call_off",
    "cancel",
    "checked_in",
    "close",
    "corrected",
    "count",
    "current",
    "due_in_unit",
    "escalated",
    "finish",
    "get",
    "is_missed",
    "is_needed",
    "is_over",
    "keep_absence",
    "last_of_each",
    "make_room",
    "next_visit",
    "obligation",
    "obligations_of",
    "of_elder",
    "open_period",
    "order",
    "put_down",
    "reason_for_missing",
    "record",
    "refused",
    "replan",
    "returned",
    "times_of",
    "two_needed",
    "was_missed_before",
]
