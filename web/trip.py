"""The day as a household trip: tasks of one address together, ordered by urgency and way; and the code at the door.

A stop is a household, or an address of its own. Urgent stops come first by their time, then what is due today by way:
from each stop to the nearest next one whose position is known, the rest by address. Whoever opens a door's code while
signed in is checked in there for two hours: the check-in form then says 门牌码 by itself, with the moment of the scan.
Source: frontend §5; processes P08 T1.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import segno
from flask import Blueprint, url_for
from flask import session as flask_session
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import access, elders, visits
from care.elders import Elder
from care.errors import NotFound
from care.visits import Visit
from engine import clock, db, tasks
from engine.tasks import Filters
from engine.vault import blind_index
from web.language import N_, gettext
from web.pages import page
from web.signed_in import me
from web.worklist import Item, items_of

bp = Blueprint("trip", __name__)

MOST = 60  # tasks of a day
SCAN_HOLDS = timedelta(hours=2)
MODES = {"home": N_("上门"), "phone": N_("电话"), "video": N_("视频"), "monitoring": N_("远程")}
Position = tuple[float, float]


@dataclass
class Stop:
    """One door: what is to be done there, and how the last visit to each elder went."""

    where: str
    items: list[Item] = field(default_factory=list)
    position: Position | None = None
    way: str = ""
    last: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rank(self) -> tuple[int, float]:
        """Urgent before late and due today before the rest; within it by time."""
        groups = ("urgent", "today")
        firsts = [
            (groups.index(each.group) if each.group in groups else 2, due.timestamp() if due else math.inf)
            for each in self.items
            for due in [each.task.due_at]
        ]
        return min(firsts)


@bp.get("/trip")
def index() -> ResponseReturnValue:
    """Today's stops, the most urgent first."""
    person = me()
    with db.reading() as session:
        listed = tasks.worklist(session, person.worklist_posts, person.id, limit=MOST, filters=_until_tonight())
        stops = ordered(stops_of(session, items_of(session, person, listed.rows)))
    return page("trip/trip.html", stops=stops, more=listed.after is not None, door=None)


@bp.get("/door/<code>")
def door(code: str) -> ResponseReturnValue:
    """The stop whose code was scanned: this person is checked in there for two hours."""
    person = me()
    with db.reading() as session:
        elder = _of_code(session, code)
        homes = _household(session, elder)
        listed = tasks.worklist(
            session, person.worklist_posts, person.id, limit=MOST, filters=Filters(subject_ids=tuple(homes))
        )
        stops = ordered(stops_of(session, items_of(session, person, listed.rows)))
    flask_session["door"] = [homes, clock.now().isoformat()]
    return page("trip/trip.html", stops=stops, more=False, door=elder)


@bp.get("/elders/<int:elder_id>/door")
def code_of(elder_id: int) -> ResponseReturnValue:
    """The code to print and put up at the elder's door; it names nobody."""
    with db.reading() as session:
        elder = access.elder(session, me(), elder_id)
        access.require(session, me(), "register", elder)
        address = url_for("trip.door", code=code(elder), _external=True)
        number = elder.number
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=6, svgclass=None, lineclass=None, xmldecl=False)
    return page("trip/code.html", drawn=Markup(drawn.getvalue().decode()), number=number, elder_id=elder_id)


def scanned(elder_id: int | None) -> datetime | None:
    """When this person scanned the code at that elder's door, None if not within the last two hours."""
    found = flask_session.get("door")
    if not found or elder_id is None or elder_id not in found[0]:
        return None
    at = datetime.fromisoformat(found[1])
    return at if clock.now() - at < SCAN_HOLDS else None


def stops_of(session: Session, items: Iterable[Item]) -> list[Stop]:
    """Tasks by door, in two questions: where the elders live, and their last visits."""
    listed = list(items)
    ids = {item.task.subject_id for item in listed if item.task.subject_id is not None}
    asked = select(Elder.id, Elder.household_id, Elder.unit_path, Elder.address, Elder.position, Elder.way).where(
        Elder.id.in_(ids)
    )
    homes = {row.id: row for row in session.execute(asked)} if ids else {}
    before = visits.last_of_each(session, ids)
    stops: dict[Any, Stop] = {}
    for item in listed:
        home = homes.get(item.task.subject_id) if item.elder else None
        where = item.elder.where if item.elder else item.unit
        stop = stops.setdefault(_door_of(home, item), Stop(where))
        shows_door = home is not None and where == home.address  # elsewhere the row says the village only
        if home is not None and shows_door:
            stop.position = stop.position or _position(home.position)
            stop.way = stop.way or home.way or ""
        _tell_last(stop, item, before)
        stop.items.append(item)
    return list(stops.values())


def _door_of(home: Any, item: Item) -> tuple[Any, ...]:
    """What makes tasks lie at one door."""
    if home is None:
        return "task", item.task.id
    return (
        ("household", home.household_id) if home.household_id else ("address", home.unit_path, home.address or home.id)
    )


def _tell_last(stop: Stop, item: Item, before: dict[int, Visit]) -> None:
    visit = before.get(item.task.subject_id or 0)
    if visit is None or item.elder is None or any(name == item.elder.name for name, _ in stop.last):
        return
    said = [gettext(MODES[visit.mode])] if visit.mode in MODES else []
    said += [visit.next_attention] if visit.next_attention else []
    at = visit.arrived_at or visit.done_at or visit.due_at
    day = f"{clock.local(at):%m-%d}"
    stop.last.append((item.elder.name, gettext("，").join([day, *said])))


def ordered(stops: Sequence[Stop]) -> list[Stop]:
    """Urgent ones by time; then today's and the rest, each along the shortest way from where one stands."""
    left = sorted(stops, key=lambda stop: (*stop.rank, stop.where))
    found = [stop for stop in left if stop.rank[0] == 0]
    here = next((stop.position for stop in reversed(found) if stop.position), None)
    for group in (1, 2):
        rest = [stop for stop in left if stop.rank[0] == group]
        while rest:
            following = min(rest, key=partial(_far, here)) if here else rest[0]
            rest.remove(following)
            found.append(following)
            here = following.position or here
    return found


def _far(here: Position, stop: Stop) -> float:
    """Squared distance, good enough to compare within a village; unknown places come last."""
    if stop.position is None:
        return math.inf
    north, east = stop.position[0] - here[0], stop.position[1] - here[1]
    return north**2 + (east * math.cos(math.radians(here[0]))) ** 2


def _position(value: Any) -> Position | None:
    fits = isinstance(value, list | tuple) and len(value) == 2
    return (float(value[0]), float(value[1])) if fits else None


def _until_tonight() -> Filters:
    tomorrow = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Filters(due_before=tomorrow)


def code(elder: Elder) -> str:
    """The elder's number with a seal, so that codes cannot be made up."""
    return f"{elder.number}-{blind_index('door', elder.number).hex()[:12]}"


def _of_code(session: Session, scanned_code: str) -> Elder:
    """Raises NotFound for a made-up code and for an elder whom this person may not see."""
    found = elders.by_number(session, scanned_code.rpartition("-")[0])
    if found is None or scanned_code.lower() != code(found).lower():
        raise NotFound("door")
    return access.elder(session, me(), found.id)


def _household(session: Session, elder: Elder) -> list[int]:
    """The elders at the same door."""
    if elder.household_id is None:
        return [elder.id]
    return list(session.scalars(select(Elder.id).where(Elder.household_id == elder.household_id).order_by(Elder.id)))
