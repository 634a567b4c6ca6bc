"""The wall: a guarded session answers every ORM question only with what its person may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from care.access.scope import visible, visible_cases, visible_elders
from care.cases.tables import Case
from care.elders import Elder
from care.people import Person
from care.personal import OfElder
from engine import db

_SCOPE = "visitflow_scope"


@contextmanager
def reading(person: Person | None) -> Iterator[Session]:
    """A read-only session behind the wall; with nobody it shows nothing personal."""
    with db.reading() as session:
        guard(session, person)
        yield session


def guard(session: Session, person: Person | None) -> None:
    """Put this session behind the wall, for good; use a fresh session, loaded objects are not hidden again."""
    session.info[_SCOPE] = person


@event.listens_for(Session, "do_orm_execute")
def _wall(state: ORMExecuteState) -> None:
    """Narrow every question of a guarded session to what its person may see."""
    if _SCOPE not in state.session.info or state.is_column_load or state.is_relationship_load:
        return
    person: Person | None = state.session.info[_SCOPE]
    options = [
        with_loader_criteria(Elder, visible_elders(person), include_aliases=True),
        with_loader_criteria(Case, visible_cases(person), include_aliases=True),
    ]
    for table in OfElder.__subclasses__():
        criterion = visible(person, table.elder_id, table.unit_path)
        options.append(with_loader_criteria(table, criterion, include_aliases=True))
    state.statement = state.statement.options(*options)
