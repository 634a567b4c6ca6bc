"""A town whose desks can sign in: what the pages of desks are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from care import people
from engine import db
from tests import builders
from tests.town import Town
from tests.web.conftest import PASSWORD


class Desks:
    """`town` with the user names of its workers by role; `elsewhere` those of another district."""

    def __init__(self, *, deployed: bool = True, with_second: bool = False) -> None:
        self.town = Town(deployed=deployed, name="田桂芝")
        hashed = people.hashed(PASSWORD)
        with db.writing() as session:
            city = self.town.city
            second = builders.a_second_township(session, city) if with_second else None
            self.users = {role: staff.user_name for role, staff in city.staff.items()}
            self.elsewhere = {role: staff.user_name for role, staff in second.staff.items()} if second else {}
            self.elsewhere_path = second.village.path if second else ""
            auditor = builders.a_worker(session, "auditor", city.city)
            self.users["auditor"] = auditor.user_name
            for name in {*self.users.values(), *self.elsewhere.values()}:
                staff = people.by_user_name(session, name)
                assert staff is not None
                people.find_staff(session, staff.id).password_hash = hashed

    def alarm(self, kind: str = "sos") -> int:
        """An alarm of the elder's pendant; the id of its case."""
        self.town.device_sends(kind)
        return self.town.case().id


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """SQL statements that ran inside the block."""
    ran: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        ran.append(statement)

    engine = db.database().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield ran
    finally:
        event.remove(engine, "before_cursor_execute", note)
