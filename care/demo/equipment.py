"""Three hundred devices: most placed and heard today, a few silent or low on battery, five in stock.

Secrets are drawn anew for each installation, not from the seed: nobody can sign for a demonstration device who has not
its database.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from random import Random

from sqlalchemy.orm import Session

from care.demo.population import Made
from care.devices import Device, Placement, Platform
from engine import clock

_COUNTS = {
    "bracelet": 60,
    "pendant": 50,
    "smoke": 50,
    "sos_button": 30,
    "gas": 25,
    "door": 25,
    "motion": 20,
    "water_meter": 15,
    "electricity_meter": 10,
    "water_leak": 5,
    "vital": 5,
    "gas_meter": 5,
}
_MODELS = {"bracelet": "守望 W2", "pendant": "守望 P1", "smoke": "安居 S3", "gas": "安居 G2", "sos_button": "守望 B1"}
_ROOMS = {
    "smoke": "厨房",
    "gas": "厨房",
    "door": "入户门",
    "motion": "客厅",
    "sos_button": "床头",
    "water_leak": "卫生间",
}
_IN_STOCK = 5
_TIERS = {"high": 0, "key": 1, "general": 2, "none": 3}


def build(session: Session, made: list[Made], chance: Random) -> int:
    """Devices, placements and one platform; returns how many devices. High tiers are served first."""
    kinds = [kind for kind, wanted in _COUNTS.items() for _ in range(wanted)]
    rows = [_device(number, kind, chance) for number, kind in enumerate(kinds, start=1)]
    for device in rows[-_IN_STOCK:]:
        device.custody, device.last_heard_at = "stocked", None
    session.add_all(rows)
    session.flush()
    session.add_all(_placements(rows[:-_IN_STOCK], made, chance))
    session.add(Platform(kid="demo", key=secrets.token_hex(32), name="演示平台", devices="d"))
    session.flush()
    return len(rows)


def _device(number: int, kind: str, chance: Random) -> Device:
    heard = clock.now() - timedelta(minutes=chance.randint(1, 600))
    if chance.random() < 0.04:
        heard -= timedelta(days=2)
    return Device(
        number=f"d{number:06d}",
        kind=kind,
        model=_MODELS.get(kind, "通用型"),
        secret=secrets.token_hex(32),
        custody="in_service",
        ownership=chance.choice(("government", "government", "subsidised", "own")),
        last_heard_at=heard,
        battery=None if kind.endswith("meter") else chance.choice((9, 34, 52, 61, 78, 85, 93, 97)),
        signal=-chance.randint(52, 101),
        tested_at=clock.now() - timedelta(days=chance.randint(1, 60)),
    )


def _placements(rows: list[Device], made: list[Made], chance: Random) -> list[Placement]:
    """Each kind goes through the elders by tier; the first elder has a bracelet, a smoke detector and a button."""
    ordered = sorted(made[1:], key=lambda each: (_TIERS[each.elder.tier], chance.random()))
    queue = [made[0], *ordered]
    placed, turn = [], dict.fromkeys(_COUNTS, 0)
    for device in rows:
        elder = queue[turn[device.kind] % len(queue)].elder
        turn[device.kind] += 1
        placed.append(
            Placement(
                device_id=device.id,
                elder_id=elder.id,
                unit_path=elder.unit_path,
                room=_ROOMS.get(device.kind, ""),
                from_at=clock.now() - timedelta(days=chance.randint(25, 90)),
            )
        )
    return placed
