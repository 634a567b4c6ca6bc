"""Tokens moved by hand, over a library of small diagrams; and at random over random ones."""

from __future__ import annotations

import random
import sys
from datetime import timedelta
from typing import Any

import pytest

from engine import clock
from engine.errors import NotPossible
from engine.spiff import ReservedName, TaskNotOpen
from tests.engine.drawing import Drawing, members, repeated
from tests.engine.played import Play, later, watched
from tests.engine.test_spiff_random import BEGIN, STEPS, Walk


def token(play: Play, element: str, number: int = 0, **of: Any) -> Any:
    found = [each for each in play.live.tokens if each.element_id == element]
    found = [each for each in found if all(getattr(each, name) == value for name, value in of.items())]
    return found[number]


def move(play: Play, element: str, target: str, number: int = 0, **of: Any) -> Play:
    play.live.move(token(play, element, number, **of).id, target)
    return play._after()


def skip(play: Play, element: str, number: int = 0, **of: Any) -> Play:
    play.live.skip(token(play, element, number, **of).id)
    return play._after()


def refused(play: Play, element: str, target: str) -> str:
    with pytest.raises(NotPossible) as fault:
        play.live.move(token(play, element).id, target)
    assert fault.value.zh and fault.value.en
    return fault.value.en


def in_a_row() -> Drawing:
    return Drawing().user("a").user("b").user("c").path("start", "a", "b", "c", "end")


def in_parallel() -> Drawing:
    """before, then (a1, a2) beside b beside c, then after."""
    drawing = Drawing().user("before").user("a1").user("a2").user("b").user("c").user("after")
    drawing.gateway("and", "fork", "join").path("start", "before", "fork", "a1", "a2", "join", "after", "end")
    return drawing.path("fork", "b", "join").path("fork", "c", "join")


def finish(play: Play, steps: int = 60) -> Play:
    """Complete whatever is open until the end."""
    for _ in range(steps):
        if play.ended:
            return play
        play.complete(play.open()[0])
    raise AssertionError(f"does not end: {play.open()}")


def test_a_skipped_task_counts_as_skipped_not_as_completed():
    play = skip(Play(in_a_row()), "a")

    assert play.open() == ["b"]
    assert ("a", "skipped") in play.history
    finish(play)


def test_a_token_goes_back_and_forward_with_the_data_of_the_task_it_left():
    play = Play(in_a_row()).complete("a", n=1).complete("b", n=2)

    move(play, "c", "a")
    assert play.open() == ["a"]
    assert play.data["b"] == {"n": 2}

    move(play.complete("a", n=3), "b", "c")
    assert play.open() == ["c"]
    assert play.data["a"] == {"n": 3}
    finish(play)
    assert ("b", "cancelled") in play.history


def test_moving_to_the_same_element_begins_it_anew(monday):
    play = Play(watched(False, after="PT2H"))
    before = play.task("ask").id
    later(hours=1)

    move(play, "ask", "ask")

    assert play.open() == ["ask"]
    assert play.task("ask").id != before
    assert play.due() == {"event": monday + timedelta(hours=3)}


def test_moving_a_hundred_times_leaves_no_trace_in_the_state():
    play = Play(in_a_row())
    move(move(play, "a", "b"), "b", "a")
    size = play.live.size

    for _ in range(100):
        move(move(play, "a", "b"), "b", "a")

    assert play.live.size == size


@pytest.mark.parametrize("interrupting", [True, False])
def test_the_timers_of_the_task_left_are_cancelled_those_of_the_new_one_armed(monday, interrupting):
    drawing = watched(interrupting, after="PT2H")
    drawing.boundary("later", "after", interrupting, after="PT5H").path("later", "end_later")
    play = Play(drawing)

    move(play, "ask", "after")
    assert play.due() == {"later": monday + timedelta(hours=5)}

    later(hours=1)
    move(play, "after", "ask")
    assert play.due() == {"event": monday + timedelta(hours=3)}
    later(hours=3)
    play.fire()
    assert play.open() == (["other"] if interrupting else ["ask", "other"])


