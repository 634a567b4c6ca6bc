"""Duty files, tickets, complaints, satisfaction and meters of the last weeks, all closed; and a few that begin.

What begins does so by its message, as from outside: the diagrams take it up when the program runs, so that no row
stands there without its instance.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from care import complaints, contacts, duties, hotline, meters, surveys
from care.demo.calendar import SEED
from care.demo.population import Made
from care.demo.workers import Workers
from care.elders import Elder
from care.meters import Meter
from engine import clock, incoming

_KINDS = ("consult", "consult", "consult", "need", "order", "visit", "praise", "errand", "complaint", "consult")
_METER_CAUSES = ("cleaning", "away", "guests", "leak", "saving", "device")


def build(session: Session, made: list[Made], staff: Workers, days: int) -> None:
    """A few of each, spread over the last `days` days."""
    chance = Random(f"{SEED}:work")
    people = [each.elder for each in chance.sample(made, 60)]
    now = clock.now()

    def moments(number: int) -> list[datetime]:
        return sorted(now - timedelta(hours=chance.randint(30, days * 24)) for _ in range(number))

    for at, elder, kind in zip(moments(10), people[:10], _KINDS, strict=True):
        with clock.frozen(at):
            _ticket(session, elder, kind, staff)
    for order, (at, elder) in enumerate(zip(moments(4), people[10:14], strict=True)):
        with clock.frozen(at):
            _complaint(session, elder, order)
    for at, elder in zip(moments(24), people[14:38], strict=True):
        with clock.frozen(at):
            _survey(session, elder, chance, staff)
    for order, (at, elder) in enumerate(zip(moments(6), people[38:44], strict=True)):
        with clock.frozen(at):
            _meter(session, elder, _METER_CAUSES[order], order)
    for order, elder in enumerate(people[44:47]):
        _duty(session, elder, staff, now - timedelta(days=days + 40 * order), order)
    _begin(session, people[47:])


def _ticket(session: Session, elder: Elder, kind: str, staff: Workers) -> None:
    who = staff.by_role["hotline"][0].id
    row = hotline.open_ticket(session, phone=elder.phone, elder_id=elder.id)
    hotline.keep(session, row, {"kind": kind, "caller": "elder", "words": "演示来电"}, who)
    if kind in hotline.FOLLOWED:
        with clock.frozen(clock.now() + timedelta(minutes=18)):
            hotline.accepted(session, row)
    with clock.frozen(clock.now() + timedelta(hours=20 if kind in hotline.FOLLOWED else 0)):
        hotline.close(session, row)


def _complaint(session: Session, elder: Elder, order: int) -> None:
    row = complaints.open_complaint(session, elder.unit_path, elder_id=elder.id)
    said = {"against": "village", "about": ("late", "attitude", "quality", "other")[order], "facts": "演示投诉"}
    complaints.register(session, row, {**said, "channel": "hotline", "anonymous": order == 3})
    with clock.frozen(clock.now() + timedelta(hours=8)):
        complaints.find(session, row, ("founded", "unfounded", "partly", "unfounded")[order])
        complaints.answered(session, row)
    with clock.frozen(clock.now() + timedelta(hours=24)):
        if not row.anonymous:
            complaints.satisfied(session, row, order != 1)
        complaints.close(session, row)


def _survey(session: Session, elder: Elder, chance: Random, staff: Workers) -> None:
    row = surveys.open_survey(session, elder, "sample")
    who = staff.by_role["surveyor"][0].id
    if chance.random() < 0.12:
        for _ in range(surveys.TRIES):
            surveys.tried(session, row, {"way": "phone", "reached": "no"}, who)
        surveys.finish(session, row, "unreachable")
        return
    scores = {name: chance.choice((3, 4, 4, 5, 5, 5)) for name in surveys.QUESTIONS}
    surveys.tried(session, row, {"way": "phone", "reached": "yes", "respondent": "elder", **scores}, who)
    surveys.finish(session, row, "answered")


def _a_meter(session: Session, elder: Elder, kind: str) -> Meter:
    row = Meter(
        elder_id=elder.id, unit_path=elder.unit_path, number=f"M{elder.id:06d}", kind=kind, base=0.12, history_days=60
    )
    session.add(row)
    session.flush()
    return row


def _meter(session: Session, elder: Elder, cause: str, order: int) -> None:
    meter = _a_meter(session, elder, "water" if order % 3 else "electricity")
    row = meters.MeterAnomaly(
        elder_id=elder.id,
        unit_path=elder.unit_path,
        meter_id=meter.id,
        rule="water_none" if meter.kind == "water" else "electricity_below",
        figures={"used": 0.002, "hours": 24},
        raised_at=clock.now(),
        gate="go",
    )
    session.add(row)
    session.flush()
    meters.checked(session, row, order == 2, cause)
    meters.finish(session, row, {"away": "away", "leak": "leak"}.get(cause, "normal"))


def _duty(session: Session, elder: Elder, staff: Workers, at: datetime, order: int) -> None:
    """Closed files: unfounded, performing again, mediated."""
    village = staff.desk_of("/".join(elder.unit_path.split("/")[:5]) + "/")
    with clock.frozen(at):
        row = duties.open_duty(session, elder, ["care"])
    with clock.frozen(at + timedelta(days=2)):
        said = {"elder_words": "子女很少回来", "finding": "邻里也这么说", "founded": order > 0, "kind": "care"}
        way = "mediation" if order == 2 else "urge"
        duties.keep(session, row, "verify", {**said, "elder_wish": "go_on", "way": way}, village)
    if order == 1:
        with clock.frozen(at + timedelta(days=3)):
            duties.keep(session, row, "urge", {"must_change": "每周探望一次"}, village)
        with clock.frozen(at + timedelta(days=19)):
            duties.keep(session, row, "check_urged", {"result": "performing", "finding": "已按约探望"}, village)
            duties.watch(session, row)
            duties.close(session, row, "performing", village)
    if order == 2:
        with clock.frozen(at + timedelta(days=6)):
            duties.keep(session, row, "mediate", {"result": "agreed", "record": "子女轮流照料"}, village)


def _begin(session: Session, people: list[Elder]) -> None:
    """What the diagrams take up when the program runs."""

    def sent(name: str, key: str, elder: Elder, **data: object) -> None:
        incoming.message(session, name, key, {"elder_id": elder.id, **data}, event_id=f"demo:{name}:{key}")

    sent("duty.suspected", str(people[0].id), people[0], kind="care")
    sent("complaint.made", "demo-complaint", people[1], channel="web")
    for order, elder in enumerate(people[2:4]):
        child = next((each for each in contacts.ordered(session, elder.id)), None)
        sent("call.arrived", f"demo-call-{order}", elder, phone=child.phone if child else elder.phone)
    meters.report(session, _a_meter(session, people[4], "water"), "water_none", {"used": 0.0, "hours": 24})
    sent("referral.settled", "demo-referral", people[5], referral_id=0)
