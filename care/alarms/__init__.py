"""Alarms of devices: who may raise one, what it opens or joins, and the message that begins the diagram.

`admission` answers every device event (accepted, duplicate, held, refused) and, in the same transaction, writes the
alarm and opens or joins the case, so that the number of the case is known before anything else happens and a person
hears of a held SOS at once. `messages` makes BPMN messages of what was admitted. Nothing here needs the engine to run.
Source: contracts/device-events.md; processes P15 S0, 4.10; connectors §4.
"""

from care.alarms import admission, fallback, messages, self_test
from care.alarms.admission import admit
from care.alarms.raising import raise_alarms, screen
from care.alarms.tables import Alarm, DistrictIncident
from care.alarms.types import LIFE_SAFETY, TYPES

__all__ = [
    "LIFE_SAFETY",
    "TYPES",
    "Alarm",
    "DistrictIncident",
    "admission",
    "admit",
    "fallback",
    "messages",
    "raise_alarms",
    "screen",
    "self_test",
]
