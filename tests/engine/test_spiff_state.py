"""The stored state: what it holds, what it no longer holds, and that old ones stay readable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from engine import clock, codec
from engine.spiff import Bundle, Live, StateUnreadable
from tests.engine.drawing import Drawing, members
from tests.engine.played import Play, RecordingHost


def everything() -> Drawing:
    """A process that can wait for a bit of everything at once."""
    drawing = Drawing().gateway("and", "fork", "join").user("ask", role="visitor").user("after")
    drawing.boundary("slow", "ask", False, every="R3/PT1H").boundary("word", "ask", False, key="elder", message="said")
    drawing.user("remind").path("slow", "remind", "end_a").path("word", "end_b")
    with drawing.subprocess("sub", members("people", "person")):
        drawing.user("inner", role="= person").path("start_in", "inner", "end_in")
    drawing.gateway("first", "either").catch("long", after="P1D").catch("other", message="other")
    drawing.service("send", "send", wait="true")
    drawing.path("start", "fork", "ask", "join", "after", "end").path("fork", "sub", "join")
    drawing.gateway("xor", "met").path("fork", "either", "long", "met", "join").path("either", "other", "send", "met")
    return drawing


DATA = {"elder": 7, "people": ["a", "b", "c"]}

GOLDEN = Path(__file__).parent / "states"


def version_1() -> bytes:
    """How `states/version_1.bin` was made, once. It is not to be made again: what is stored in cities is not either."""
    play = Play(everything(), data=DATA).complete("inner", n=1)
    clock.move_by(timedelta(hours=1))
    play.fire()
    return play.live.dump()


def test_a_state_written_by_the_first_codec_is_read_for_ever(monday):
    bundle = Bundle.compile({"renamed.bpmn": everything().xml()})
    blob = (GOLDEN / "version_1.bin").read_bytes()
    live = Live.restore(bundle, "p", blob, RecordingHost())

    assert [each.element_id for each in live.open_tasks] == ["ask", "remind", "inner", "inner"]
    assert sorted((each.kind, each.element_id) for each in live.waits) == [
        ("message", "other"),
        ("message", "word"),
        ("timer", "long"),
        ("timer", "slow"),
    ]
    for each in live.open_tasks:
        live.complete(each.id, {})
    wait = next(each for each in live.waits if each.element_id == "other")
    assert live.deliver(wait.task_id, {"x": 1}, wait.number)
    assert live.finish(next(each for each in live.waits if each.kind == "job").task_id, {"y": 2})
    live.complete(live.open_tasks[0].id, {"after": {"z": 3}})
    assert live.ended
    assert live.data == {**DATA, "inner": {"n": 1}, "other": {"x": 1}, "send": {"y": 2}, "after": {"z": 3}}


def test_task_ids_stay_while_a_task_is_open(monday):
    play = Play(everything(), data=DATA)
    before = {each.id for each in play.live.open_tasks} | {each.task_id for each in play.live.waits}

    play.restore().restore()

    assert {each.id for each in play.live.open_tasks} | {each.task_id for each in play.live.waits} == before
    assert all(isinstance(each, UUID) for each in before)


@pytest.mark.parametrize(("first", "second"), [(1, True), (False, 0), ([0], [False]), ({"n": 1}, {"n": True})])
def test_a_branch_keeps_what_it_wrote_though_python_takes_it_for_the_same(first, second):
    drawing = Drawing().service("s", "say", result="r").service("t", "say", result="r").user("a").user("b")
    drawing.gateway("and", "f", "j").path("start", "s", "f", "a", "j", "end").path("f", "t", "b", "j")
    said = iter((first, second))
    play = Play(drawing, host=RecordingHost({"say": lambda: {"it": next(said)}}))

    seen = [repr(each.data["r"]["it"]) for each in play.live.open_tasks]
    assert seen == [repr(first), repr(second)]


def test_an_ended_instance_keeps_its_data_only(monday):
    play = Play(Drawing().user("ask").path("start", "ask", "end")).complete("ask", n=1)

    assert play.restore().ended
    assert play.data == {"ask": {"n": 1}}
    assert play.size < 120


def test_a_subprocess_leaves_nothing_behind():
    drawing = Drawing().user("after")
    with drawing.subprocess("sub"):
        drawing.user("inner").path("start_in", "inner", "end_in")
    play = Play(drawing.path("start", "sub", "after", "end"))
    with_inner = play.live.size

    play.complete("inner")

    assert play.live.size < with_inner
    assert len(play.live._top.subprocesses) == 0


@pytest.mark.parametrize("spoil", [lambda blob: blob[:40], lambda blob: b"\x09" + blob[1:], lambda blob: b"",
                                   lambda blob: blob[:-9] + b"\0" * 9])  # fmt: skip
def test_a_damaged_state_is_told(spoil):
    play = Play(everything(), data=DATA)

    with pytest.raises(StateUnreadable):
        Live.restore(play.bundle, "p", spoil(play.live.dump()), play.host)


def test_a_state_of_other_files_is_told():
    play = Play(everything(), data=DATA)
    other = Bundle.compile({"p.bpmn": Drawing().user("else").path("start", "else", "end").xml()})

    with pytest.raises(StateUnreadable):
        Live.restore(other, "p", play.live.dump(), play.host)


def test_the_codec_keeps_json_as_it_is():
    document = {"b": 1, "a": [None, True, 1.5, "词"], "": {}}

    assert codec.unpack(codec.pack(document)) == (codec.VERSION, document)
    assert list(codec.unpack(codec.pack(document))[1]) == ["b", "a", ""]
