"""The demonstration district: generated, plausible, no real person; the same seed makes the same people.

`build(session)` fills an empty database with units, 70 workers, 600 elders with families, visitors, consents, 300
devices, and three weeks of history; called again it only tells the accounts. Everything is relative to the day it is
built on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import organisation
from care.absences import Absence
from care.demo import arrangements, equipment, history, supply, units, workers
from care.demo.calendar import SEED
from care.demo.families import Families
from care.demo.names import Names
from care.demo.population import Made, Population
from care.demo.workers import PASSWORD, Account
from care.devices import Device
from care.elders import Elder
from care.people import Post, Staff, StaffAbsence
from care.roles import title
from engine import clock


@dataclass(frozen=True)
class Summary:
    """What there is, with the accounts to try it; `new` is false when it was there already."""

    new: bool
    elders: int
    devices: int
    accounts: list[Account]

    def sentence(self) -> str:
        """For the terminal: how much there is, and which accounts may be tried."""
        head = "已生成示范区" if self.new else "示范区"
        lines = [
            f"{head}：{self.elders} 位老年人，{self.devices} 台设备，{len(self.accounts)} 个账号，密码均为 {PASSWORD}"
        ]
        lines += [f"  {each.user_name:14}{each.title}（{each.unit}）" for each in self.first_accounts()]
        return "\n".join(lines)

    def first_accounts(self) -> list[Account]:
        """One account of each kind, the ones that the quickstart uses."""
        return [each for each in self.accounts if each.user_name.rstrip("0123456789") + "1" == each.user_name]


def build(session: Session) -> Summary:
    """Fill the database with the demonstration district, once."""
    if session.scalar(select(func.count()).select_from(Elder)):
        return _summary(session, new=False)
    chance = Random(SEED)
    names = Names(chance)
    tree = units.build(session)
    staff = workers.build(session, tree, names)
    made = Population(session, tree, names).build()
    Families(session, names, made).build()
    arrangements.build(session, made, staff, chance)
    equipment.build(session, made, chance)
    _absences(session, made, staff)
    history.build(session, made, staff, chance)
    supply.build(session, tree)
    session.flush()
    return _summary(session, new=True)


def _absences(session: Session, made: list[Made], staff: workers.Workers) -> None:
    """Eight elders are away, one in hospital first; one visitor is on leave, so that B stands in."""
    moment = clock.now()
    for order, each in enumerate(made[40:600:80]):
        each.elder.status = "absent"
        session.add(
            Absence(
                elder_id=each.elder.id,
                unit_path=each.elder.unit_path,
                kind="hospital" if order % 4 == 0 else "family",
                place="示范区人民医院" if order % 4 == 0 else "女儿家",
                from_at=moment - timedelta(days=3 + order),
                until_at=moment + timedelta(days=6 + order),
            )
        )
    away = staff.visitors[made[-1].village.unit.path][0]
    session.add(
        StaffAbsence(
            staff_id=away.id, from_at=moment - timedelta(days=1), until_at=moment + timedelta(days=4), reason="年休假"
        )
    )


def _summary(session: Session, new: bool) -> Summary:
    asked = select(Staff.id, Staff.user_name, Staff.name, Post.role, Post.unit_id)
    accounts: dict[int, Account] = {}
    for staff_id, user_name, name, role, unit_id in session.execute(
        asked.join(Post, Post.staff_id == Staff.id).order_by(Staff.id, Post.id)
    ):
        unit = organisation.get(session, unit_id).name
        accounts.setdefault(staff_id, Account(user_name, PASSWORD, name, role, title(role), unit))
    return Summary(
        new,
        session.scalar(select(func.count()).select_from(Elder)) or 0,
        session.scalar(select(func.count()).select_from(Device)) or 0,
        list(accounts.values()),
    )
