"""Every verb on every kind of diagram, by page and by API; history tells who, why, and what was before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import audit, clock, db, definitions, history, jobs, run, tasks, verbs
from engine.db import Database
from tests.engine import returns, steps
from tests.web.conftest import Browser, Place
from tests.web.test_api import Program
from tests.web.test_pictures import a_photo
from web import attachments
from web.api import tokens
from web.joined import join

DONE = {"result": "done", "text": "办好了"}
WHY = "写清楚原因"


@dataclass(frozen=True)
class Kind:
    """A diagram of the library, what is done first, and the step at which the verbs are used."""

    draw: Callable[[], Any]
    before: tuple[str, ...]
    here: str
    members: bool = False


KINDS = {
    "plain": Kind(returns.plain, ("a",), "b"),
    "parallel": Kind(returns.parallel, ("before", "a1"), "a2"),
    "repeated": Kind(returns.several, ("before",), "ask", True),
    "nested": Kind(returns.nested, ("before", "x", "y"), "z"),
    "called": Kind(returns.calling, ("before", "x"), "y"),
}
TOLD = {
    "transfer": "transferred",
    "delegate": "delegated",
    "sign": "sign_asked",
    "unsign": "sign_removed",
    "send_back": "sent_back",
    "copy": "copied",
    "urge": "urged",
    "comment": "commented",
    "attach": "attached",
    "snooze": "snoozed",
    "release": "released",
    "withdraw": "withdrawn",
    "undo": "undone",
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest, database: Database, place: Place, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """A kind of diagram, deployed with tasks for the village desk."""
    join()
    monkeypatch.setitem(steps.TASK, "role", "village_desk")
    monkeypatch.setitem(steps.TASK, "form", "note")
    found = KINDS[request.param]
    drawn = found.draw()
    several = drawn if isinstance(drawn, tuple) else (drawn,)
    with jobs.transaction() as session:
        definitions.deploy(session, {f"{each.process_id}.bpmn": each.xml() for each in several}, None)
    return found


class Matter:
    """An instance of the diagram that stands at its step; `me` is whoever uses the verb."""

    def __init__(self, kind: Kind, place: Place) -> None:
        self.kind, self.me = kind, place.ids["village_desk"]
        with jobs.transaction() as session:
            self.id = run.start(session, "p", {"elder_id": place.elder_id, **returns.PEOPLE})
        self.last = [self.complete(element) for element in kind.before][-1]
        if kind.members:
            self.last = self.complete(kind.here)
        self.task_id = self.open(kind.here)

    def open(self, element: str) -> UUID:
        with db.reading() as session:
            rows = [each for each in tasks.of_instance(session, self.id) if each.state == tasks.OPEN]
        return next(each.id for each in rows if each.element_id == element)

    def complete(self, element: str) -> UUID:
        task_id = self.open(element)
        with jobs.transaction() as session:
            run.complete_task(session, task_id, DONE, self.me)
        return task_id

    def prepared_for(self, verb: str, place: Place) -> UUID:
        """The task on which the verb is used, with what it needs done first."""
        if verb == "withdraw":
            return self.last
        with jobs.transaction() as session:
            if verb in ("release", "undo"):
                verbs.claim(session, self.task_id, self.me)
            if verb == "unsign":
                verbs.sign(session, self.task_id, self.me, [place.ids["township_desk"]])
        return self.task_id

    def told(self, verb: str) -> history.HistoryRow:
        with db.reading() as session:
            rows = [each for each in history.of_instance(session, self.id) if each.what == TOLD[verb]]
        assert len(rows) == 1, verb
        return rows[0]


def fields(verb: str, place: Place, step: str, photo: UUID) -> dict[str, Any]:
    """What the API is asked with; the page's fields follow from it."""
    until = clock.local(clock.now()) + timedelta(hours=1)
    own: dict[str, dict[str, Any]] = {
        "transfer": {"people": [place.ids["township_desk"]]},
        "delegate": {"people": [place.ids["township_desk"]]},
        "sign": {"people": [place.ids["township_desk"]], "part": "after"},
        "unsign": {"people": [place.ids["township_desk"]]},
        "copy": {"people": [place.ids["township_desk"]]},
        "send_back": {"step": step},
        "snooze": {"until": until.isoformat(timespec="minutes")},
        "attach": {"file": str(photo)},
    }
    return {**own.get(verb, {}), "why": WHY}


def on_the_page(site: Browser, task_id: UUID, verb: str, asked: dict[str, Any]) -> None:
    sent = {name: value for name, value in asked.items() if name not in ("people", "file")}
    named = {"transfer": "person", "delegate": "person", "unsign": "signer"}.get(verb, "people")
    sent |= {named: asked["people"]} if "people" in asked else {}
    if verb == "snooze":
        sent["until"] = asked["until"][:16]  # as the browser's field says it
    if verb == "attach":
        from io import BytesIO

        sent["file"] = (BytesIO(a_photo()), "door.jpg")
    if verb != "undo":
        assert site.get(f"/tasks/{task_id}/do/{verb}").status_code == 200
    answer = site.post(f"/tasks/{task_id}/do/{verb}", sent)
    assert answer.status_code == 302, (verb, answer.text)


def by_program(program: Program, task_id: UUID, verb: str, asked: dict[str, Any]) -> None:
    answer = program.post(f"/tasks/{task_id}/verbs/{verb}", asked)
    assert answer.status_code == 200, (verb, answer.json)


@pytest.mark.parametrize("way", ["page", "api"])
def test_each_verb_is_used_and_told(site: Browser, place: Place, kind: Kind, way: str) -> None:
    with db.writing() as session:
        photo = attachments.store(session, a_photo(), place.ids["village_desk"], place.elder_id, uuid4())
        _, text = tokens.make(session, place.ids["village_desk"], "Mini program", tuple(tokens.SCOPES))
    program = Program(site.client, text)
    if way == "page":
        site.sign_in(place.users["village_desk"])

    for verb in TOLD:
        matter = Matter(kind, place)
        task_id = matter.prepared_for(verb, place)
        with db.reading() as session:
            ways = verbs.choices(session, tasks.get(session, task_id))
        step = next((each.key for each in ways if each.refusal is None), "")
        asked = fields(verb, place, step, photo)

        if way == "page":
            on_the_page(site, task_id, verb, asked)
        else:
            by_program(program, task_id, verb, asked)

        row = matter.told(verb)
        assert (row.who, row.task_id) == (matter.me, task_id), verb
        assert row.ids is not None and "after" in row.ids, verb
        if verb not in ("comment", "attach"):
            assert "before" in row.ids, verb
        if verb != "undo":
            word = UUID(row.ids["word"])
            with db.reading() as session:
                assert tasks.words.texts(session, [word]) == {word: WHY}, verb
    assert audit.run() == []
