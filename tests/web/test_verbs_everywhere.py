"""Every verb on every kind of diagram, by page and by API; history tells who, why, and what was before and after."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from care import people
from engine import audit, clock, db, definitions, history, instances, jobs, run, tasks, verbs
from engine.db import Database
from engine.settings import settings
from engine.tasks import signers, words
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
    "claim": "claimed",
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

    def told(self, what: str) -> history.HistoryRow:
        with db.reading() as session:
            rows = [each for each in history.of_instance(session, self.id) if each.what == what]
        assert len(rows) == 1, what
        return rows[0]

    def finish(self) -> None:
        """Complete whatever is open until the process ends."""
        for _ in range(20):
            with db.reading() as session:
                left = [each for each in tasks.of_instance(session, self.id) if each.state == tasks.OPEN]
                ended = instances.get(session, self.id).state == instances.ENDED
            if not left:
                break
            with jobs.transaction() as session:
                run.complete_task(session, left[0].id, DONE, left[0].assignee_id or self.me)
        assert ended, "it does not end"


def fields(verb: str, place: Place, step: str, photo: UUID) -> dict[str, Any]:
    """What the API is asked with; the page's fields follow from it."""
    until = clock.local(clock.now()) + timedelta(hours=1)
    own: dict[str, dict[str, Any]] = {
        "transfer": {"people": [place.ids["township_desk"]]},
        "delegate": {"people": [place.ids["township_desk"]]},
        "sign": {"people": [place.ids["township_desk"]], "part": "after"},
        "unsign": {"people": [place.ids["township_desk"]]},
        "copy": {"people": [place.ids["township_desk"]]},
        "comment": {"people": [place.ids["township_desk"]]},
        "send_back": {"step": step},
        "snooze": {"until": until.isoformat(timespec="minutes")},
        "attach": {"file": str(photo)},
    }
    return {**own.get(verb, {}), "why": WHY}


