"""Who visits the demonstration elders, which doctor they have, and what they agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import cycle
from random import Random

from sqlalchemy.orm import Session

from care import consents
from care.consents import Consent
from care.demo.population import Made, noon
from care.demo.workers import Workers
from care.elders import Elder
from care.visitors import Responsibility

_NOT_MONITORED = 3  # the last elders took their consent to devices back, so that «held» can be seen


def build(session: Session, made: list[Made], workers: Workers, chance: Random) -> None:
    """Responsibilities and consents of all elders."""
    session.add_all(_responsibilities(made, workers))
    for each in made:
        session.add_all(_consents(each, chance))
    for each in made[-_NOT_MONITORED:]:
        session.add(_consent(each.elder, "device_monitoring", False, each.elder.registered_on + timedelta(days=20)))
    session.flush()


def _responsibilities(made: list[Made], workers: Workers) -> Iterator[Responsibility]:
    """A and B in turn among the village's visitors, doctor of the township, a helper in the first village."""
    turns = {path: cycle(range(len(pool))) for path, pool in workers.visitors.items()}
    for each in made:
        path = each.village.unit.path
        pool, first = workers.visitors[path], next(turns[path])
        pair = {"visitor": pool[first], "visitor_b": pool[(first + 1) % len(pool)]}
        pair["family_doctor"] = workers.doctors[each.village.township.path]
        if path in workers.service and first == 0:
            pair["service_person"] = workers.service[path]
        for kind, staff in pair.items():
            yield Responsibility(
                elder_id=each.elder.id,
                unit_path=each.elder.unit_path,
                kind=kind,
                staff_id=staff.id,
                from_on=each.elder.registered_on,
            )


def _consents(made: Made, chance: Random) -> Iterator[Consent]:
    for purpose in consents.PURPOSES:
        refused = purpose in ("location", "visit_photo") and chance.random() < 0.15
        yield _consent(made.elder, purpose, not refused, made.elder.registered_on)


def _consent(elder: Elder, purpose: str, given: bool, on: date) -> Consent:
    return Consent(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        purpose=purpose,
        given=given,
        withdrawn=not given and purpose == "device_monitoring",
        at=noon(on),
        ask_again_on=on + timedelta(days=365),
        signer=elder.name,
        manner="thumb" if elder.language == "蒙古语" else "signature",
    )
