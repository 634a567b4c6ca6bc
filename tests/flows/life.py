"""The doors through which the life of one elder is played: pages as each person signs in, and the command line.

    life = Life(database)
    life.types("message", "survey.row", "--key", "…", "--data", "{…}")     # the command line, as somebody types it
    life.does("village_desk", "collect_basic", **answers)                   # worklist page -> task page -> its form
    life.waits("+3d")                                                       # `visitflow demo clock`

`does` finds the task on the worklist page of whoever signed in, fills in the form as the page draws it (what the page
prefills stays), posts it, and expects to be sent on. It holds the task's role and time to the table `TASKS` of
life_tasks.py. A role is held where the elder lives now (`at`); «village_desk@there» is who holds it in the second
district (`another_district`), «village_desk@» in the first. Nothing here calls a function of the product to get
something done; the database is only read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import orjson
from click.testing import CliRunner, Result
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import nightly, people
from care.contacts import Contact
from care.elders import Elder
from connectors.push import signature
from engine import clock, db, instances, jobs, outgoing, tasks
from engine.outgoing import outgoing as sent_rows
from engine.tasks import TaskRow
from tests import builders
from tests.builders import City
from tests.flows.life_tasks import TASKS, due_of, working_days
from tests.town import deploy_shipped
from tests.web.conftest import PASSWORD, Browser
from web import cli
from web.app import create_app

Answers = Mapping[str, Any]


class Life:
    """A city with one village, everybody signed in by role, and the elder whose life is played (`elder_id`)."""

    def __init__(self) -> None:
        deploy_shipped()
        if "tasks" not in cli.group.commands:
            cli._collect()
        with db.writing() as session:
            self.city = builders.a_city(session)
            self.staff: dict[str, int] = {}
            self.users: dict[str, str] = {}
            self.names: dict[str, str] = {}
            self._takes_on(session, self.city)
            self.village, self.grid = self.city.village.path, self.city.grid.path
        nightly.keep_planning()  # as `visitflow worker` does when it starts; the hourly looks have their own tests
        self.app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
        self.elder_id = self.spouse_id = 0
        self.bereaved_at = self.died_at = self.left_at = clock.now()
        self.at, self.district = "", "第一区"
        self._browsers: dict[str, Browser] = {}

    def _takes_on(self, session: Session, city: City, where: str = "") -> None:
        """Everybody of a district can sign in."""
        hashed = people.hashed(PASSWORD)
        for role, each in city.staff.items():
            each.password_hash = hashed
            self.staff[role + where], self.users[role + where] = each.id, each.user_name
            self.names[role + where] = each.name
        session.flush()

    def another_district(self, village: str) -> str:
        """A second district of the city with one village of that name and its own people («…@there»); its path."""
        with db.writing() as session:
            there = builders.a_second_township(session, self.city)
            there.village.name = village
            self._takes_on(session, there, "@there")
            return there.district.path

    def holder(self, role: str) -> str:
        """The role where he lives now, unless a place is named: «visitor» -> «visitor@there»."""
        return role.removesuffix("@") if "@" in role else role + self.at

    def id_of(self, role: str) -> int:
        return self.staff[self.holder(role)]

    def name_of(self, role: str) -> str:
        return self.names[self.holder(role)]

    # --- the command line ---

    def types(self, *words: str, fails: bool = False) -> str:
        """A command as somebody types it; what it printed."""
        result: Result = CliRunner().invoke(cli.group, list(words))
        assert (result.exit_code != 0) is fails, f"visitflow {' '.join(words)}: {result.output}{result.exception or ''}"
        return result.output

    def says(self, message: str, key: str, **data: Any) -> None:
        """`visitflow message`."""
        self.types("message", message, "--key", key, "--data", orjson.dumps(data).decode())

    def waits(self, step: str) -> None:
        """`visitflow demo clock`: time passes, and whatever falls due is done in its order."""
        self.types("demo", "clock", step)

    def until(self, moment: str) -> None:
        """Time passes until «2026-08-05 09:00» of the city."""
        left = datetime.fromisoformat(moment).replace(tzinfo=clock.zone()) - clock.now()
        assert left > timedelta(0), f"{moment} is over: it is {clock.local(clock.now())}"
        self.waits(f"{left.total_seconds():.0f}s")

    # --- the pages ---

    def page(self, role: str, address: str) -> html.HtmlElement:
        """A page as the holder of a role sees it."""
        answer = self.browser(role).get(address)
        if answer.status_code == 302 and "/sign-in" in (answer.location or ""):
            del self._browsers[self.holder(role)]
            answer = self.browser(role).get(address)
        assert answer.status_code == 200, f"{role} {address}: {answer.status_code}"
        return html.fromstring(answer.text)

    def browser(self, role: str) -> Browser:
        role = self.holder(role)
        if role not in self._browsers:
            opened = Browser(self.app.test_client())
            signed_in = opened.sign_in(self.users[role])
            assert signed_in.status_code == 302, f"{role} cannot sign in"
            self._browsers[role] = opened
        return self._browsers[role]

    def worklist(self, role: str) -> list[tuple[str, str, str]]:
        """(address, title, text) of each row of the worklist page."""
        found, address = [], "/tasks"
        while address:
            shown = self.page(role, address)
            for link in shown.xpath("//article[@data-id]//h3/.. | //tr[@data-id]"):
                row = link.xpath("ancestor-or-self::*[@data-id]")[0]
                title = " ".join(row.xpath(".//h3 | .//th")[0].text_content().split())
                found.append((f"/tasks/{row.get('data-id')}", title, " ".join(row.text_content().split())))
            after = [each.get("href") for each in shown.xpath("//a[contains(@href, 'after=')]")]
            address = after[0] if after else ""
        return found

    def does(
        self, role: str, element: str, answers: Answers | None = None, *, of: int | None = None, due: str = ""
    ) -> None:
        """Find the task on the worklist of this role's holder, fill in its form, send it, and let all follow.

        `due`: the time by which it has to be done, where the table does not tell it («2026-08-24 23:59»).
        """
        role = self.holder(role)
        row = self.task(element, of, due)
        self._is_as_it_should(row, role, due)
        address = f"/tasks/{row.id}"
        assert address in {each[0] for each in self.worklist(role)}, (
            f"{element} is not on the worklist of {role}: {[each[1] for each in self.worklist(role)]}"
        )
        self.fills_in(role, address, answers or {})
        jobs.drain()

    def begins(self, role: str, matter: str, of: int | None = None) -> None:
        """«发起» on the elder's page."""
        address = f"/elders/{of or self.elder_id}/begin"
        self.page(role, address)
        answer = self.browser(role).post(address, {"matter": matter})
        assert answer.status_code == 302, f"{role} cannot begin {matter}: {answer.status_code}"
        jobs.drain()

    def visits(
        self,
        record: Answers,
        *,
        due: str,
        mode: str = "home",
        kind: str = "",
        of: int | None = None,
    ) -> None:
        """A whole visit of P08: accepted, checked in, recorded, confirmed by the elder. `due`: the visit's day.

        Of two that are due then, the one that somebody ordered goes before that of the period.
        """
        self.does("visitor", "accept_or_swap", {"by": "visitor"}, due=due, of=of)
        self.does(
            "visitor", "go", {"mode": mode, "met": "yes"} | ({"by": "qr"} if mode == "home" else {}), due=due, of=of
        )
        started = clock.local(clock.now()).isoformat(timespec="minutes")[:16]
        drawn = self.form("visitor", f"/tasks/{self.task('visit_form', of).id}")
        assert not kind or dict(drawn.form_values())["kind"] == kind
        self.does("visitor", "visit_form", {"ended_at": started, **record}, due=due, of=of)
        self.does("visitor", "elder_confirm", {"satisfaction": "good"}, due=due, of=of)

    def fills_in(self, role: str, address: str, answers: Answers) -> None:
        """The form of the task at an address, sent as a browser would send it."""
        form = self.form(role, address)
        answer = self.browser(role).client.post(form.action, data=_filled(form, answers))
        faults = html.fromstring(answer.text).xpath("//*[@data-faults]//a") if answer.status_code == 422 else []
        told = [each.text_content() for each in faults] or answer.status_code
        assert answer.status_code == 302, f"{role} {address}: {told}"
        assert answer.location.startswith(("/tasks", "/desk")), answer.location

    def form(self, role: str, address: str) -> html.FormElement:
        """The form of a task's page."""
        shown = self.page(role, address)
        found = [each for each in shown.forms if each.get("data-form") is not None]
        assert found, f"{role} sees no form at {address}"
        return cast(html.FormElement, found[0])

    # --- devices ---

    def presses(self, device: str, key: str, kind: str = "sos") -> str:
        """A device sends over signed HTTP; the answer, as the interface has it."""
        said = {"id": uuid4().hex, "device": device, "type": kind, "data": {}}
        body = orjson.dumps([{**said, "time": int(clock.now().timestamp() * 1000)}])
        head = {"X-Signature": signature(body, bytes.fromhex(key), device, int(clock.wall().timestamp()))}
        answer = self.app.test_client().post("/api/devices/events", data=body, headers=head)
        assert answer.status_code == 200, answer.text
        jobs.drain()
        return str(answer.json[0]["answer"])

    # --- what is there ---

    def open(self, of: int | None = None) -> dict[str, TaskRow]:
        """Open tasks of an elder (default: whose life it is) by element."""
        with db.reading() as session:
            rows = tasks.find(session, filters=tasks.Filters(subject_id=of or self.elder_id), limit=200).rows
        return {row.element_id: row for row in rows}

    def task_rows(self) -> list[TaskRow]:
        """Every open task of the city."""
        with db.reading() as session:
            return tasks.find(session, filters=tasks.Filters(), limit=500).rows

    def task(self, element: str, of: int | None = None, due: str = "") -> TaskRow:
        """The open task of an element, of several the one due then, else the most pressing.

        Before the elder is known it is that of the registration; of tasks about nobody, the one of his district.
        """
        rows = self.task_rows()
        wanted = of or self.elder_id or None
        found = [row for row in rows if row.element_id == element and row.subject_id in (wanted, None)]
        assert found, f"no open task {element}; open: {sorted(row.element_id for row in rows)}"
        found.sort(key=lambda row: (not row.unit_path.startswith(self.district_path()), self.is_of_a_period(row)))
        return next((row for row in found if due and self.due(row) == datetime.fromisoformat(due)), found[0])

    def district_path(self) -> str:
        """Where he lives: «/1/2/»."""
        return "/".join((self.elder().unit_path if self.elder_id else self.village).split("/")[:3]) + "/"

    def is_of_a_period(self, row: TaskRow) -> bool:
        with db.reading() as session:
            return row.instance_id is not None and instances.get(session, row.instance_id).process_id == "visit_cycle"

    def live(self, of: int | None = None) -> list[str]:
        """Processes about the elder that are still running."""
        with db.reading() as session:
            found = instances.find(session, subject_id=of or self.elder_id)
        return sorted(each.process_id for each in found if each.state == instances.LIVE)

    def now(self) -> datetime:
        return clock.now()

    def local(self, moment: datetime) -> datetime:
        return clock.local(moment)

    def elder(self, of: int | None = None) -> Elder:
        with db.reading() as session:
            return session.get_one(Elder, of or self.elder_id)

    def rows(self, table: Any, of: int | None = None) -> list[Any]:
        """Rows of a table about the elder, oldest first."""
        with db.reading() as session:
            asked = select(table).where(table.elder_id == (of or self.elder_id)).order_by(table.id)
            return list(session.scalars(asked))

    def every(self, table: Any) -> list[Any]:
        """Every row of a table, oldest first."""
        with db.reading() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    def sent(self, since: datetime | None = None) -> list[dict[str, Any]]:
        """What went out, oldest first: channel, template, to whom."""
        with db.reading() as session:
            return list(_sent(session, since))

    def templates(self, since: datetime | None = None) -> list[str]:
        return [str(each.get("template")) for each in self.sent(since)]

    def is_about_him(self, text: Mapping[str, Any]) -> bool:
        """Whether a text goes to the elder or to a contact person of his."""
        mine = {each.id for each in self.rows(Contact)}
        return text.get("reader") == self.elder_id or text.get("elder") == self.elder_id or text.get("contact") in mine

    def in_working_days(self, number: int, since: datetime) -> str:
        return f"{working_days(number, clock.local(since).date()):%Y-%m-%d %H:%M}"

    def incidents(self) -> list[str]:
        return self.types("incidents").splitlines()

    def timeline(self, role: str = "village_desk", of: int | None = None) -> list[str]:
        """Titles of «近来» on the elder's page, newest first."""
        shown = self.page(role, f"/elders/{of or self.elder_id}")
        return [
            " ".join(each.text_content().split()) for each in shown.xpath("//section[@aria-labelledby='recent']//li")
        ]

    def happened(self, case_id: int, role: str = "township_desk") -> list[str]:
        """«经过» of a printed case file, from the top."""
        shown = self.page(role, f"/cases/{case_id}/file")
        rows = shown.xpath("//section[@aria-labelledby='record']//tbody/tr")
        return [" ".join(each.xpath("./td[3]")[0].text_content().split()) for each in rows]

    def _is_as_it_should(self, row: TaskRow, role: str, due: str) -> None:
        """The task is for this role, with this form, and due when the catalogue says."""
        person, role = role, role.partition("@")[0]
        wanted = TASKS.get(f"{row.element_id}:{row.form_key}") or TASKS[row.element_id]
        if row.assignee_id is not None:
            assert row.assignee_id == self.staff[person], f"{row.element_id} is for {row.role}, not {role}"
            assert role in (wanted.role, wanted.acting, "visitor_b"), f"{row.element_id} ({wanted.source})"
        else:
            assert row.role == role and role in (wanted.role, wanted.acting), f"{row.element_id} is for {row.role}"
        assert row.form_key == wanted.form, f"{row.element_id}: {row.form_key}"
        expected = datetime.fromisoformat(due) if due else due_of(wanted.due, clock.local(row.created_at))
        told = self.due(row)
        assert told == expected.replace(tzinfo=None, second=0, microsecond=0), (
            f"{row.element_id}: {told}, {wanted.source}"
        )

    def due(self, row: TaskRow) -> datetime:
        """When a task is due, as the city's clocks show it."""
        assert row.due_at is not None, f"{row.element_id} has no time"
        return clock.local(row.due_at).replace(tzinfo=None, second=0, microsecond=0)