def test_a_timer_that_was_due_fires_before_the_move():
    play = Play(watched(True, after="PT2H"))
    moved = token(play, "ask").id
    later(hours=3)

    with pytest.raises(TaskNotOpen):
        play.live.move(moved, "after")

    assert play.open() == ["other"]


def test_within_a_parallel_branch_the_other_branches_go_on():
    play = Play(in_parallel()).complete("before").complete("a1").complete("b")

    move(play, "a2", "a1")

    assert play.open() == ["c", "a1"]
    play.complete("a1").complete("c").complete("a2")
    assert play.open() == ["after"]


def test_from_one_parallel_branch_to_another_is_refused():
    play = Play(in_parallel()).complete("before")

    assert "one parallel branch to another" in refused(play, "b", "a1")


def test_out_of_a_parallel_block_takes_every_branch_along_even_those_that_have_arrived():
    play = Play(in_parallel()).complete("before").complete("b", n=1)

    move(play, "a1", "before")

    assert play.open() == ["before"]
    assert [each.element_id for each in play.live.tokens] == ["before"]
    assert play.data["b"] == {"n": 1}
    play.complete("before")
    assert play.open() == ["a1", "b", "c"]
    finish(play)


def test_a_branch_that_has_arrived_at_the_join_can_be_sent_back():
    play = Play(in_parallel()).complete("before").complete("b")
    arrived = token(play, "join", arrived=True)

    play.live.move(arrived.id, "b")
    play._after()

    assert sorted(play.open()) == ["a1", "b", "c"]
    finish(play)


@pytest.mark.parametrize(
    ("target", "words"),
    [("a2", "branch alone"), ("join", "join"), ("start", "only reached"), ("nowhere", "no element")],
)
def test_what_would_break_is_refused_with_a_sentence(target, words):
    play = Play(in_parallel())

    assert words in refused(play, "before", target)
    assert play.open() == ["before"]


def test_the_elements_on_offer_are_those_that_are_not_refused():
    play = Play(in_parallel())

    assert set(play.live.may_move(token(play, "before").id)) == {"before", "fork", "after", "end"}


def test_nested_parallel_blocks_are_left_from_the_inside_out():
    drawing = Drawing().user("x").user("y").user("z").user("inner").user("after")
    drawing.gateway("and", "f1", "f2", "j2", "j1").path("start", "f1", "inner", "f2", "x", "j2", "j1", "after", "end")
    drawing.path("f2", "y", "j2").path("f1", "z", "j1")
    play = Play(drawing).complete("inner")

    move(play, "x", "inner")
    assert play.open() == ["z", "inner"]

    move(play.complete("inner"), "y", "after")
    assert play.open() == ["after"]
    assert finish(play).ended


def inclusive() -> Drawing:
    drawing = Drawing().user("ask").user("one").user("two").user("three").user("after")
    drawing.gateway("or", "split", "merge").path("start", "ask", "split")
    drawing.path("split", "one", when="ask.n >= 1").path("split", "two", when="ask.n >= 2")
    drawing.path("split", "three", default=True)
    return drawing.path("one", "merge").path("two", "merge").path("three", "merge").path("merge", "after", "end")


def test_an_inclusive_join_does_not_wait_for_a_token_that_moved_out():
    play = Play(inclusive()).complete("ask", n=2)

    move(play, "two", "ask")
    assert play.open() == ["ask"]

    move(play, "ask", "two")
    assert play.complete("two").open() == ["after"]


def test_an_inclusive_branch_that_is_under_way_is_not_entered_twice():
    drawing = Drawing().user("m").user("again").gateway("or", "split", "merge").user("one").user("two")
    drawing.boundary("event", "m", False, after="PT1H")
    drawing.path("start", "m", "split").path("event", "again", "end_again")
    drawing.path("split", "one", default=True).path("split", "two", when="true")
    drawing.path("one", "merge").path("two", "merge").path("merge", "end")
    play = Play(drawing).complete("m")

    assert "one parallel branch to another" in refused(play, "two", "one")


