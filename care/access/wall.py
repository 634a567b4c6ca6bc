"""The wall: a guarded session answers every ORM question only with what its person may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.base import ExecutableOption

from care.access.scope import visible, visible_cases, visible_duties, visible_elders
from care.cases.tables import Case
from care.duties.tables import DutyCase
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
    session.info[_SCOPE] = _criteria(person)


def _criteria(person: Person | None) -> list[ExecutableOption]:
    """What every question is narrowed by; made once per session, and one for all tables about an elder.

    The lambda closes over a finished condition: a call inside it would be made once and kept for everybody.
    """
    table = Elder.__table__.c
    seen = select(table.id).where(visible(person, table.id, table.unit_path))
    return [
        with_loader_criteria(Elder, visible_elders(person), include_aliases=True),
        with_loader_criteria(Case, visible_cases(person), include_aliases=True),
        with_loader_criteria(DutyCase, visible_duties(person), include_aliases=True),
        with_loader_criteria(OfElder, lambda cls: cls.elder_id.in_(seen), include_aliases=True),
    ]


@event.listens_for(Session, "do_orm_execute")
def _wall(state: ORMExecuteState) -> None:
    """Narrow every question of a guarded session to what its person may see."""
    criteria: list[ExecutableOption] | None = state.session.info.get(_SCOPE)
    if criteria is not None and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(*criteria)