def _sent(session: Session, since: datetime | None) -> Iterator[dict[str, Any]]:
    asked = select(sent_rows).order_by(sent_rows.c.created_at, sent_rows.c.id)
    if since is not None:
        asked = asked.where(sent_rows.c.created_at >= since)
    for row in session.connection().execute(asked):
        said = {"channel": row.channel, "at": row.created_at, "state": row.state, **row.payload}
        try:
            yield outgoing.addressed(session, row.channel, said)
        except outgoing.DeliveryFailed:  # nobody may be written to about the elder by now
            yield said


def _filled(form: html.FormElement, answers: Answers) -> dict[str, list[str]]:
    """What a browser sends: all that the page drew, with the answers in their places; a list's other rows are removed.

    Raises AssertionError for an answer that the page has no field for, or does not offer.
    """
    given = {each.get("name") for each in form.xpath(".//input[@data-given]")}
    data: dict[str, list[str]] = {}
    for name, value in form.form_values():
        if name not in given and not _removed(name, answers):
            data.setdefault(name, []).append(value)
    for name, values in _flat(answers):
        offered = _offered(form, name)
        assert offered is not None, f"the page has no field {name}"
        assert not offered or set(values) <= offered, f"the page offers {sorted(offered)} for {name}, not {values}"
        data[name] = values
    return data


