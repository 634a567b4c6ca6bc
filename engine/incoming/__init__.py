"""Events written down before they are acted on: the one door in, for devices, web hooks and other processes.

`record` is committed before anybody is told «received»; the same source and event id again changes nothing and gets
the answer of the first. What is admitted waits as work (kind `incoming`) that `run.handle` does: the translator of its
kind makes a BPMN message of it. A message that nobody awaits yet is kept until its time to live is over.
"""

from engine.incoming.door import admits, follows, record, record_all, translate, translates
from engine.incoming.lists import IncomingRow, outcome, payload, since, tallies, unusual
from engine.incoming.messages import expire, match_kept, message, message_row, write_messages
from engine.incoming.table import (
    ACCEPTED,
    DUPLICATE,
    HELD,
    IS_KEPT,
    MESSAGE,
    RAW_LIMIT,
    REFUSED,
    TIME_TO_LIVE,
    Admission,
    Consequence,
    Event,
    Message,
    Recorded,
    Stored,
    incoming,
)

__all__ = [
    "ACCEPTED",
    "DUPLICATE",
    "HELD",
    "IS_KEPT",
    "MESSAGE",
    "RAW_LIMIT",
    "REFUSED",
    "TIME_TO_LIVE",
    "Admission",
    "Consequence",
    "Event",
    "IncomingRow",
    "Message",
    "Recorded",
    "Stored",
    "admits",
    "expire",
    "follows",
    "incoming",
    "match_kept",
    "message",
    "message_row",
    "outcome",
    "payload",
    "record",
    "record_all",
    "since",
    "tallies",
    "translate",
    "translates",
    "unusual",
    "write_messages",
]
