"""Families of the demonstration elders: children and spouses, the ordered contacts, a neighbour who may hold a key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.orm import Session

from care import contacts
from care.contacts import Contact, Neighbour, Supporter
from care.demo.names import Names
from care.demo.population import Made
from engine import clock
from engine.vault import blind_index

_PLACES = ("呼和浩特", "鄂尔多斯", "北京", "天津", "西安", "深圳")


class Families:
    """Writes relatives and contacts of all elders."""

    def __init__(self, session: Session, names: Names, made: list[Made]) -> None:
        self.session, self.names, self.made = session, names, made
        self.chance = names.chance
        self.households: defaultdict[int | None, list[Made]] = defaultdict(list)
        for each in made:
            self.households[each.elder.household_id].append(each)

    def build(self) -> None:
        """Relatives first, in one flush, since contacts point to them; a couple has the same children."""
        relatives: list[tuple[Made, list[Supporter]]] = []
        children: dict[int, list[tuple[str, str, str]]] = {}
        for made in self.made:
            household = made.elder.household_id or 0
            if household not in children:
                children[household] = [self._child(made) for _ in range(made.children)]
            found = [self._supporter(made, *child) for child in children[household]]
            relatives.append((made, [*found, *self._spouse(made)]))
        self.session.add_all(each for _, found in relatives for each in found)
        self.session.flush()
        for made, found in relatives:
            self.session.add_all(self._contacts(made, found))
            self.session.add(self._neighbour(made))

    def _child(self, made: Made) -> tuple[str, str, str]:
        near = made.elder.facts.get("children_same_area")
        place = made.village.district.name if near else self.chance.choice(_PLACES)
        return self.names.child(made.elder.name, self.chance.choice("fm")), self.names.phone(), place

    def _supporter(self, made: Made, name: str, phone: str, place: str) -> Supporter:
        return Supporter(
            elder_id=made.elder.id,
            unit_path=made.elder.unit_path,
            name=name,
            relation="child",
            phone=phone,
            phone_index=blind_index("phone", phone),
            place=place,
            distance=0 if place == made.village.district.name else 300,
            capable=made.elder.facts.get("supporter_capable") is not False,
            reachable=self.chance.random() < 0.93,
            checked_at=clock.now() - timedelta(days=self.chance.randint(5, 90)),
        )

    def _spouse(self, made: Made) -> Iterator[Supporter]:
        for other in self.households[made.elder.household_id]:
            if other is not made:
                yield Supporter(
                    elder_id=made.elder.id,
                    unit_path=made.elder.unit_path,
                    name=other.elder.name,
                    relation="spouse",
                    phone=other.elder.phone,
                    phone_index=other.elder.phone_index,
                    place="同住",
                )

    def _contacts(self, made: Made, relatives: list[Supporter]) -> list[Contact]:
        """Reachable children, then the others, the spouse, and the village desk as a post."""
        able = [each for each in relatives if each.phone and each.capable]
        able.sort(key=lambda each: (each.relation == "spouse", not each.reachable, each.distance))
        rows = [
            contacts.new_contact(
                made.elder,
                position,
                each.name,
                each.relation,
                each.phone or "",
                supporter_id=each.id,
                reachable=each.reachable,
                checked_at=each.checked_at,
                outside_home=each.relation != "spouse",
            )
            for position, each in enumerate(able[: contacts.MOST_CONTACTS - 1], start=1)
        ]
        desk = made.village.unit
        rows.append(
            contacts.new_contact(made.elder, len(rows) + 1, f"{desk.name}值班电话", "community", desk.duty_phone)
        )
        return rows

    def _neighbour(self, made: Made) -> Neighbour:
        name, _ = self.names.elder(self.chance.choice("fm"))
        has_key = self.chance.random() < 0.4
        return Neighbour(
            elder_id=made.elder.id,
            unit_path=made.elder.unit_path,
            name=name,
            phone=self.names.phone(),
            has_key=has_key,
            key_note="备用钥匙在邻居家，已告知村居" if has_key else None,
            has_vehicle=made.village.unit.rural and self.chance.random() < 0.3,
        )