def _removed(name: str, answers: Answers) -> bool:
    """Whether a field stands in a row beyond those that are given of its list."""
    field, _, rest = name.partition(".")
    rows, number = answers.get(field), rest.partition(".")[0]
    return isinstance(rows, list) and number.isdigit() and int(number) >= len(rows)


def _flat(answers: Answers, above: str = "") -> Iterator[tuple[str, list[str]]]:
    for name, value in answers.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, row in enumerate(value):
                yield from _flat(row, f"{above}{name}.{number}.")
        elif isinstance(value, list):
            yield f"{above}{name}[]", [str(each) for each in value]
        else:
            yield f"{above}{name}", [str(value).lower() if isinstance(value, bool) else str(value)]


def _offered(form: html.FormElement, name: str) -> set[str] | None:
    """Values that may be chosen for a field, empty where one types; None without such a field.

    A further row of a list is the first one again: the browser adds it.
    """
    found = form.xpath(".//*[@name=$name]", name=name)
    if not found:
        parts = name.split(".")
        numbers = [at for at, part in enumerate(parts) if part.isdigit() and part != "0"]
        if not numbers:
            return None
        return _offered(form, ".".join("0" if at in numbers else part for at, part in enumerate(parts)))
    if found[0].tag == "select":
        return {each.get("value") for each in found[0].xpath(".//option")}
    if found[0].get("type") in ("radio", "checkbox"):
        return {each.get("value") for each in found}
    return set()
