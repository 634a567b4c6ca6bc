"""Help of the last weeks that is over: needs, hazards, errands, benefits, and devices that were looked at.

Rows as the diagrams would have left them, without their instances; what is open is begun by `openings` once the
diagrams are there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from care import aids, device_checks, devices, errands, hazards, matters, referrals
from care.demo.population import Made
from care.elders import Elder
from engine import clock
from engine.db import new_id

_NEEDS = ("meals", "bathing", "cleaning", "health", "medication", "psychological", "legal_aid", "identity")
_RECEIVERS = {"health": "family_doctor", "medication": "family_doctor", "legal_aid": "dept:justice"} | {
    "psychological": "dept:social_work_department",
    "identity": "dept:public_security",
}
_ERRANDS = ("payment", "shopping", "certificate", "collect_goods", "book_service")
_HAZARDS = (("electricity", "general"), ("gas", "major"), ("floor", "general"), ("heating", "major"))
_EACH = 12


def build(session: Session, made: list[Made], chance: Random, days: int) -> None:
    """A dozen of each, spread over the last `days`; a few late, sent back or refused."""
    registered = [each.elder for each in made if each.elder.status == "in_register" and each.elder.tier != "none"]
    for order in range(_EACH):
        for begin in (_need, _hazard, _errand, _aid):
            elder = chance.choice(registered)
            began = clock.now() - timedelta(days=chance.randint(days // 2, days), hours=chance.randint(0, 8))
            begin(session, elder, chance, began, order)
    _checks(session, registered, chance)
    for elder in registered:
        aids.keep_hints(session, elder, elder.policy)
    session.flush()


def _need(session: Session, elder: Elder, chance: Random, at: datetime, order: int) -> None:
    """Every sixth is sent back by the elder once, every fifth cannot be met."""
    category = chance.choice(_NEEDS)
    with clock.frozen(at):
        row = referrals.open_referral(session, elder, category, False, None, None)
    with clock.frozen(at + timedelta(hours=5)):
        referrals.checked(session, row, category)
        referrals.send(session, row, _RECEIVERS.get(category, "village_desk"), 10, "demo")
    with clock.frozen(at + timedelta(days=1)):
        referrals.answered(session, row, True)
    met = order % 5 != 4
    with clock.frozen(at + timedelta(days=chance.randint(2, 4))):
        referrals.served(session, row, met)
    if met and order % 6 == 5:
        with clock.frozen(at + timedelta(days=5)):
            referrals.confirmed(session, row, False)
            referrals.served(session, row, True)
    with clock.frozen(at + timedelta(days=6)):
        if met:
            referrals.confirmed(session, row, True)
        referrals.close(session, row, "settled" if met else "not_possible")


def _hazard(session: Session, elder: Elder, chance: Random, at: datetime, order: int) -> None:
    """One in four is mended at the second time."""
    item, level = _HAZARDS[order % len(_HAZARDS)]
    with clock.frozen(at):
        row = hazards.open_hazard(session, elder, item, level, None, None, new_id())
        row.instance_id = None
        hazards.reminded(session, row, None)
        hazards.assign(session, row, "power_company" if item == "electricity" else "family")
    for turn in range(2 if order % 4 == 3 else 1):
        with clock.frozen(at + timedelta(days=2 + 2 * turn)):
            hazards.rectified(session, row, None)
        with clock.frozen(at + timedelta(days=3 + 2 * turn)):
            hazards.rechecked(session, row, turn == (1 if order % 4 == 3 else 0))
    with clock.frozen(at + timedelta(days=6)):
        matters.close(session, row, "fixed")


def _errand(session: Session, elder: Elder, chance: Random, at: datetime, order: int) -> None:
    spent = chance.randint(2, 18) * 10
    with clock.frozen(at):
        row = errands.open_errand(session, elder, _ERRANDS[order % len(_ERRANDS)], None, new_id())
        row.instance_id = None
        errands.taken(session, row, "volunteer" if order % 3 == 2 else "visitor", spent)
    with clock.frozen(at + timedelta(days=chance.randint(1, 3))):
        errands.done(session, row, {"money_out": spent, "hours": 1 if order % 3 == 2 else 0}, None)
        errands.confirmed(session, row, True)
        matters.close(session, row, "done")


def _aid(session: Session, elder: Elder, chance: Random, at: datetime, order: int) -> None:
    kind = next(iter(aids.hints_of(elder, elder.policy)), "care_subsidy")
    granted = order % 4 != 3
    with clock.frozen(at):
        row = aids.open_aid(session, elder, kind, None, new_id())
        row.instance_id = None
        aids.hinted(session, row, aids.hints_of(elder, elder.policy))
    with clock.frozen(at + timedelta(days=3)):
        aids.submitted(session, row)
    with clock.frozen(at + timedelta(days=8)):
        until = clock.today() + timedelta(days=365)
        said = {"amount": 100 * chance.randint(1, 5), "from_on": clock.today(), "until_on": until}
        aids.decided(session, row, granted, said)
        aids.told(session, row)
        matters.close(session, row, "granted" if granted else "refused")


def _checks(session: Session, registered: list[Elder], chance: Random) -> None:
    """Devices that were looked at, and the share online of the last seven days."""
    seen = 0
    for elder in registered:
        for device, _ in devices.of_elder(session, elder.id)[:1]:
            at = clock.now() - timedelta(days=chance.randint(3, 18))
            with clock.frozen(at):
                row = device_checks.open_check(
                    session, elder, device, chance.choice(("offline", "battery_low")), new_id()
                )
                row.instance_id = None
            with clock.frozen(at + timedelta(hours=chance.randint(3, 60))):
                device_checks.found(session, row, False)
                device_checks.close(session, row, chance.choice(("works", "fixed")))
            seen += 1
        if seen >= _EACH:
            break
    for back in range(1, 8):
        device_checks.count_day(session, clock.today() - timedelta(days=back))
