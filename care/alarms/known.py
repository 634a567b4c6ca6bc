"""What the registry knows about the devices of a batch of events: read once for all of them, in three statements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from care import consents, devices
from care.devices import Device, Held


class Known:
    """Devices, who had them when, and what those elders agreed to."""

    def __init__(self, session: Session, numbers: Collection[str]) -> None:
        self._devices = devices.found(session, numbers) if numbers else {}
        ids = [device.id for device in self._devices.values()]
        self._held = devices.placements(session, ids) if ids else {}
        elders = {held.elder_id for each in self._held.values() for held in each}
        purposes = {devices.kind_of(device.kind).consent for device in self._devices.values()}
        self._allowed = consents.allowing(session, elders, purposes) if elders else set()

    def device(self, number: str) -> Device | None:
        return self._devices.get(number)

    def owner_at(self, device: Device, moment: datetime) -> Held | None:
        """Who had the device at that moment; None when nobody had it."""
        return next((held for held in self._held.get(device.id, ()) if held.at(moment)), None)

    def may_listen(self, device: Device, owner: Held) -> bool:
        """Whether the elder agreed to what this kind of device is for; never asked is no."""
        return (owner.elder_id, devices.kind_of(device.kind).consent) in self._allowed
