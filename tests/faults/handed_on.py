"""The pages' half of row 11: a visitor's phone sends forms of tasks that belong to somebody else by now."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from care import people
from engine import db, jobs, run, tasks
from engine.submissions import submission
from tests.builders import a_city, an_elder
from tests.faults.belated import Form
from tests.web.conftest import Browser, a_task
from web.app import create_app

PASSWORD = "passt-genau"


class Place:
    """A small city with two visitors; `send` is what the outbox of the first one's phone does."""

    def __init__(self) -> None:
        db.Base.metadata.create_all(db.database().engine)
        with jobs.transaction() as session:
            city = a_city(session)
            self.elder, self.path = an_elder(session, city).id, city.village.path
            self.first, self.second = (city.staff[each].id for each in ("visitor", "visitor_b"))
            city.staff["visitor"].password_hash = people.hashed(PASSWORD)
            self.user = city.staff["visitor"].user_name
        self.app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
        self.tickets: dict[UUID, str] = {}
        self.phones = threading.local()

    def task(self) -> UUID:
        with jobs.transaction() as session:
            return a_task(session, "visitor", self.path, self.elder, assignee=self.first, due=None)

    def open_and_hand_on(self, task: UUID) -> None:
        """The phone gets the form; then the task goes to the other visitor."""
        shown = self._phone().get(f"/tasks/{task}").text
        self.tickets[task] = shown.split('name="ticket" value="')[1].split('"')[0]
        with jobs.transaction() as session:
            tasks.hand_over(session, task, self.second, "visitor", self.path, "stands_in_for_a")

    def send(self, form: Form, text: str) -> str:
        said = {"submission": str(form.key), "ticket": self.tickets[form.task], "result": "done", "text": text}
        asks = {"Accept": "application/json"}
        answer = self._phone().post(f"/tasks/{form.task}", said, headers=asks)
        if answer.status_code in (400, 401):  # days later: signed in anew, with a new token
            answer = self._phone(anew=True).post(f"/tasks/{form.task}", said, headers=asks)
        return str((answer.json or {}).get("state", answer.status_code))

    def finish(self, forms: Sequence[Form]) -> None:
        """The other visitor does the work."""
        for form in forms:
            with jobs.transaction() as session:
                run.complete_task(session, form.task, {"result": "done", "text": "到了"}, self.second)

    def looked_at(self, forms: Sequence[Form]) -> Iterator[str]:
        """The village desk has a task for each supplement: the form, and the changed one."""
        with db.reading() as session:
            rows = tasks.find(session, limit=100_000).rows
            about = [tasks.detail(session, row.id) for row in rows if row.element_id == "look_at_supplement"]
            kept = session.connection().execute(select(submission.c.id, submission.c.task_id)).all()
        asked = {each["supplement"] for each in about}
        for form in forms:
            mine = {str(row.id) for row in kept if row.task_id == form.task} & asked
            if len(mine) != 2:
                yield f"{len(mine)} supplements of a task that was handed on are looked at by a person"

    def _phone(self, anew: bool = False) -> Browser:
        """One for each thread, signed in."""
        if anew or not hasattr(self.phones, "mine"):
            self.phones.mine = Browser(self.app.test_client())
            self.phones.mine.sign_in(self.user)
        return self.phones.mine
