"""The liaison card (联系卡) at an elder's home: who comes, whom to call, a code for whoever finds need of help.

It names visitor A and B with photo and language, so that a visitor is told from a swindler, the grid's worker, the
village's duty telephone, the first contact and the hotline. What a stranger at the door must not learn stays off: tier,
illness, id number, address, the elder's own telephone. A contact stands on it who takes alarms, of an elder who agreed
to sharing with the family; nobody alleged of abuse, nobody of the family under a protective hold.

What was printed is known by a mark, so a card whose people have changed is offered for printing again.

Public: Card, Holder, LiaisonPrint, of_unit, cards, states, printed, batch, HOLDS.
Source: R-NET-12 (P 二(二) 一人一联), R-USR-09; processes P05 (liaison card printed), P36 (card updated).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import consents, organisation, report_codes
from care.contacts import RELATIONS, Contact
from care.elders import Elder
from care.organisation import Unit, prefix
from care.people import Post, Staff, held_today
from care.people.tables import absent
from care.personal import OfElder
from care.visitors import Responsibility, holds_today
from engine import clock
from engine.db import Base, Id, Instant
from engine.vault import blind_index

HOLDS = timedelta(hours=12)
"""How long a printed batch can be opened again by whoever made it."""
MOST = 200  # cards of one batch
_STATUSES = ("in_register", "absent")


class LiaisonPrint(OfElder, Base):
    """One card that was printed: by whom, when, and the mark of what stood on it."""

    __tablename__ = "liaison_print"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    mark: Mapped[bytes] = mapped_column(LargeBinary(16))

    __table_args__ = (Index("ix_liaison_print_batch", "batch"),)


@dataclass(frozen=True)
class Holder:
    """Somebody on a card; `photo` is an attachment, `speaks` a language beside Chinese."""

    kind: str  # visitor, visitor_b, grid_worker, contact
    name: str
    phone: str
    staff_id: int | None = None
    photo: str = ""
    speaks: str = ""
    relation: tuple[str, str] | None = None


@dataclass(frozen=True)
class Card:
    """What stands on one card."""

    elder_id: int
    unit_path: str
    name: str
    number: str
    village: str
    village_phone: str
    holders: tuple[Holder, ...]

    def of(self, kind: str) -> Holder | None:
        return next((each for each in self.holders if each.kind == kind), None)

    @property
    def mark(self) -> bytes:
        """The same for the same words, and nothing can be read back from it."""
        said = [self.name, self.village, self.village_phone]
        for each in self.holders:
            said += [each.kind, each.name, each.phone, each.photo, each.speaks]
        return blind_index("liaison_card", "\n".join(said))


def of_unit(session: Session, unit_path: str, limit: int = 1000) -> list[Card]:
    """The cards of the elders of a village or grid, by number."""
    asked = select(Elder).where(organisation.within(Elder.unit_path, unit_path), Elder.status.in_(_STATUSES))
    return _made(session, session.scalars(asked.order_by(Elder.number).limit(limit)).all())


def cards(session: Session, elder_ids: Collection[int]) -> list[Card]:
    """The cards of these elders, those who have left excepted, by number."""
    asked = select(Elder).where(Elder.id.in_(elder_ids), Elder.status.in_(_STATUSES))
    return _made(session, session.scalars(asked.order_by(Elder.number)).all())


def _made(session: Session, elders: Sequence[Elder]) -> list[Card]:
    ids = [each.id for each in elders]
    responsible = _responsible(session, ids)
    workers = _grid_workers(session, {path for each in elders if (path := prefix(each.unit_path, "grid"))})
    villages = _villages(session, {path for each in elders if (path := prefix(each.unit_path, "village"))})
    family = _contacts(session, elders)
    found = []
    for elder in elders:
        village = villages.get(prefix(elder.unit_path, "village") or "")
        grid = workers.get(prefix(elder.unit_path, "grid") or "")
        holders = [*responsible[elder.id], *([grid] if grid else []), *family.get(elder.id, [])]
        found.append(
            Card(
                elder.id,
                elder.unit_path,
                elder.name,
                elder.number,
                village.name if village else "",
                village.duty_phone if village else "",
                tuple(holders),
            )
        )
    return found


def _responsible(session: Session, elder_ids: Collection[int]) -> dict[int, list[Holder]]:
    """Visitor A, then B, the newest of each."""
    asked = (
        select(Responsibility.elder_id, Responsibility.kind, Staff)
        .join(Staff, Staff.id == Responsibility.staff_id)
        .where(Responsibility.elder_id.in_(elder_ids), Responsibility.kind.in_(("visitor", "visitor_b")), holds_today())
        .order_by(Responsibility.kind, Responsibility.from_on.desc(), Responsibility.id.desc())
    )
    found: dict[int, list[Holder]] = defaultdict(list)
    for elder_id, kind, staff in session.execute(asked):
        if all(each.kind != kind for each in found[elder_id]):
            found[elder_id].append(_holder(kind, staff))
    return found


def _holder(kind: str, staff: Staff) -> Holder:
    speaks = "" if staff.speaks == "汉语" else staff.speaks
    return Holder(kind, staff.name, staff.phone or "", staff.id, staff.photo, speaks)


def _grid_workers(session: Session, grids: Collection[str]) -> dict[str, Holder]:
    """By grid: its worker, one who is there before one who is away."""
    asked = (
        select(Post.unit_path, Staff)
        .join(Staff, Staff.id == Post.staff_id)
        .where(Post.role == "grid_worker", Post.unit_path.in_(grids), held_today())
        .order_by(absent(Post.staff_id), Post.id)
    )
    found: dict[str, Holder] = {}
    for path, staff in session.execute(asked):
        found.setdefault(path, _holder("grid_worker", staff))
    return found


def _villages(session: Session, paths: Collection[str]) -> dict[str, Unit]:
    return {unit.path: unit for unit in session.scalars(select(Unit).where(Unit.path.in_(paths)))}


def _contacts(session: Session, elders: Iterable[Elder]) -> dict[int, list[Holder]]:
    """The first contact of each elder who may be named on a card; the village's post stands there anyway."""
    open_to = {each.id for each in elders if not each.protective_hold and not (each.plan or {}).get("notices_stopped")}
    agreed = {elder_id for elder_id, _ in consents.allowing(session, open_to, ("family_sharing",))}
    asked = select(Contact).where(
        Contact.elder_id.in_(agreed), ~Contact.excluded, Contact.accepts_alarms, Contact.relation != "community"
    )
    found: dict[int, list[Holder]] = {}
    for each in session.scalars(asked.order_by(Contact.reachable.desc(), Contact.position, Contact.id)):
        holder = Holder("contact", each.name, each.phone, relation=RELATIONS.get(each.relation))
        found.setdefault(each.elder_id, [holder])
    return found


