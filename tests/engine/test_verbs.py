"""Verbs that change who has a task, when, who signs it, and who hears of it; what each leaves in the history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from engine import audit, clock, db, history, jobs, operations, run, submissions, tasks, verbs
from engine.errors import NotPossible
from engine.settings import settings
from engine.tasks import NotYours, SamePerson, TaskNotOpen, signers, words
from tests.engine.drawing import Drawing
from tests.engine.returns import Matter, parallel, plain
from tests.engine.steps import TASK

ME, OTHER, THIRD = 1, 2, 3
told: list[tuple[str, list[int]]] = []


@pytest.fixture(autouse=True)
def _all_agrees(database, monday, monkeypatch):
    told.clear()
    monkeypatch.setitem(operations._answers, "verb_tells", lambda s, what, row, to, by: told.append((what, list(to))))
    monkeypatch.setitem(operations._answers, "verb_urges", lambda s, row, by, word: told.append(("urged", [])))
    yield
    assert audit.run() == []


def use(verb: Callable[..., Any], task_id: UUID, *args: Any, **more: Any) -> Any:
    with jobs.transaction() as session:
        return verb(session, task_id, *args, **more)


def row(task_id: UUID) -> tasks.TaskRow:
    with db.reading() as session:
        return tasks.get(session, task_id)


def list_of(person: int) -> list[UUID]:
    with db.reading() as session:
        return [each.id for each in tasks.worklist(session, [("desk", "/")], person).rows]


def history_of(matter: Matter, what: str) -> history.HistoryRow:
    with db.reading() as session:
        [found] = [each for each in history.of_instance(session, matter.id) if each.what == what]
    return found


def submit(task_id: UUID, by: int, submission_id: UUID | None = None, **answers: str) -> run.Completed:
    with jobs.transaction() as session:
        return run.complete_task(session, task_id, answers or {"ok": "yes"}, by, submission_id)


def a_task(**properties: str) -> tuple[Matter, UUID]:
    """a (with these properties), then b."""
    drawing = Drawing().user("a", **(TASK | properties)).user("b", **TASK).path("start", "a", "b", "end")
    matter = Matter(drawing)
    return matter, matter.task("a").id


# --- who has it ---


def test_taken_and_given_back():
    matter, task_id = a_task()

    use(verbs.claim, task_id, ME)
    with pytest.raises(NotYours):
        use(verbs.claim, task_id, OTHER)
    with pytest.raises(NotYours):
        use(verbs.release, task_id, OTHER)
    use(verbs.release, task_id, ME, "ill")

    assert (row(task_id).claimed_by, row(task_id).assignee_id) == (None, None)
    given = history_of(matter, "released")
    assert given.who == ME and given.ids is not None
    assert (given.ids["before"]["claimed_by"], given.ids["after"]["claimed_by"]) == (ME, None)
    with pytest.raises(NotPossible):
        use(verbs.release, task_id, ME)


def test_transferred_for_good():
    matter, task_id = a_task()

    use(verbs.transfer, task_id, ME, OTHER, "on the road today")

    assert (row(task_id).assignee_id, row(task_id).why) == (OTHER, "transferred")
    assert (task_id in list_of(ME), task_id in list_of(OTHER)) == (False, True)
    given = history_of(matter, "transferred")
    assert given.ids is not None and given.note is None
    assert (given.who, given.ids["before"]["assignee_id"], given.ids["after"]["assignee_id"]) == (ME, None, OTHER)
    with db.reading() as session:
        assert words.texts(session, [UUID(given.ids["word"])]) == {UUID(given.ids["word"]): "on the road today"}
    assert told == [("transferred", [OTHER])]
    submit(task_id, OTHER)
    assert matter.open() == ["b"]


def test_nobody_transfers_to_oneself_or_to_who_did_the_step_before():
    drawing = Drawing().user("a", **TASK).user("b", **TASK, separate_from="a").path("start", "a", "b", "end")
    matter = Matter(drawing)
    matter.do("a", by=OTHER)
    task_id = matter.task("b").id

    with pytest.raises(NotPossible):
        use(verbs.transfer, task_id, ME, ME)
    for verb in (verbs.transfer, verbs.delegate):
        with pytest.raises(SamePerson):
            use(verb, task_id, ME, OTHER)
    with pytest.raises(SamePerson):
        use(verbs.sign, task_id, ME, [OTHER])
    assert row(task_id).assignee_id is None


def test_delegated_it_comes_back_to_be_confirmed_with_what_was_written():
    matter, task_id = a_task()
    number = uuid4()
    use(verbs.delegate, task_id, ME, OTHER)
    with pytest.raises(NotPossible):
        use(verbs.delegate, task_id, OTHER, THIRD)

    first = submit(task_id, OTHER, number, ok="no", text="looked at it")
    again = submit(task_id, OTHER, number, ok="no", text="looked at it")

    assert (first.replayed, again.replayed) == (False, True)
    assert matter.open() == ["a"]
    assert (row(task_id).assignee_id, row(task_id).why) == (ME, "delegated_back")
    with db.reading() as session:
        proposed = submissions.newest(session, task_id, submissions.PROPOSED)
    assert proposed is not None and proposed.body == {"ok": "no", "text": "looked at it"}
    with pytest.raises(NotYours):
        submit(task_id, OTHER)
    submit(task_id, ME, ok="yes")
    assert matter.data["a"] == {"ok": "yes"}
    assert (row(task_id).done_by, matter.open()) == (ME, ["b"])


def test_a_delegate_may_transfer_then_nothing_comes_back():
    matter, task_id = a_task()
    use(verbs.delegate, task_id, ME, OTHER)

    use(verbs.transfer, task_id, OTHER, THIRD)
    submit(task_id, THIRD)

    assert (row(task_id).done_by, matter.open()) == (THIRD, ["b"])


# --- who signs it ---


def signer(task_id: UUID, person: int) -> UUID:
    with db.reading() as session:
        return next(each.id for each in signers.of(session, task_id) if each.assignee_id == person)


def test_before_the_holder_everybody_asked_signs():
    matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER, THIRD], signers.BEFORE)
    assert told == [("sign_asked", [OTHER, THIRD])]
    assert signer(task_id, OTHER) in list_of(OTHER)

    with pytest.raises(NotPossible, match="yet to sign"):
        submit(task_id, ME)
    submit(signer(task_id, OTHER), OTHER, opinion="agree")
    submit(signer(task_id, THIRD), THIRD, opinion="disagree", text="the form is old")

    assert matter.open() == ["a"], "the holder decides, whatever they say"
    submit(task_id, ME)
    assert matter.open() == ["b"]


@pytest.mark.parametrize("part", [signers.TOGETHER, signers.AFTER])
def test_the_process_goes_on_when_holder_and_signers_are_done(part):
    matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER, THIRD], part)
    asked = signer(task_id, OTHER)
    assert (asked in list_of(OTHER)) == (part == signers.TOGETHER)

    handed = submit(task_id, ME, ok="no")
    assert (handed.opened, matter.open()) == ((), ["a"])
    assert task_id not in list_of(ME)
    with pytest.raises(NotPossible, match="handed in already"):
        submit(task_id, ME, ok="yes")
    submit(asked, OTHER, opinion="agree")
    assert matter.open() == ["a"]
    submit(signer(task_id, THIRD), THIRD, opinion="agree")

    assert matter.open() == ["b"]
    assert (row(task_id).done_by, matter.data["a"]) == (ME, {"ok": "no"})


def test_together_the_signers_may_be_first():
    matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER], signers.TOGETHER)

    submit(signer(task_id, OTHER), OTHER, opinion="agree")
    assert matter.open() == ["a"]
    submit(task_id, ME)
    assert matter.open() == ["b"]


def test_who_does_not_agree_gives_it_back_to_the_holder_with_what_was_written():
    matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER, THIRD], signers.AFTER)
    submit(task_id, ME, ok="no")
    left = signer(task_id, THIRD)

    submit(signer(task_id, OTHER), OTHER, opinion="disagree", text="a page is missing")

    assert (row(task_id).why, row(task_id).hidden_until) == ("not_agreed", None)
    assert task_id in list_of(ME) and left not in list_of(THIRD)
    with db.reading() as session:
        assert submissions.newest(session, task_id, submissions.PROPOSED) is not None
    submit(task_id, ME, ok="yes")
    assert matter.open() == ["b"]


def test_with_the_last_signer_taken_away_the_process_goes_on():
    matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER], signers.AFTER)
    submit(task_id, ME)
    asked = signer(task_id, OTHER)

    use(verbs.unsign, task_id, ME, OTHER, "on leave")

    assert matter.open() == ["b"]
    assert row(asked).state == tasks.CANCELLED
    removed = history_of(matter, "sign_removed")
    assert removed.ids is not None and (removed.ids["before"], removed.ids["after"]) == ([OTHER], [])


def test_a_signer_has_nothing_to_do_when_the_task_goes_away():
    matter = Matter(plain())
    matter.do("a")
    task_id = matter.task("b").id
    use(verbs.sign, task_id, ME, [OTHER], signers.BEFORE)
    asked = signer(task_id, OTHER)

    matter.send_back("b", "a", by=ME)

    assert row(asked).state == tasks.CANCELLED
    with pytest.raises(TaskNotOpen):
        submit(asked, OTHER, opinion="agree")


def test_what_waits_for_signers_can_be_taken_back_until_one_has_signed():
    _matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER, THIRD], signers.AFTER)
    submit(task_id, ME, ok="no")

    assert use(verbs.withdraw, task_id, ME) == task_id
    assert task_id in list_of(ME) and list_of(OTHER) == []

    submit(task_id, ME, ok="yes")
    submit(signer(task_id, OTHER), OTHER, opinion="agree")
    with pytest.raises(NotPossible, match="signed it already"):
        use(verbs.withdraw, task_id, ME)


def test_a_signature_is_withdrawn_while_the_task_is_open():
    matter, task_id = a_task()
    use(verbs.sign, task_id, ME, [OTHER], signers.BEFORE)
    asked = signer(task_id, OTHER)
    submit(asked, OTHER, opinion="agree")

    use(verbs.withdraw, asked, OTHER)

    assert asked in list_of(OTHER)
    with pytest.raises(NotPossible, match="yet to sign"):
        submit(task_id, ME)
    submit(asked, OTHER, opinion="agree")
    submit(task_id, ME)
    assert matter.open() == ["b"]


# --- who hears of it ---


def test_a_copy_is_listed_once_and_marked_when_read():
    _matter, task_id = a_task()

    assert use(verbs.copy, task_id, ME, [OTHER, THIRD]) == [OTHER, THIRD]
    assert use(verbs.copy, task_id, ME, [OTHER, 4]) == [4]

    assert told == [("copied", [OTHER, THIRD]), ("copied", [4])]
    with db.writing() as session:
        [copied] = words.copies(session, OTHER)
        assert (copied.task.id, copied.kind, copied.who, copied.read_at) == (task_id, words.COPY, ME, None)
        assert (words.seen(session, task_id, OTHER), words.seen(session, task_id, OTHER)) == (True, False)
        assert words.knows_of(session, task_id, OTHER) and not words.knows_of(session, task_id, ME)


def test_copies_are_paged_by_their_number():
    matter = Matter(parallel())
    matter.do("before")
    for element in ("a1", "b"):
        use(verbs.copy, matter.task(element).id, ME, [OTHER])

    with db.reading() as session:
        first = words.copies(session, OTHER, limit=1)
        rest = words.copies(session, OTHER, before=first[0].number, limit=5)
    assert [each.task.element_id for each in first + rest] == ["b", "a1"]


def test_urged_at_most_so_often_in_an_hour():
    _matter, task_id = a_task()
    most = settings().urges_per_hour

    assert [use(verbs.urge, task_id, OTHER) for _ in range(most)] == list(range(most - 1, -1, -1))
    with pytest.raises(NotPossible, match="within the hour"):
        use(verbs.urge, task_id, THIRD)
    clock.move_by(timedelta(minutes=61))
    use(verbs.urge, task_id, THIRD, "the family is waiting")

    assert [what for what, _ in told] == ["urged"] * (most + 1)
    submit(task_id, ME)
    with pytest.raises(TaskNotOpen):
        use(verbs.urge, task_id, THIRD)


def test_a_comment_is_kept_apart_from_the_history_and_tells_whom_it_mentions(database, all_databases):
    matter, task_id = a_task()

    use(verbs.comment, task_id, ME, "田桂芝 is with her daughter", [OTHER, ME])

    with db.reading() as session:
        [said] = words.said(session, row(task_id))
    assert (said.text, said.who) == ("田桂芝 is with her daughter", ME)
    assert told == [("mentioned", [OTHER])]
    assert "田桂芝" not in str(history_of(matter, "commented"))
    assert "田桂芝".encode() not in all_databases.stored(database)
    with pytest.raises(NotPossible):
        use(verbs.comment, task_id, ME, "  ")
    with pytest.raises(NotPossible):
        use(verbs.comment, task_id, ME, "x" * 1001)


def test_a_file_stands_with_the_task():
    _matter, task_id = a_task()
    file_id = uuid4()

    use(verbs.attach, task_id, ME, file_id, "the door")

    with db.reading() as session:
        assert [(each.file_id, each.text) for each in words.said(session, row(task_id))] == [(file_id, "the door")]


# --- when ---


def test_snoozed_it_is_out_of_the_list_until_then_and_not_beyond_its_time():
    _matter, task_id = a_task()

    use(verbs.snooze, task_id, ME, clock.now() + timedelta(hours=1))
    assert task_id not in list_of(ME)
    for wrong in (timedelta(0), timedelta(hours=3)):
        with pytest.raises(NotPossible):
            use(verbs.snooze, task_id, ME, clock.now() + wrong)
    clock.move_by(timedelta(hours=1))
    assert task_id in list_of(ME)

    use(verbs.snooze, task_id, ME, clock.now() + timedelta(minutes=30))
    use(verbs.wake, task_id, ME)
    assert task_id in list_of(ME)


def test_who_leaves_gives_everything_to_the_stand_in():
    matter = Matter(parallel())
    matter.do("before")
    for element in ("a1", "b"):
        use(verbs.claim, matter.task(element).id, ME)

    with jobs.transaction() as session:
        assert verbs.leave(session, ME, OTHER, ME) == 2
        assert verbs.leave(session, ME, OTHER, ME) == 0

    assert {(each.assignee_id, each.claimed_by) for each in matter.rows(tasks.OPEN)} == {(OTHER, None)}
    with db.reading() as session:
        left = [each for each in history.of_instance(session, matter.id) if each.what == "left"]
    assert [(each.who, each.ids["before"], each.ids["after"]) for each in left if each.ids] == [
        (ME, {"assignee_id": ME}, {"assignee_id": OTHER})
    ] * 2


# --- taken back at once ---


@pytest.mark.parametrize(
    "verb",
    [
        lambda task_id: use(verbs.claim, task_id, ME),
        lambda task_id: use(verbs.transfer, task_id, ME, OTHER),
        lambda task_id: use(verbs.delegate, task_id, ME, OTHER),
        lambda task_id: use(verbs.snooze, task_id, ME, clock.now() + timedelta(hours=1)),
    ],
)
def test_a_change_is_undone_within_seconds_and_not_later(verb):
    _matter, task_id = a_task()
    before = row(task_id)
    verb(task_id)
    assert row(task_id) != before

    assert use(verbs.undo, task_id, ME) == task_id
    assert row(task_id) == before

    verb(task_id)
    with pytest.raises(NotPossible):
        use(verbs.undo, task_id, OTHER)
    clock.move_by(timedelta(seconds=9))
    with pytest.raises(NotPossible):
        use(verbs.undo, task_id, ME)


def test_a_change_that_somebody_went_on_from_is_not_undone():
    _matter, task_id = a_task()
    use(verbs.transfer, task_id, ME, OTHER)
    use(verbs.claim, task_id, OTHER)

    with pytest.raises(NotPossible):
        use(verbs.undo, task_id, ME)
    assert row(task_id).claimed_by == OTHER


def test_a_completion_is_undone_within_seconds_where_nothing_has_followed():
    matter, task_id = a_task()
    submit(task_id, ME)

    again = use(verbs.undo, task_id, ME)
    assert (matter.open(), row(again).assignee_id) == (["a"], ME)

    submit(again, ME)
    clock.move_by(timedelta(seconds=9))
    with pytest.raises(NotPossible, match="too late"):
        use(verbs.undo, again, ME)


def test_a_plain_task_is_opened_again():
    with jobs.transaction() as session:
        task_id = tasks.plain(session, name="Call", role="desk", form_key="", priority="today")
    assert task_id is not None
    submit(task_id, ME, text="first")

    use(verbs.withdraw, task_id, ME)
    submit(task_id, ME, text="second")

    with db.reading() as session:
        kept = submissions.of_task(session, task_id)
    assert [(each.state, each.body["text"]) for each in kept] == [("withdrawn", "first"), ("accepted", "second")]


# --- policy ---


@pytest.mark.parametrize("verb", ["transfer", "delegate", "sign", "copy", "urge", "comment", "snooze", "claim"])
def test_a_diagram_takes_a_verb_away(verb):
    _matter, task_id = a_task(verbs=f"-{verb}")
    more: dict[str, tuple[Any, ...]] = {
        "transfer": (OTHER,),
        "delegate": (OTHER,),
        "sign": ([OTHER],),
        "copy": ([OTHER],),
        "comment": ("x",),
        "snooze": (clock.now() + timedelta(hours=1),),
    }

    with pytest.raises(NotPossible, match="does not allow"):
        use(getattr(verbs, verb), task_id, ME, *more.get(verb, ()))


def test_what_is_urgent_is_not_snoozed():
    _matter, task_id = a_task(priority="urgent")

    with pytest.raises(NotPossible, match="urgent"):
        use(verbs.snooze, task_id, ME, clock.now() + timedelta(minutes=5))


def test_every_verb_is_refused_of_a_task_that_is_over():
    _matter, task_id = a_task()
    submit(task_id, ME)

    for verb, more in (
        (verbs.transfer, (OTHER,)),
        (verbs.delegate, (OTHER,)),
        (verbs.sign, ([OTHER],)),
        (verbs.snooze, (clock.now() + timedelta(hours=1),)),
        (verbs.release, ()),
        (verbs.claim, ()),
    ):
        with pytest.raises(TaskNotOpen):
            use(verb, task_id, ME, *more)
