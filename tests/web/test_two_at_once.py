"""Two people finish one task at the same moment: one wins, the other's text is kept, and nobody sees a server error.

Both go through the whole site, each with a browser and a session of their own, and send when a barrier opens. Half the
tasks belong to a process whose next step is a race as well, half to none. The long form is run with `-m slow`.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from engine import audit, db, definitions, jobs, run, submissions, tasks
from engine.db import Database
from tests import builders
from tests.engine.drawing import Drawing
from tests.web.conftest import PASSWORD, Browser, Place, a_task
from web.app import create_app

SAME = {"role": "village_desk", "form": "note", "due": "PT8H"}


@pytest.fixture
def pair(database: Database, place: Place) -> tuple[Browser, Browser]:
    """Two colleagues of the village desk, each signed in with a browser of their own."""
    with database.writing() as session:
        village = builders.organisation.by_path(session, place.paths["village"])
        assert village is not None
        second = builders.a_worker(session, "village_desk", village)
        second.password_hash = builders.people.hashed(PASSWORD)
        users = (place.users["village_desk"], second.user_name)
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
    found = []
    for user in users:
        browser = Browser(app.test_client())
        browser.sign_in(user)
        found.append(browser)
    return found[0], found[1]


def begin(place: Place, number: int) -> UUID:
    """A task that both may finish: of a process for even numbers, else a plain one."""
    with jobs.transaction() as session:
        if number % 2:
            return a_task(session, "village_desk", place.paths["village"], place.elder_id)
        instance_id = run.start(session, "race", {"elder_id": place.elder_id})
        return tasks.of_instance(session, instance_id)[0].id


def at_once(pair: tuple[Browser, Browser], task_id: UUID) -> list[int]:
    """Both open the task, then both send their form together; the answers' codes."""
    forms = []
    for number, browser in enumerate(pair):
        shown = browser.get(f"/tasks/{task_id}").text
        found = re.search(r'name="submission" value="([^"]+)"', shown)
        assert found, "both see the form"
        forms.append({"submission": found[1], "result": "done", "text": f"text of {number}"})
    together = Barrier(2)

    def send(number: int) -> int:
        together.wait(30)
        return pair[number].post(f"/tasks/{task_id}", forms[number]).status_code

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(send, range(2)))


def race(pair: tuple[Browser, Browser], place: Place, times: int) -> None:
    drawing = Drawing("race").user("first", **SAME).user("then", **SAME).path("start", "first", "then", "end")
    with jobs.transaction() as session:
        definitions.deploy(session, {"race.bpmn": drawing.xml()}, None)
    winners = [0, 0]
    for number in range(times):
        task_id = begin(place, number)

        codes = at_once(pair, task_id)

        assert sorted(codes) == [302, 409], f"round {number}"
        winner = codes.index(302)
        winners[winner] += 1
        with db.reading() as session:
            kept = {each.state: each.body["text"] for each in submissions.of_task(session, task_id)}
            row = tasks.get(session, task_id)
        assert kept == {"accepted": f"text of {winner}", "late": f"text of {1 - winner}"}, f"round {number}"
        assert row.state == tasks.DONE
    jobs.drain()
    assert audit.run() == []
    assert sum(winners) == times


def test_two_at_once_one_wins_and_the_others_text_is_kept(pair: tuple[Browser, Browser], place: Place) -> None:
    race(pair, place, 10)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_at_once_five_hundred_times(pair: tuple[Browser, Browser], place: Place) -> None:
    race(pair, place, 500)
