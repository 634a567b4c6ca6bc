"""Whom a village found: written down once, gone on to registration, found again by the file that was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import organisation
from care.campaigns.tables import Campaign, Finding, Target
from care.elders import Elder
from engine import clock, incoming
from engine.vault import blind_index

COLUMNS = ("name", "grid", "address", "phone", "id_number")


def note(session: Session, target: Target, said: Mapping[str, str]) -> Finding | None:
    """Keep who was found and send `survey.row`; None when the same was written down for this village before.

    `said` has the COLUMNS; the same means the same id number, else the same name, grid and address.
    """
    texts = {name: said.get(name, "").strip() for name in COLUMNS}
    mark = blind_index("survey", texts["id_number"] or "\0".join((texts["name"], texts["grid"], texts["address"])))
    known = select(Finding.id).where(Finding.target_id == target.id, Finding.mark == mark)
    if session.scalar(known) is not None:
        return None
    grids = {each.name: each.path for each in organisation.below(session, target.unit_path, "grid")}
    row = Finding(
        target_id=target.id, unit_path=grids.get(texts["grid"], target.unit_path), mark=mark, name=texts["name"],
        id_number=texts["id_number"] or None, address=texts["address"], phone=texts["phone"] or None,
        found_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    payload = {"found_id": row.id, "unit_path": row.unit_path}
    incoming.message(session, "survey.row", f"found:{row.id}", payload, event_id=f"survey.row:{row.id}")
    return row


def open_target_of(session: Session, village_path: str, campaign: str = "") -> Target | None:
    """The target of that village in the newest campaign that has begun and is not closed; by name, if one is given."""
    asked = select(Target).join(Campaign, Campaign.id == Target.campaign_id)
    asked = asked.where(Target.unit_path == village_path, Campaign.closed_at.is_(None))
    asked = asked.where(Campaign.from_on <= clock.today(), Target.state != "withdrawn")
    if campaign:
        asked = asked.where(Campaign.name == campaign)
    return session.scalar(asked.order_by(Campaign.from_on.desc(), Campaign.id.desc()).limit(1))


def begun(session: Session, found_id: int, instance_id: UUID) -> None:
    """The registration of somebody who was found has begun."""
    row = session.get(Finding, found_id)
    if row is not None:
        row.instance_id = instance_id


def entered(session: Session, instance_id: UUID, outcome: str, elder: Elder) -> None:
    """The registration knows the elder: the file holds the words now, here they are dropped."""
    row = session.scalar(select(Finding).where(Finding.instance_id == instance_id))
    if row is not None:
        row.elder_id, row.outcome, row.unit_path = elder.id, outcome, elder.unit_path
        row.name = row.id_number = row.address = row.phone = None
        session.flush()


def hint(session: Session, instance_id: UUID | None) -> dict[str, Any]:
    """What was written down of somebody who is being registered, for the first form; {} when nothing was."""
    row = None if instance_id is None else session.scalar(select(Finding).where(Finding.instance_id == instance_id))
    if row is None:
        return {}
    said = {"name": row.name, "id_number": row.id_number, "address": row.address, "phone": row.phone}
    return {name: value for name, value in said.items() if value}


def words_of(session: Session, target_id: int) -> dict[str, Any]:
    """The target of a village and how many it found, for its two forms; {} when there is no such target."""
    row = session.get(Target, target_id)
    if row is None:
        return {}
    number = session.scalar(select(func.count()).where(Finding.target_id == row.id)) or 0
    return {"target": row, "found": number}