def states(session: Session, found: Collection[Card]) -> dict[int, tuple[datetime | None, bool]]:
    """Of each elder: when the card was last printed, and whether it is to be printed (again)."""
    ids = [each.elder_id for each in found]
    newest = select(func.max(LiaisonPrint.id)).where(LiaisonPrint.elder_id.in_(ids)).group_by(LiaisonPrint.elder_id)
    last = {row.elder_id: row for row in session.scalars(select(LiaisonPrint).where(LiaisonPrint.id.in_(newest)))}
    return {
        each.elder_id: (row.at, row.mark != each.mark) if (row := last.get(each.elder_id)) else (None, True)
        for each in found
    }


def printed(session: Session, found: Collection[Card], by: int, batch: UUID, lost: bool = False) -> None:
    """Write down that these cards are printed; each elder has a code from then on.

    `lost`: the codes of the cards before are good for nothing any more, and new ones are made.
    """
    report_codes.of_elders(session, {each.elder_id: each.unit_path for each in found}, by, renew=lost)
    for each in found:
        session.add(
            LiaisonPrint(
                elder_id=each.elder_id, unit_path=each.unit_path, batch=batch, at=clock.now(), by=by, mark=each.mark
            )
        )
    session.flush()


def batch(session: Session, batch_id: UUID, by: int) -> list[int]:
    """The elders of a batch that this worker printed lately; empty for everybody else."""
    asked = select(LiaisonPrint.elder_id).where(
        LiaisonPrint.batch == batch_id, LiaisonPrint.by == by, LiaisonPrint.at > clock.now() - HOLDS
    )
    return list(session.scalars(asked))


def shows(session: Session, elder_id: int) -> str:
    """Whether an elder's card is `current`, `changed` since it was printed, or `never` printed; empty: has none."""
    found = cards(session, [elder_id])
    if not found:
        return ""
    at, due = states(session, found)[elder_id]
    return "never" if at is None else "changed" if due else "current"
