"""The city of the storm: units and desks made by the product, elders and devices cloned from one by SQL.

`python -m tests.bench.storm_town ELDERS DEVICES` in the program's environment. Elder and device number g belong
together; who lives where follows from g, so that senders know it without asking. All of it is invented.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from care import organisation
from care.nightly import KIND as PLAN
from care.organisation import Unit
from care.people import Staff
from engine import clock, jobs, work
from tests import builders
from web import commands_run, running
from web.joined import join

DISTRICTS, TOWNSHIPS, VILLAGES = 9, 3, 3
CUT = 0
"""The district whose power fails: elders whose number leaves this rest by DISTRICTS."""
SECRET = "ab" * 32
SINCE = date(2026, 7, 1)


def device(number: int) -> str:
    return f"s{number:06d}"


def main() -> None:
    how_many, devices = int(sys.argv[1]), int(sys.argv[2])
    join()
    running.prepare()
    commands_run.deploy_shipped()
    with jobs.transaction() as session:
        grids, model = _units(session)
        _clone(session, model, grids, how_many)
        _devices(session, devices)
    with jobs.transaction() as session:
        for table in ("elder", "device", "placement", "consent", "contact", "responsibility"):
            session.execute(text(f"ANALYZE {table}"))


def plan_now() -> None:
    """Put the planning of every elder's visits into the lane `bulk`."""
    with jobs.transaction() as session:
        work.add(session, PLAN, lane=work.BULK, key=f"{PLAN}:storm")


@dataclass(frozen=True)
class Grid:
    """A grid, one per village, and the visitors A and B of its elders."""

    id: int
    path: str
    visitor: int
    visitor_b: int


def _units(session: Session) -> tuple[list[Grid], int]:
    """(grids, so that number g modulo DISTRICTS is the district; the elder to be cloned)."""
    root = organisation.add(session, None, "city", "风暴市", from_on=SINCE)
    _workers(session, root, "city_desk", "city_manager", "hotline", "monitor_desk", "monitor_lead", "admin")
    grids: list[list[Grid]] = [_district(session, root, number) for number in range(DISTRICTS)]
    ordered = [each for row in zip(*grids, strict=True) for each in row]
    first = ordered[0]
    unit = organisation.get(session, first.id)
    named = {"visitor": first.visitor, "visitor_b": first.visitor_b}
    staff = {role: session.get_one(Staff, staff_id) for role, staff_id in named.items()}
    model = builders.an_elder(session, builders.City(root, unit, unit, unit, unit, staff), tier="general")
    return ordered, model.id


def _district(session: Session, root: Unit, number: int) -> list[Grid]:
    grids = []
    district = organisation.add(session, root, "district", f"第{number}区", from_on=SINCE)
    _workers(session, district, "district_desk", "district_lead", "district_emergency", "monitor_desk")
    for _ in range(TOWNSHIPS):
        township = organisation.add(session, district, "township", "街道", from_on=SINCE)
        _workers(session, township, "township_desk", "township_lead", "family_doctor")
        for _ in range(VILLAGES):
            village = organisation.add(session, township, "village", "社区", from_on=SINCE)
            grid = organisation.add(session, village, "grid", "网格", from_on=SINCE)
            _workers(session, grid, "grid_worker")
            _, a, b = _workers(session, village, "village_desk", "visitor", "visitor")
            grids.append(Grid(grid.id, grid.path, a, b))
    return grids


def _workers(session: Session, unit: Unit, *roles: str) -> list[int]:
    return [builders.a_worker(session, role, unit).id for role in roles]


def _clone(session: Session, model: int, grids: list[Grid], how_many: int) -> None:
    """Elders g = 1 … how_many after the model, with visitors, contacts and consents as it has them."""
    session.execute(text("CREATE TEMP TABLE grid (at integer, id integer, path text, visitor integer, b integer)"))
    rows = [
        {"at": at, "id": each.id, "path": each.path, "visitor": each.visitor, "b": each.visitor_b}
        for at, each in enumerate(grids)
    ]
    session.execute(text("INSERT INTO grid VALUES (:at, :id, :path, :visitor, :b)"), rows)
    here = {"elder_id": f"{model} + g", "unit_path": "grid.path", "id": None}
    source = f"generate_series(1, {how_many}) g JOIN grid ON grid.at = g % {len(grids)}"
    own: dict[str, str | None] = {
        "id": f"{model} + g",
        "number": "'S' || lpad(g::text, 6, '0')",
        "unit_id": "grid.id",
        "unit_path": "grid.path",
        "id_number": "NULL",
        "id_index": "NULL",
        "phone_index": "NULL",
    }
    _copy(session, "elder", own, f"{source} CROSS JOIN elder m WHERE m.id = {model}")
    session.execute(text(f"SELECT setval('elder_id_seq', {model + how_many})"))
    visitor = {"staff_id": "CASE m.kind WHEN 'visitor' THEN grid.visitor ELSE grid.b END"}
    for table, other in (("responsibility", visitor), ("consent", {}), ("contact", {"supporter_id": "NULL"})):
        _copy(session, table, here | other, f"{source} CROSS JOIN {table} m WHERE m.elder_id = {model} ORDER BY g")


def _devices(session: Session, how_many: int) -> None:
    """Device g in the home of elder g: pendants, in the district of the power cut electricity meters."""
    model = builders.a_device(session, None, secret=SECRET).id
    meter = f"CASE WHEN g % {DISTRICTS} = {CUT} AND g > {how_many // 2} THEN 'electricity_meter' ELSE 'pendant' END"
    own = {"id": f"{model} + g", "number": "'s' || lpad(g::text, 6, '0')", "kind": meter, "custody": "'in_service'"}
    _copy(session, "device", own, f"generate_series(1, {how_many}) g, device m WHERE m.id = {model}")
    session.execute(text(f"SELECT setval('device_id_seq', {model + how_many})"))
    session.execute(
        text(
            "INSERT INTO placement (device_id, elder_id, unit_path, room, from_at) SELECT d.id, e.id, e.unit_path, '',"
            " :since FROM device d JOIN elder e ON e.number = 'S' || substr(d.number, 2) WHERE d.number LIKE 's%'"
        ),
        {"since": clock.now() - timedelta(days=30)},
    )


def _copy(session: Session, table: str, own: dict[str, str | None], source: str) -> None:
    """INSERT … SELECT of the model row `m`; `own` are the columns that differ (None: left to the default)."""
    names = session.execute(
        text("SELECT column_name FROM information_schema.columns WHERE table_name = :t ORDER BY ordinal_position"),
        {"t": table},
    ).scalars()
    columns = [name for name in names if own.get(name, "") is not None]
    values = [own.get(name) or f"m.{name}" for name in columns]
    session.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {source}"))


if __name__ == "__main__":
    main()
