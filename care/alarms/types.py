"""The types of device events and how each is treated before any diagram runs."""

from __future__ import annotations

from datetime import timedelta

LIFE_SAFETY = frozenset({"sos", "fall", "smoke", "gas"})
"""Never grouped away; held ones still become an unverified call. Source: contracts/device-events.md."""

DEVICE_CARE = frozenset({"battery_low", "offline", "tamper"})
"""About the device, not the elder: they lead to the check of the device (P28)."""

OUTAGE = frozenset({"power_loss", "offline"})
"""Twenty of these in one district within two minutes are one district incident."""

STAYS_AT_HOME = frozenset({"door", "inactivity", "left_zone", "water_leak"})
"""Lowered to information while the elder is away, unless worn. Source: rulings 9.30."""

CLEARING = frozenset({"power_restore"})
CANCELLING = frozenset({"sos_cancelled"})

TYPES = frozenset(
    {"sos", "sos_cancelled", "fall", "smoke", "gas", "water_leak", "vital", "inactivity", "lost", "left_zone", "door"}
    | {"power_loss", "power_restore", "offline", "tamper", "battery_low"}
)

TOO_OLD = {"sos": timedelta(hours=24)}
TOO_OLD_OTHERS = timedelta(hours=1)
TOO_EARLY = timedelta(minutes=5)
LATE = timedelta(minutes=2)


def oldest_allowed(kind: str) -> timedelta:
    """How old an event of this type may be when it comes."""
    return TOO_OLD.get(kind, TOO_OLD_OTHERS)