@pytest.mark.parametrize("sequential", [True, False])
def test_members_of_a_repeated_task_are_skipped_one_by_one_or_left_as_a_whole(sequential):
    drawing = Drawing().user("each", members("list", "item", sequential)).user("after")
    drawing.path("start", "each", "after", "end")
    play = Play(drawing, data={"list": ["a", "b", "c"]})

    skip(play, "each", member=0)
    with pytest.raises(NotPossible):
        play.live.move(token(play, "each", kind="userTask").id, "after")
    assert play.open() == (["each"] if sequential else ["each", "each"])

    move(play, "each", "after", kind="loop")
    assert play.open() == ["after"]
    move(play, "after", "each")
    assert play.open() == (["each"] if sequential else ["each", "each", "each"])
    finish(play)


def test_a_repeated_task_can_be_skipped_as_a_whole():
    drawing = Drawing().user("each", repeated("each.yes = true", most=3)).user("after")
    play = Play(drawing.path("start", "each", "after", "end"))

    skip(play, "each", kind="loop")

    assert play.open() == ["after"]


def nested() -> Drawing:
    drawing = Drawing().user("before").user("after")
    with drawing.subprocess("outer"):
        drawing.user("o1")
        with drawing.subprocess("inner"):
            drawing.user("i1").user("i2").path("start_i", "i1", "i2", "end_i")
        drawing.path("start_o", "o1", "inner", "end_o")
    drawing.boundary("late", "outer", after="PT9H").path("late", "after")
    return drawing.path("start", "before", "outer", "after", "end")


def test_within_a_subprocess_tokens_move_and_the_subprocess_goes_on(monday):
    play = Play(nested()).complete("before").complete("o1").complete("i1")

    move(play, "i2", "i1")

    assert play.open() == ["i1"]
    assert play.due() == {"late": monday + timedelta(hours=9)}
    finish(play)


def test_to_another_level_is_refused_but_the_subprocess_itself_moves_with_all_within(monday):
    play = Play(nested()).complete("before").complete("o1").complete("i1", n=4)

    assert "subprocess level" in refused(play, "i2", "o1")
    assert "subprocess level" in refused(play, "i2", "before")
    move(play, "inner", "o1")
    assert play.open() == ["o1"]

    move(play, "outer", "before")
    assert (play.open(), play.due()) == (["before"], {})
    assert play.data["i1"] == {"n": 4}
    finish(play)


def test_a_subprocess_is_skipped_with_what_was_written_within():
    play = Play(nested()).complete("before").complete("o1", n=1)

    skip(play, "outer")

    assert play.open() == ["after"]
    assert play.data["o1"] == {"n": 1}


def test_tokens_of_a_called_process_move_in_it_and_the_call_moves_as_a_whole():
    called = Drawing("called").user("k1").user("k2").path("start", "k1", "k2", "end")
    drawing = Drawing().user("a").call("k", "called").user("b").path("start", "a", "k", "b", "end")
    play = Play(drawing, called).complete("a").complete("k1")

    move(play, "k2", "k1")
    assert play.open() == ["k1"]
    assert token(play, "k1").within == "k"

    move(play, "k", "a")
    assert play.open() == ["a"]
    finish(play)


def test_a_side_path_stays_apart_from_the_main_one():
    play = Play(watched(False, after="PT1H"))
    later(hours=2)
    play.fire()

    assert "beside the main one" in refused(play, "ask", "other")
    assert "beside the main one" in refused(play, "other", "ask")
    move(play, "ask", "after")
    assert sorted(play.open()) == ["after", "other"]
    finish(play)


def test_waiting_events_and_jobs_are_left_and_skipped_like_tasks():
    drawing = Drawing().catch("wait", message="m").service("job", "send", wait="true").user("u")
    play = Play(drawing.path("start", "wait", "job", "u", "end"))

    skip(play, "wait")
    assert [each.kind for each in play.live.waits] == ["job"]
    move(play, "job", "wait")
    assert [each.kind for each in play.live.waits] == ["message"]
    skip(skip(play, "wait"), "job")
    assert (play.open(), play.live.waits) == (["u"], [])