class Hands:
    """What a person does with a task, on the page or by a program."""

    def __init__(self, site: Browser, place: Place, way: str) -> None:
        self.site, self.place, self.is_api = site, place, way == "api"
        self._programs: dict[str, Program] = {}
        self._is = ""

    def by(self, role: str) -> Hands:
        if not self.is_api and self._is != role:
            self.site.sign_in(self.place.users[role])
        self._is = role
        return self

    @property
    def program(self) -> Program:
        if self._is not in self._programs:
            with db.writing() as session:
                _, text = tokens.make(session, self.place.ids[self._is], "Mini program", tuple(tokens.SCOPES))
            self._programs[self._is] = Program(self.site.client, text)
        return self._programs[self._is]

    def use(self, task_id: UUID, verb: str, **asked: Any) -> TestResponse:
        if verb == "claim":
            address = f"/tasks/{task_id}/claim"
            return self.program.post(address) if self.is_api else self.site.post(address)
        if self.is_api:
            return self.program.post(f"/tasks/{task_id}/verbs/{verb}", asked)
        address = f"/tasks/{task_id}/do/{verb}"
        if verb != "undo":
            assert self.site.get(address).status_code == 200, verb
        return self.site.post(address, self._fields(verb, asked))

    def _fields(self, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
        named = {"transfer": "person", "delegate": "person", "unsign": "signer", "comment": "mentioned"}
        sent = {name: value for name, value in asked.items() if name not in ("people", "file")}
        sent |= {named.get(verb, "people"): asked["people"]} if "people" in asked else {}
        if verb == "snooze":
            sent["until"] = asked["until"][:16]  # as the browser's field says it
        if verb == "attach":
            sent["file"] = (BytesIO(a_photo()), "door.jpg")
        return sent

    def complete(self, task_id: UUID, answers: dict[str, str] = DONE) -> TestResponse:
        number = str(uuid4())
        if self.is_api:
            return self.program.post(f"/tasks/{task_id}/complete", {"submission": number, "answers": answers})
        self.site.get(f"/tasks/{task_id}")
        return self.site.post(f"/tasks/{task_id}", {"submission": number, **answers})

    def batch(self, ids: list[UUID]) -> dict[str, str]:
        """What became of each."""
        chosen, number = [str(each) for each in ids], str(uuid4())
        if self.is_api:
            answer = self.program.post("/batches", {"submission": number, "tasks": chosen, "answers": DONE})
        else:
            self.site.get("/tasks/batch", query_string={"id": chosen})
            sent = {"id": chosen, "submission": number, **DONE}
            answer = self.site.post("/tasks/batch", sent, headers={"Accept": "application/json"})
        assert answer.json is not None
        return {each["task"]: each["state"] for each in answer.json["items"]}

    def leave(self, stand_in: int) -> TestResponse:
        sent = {"stand_in": stand_in, "why": WHY}
        if self.is_api:
            return self.program.post("/leaves", sent)
        self.site.get("/me/leave")
        return self.site.post("/me/leave", sent)

    def story(self, task_id: UUID) -> str:
        """What happened, as whoever may read the task reads it."""
        if self.is_api:
            told = self.program.get(f"/tasks/{task_id}").json
            return " ".join(f"{each['title']} {each['note']}" for each in told["story"])
        found = re.search(r'aria-labelledby="story".*?</section>', self.site.get(f"/tasks/{task_id}").text, re.S)
        assert found is not None
        return found[0]


@pytest.fixture(params=["page", "api"])
def hands(request: pytest.FixtureRequest, site: Browser, place: Place) -> Hands:
    return Hands(site, place, request.param)


def row(task_id: UUID) -> tasks.TaskRow:
    with db.reading() as session:
        return tasks.get(session, task_id)


def name_of(person_id: int) -> str:
    with db.reading() as session:
        return people.names(session, [person_id])[person_id]


def test_each_verb_is_used_and_told(hands: Hands, place: Place, kind: Kind) -> None:
    with db.writing() as session:
        photo = attachments.store(session, a_photo(), place.ids["village_desk"], place.elder_id, uuid4())
    hands.by("village_desk")

    for verb, what in TOLD.items():
        matter = Matter(kind, place)
        task_id = matter.prepared_for(verb, place)
        with db.reading() as session:
            ways = verbs.choices(session, tasks.get(session, task_id))
        step = next((each.key for each in ways if each.refusal is None), "")

        answer = hands.use(task_id, verb, **fields(verb, place, step, photo))

        assert answer.status_code in (200, 204, 302), (verb, answer.text)
        told = matter.told(what)
        assert (told.who, told.task_id, told.at) == (matter.me, task_id, clock.now()), verb
        assert told.ids is not None and "after" in told.ids, verb
        if verb not in ("comment", "attach"):
            assert "before" in told.ids, verb
        if verb not in ("undo", "claim"):
            word = UUID(told.ids["word"])
            with db.reading() as session:
                assert words.texts(session, [word]) == {word: WHY}, verb
    assert audit.run() == []


def test_the_story_tells_who_why_and_whose_it_was_and_is(hands: Hands, place: Place, kind: Kind) -> None:
    other = place.ids["township_desk"]
    matter = Matter(kind, place)
    hands.by("village_desk").use(matter.task_id, "claim")

    hands.use(matter.task_id, "transfer", people=[other], why=WHY)

    told = hands.by("township_desk").story(matter.task_id)
    assert f"{name_of(matter.me)}，{name_of(matter.me)} → {name_of(other)}，{WHY}" in told and "转办" in told


def test_what_others_have_a_part_in_goes_on_when_they_are_done(hands: Hands, place: Place, kind: Kind) -> None:
    me, other = "village_desk", "township_desk"
    asked = [place.ids[other]]

    delegated = Matter(kind, place)
    hands.by(me).use(delegated.task_id, "delegate", people=asked, why=WHY)
    hands.by(other).complete(delegated.task_id)
    assert (row(delegated.task_id).state, row(delegated.task_id).assignee_id) == (tasks.OPEN, place.ids[me])
    hands.by(me).complete(delegated.task_id)
    assert row(delegated.task_id).state == tasks.DONE
    delegated.finish()

    for part in signers.PARTS:
        signed = Matter(kind, place)
        hands.by(me).use(signed.task_id, "sign", people=asked, part=part)
        with db.reading() as session:
            [signature] = signers.of(session, signed.task_id)
        turns = [(me, signed.task_id, DONE), (other, signature.id, {"opinion": "agree"})]
        for role, task_id, answers in reversed(turns) if part == signers.BEFORE else turns:
            assert row(signed.task_id).state == tasks.OPEN, part
            assert hands.by(role).complete(task_id, answers).status_code in (200, 302), part
        assert row(signed.task_id).state == tasks.DONE, part
        signed.finish()

    left = Matter(kind, place)
    hands.by(me).use(left.task_id, "claim")
    assert hands.leave(place.ids[other]).status_code in (201, 302)
    assert row(left.task_id).assignee_id == place.ids[other]
    told = left.told("left")
    assert told.who == place.ids[me] and told.ids is not None
    assert (told.ids["before"], told.ids["after"]) == (
        {"assignee_id": place.ids[me]},
        {"assignee_id": place.ids[other]},
    )
    assert WHY in hands.by(other).story(left.task_id)
    hands.complete(left.task_id)
    left.finish()
    assert audit.run() == []


def test_several_at_once_a_completion_undone_and_no_more_urges_than_the_limit(
    hands: Hands, place: Place, kind: Kind
) -> None:
    first, second, taken = (Matter(kind, place) for _ in range(3))
    with jobs.transaction() as session:
        verbs.claim(session, taken.task_id, place.ids["township_desk"])
    hands.by("village_desk")

    became = hands.batch([first.task_id, second.task_id, taken.task_id])

    assert list(became.values()) == ["done", "done", "taken"]
    first.finish()
    second.finish()

    undone = Matter(kind, place)
    answer = hands.use(undone.last, "undo")
    assert answer.status_code in (200, 302), answer.text
    again = UUID(answer.json["task"] if answer.json else answer.location.rpartition("/")[2])
    assert (row(undone.last).state, row(again).assignee_id) == (tasks.CANCELLED, undone.me)
    assert row(again).element_id == row(undone.last).element_id
    hands.complete(again)
    clock.move_by(timedelta(seconds=9))
    assert hands.use(again, "undo").status_code == 409
    undone.finish()

    urged = Matter(kind, place)
    for _ in range(settings().urges_per_hour):
        assert hands.use(urged.task_id, "urge").status_code in (200, 302)
    too_often = hands.use(urged.task_id, "urge")
    assert too_often.status_code == 409 and "一小时内已催办" in (too_often.json or {}).get("detail", too_often.text)
    assert audit.run() == []
