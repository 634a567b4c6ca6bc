"""Row 11: forms that a phone hands in again and again for 89 days, also changed, after everything has gone on.

Each is one completion or one supplement, for ever, whether its instance is over, cancelled or still there under an old
version of its diagram and form, or its task was finished by somebody else or handed on.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import func, select

from engine import audit, clock, db, definitions, history, jobs, run, submissions, tasks
from tests.engine.drawing import Drawing
from tests.engine.steps import FORM, TASK, deploy
from tests.faults import small
from tests.faults.small import Child, Say
from tests.faults.verdict import Verdict

AFTER_DAYS = (0, 3, 89)
"""At once, after a weekend without network, and just before the ninety days for which keys are promised."""
HANDS = 4
OVER, OTHER, CANCELLED, OPEN = WAYS = ("over", "finished by another", "cancelled", "open")
WANTED = {OVER: {"replayed"}, OTHER: {"late"}, CANCELLED: {"late"}, OPEN: {"done", "replayed"}}
PHONE, DESK = 1, 2


@dataclass
class Form:
    """A form as the phone keeps it: its key, the task, how it stands with that; what was answered each time."""

    way: str
    task: UUID
    key: UUID = field(default_factory=db.new_id)
    told: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        return f"写在手机上 {self.key}"


Send = Callable[[Form, str], str]


def both_halves(url: str, short: bool) -> Verdict:
    """Forms of diagrams, through the engine; forms of tasks that were handed on, through the pages."""
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    count, copies = (3, 4) if short else (50, 20)
    found, sent = [], 0
    for half in (of_diagrams, of_pages):  # the city's own rules are in force in the second
        child = Child(lambda say, half=half: half(url, count, copies, say))
        if not child.wait(1800) or child.status:
            child.kill()
            found.append(f"{half.__name__} ended with {child.status}")
        found += child.said("fault")
        sent += sum(int(each) for each in child.said("sent"))
    return Verdict(
        f"forms on instances that were {', '.join(WAYS)}, after an upgrade, and on tasks handed on, {count} of each,"
        f" handed in {sent} times within {AFTER_DAYS[-1]} days on {small.name_of(url)}",
        found,
    )


def of_diagrams(url: str, count: int, copies: int, say: Say) -> None:
    """The instances are of an old version of diagram and form; the new form asks for more."""
    db.open_database(url)
    deploy(Drawing("late").user("a", **TASK).user("b", **TASK).path("start", "a", "b", "end"))
    forms = [Form(way, _task_of_new_instance()) for way in WAYS for _ in range(count)]
    newer = orjson.loads(FORM) | {"version": 2}
    newer["schema"]["required"] = ["ok", "text"]
    with jobs.transaction() as session:
        drawn = Drawing("late").user("b", **TASK).user("a", **TASK).path("start", "b", "a", "end")
        definitions.deploy(session, {"late.bpmn": drawn.xml()}, None, {"forms/answer.json": orjson.dumps(newer)})
    for form in forms:
        _go_on(form)
    for fault in _handed_in(forms, copies, _complete, {way: {"other"} for way in WAYS}):
        say(f"fault {fault}")
    supplements = {OVER: 0, OTHER: 1, CANCELLED: 1, OPEN: 0}
    for fault in _kept(forms, {OVER: 1, OTHER: 1, CANCELLED: 0, OPEN: 1}, supplements):
        say(f"fault {fault}")
    say(f"sent {sum(form.told.total() for form in forms)}")


def _task_of_new_instance() -> UUID:
    with jobs.transaction() as session:
        instance_id = run.start(session, "late", {})
    return _open_task(instance_id)


def _open_task(instance_id: UUID) -> UUID:
    with db.reading() as session:
        [row] = tasks.find(session, filters=tasks.Filters(instance_id=instance_id)).rows
    return row.id


def _go_on(form: Form) -> None:
    """What happened while the phone had no network; of `over` it had sent the form, and the answer was lost."""
    with db.reading() as session:
        instance_id = tasks.get(session, form.task).instance_id
    assert instance_id is not None
    if form.way == CANCELLED:
        with jobs.transaction() as session:
            run.cancel(session, instance_id, "moved away", DESK)
    elif form.way == OVER:
        form.told["lost"] += _complete(form, form.text) == "done"
        with jobs.transaction() as session:
            run.complete_task(session, _open_task(instance_id), {"ok": "yes"}, DESK)
    elif form.way == OTHER:
        with jobs.transaction() as session:
            run.complete_task(session, form.task, {"ok": "no"}, DESK)


def _complete(form: Form, text: str) -> str:
    answers = {"ok": "yes", "text": text} if form.way != OPEN or text != form.text else {"ok": "yes"}
    try:
        with jobs.transaction() as session:
            done = run.complete_task(session, form.task, answers, PHONE, form.key)
        return "replayed" if done.replayed else "done"
    except tasks.TaskNotOpen:
        return "late"
    except submissions.OtherContent:
        return "other"


def _handed_in(forms: Sequence[Form], copies: int, send: Send, changed: dict[str, set[str]]) -> Iterator[str]:
    """Each form up to `copies` times, several at once, then with other content; so after each of AFTER_DAYS."""
    began = clock.now()
    for days in AFTER_DAYS:
        with clock.frozen(began + timedelta(days=days)):
            jobs.sweep()
            sent = [(form, form.text) for form in forms for _ in range(random.randint(1, copies))]
            random.shuffle(sent)
            for form, said in _at_once(sent, send):
                form.told[said] += 1
                if said not in WANTED.get(form.way, {"moved"}):
                    yield f"a form whose task was {form.way} was answered {said} after {days} days"
            for form, said in _at_once([(form, form.text + "，改过") for form in forms], send):
                if said not in changed[form.way]:
                    yield f"other content for a task that was {form.way} was answered {said} after {days} days"


def _at_once(sent: list[tuple[Form, str]], send: Send) -> list[tuple[Form, str]]:
    waiting, told = list(sent), []

    def hand() -> None:
        while True:
            try:
                form, text = waiting.pop()
            except IndexError:
                return
            try:
                told.append((form, send(form, text)))
            except Exception as fault:
                told.append((form, f"{type(fault).__name__}: {fault}"))

    hands = [threading.Thread(target=hand) for _ in range(HANDS)]
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    return told


def _kept(forms: Sequence[Form], accepted: dict[str, int], supplements: dict[str, int]) -> Iterator[str]:
    """Every text is there under its key, each task was finished as often as it should be, each supplement told once."""
    h = history.history.c
    with db.reading() as session:
        asked = select(h.ids, func.count()).where(h.what == "supplemented").group_by(h.ids)
        told = {UUID(ids["task"]): times for ids, times in session.connection().execute(asked)}
        for form in forms:
            mine = submissions.get(session, form.key)
            if mine is None or (form.way != OPEN and mine.body.get("text") != form.text):
                yield f"the text under {form.key}, whose task was {form.way}, is gone"
            times = sum(each.state == submissions.ACCEPTED for each in submissions.of_task(session, form.task))
            if times != accepted[form.way]:
                yield f"a task that was {form.way} was finished {times} times"
            if told.get(form.task, 0) != supplements[form.way]:
                yield f"a task that was {form.way} has {told.get(form.task, 0)} supplements in its history"
            if form.way == OPEN and form.told["done"] != 1:
                yield f"a form was {form.told['done']} times told to be the first"
    yield from (each.sentence() for each in audit.run())


def of_pages(url: str, count: int, copies: int, say: Say) -> None:
    """Tasks of a visitor that are handed to another one while the phone has no network."""
    from tests.faults import handed_on

    db.open_database(url)
    place = handed_on.Place()
    forms = [Form("handed on", place.task()) for _ in range(count)]
    for form in forms:
        place.open_and_hand_on(form.task)
    for fault in _handed_in(forms, copies, place.send, {"handed on": {"moved"}}):
        say(f"fault {fault}")
    place.finish(forms)
    for fault in (*_kept(forms, {"handed on": 1}, {"handed on": 2}), *place.looked_at(forms)):
        say(f"fault {fault}")
    say(f"sent {sum(form.told.total() for form in forms)}")
