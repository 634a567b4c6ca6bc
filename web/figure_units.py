"""Whose figures a page shows: the unit of its address, within the units whose figures the signed-in person sees."""

from __future__ import annotations

from flask import abort, request
from sqlalchemy.orm import Session

from care import access, organisation
from care.organisation import Unit
from care.people import Person


def paths_of(person: Person) -> list[str]:
    """The units of one's figures; answers 403 to whoever has none."""
    paths = access.figures_scope(person)
    if not paths:
        abort(403)
    return paths


def asked(session: Session, person: Person) -> Unit:
    """The `unit` of the address, else the first of one's own; answers 404 outside of them, as for one unknown."""
    paths = paths_of(person)
    wanted = request.args.get("unit") or paths[0]
    found = organisation.by_path(session, wanted)
    if found is None or not any(organisation.is_within(wanted, path) for path in paths):
        abort(404)
    return found


def way_to(session: Session, person: Person, unit: Unit) -> list[Unit]:
    """The units above it, down to itself, as far as their figures are the person's."""
    paths = access.figures_scope(person)
    chain = organisation.chain(session, unit.path)
    return [each for each in chain if any(organisation.is_within(each.path, path) for path in paths)]
