"""Which version of which process is deployed, and what it was deployed with."""

from __future__ import annotations

import zstandard
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from engine import forms
from engine.definitions.tables import (
    Definition,
    NotDeployed,
    bundle_file,
    definition,
    definition_start,
    form_version,
)
from engine.kept import Kept

COLUMNS = tuple(definition.c)
_CURRENT = (
    select(*COLUMNS).where(definition.c.process_id == bindparam("process")).order_by(definition.c.turn.desc()).limit(1)
)
_GET = select(*COLUMNS).where(definition.c.id == bindparam("wanted"))
_later = definition.alias("later")
_STARTED_BY = (
    select(*COLUMNS)
    .join(definition_start, definition_start.c.definition_id == definition.c.id)
    .where(
        definition_start.c.name == bindparam("message"),
        ~select(_later.c.id)
        .where(_later.c.process_id == definition.c.process_id, _later.c.turn > definition.c.turn)
        .exists(),
    )
    .order_by(definition.c.process_id)
)


def newest(session: Session) -> int:
    """The highest turn: as long as it stays, nothing was deployed."""
    return session.connection().execute(select(func.max(definition.c.turn))).scalar_one() or 0


def current(session: Session, process_id: str) -> Definition:
    """The version of a process that new instances get: the one deployed last; raises NotDeployed."""
    row = session.connection().execute(_CURRENT, {"process": process_id}).first()
    if row is None:
        raise NotDeployed(f"no version of {process_id!r} is deployed")
    return Definition(*row)


def get(session: Session, definition_id: int) -> Definition:
    """One version; raises NotDeployed."""
    row = session.connection().execute(_GET, {"wanted": definition_id}).first()
    if row is None:
        raise NotDeployed(f"no definition {definition_id}")
    return Definition(*row)


def started_by(session: Session, message_name: str) -> list[Definition]:
    """The processes whose current version begins with this message."""
    return [Definition(*row) for row in session.connection().execute(_STARTED_BY, {"message": message_name})]


def every(session: Session) -> list[Definition]:
    """The current version of each process, by process id."""
    last_of_each = select(func.max(definition.c.turn)).group_by(definition.c.process_id)
    query = select(*COLUMNS).where(definition.c.turn.in_(last_of_each)).order_by(definition.c.process_id)
    return [Definition(*row) for row in session.connection().execute(query)]


def of_bundle(session: Session, bundle_id: int) -> list[Definition]:
    """The versions that were deployed together."""
    query = select(*COLUMNS).where(definition.c.bundle_id == bundle_id).order_by(definition.c.process_id)
    return [Definition(*row) for row in session.connection().execute(query)]


def versions(session: Session, process_id: str) -> list[Definition]:
    """All versions of a process, newest first."""
    query = select(*COLUMNS).where(definition.c.process_id == process_id).order_by(definition.c.version.desc())
    return [Definition(*row) for row in session.connection().execute(query)]


def files(session: Session, bundle_id: int) -> dict[str, bytes]:
    """The files of a bundle by path, its forms (`forms/<key>.json`) included."""
    query = select(bundle_file.c.path, bundle_file.c.content).where(bundle_file.c.bundle_id == bundle_id)
    unpack = zstandard.ZstdDecompressor().decompress
    return {row.path: unpack(row.content) for row in session.connection().execute(query.order_by(bundle_file.c.path))}


def xml(session: Session, definition_id: int) -> bytes:
    """The diagram file that holds this version of a process; raises NotDeployed."""
    found = get(session, definition_id)
    return files(session, found.bundle_id)[found.path]


_parsed: Kept[tuple[str, int], forms.Form] = Kept()


def form(session: Session, key: str, version: int | None = None) -> forms.Form:
    """A form in the version that a task was opened with, or in the newest; raises forms.UnknownForm.

    A deployed version is read from the database, so a task keeps its form when the checkout goes on.
    """
    if version is None:
        return forms.form(key)
    parsed = _parsed.of(session)
    if (key, version) in parsed:
        return parsed[key, version]
    query = select(form_version.c.content).where(form_version.c.key == key, form_version.c.version == version)
    content = session.connection().execute(query).scalar_one_or_none()
    if content is None:
        return forms.form(key, version)
    read = forms.parse(zstandard.ZstdDecompressor().decompress(content), f"{key}.json")
    parsed[key, version] = read
    return read
