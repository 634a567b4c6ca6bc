"""Who else serves elders: social organisations, care institutions, property firms, mutual help, and service points.

A provider serves everything below its unit; by the level of that unit it belongs to the county, township or village
part of the 15-minute circle. Where a need is handed on, those that offer it stand in the form, the nearest level first.
They are organisations, no persons: addresses and telephones are those of their desks.

Public: Provider, KINDS, SERVICES, NETWORK, WALK_KM, is_point, add, get, candidates, points, nearest, serving, named,
counts, code_of.
Source: issued plan 二(二), 五(四); draft 五(四); R-NET-15, R-PRJ-41; processes P11, P13.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from math import cos, hypot, radians

from sqlalchemy import ColumnElement, Date, Float, ForeignKey, Select, String, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.errors import NotFound
from care.organisation import Unit, depth_ids, prefix, within
from care.personal import PathColumn
from care.referrals import CATEGORIES
from engine import clock
from engine.db import Base

KINDS: dict[str, tuple[str, str]] = {
    "service_point": ("居家社区养老服务站点", "Service point"),
    "demo_centre": ("区域养老服务示范中心", "Demonstration centre"),
    "institution": ("养老机构", "Care institution"),
    "organisation": ("社会组织", "Social organisation"),
    "property": ("物业企业", "Property firm"),
    "enterprise": ("家政商贸企业", "Household or trading firm"),
    "neighbours": ("邻里互助组", "Neighbours' mutual help"),
    "volunteers": ("志愿服务队", "Volunteer team"),
    "charity": ("慈善组织", "Charity"),
}
_OFFERED = (
    "life_care", "meals", "bathing", "cleaning", "mobility", "property", "health", "rehabilitation", "psychological",
    "legal_aid", "aids", "home_adaptation", "home_care_bed", "shopping", "youth_company", "lodging", "other",
)  # fmt: skip
SERVICES: dict[str, tuple[str, str]] = {code: CATEGORIES[code] for code in _OFFERED}
NETWORK: dict[str, tuple[str, str]] = {
    "district": ("县级", "County level"),
    "township": ("乡级", "Township level"),
    "village": ("村级", "Village level"),
}
"""The three levels of the network; the unit of a provider says which."""
_POINTS = ("service_point", "demo_centre", "institution")
WALK_KM = 1.0
"""What an elder walks in 15 minutes, as the crow flies (a ruling)."""


class Provider(Base):
    """One organisation; `services` holds codes between commas (`,meals,bathing,`); until_on: first day without it."""

    __tablename__ = "provider"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    unit_path: Mapped[str] = mapped_column(PathColumn, index=True)
    level: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16), index=True)
    name: Mapped[str] = mapped_column(String(80))
    services: Mapped[str] = mapped_column(String(300), default=",")
    contact: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    hours: Mapped[str] = mapped_column(String(60), default="")
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    until_on: Mapped[date | None] = mapped_column(Date)

    @property
    def offers(self) -> list[str]:
        """Codes of its services, in the order of SERVICES."""
        said = set(self.services.split(","))
        return [code for code in SERVICES if code in said]


def is_point(kind: str) -> bool:
    """Whether that kind is a place of the 15-minute circle, to which elders can go."""
    return kind in _POINTS


def add(session: Session, unit: Unit, kind: str, name: str, services: Collection[str], **facts: object) -> Provider:
    """A new provider of a district, township or village. `facts`: further columns."""
    if kind not in KINDS or unit.level not in NETWORK:
        raise ValueError(f"no such provider: {kind!r} of a {unit.level}")
    row = Provider(unit_id=unit.id, unit_path=unit.path, level=unit.level, kind=kind, name=name, **facts)
    row.services = joined(services)
    session.add(row)
    session.flush()
    return row


def joined(services: Collection[str]) -> str:
    """Codes as the column keeps them; those that are none are left out."""
    return "," + "".join(f"{code}," for code in SERVICES if code in set(services))


def get(session: Session, provider_id: int) -> Provider:
    """Raises NotFound."""
    row = session.get(Provider, provider_id)
    if row is None:
        raise NotFound(f"provider {provider_id}")
    return row


def code_of(text: str) -> str | None:
    """The code of a service written as a code or in Chinese; None for anything else."""
    said = text.strip()
    return said if said in SERVICES else next((code for code, pair in SERVICES.items() if pair[0] == said), None)


def _open() -> ColumnElement[bool]:
    return or_(Provider.until_on.is_(None), Provider.until_on > clock.today())


def _above(path: str) -> list[str]:
    ids = depth_ids(path)
    return ["/" + "/".join(map(str, ids[:depth])) + "/" for depth in range(1, len(ids) + 1)]


def candidates(
    session: Session, unit_path: str, service: str, near: Sequence[float] | None = None, limit: int = 6
) -> list[Provider]:
    """Providers that serve the place and offer the service: the nearest level first, then the nearest of it.

    `near`: latitude and longitude of the elder, if they are known; providers without a position come last of a level.
    """
    asked = select(Provider).where(_open(), Provider.unit_path.in_(_above(unit_path)))
    found = list(session.scalars(asked.where(Provider.services.contains(f",{service},"))))
    return sorted(found, key=lambda each: (-len(each.unit_path), kilometres(each, near), each.id))[:limit]


def kilometres(row: Provider, near: Sequence[float] | None) -> float:
    """As the crow flies; infinite where one of the two positions is unknown."""
    if near is None or row.latitude is None or row.longitude is None:
        return float("inf")
    north, east = row.latitude - near[0], row.longitude - near[1]
    return 111.2 * hypot(north, east * cos(radians(near[0])))


def points(session: Session, unit_path: str) -> list[Provider]:
    """The places of the 15-minute circle to which elders of a unit can go: in their township, with a position."""
    township = prefix(unit_path, "township") or unit_path
    asked = select(Provider).where(
        _open(), Provider.kind.in_(_POINTS), Provider.latitude.is_not(None),
        or_(within(Provider.unit_path, township), Provider.unit_path.in_(_above(township))),
    )  # fmt: skip
    return list(session.scalars(asked.order_by(Provider.id)))


def nearest(places: Sequence[Provider], near: Sequence[float] | None) -> tuple[Provider | None, float]:
    """The nearest of these and its distance in kilometres; (None, infinity) where nothing is known."""
    found = min(places, key=lambda row: kilometres(row, near), default=None)
    return (None, float("inf")) if found is None or near is None else (found, kilometres(found, near))


def named(session: Session, unit_path: str, text: str) -> Provider | None:
    """The open provider of that name that serves the place; None when there is none, or several."""
    asked = select(Provider).where(_open(), Provider.unit_path.in_(_above(unit_path)), Provider.name == text.strip())
    found = list(session.scalars(asked.limit(2)))
    return found[0] if len(found) == 1 else None


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names of providers by id, in one question; none for no ids."""
    if not ids:
        return {}
    return {row.id: row.name for row in session.execute(select(Provider.id, Provider.name).where(Provider.id.in_(ids)))}


def serving(
    paths: Collection[str], after: int, limit: int, *, kind: str = "", level: str = "", service: str = ""
) -> Select[Provider]:
    """Open providers in these units, and those of units above that serve them, by id."""
    asked = select(Provider).where(_open(), _concerns(paths), Provider.id > after)
    for column, wanted in ((Provider.kind, kind), (Provider.level, level)):
        if wanted:
            asked = asked.where(column == wanted)
    if service:
        asked = asked.where(Provider.services.contains(f",{service},"))
    return asked.order_by(Provider.id).limit(limit)


def _concerns(paths: Collection[str]) -> ColumnElement[bool]:
    above = {each for path in paths for each in _above(path)}
    return or_(Provider.unit_path.in_(above), *(within(Provider.unit_path, path) for path in paths))


def counts(session: Session, paths: Collection[str]) -> dict[tuple[str, str], int]:
    """How many of each (kind, level) concern these units; one question."""
    asked = select(Provider.kind, Provider.level, func.count()).where(_open(), _concerns(paths))
    found = session.execute(asked.group_by(Provider.kind, Provider.level))
    return {(kind, level): number for kind, level, number in found}
