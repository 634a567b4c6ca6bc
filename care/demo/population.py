"""Six hundred elders in their households, with dwelling, health, facts and the tier that the policy decides.

Everything is drawn from one seed. Rows are collected and flushed in a few large steps; the whole takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from care.demo.calendar import BEGAN_ON
from care.demo.names import Names
from care.demo.profiles import PROFILES, Profile, facts_of, health_of
from care.demo.units import Units, Village
from care.elders import Elder, Household, TierResult
from care.organisation import Unit
from care.policies import decide_tier
from engine import clock
from engine.vault import blind_index

ELDERS = 600
_HOSPITALS = ("示范区人民医院", "草原旗医院", "社区卫生服务中心")
_BEST_TIMES = ("上午9–11点", "下午3–5点", "午睡后", "随时", "晚饭前")
_DOOR_NOTES = ("", "", "", "", "家中有狗，先喊门", "门铃坏，请敲窗", "听力差，多敲几下")


@dataclass
class Made:
    """One elder of the demonstration with what the later rows need."""

    elder: Elder
    profile: Profile
    village: Village
    children: int


class Population:
    """Collects the rows of all elders, then writes them."""

    def __init__(self, session: Session, units: Units, names: Names) -> None:
        self.session, self.units, self.names = session, units, names
        self.chance: Random = names.chance
        self.made: list[Made] = []
        self._doors = 0

    def build(self) -> list[Made]:
        """All rows; the elders come back in the order of their numbers."""
        self._elders()
        rows: list[Any] = []
        for made in self.made:
            made.elder.number = f"E{made.elder.id:06d}"
            rows += self._tier(made.elder)
        self.session.add_all(rows)
        self.session.flush()
        return self.made

    def _elders(self) -> None:
        grids = [(village, grid) for village in self.units.villages for grid in village.grids]
        for place, (village, grid) in enumerate(grids):
            wanted = (place + 1) * ELDERS // len(grids)
            while len(self.made) < wanted:
                profile = self._profile(village, room_for_two=len(self.made) + 2 <= wanted)
                self._household(profile, village, grid)
        self.session.flush()

    def _profile(self, village: Village, room_for_two: bool) -> Profile:
        if not self.made:
            return PROFILES[0]  # the first elder is the one of the quickstart: over 80, alone, far from the children
        fitting = [
            each for each in PROFILES if each.rural in (None, village.unit.rural) and (room_for_two or not each.couple)
        ]
        return self.chance.choices(fitting, [each.weight for each in fitting])[0]

    def _household(self, profile: Profile, village: Village, grid: Unit) -> None:
        self._doors += 1
        household = Household(number=f"H{self._doors:06d}", unit_path=grid.path)
        self.session.add(household)
        self.session.flush()
        mongolian = village.township.name.endswith("苏木") and self.chance.random() < 0.7
        children = self.chance.randint(*profile.children)
        ages = [self.chance.randint(*profile.ages)]
        if profile.couple:
            ages.append(max(60, ages[0] - self.chance.randint(0, 4)))
        sexes = ["m", "f"] if profile.couple else [self.chance.choice("ffm")]
        for age, sex, partner in zip(ages, sexes, reversed(ages), strict=True):
            elder = self._elder(profile, village, grid, age, sex, partner, mongolian)
            elder.household_id = household.id
            self.made.append(Made(elder, profile, village, children))

    def _elder(
        self, profile: Profile, village: Village, grid: Unit, age: int, sex: str, partner_age: int, mongolian: bool
    ) -> Elder:
        chance = self.chance
        born_on = _born_on(age, chance)
        name, initials = self.names.elder(sex, mongolian)
        number, without_phone = self.names.id_number(born_on, sex), chance.random() < 0.08
        elder = Elder(
            name=name,
            initials=initials,
            sex=sex,
            born_on=born_on,
            ethnic_group="蒙古族" if mongolian else "汉族",
            language="蒙古语" if mongolian else "汉语",
            id_number=number,
            id_index=blind_index("id_number", number),
            unit_id=grid.id,
            unit_path=grid.path,
            registered_on=BEGAN_ON + timedelta(days=chance.randint(0, 30)),
            facts=facts_of(profile, chance, village.unit.rural, partner_age if profile.couple else None),
            health=health_of(profile, chance, chance.choice(_HOSPITALS)),
            marital_status="已婚" if profile.couple else "丧偶",
            status="in_register",
            policy="",
        )
        self._dwelling(elder, profile, village)
        self._reach(elder, without_phone and bool(self.made))
        self.session.add(elder)
        return elder

    def _dwelling(self, elder: Elder, profile: Profile, village: Village) -> None:
        chance, rural = self.chance, village.unit.rural
        if rural:
            elder.address = f"{village.unit.name}{self._doors}号院"
            elder.way = f"村委会向{chance.choice('东南西北')}{chance.randint(1, 9) * 100}米"
            elder.heating = chance.choice(("coal", "coal", "electric"))
        else:
            building, floor = self._doors % 18 + 1, chance.randint(1, 6)
            elder.address = f"{village.unit.name}{building}号楼{chance.randint(1, 4)}单元{floor}0{chance.randint(1, 2)}"
            elder.heating = chance.choice(("central", "central", "central", "gas"))
        latitude, longitude = (41.2, 110.4) if rural else (40.65, 109.84)
        elder.position = [
            round(latitude + chance.uniform(-0.2, 0.2), 5),
            round(longitude + chance.uniform(-0.2, 0.2), 5),
        ]
        elder.living = {"with": profile.with_whom, "housing": "平房" if rural else "楼房", "pension": "有"}
        elder.plan = {"attention": "雨雪天提醒防滑" if elder.facts.get("living_alone") else "", "services": []}
        elder.depends_on_power = "慢性心力衰竭" in profile.illnesses and chance.random() < 0.5

    def _reach(self, elder: Elder, without_phone: bool) -> None:
        chance = self.chance
        phone = None if without_phone else self.names.phone()
        elder.phone = phone
        elder.phone_index = blind_index("phone", phone) if phone else None
        elder.phone_kind = "none" if phone is None else chance.choice(("old", "old", "smart"))
        elder.reached_by = "phone" if phone else chance.choice(("key_holder", "neighbour", "door"))
        elder.best_time = chance.choice(_BEST_TIMES)
        elder.door_note = chance.choice(_DOOR_NOTES)
        elder.hearing = "听力差" if chance.random() < 0.15 else ""

    def _tier(self, elder: Elder) -> Iterator[TierResult]:
        """The policy's own tables decide; the result is the elder's first."""
        decided_on = elder.registered_on + timedelta(days=3)
        result = decide_tier({**elder.facts, "birth_date": elder.born_on, "as_of": clock.today()})
        elder.tier, elder.categories, elder.flags = result["tier"], result["categories"], result["flags"]
        elder.policy, elder.tiered_on = result["policy"]["id"], decided_on
        yield TierResult(
            elder_id=elder.id,
            unit_path=elder.unit_path,
            at=noon(decided_on),
            tier=result["tier"],
            policy=result["policy"]["id"],
            policy_version=int(result["policy"]["version"]),
            categories=result["categories"],
            rules=result["rules"],
            flags=result["flags"],
            facts=elder.facts,
            reason="入户评估",
        )


def _born_on(age: int, chance: Random) -> date:
    """A birth date that makes exactly `age` completed years today."""
    today = clock.today()
    latest = date(today.year - age, today.month, min(today.day, 28))
    return latest - timedelta(days=chance.randint(0, 360))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=clock.zone())