def test_an_event_gateway_is_left_but_not_skipped_and_its_events_are_no_targets():
    drawing = Drawing().user("a").gateway("first", "either").catch("m", message="m").catch("t", after="PT1H").user("b")
    drawing.path("start", "a", "either", "m", "b", "end").path("either", "t", "b")
    play = Play(drawing).complete("a")

    with pytest.raises(NotPossible):
        play.live.skip(token(play, "either").id)
    assert "only reached" in refused(play, "either", "t")
    move(play, "either", "b")
    assert (play.open(), play.live.waits) == (["b"], [])
    move(play, "b", "either")
    assert sorted(each.kind for each in play.live.waits) == ["message", "timer"]


def test_in_a_loop_a_token_moves_in_every_round():
    drawing = Drawing().gateway("xor", "again", "more").user("a").user("b").gateway("and", "f", "j").user("x").user("y")
    drawing.path("start", "again", "a", "f", "x", "j", "b", "more").path("f", "y", "j")
    drawing.path("more", "again", when="b.more = true").path("more", "end", default=True)
    play = Play(drawing)

    for _ in range(5):
        play.complete("a").complete("y")
        move(play, "x", "a")
        play.complete("a").complete("x").complete("y").complete("b", more=True)
    move(play, "a", "b")

    assert play.complete("b", more=False).ended


def test_edited_data_reach_every_branch_and_outlive_its_older_values():
    play = Play(in_parallel(), data={"x": 1}).complete("before").complete("b")

    play.live.edit({"x": 2, "b": {"n": 9}})
    play._after()

    assert all(each.data["x"] == 2 for each in play.live.open_tasks)
    finish(play)
    assert (play.data["x"], play.data["b"]) == (2, {"n": 9})


def test_reserved_names_and_variables_of_members_are_not_edited():
    drawing = Drawing().user("each", members("list", "item")).path("start", "each", "end")
    play = Play(drawing, data={"list": [1, 2]})

    with pytest.raises(ReservedName):
        play.live.edit({"@": 1})
    with pytest.raises(NotPossible):
        play.live.edit({"item": 1})


class MovingWalk(Walk):
    """A walk that now and then moves a token by hand, both times the same; towards the end it only completes."""

    moved = 0

    def go(self) -> None:
        self.compare()
        for number in range(20 * STEPS):
            if self.whole.ended:
                return
            if number < STEPS and self.random.random() < 0.4 and self.by_hand():
                self.moved += 1
            else:
                self.step(number)
            self.compare()
        raise AssertionError(f"does not end: {self.whole.open()}")

    def by_hand(self) -> bool:
        at = self.random.randrange(len(self.whole.live.tokens))
        chosen = [play.live.tokens[at] for play in self.both]
        offers = [play.live.may_move(each.id) for play, each in zip(self.both, chosen, strict=True)]
        assert offers[0] == offers[1]
        target = self.random.choice(["", *offers[0]])
        refusals = [self._moved(play, each.id, target) for play, each in zip(self.both, chosen, strict=True)]
        assert refusals[0] == refusals[1]
        return not refusals[0]

    def _moved(self, play: Play, token_id: Any, target: str) -> str:
        try:
            if target:
                play.live.move(token_id, target)
            else:
                play.live.skip(token_id)
        except NotPossible as fault:
            return fault.en
        play._after()
        return ""

    def compare(self) -> None:
        super().compare()
        assert self.saved.live.loose_ends == self.whole.live.loose_ends == []


def walk(seed: int) -> int:
    """How many tokens were moved on the way to the end; raises when it sticks or the two differ."""
    with clock.frozen(BEGIN):
        walking = MovingWalk(seed)
        walking.random = random.Random(seed * 7 + 1)
        walking.go()
        return walking.moved


@pytest.mark.parametrize("tens", range(12))
def test_however_tokens_are_moved_an_instance_comes_to_its_end(tens):
    moved = sum(walk(seed) for seed in range(tens * 10, tens * 10 + 10))

    assert moved > 0


def _walk_many(first: int, last: int) -> None:
    moved, faults = 0, []
    for seed in range(first, last):
        try:
            moved += walk(seed)
        except Exception as fault:
            faults.append(f"{seed}: {type(fault).__name__}: {(str(fault).splitlines() or [''])[0][:200]}")
    print(f"{last - first} diagrams, {moved} moves, {len(faults)} faults", *faults[:20], sep="\n")


if __name__ == "__main__":
    _walk_many(int(sys.argv[1]), int(sys.argv[2]))
