"""Random block-structured diagrams over every element that we run; the same seed always gives the same diagram.

Each block has one way in and one way out. Paths of non-interrupting boundary events go to an end of their own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

from tests.engine.drawing import Drawing, members, repeated

DEPTH = 3


class RandomDiagram:
    """`drawings`: the process and those that it calls. `failing`: asynchronous tasks whose failure is taken."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.drawings: list[Drawing] = [Drawing("p0")]
        self.failing: set[str] = set()
        self._number = 0
        self._drawing = self.drawings[0]
        self._process(self._drawing, DEPTH)

    def _process(self, drawing: Drawing, depth: int) -> None:
        before, self._drawing = self._drawing, drawing
        first, last = self._sequence(depth)
        drawing.path(self._new("start"), first).path(last, self._new("end"))
        self._drawing = before

    def _new(self, stem: str) -> str:
        self._number += 1
        return f"{stem}{self._number}"

    def _sequence(self, depth: int) -> tuple[str, str]:
        blocks = [self._block(depth) for _ in range(self.random.randint(1, 3))]
        for (_, left), (right, _) in pairwise(blocks):
            self._drawing.path(left, right)
        return blocks[0][0], blocks[-1][1]

    def _block(self, depth: int) -> tuple[str, str]:
        simple: list[Callable[[int], tuple[str, str]]] = [
            self._user,
            self._user,
            self._service,
            self._rule,
            self._waiting,
            self._throwing,
            self._repeated_user,
            self._watched_user,
            self._asynchronous,
            self._refusing,
            self._either,
            self._either,
            self._receiving,
            self._hearing,
            self._repeated_service,
            self._stopping,
        ]
        nested = [
            self._choice,
            self._loop,
            self._parallel,
            self._parallel,
            self._inclusive,
            self._subprocess,
            self._subprocess,
            self._call,
            self._call,
            self._repeated_subprocess,
            self._repeated_subprocess,
            self._repeated_call,
            self._failing_inside,
            self._failing_call,
            self._told_outside,
            self._signalled,
        ]
        return self.random.choice(simple if depth == 0 or self.random.random() < 0.3 else nested)(depth - 1)

    def _user(self, _: int) -> tuple[str, str]:
        name = self._new("u")
        self._drawing.user(name)
        return name, name

    def _service(self, _: int) -> tuple[str, str]:
        name = self._new("s")
        self._drawing.service(name, "work", seed="x")
        return name, name

    def _rule(self, _: int) -> tuple[str, str]:
        name = self._new("r")
        self._drawing.rule(name, "tier")
        return name, name

    def _waiting(self, _: int) -> tuple[str, str]:
        name = self._new("c")
        if self.random.random() < 0.5:
            self._drawing.catch(name, after=f"PT{self.random.randint(1, 9)}H")
        else:
            self._drawing.catch(name, key="x", message="m")
        return name, name

    def _throwing(self, _: int) -> tuple[str, str]:
        name = self._new("t")
        kind = self.random.choice(("message", "message", "send", "signal"))
        if kind == "send":
            self._drawing.node("sendTask", name, self._drawing.event(message="m", payload="{x: x}"))
        elif kind == "signal":
            self._drawing.throw(name, signal="storm")
        else:
            self._drawing.throw(name, message="m", payload="{x: x}")
        return name, name

    def _receiving(self, depth: int) -> tuple[str, str]:
        name = self._new("e")
        loop = members("list", f"i{name}", self.random.random() < 0.5) if self.random.random() < 0.2 else ""
        self._drawing.node("receiveTask", name, self._drawing.event(message="m") + loop)
        return self._watched(name, depth) if self.random.random() < 0.6 else (name, name)

    def _hearing(self, _: int) -> tuple[str, str]:
        name = self._new("h")
        self._drawing.catch(name, signal="storm")
        return name, name

    def _repeated_service(self, _: int) -> tuple[str, str]:
        name = self._new("q")
        outside = {"wait": "true"} if self.random.random() < 0.5 else {}
        until = self.random.choice(("", "nrOfCompletedInstances >= 2", "nrOfActiveInstances <= 1"))
        loop = members("list", f"i{name}", self.random.random() < 0.5, until=until, results=f"all{name}", result=name)
        self._drawing.service(name, "work", loop, **outside)
        return name, name

    def _stopping(self, _: int) -> tuple[str, str]:
        """A way to terminate the process or subprocess that it stands in."""
        asked, split, go_on = self._new("u"), self._new("x"), self._new("x")
        stop = self._new("end")
        self._drawing.user(asked).gateway("xor", split, go_on).end(stop, terminate="yes").path(asked, split)
        self._drawing.path(split, stop, when=f"{asked}.n = 2 and {asked}.yes = true")
        self._drawing.path(split, go_on, default=True)
        return asked, go_on

    def _repeated_user(self, _: int) -> tuple[str, str]:
        name = self._new("m")
        sequential = self.random.random() < 0.5
        until = self.random.choice(("", f"{name}.yes = true", "nrOfCompletedInstances >= 2"))
        kind = self.random.randint(0, 2)
        if kind == 0:
            loop = members("list", f"i{name}", sequential, until=until, results=f"all{name}", result=name)
        elif kind == 1:
            loop = members(sequential=sequential, cardinality="3", until=until)
        else:
            loop = repeated(f"{name}.yes = true", most=3)
        self._drawing.user(name, loop)
        return name, name

    def _watched_user(self, depth: int) -> tuple[str, str]:
        name = self._new("w")
        loop = members("list", f"i{name}") if self.random.random() < 0.2 else ""
        self._drawing.user(name, loop)
        return self._watched(name, depth)

    def _watched(self, name: str, depth: int) -> tuple[str, str]:
        """One to three boundary events on what `name` names; the interrupting ones meet its way out."""
        merge = self._new("x")
        self._drawing.gateway("xor", merge).path(name, merge)
        for _ in range(self.random.randint(1, 3)):
            event = self._new("b")
            interrupting = self.random.random() < 0.4
            kind = self.random.choice(("after", "every", "message", "signal"))
            if kind == "every":
                self._drawing.boundary(event, name, False, every=f"R{self.random.randint(1, 3)}/PT5H")
                interrupting = False
            elif kind == "after":
                self._drawing.boundary(event, name, interrupting, after=f"PT{self.random.randint(1, 12)}H")
            elif kind == "signal":
                self._drawing.boundary(event, name, interrupting, signal="storm")
            else:
                self._drawing.boundary(event, name, interrupting, message="m")
            first, last = self._user(0) if kind == "signal" else self._block(0)  # a storm may not raise itself for ever
            self._drawing.path(event, first).path(last, merge if interrupting else self._new("end"))
        return name, merge

    def _asynchronous(self, _: int) -> tuple[str, str]:
        name, merge = self._new("a"), self._new("x")
        self._drawing.service(name, "send", wait="true").gateway("xor", merge).path(name, merge)
        if self.random.random() < 0.7:
            failed, (first, last) = self._new("b"), self._user(0)
            self._drawing.boundary(failed, name, error="down").path(failed, first).path(last, merge)
            self.failing.add(name)
        return name, merge

    def _refusing(self, _: int) -> tuple[str, str]:
        name, merge, event = self._new("f"), self._new("x"), self._new("b")
        self._drawing.service(name, "refuse").gateway("xor", merge).path(name, merge)
        self._drawing.boundary(event, name, error="no").path(event, merge)
        return name, merge

    def _either(self, _: int) -> tuple[str, str]:
        gateway, merge = self._new("g"), self._new("x")
        self._drawing.gateway("first", gateway).gateway("xor", merge)
        every = ({"after": "PT3H"}, {"after": "PT2H"}, {"message": "m"}, {"message": "n"}, {"signal": "storm"})
        for event in self.random.sample(every, self.random.randint(2, 5)):
            name = self._new("c")
            if "message" in event and self.random.random() < 0.3:
                self._drawing.node("receiveTask", name, self._drawing.event(**event))
            else:
                self._drawing.catch(name, **event)
            self._drawing.path(gateway, name)
            first, last = self._user(0)
            self._drawing.path(name, first).path(last, merge)
        return gateway, merge

    def _choice(self, depth: int) -> tuple[str, str]:
        asked, split, merge = self._new("u"), self._new("x"), self._new("x")
        self._drawing.user(asked).gateway("xor", split, merge).path(asked, split)
        for number in range(self.random.randint(2, 3)):
            first, last = self._sequence(depth)
            self._drawing.path(split, first, when=f"{asked}.n = {number}" if number else "", default=not number)
            self._drawing.path(last, merge)
        return asked, merge

    def _loop(self, depth: int) -> tuple[str, str]:
        begin, asked, again = self._new("x"), self._new("u"), self._new("x")
        self._drawing.gateway("xor", begin, again).user(asked)
        first, last = self._sequence(depth)
        self._drawing.path(begin, first).path(last, asked, again)
        after = self._user(0)[0]
        self._drawing.path(again, begin, when=f"{asked}.yes = true").path(again, after, default=True)
        return begin, after

    def _parallel(self, depth: int) -> tuple[str, str]:
        fork, join = self._new("j"), self._new("j")
        self._drawing.gateway("and", fork, join)
        for _ in range(self.random.randint(2, 3)):
            first, last = self._sequence(depth)
            self._drawing.path(fork, first).path(last, join)
        return fork, join

    def _inclusive(self, depth: int) -> tuple[str, str]:
        asked, split, merge = self._new("u"), self._new("o"), self._new("o")
        self._drawing.user(asked).gateway("or", split, merge).path(asked, split)
        for number in range(3):
            first, last = self._sequence(depth)
            self._drawing.path(split, first, when=f"{asked}.n >= {number}" if number else "", default=not number)
            self._drawing.path(last, merge)
        return asked, merge

    def _inside(self, name: str, depth: int, loop: str = "") -> None:
        with self._drawing.subprocess(name, loop):
            first, last = self._sequence(depth)
            ending = self._new("end")
            kind = self.random.choice(("plain", "plain", "terminate", "escalation"))
            if kind == "terminate":
                self._drawing.end(ending, terminate="yes")
            elif kind == "escalation":
                self._drawing.end(ending, escalation="late")
            self._drawing.path(self._new("start"), first).path(last, ending)

    def _subprocess(self, depth: int) -> tuple[str, str]:
        name = self._new("p")
        self._inside(name, depth)
        if self.random.random() < 0.3:
            event = self._new("b")
            self._drawing.boundary(event, name, False, escalation="late").path(event, self._new("end"))
        return self._watched(name, depth) if self.random.random() < 0.6 else (name, name)

    def _repeated_subprocess(self, depth: int) -> tuple[str, str]:
        name = self._new("p")
        if self.random.random() < 0.3:
            loop = repeated("loopCounter < 2", most=3)
        else:
            loop = members("list", f"i{name}", self.random.random() < 0.5, until=self._until())
        self._inside(name, min(depth, 1), loop)
        return self._watched(name, depth) if self.random.random() < 0.3 else (name, name)

    def _until(self) -> str:
        return self.random.choice(("", "", "nrOfCompletedInstances >= 2"))

    def _called(self, depth: int) -> Drawing:
        called = Drawing(f"p{self._new('')}")
        self.drawings.append(called)
        self._process(called, depth)
        return called

    def _call(self, depth: int) -> tuple[str, str]:
        name = self._new("k")
        self._drawing.call(name, self._called(depth).process_id)
        return self._watched(name, depth) if self.random.random() < 0.4 else (name, name)

    def _repeated_call(self, depth: int) -> tuple[str, str]:
        name = self._new("k")
        loop = members("list", f"i{name}", self.random.random() < 0.5, until=self._until())
        self._drawing.call(name, self._called(min(depth, 1)).process_id, loop)
        return name, name

    def _may_fail(self, drawing: Drawing, depth: int) -> None:
        """From a start event to an end, or to an error end event, as a person says."""
        before, self._drawing = self._drawing, drawing
        asked, split, bad = self._new("u"), self._new("x"), self._new("end")
        first, last = self._sequence(depth)
        drawing.user(asked).gateway("xor", split).end(bad, error=self.random.choice(("bad", "worse")))
        drawing.path(self._new("start"), first).path(last, asked, split)
        drawing.path(split, bad, when=f"{asked}.n = 1").path(split, self._new("end"), default=True)
        self._drawing = before

    def _caught(self, name: str) -> tuple[str, str]:
        """Both errors of `_may_fail` are taken at `name`: one by its code, the other by any."""
        merge = self._new("x")
        self._drawing.gateway("xor", merge).path(name, merge)
        for code in ("bad", ""):
            event, (first, last) = self._new("b"), self._user(0)
            self._drawing.boundary(event, name, error=code).path(event, first).path(last, merge)
        return name, merge

    def _failing_inside(self, depth: int) -> tuple[str, str]:
        """An error that leaves two subprocesses, and what stands beside it in the outer one."""
        outer, inner, fork, join = self._new("p"), self._new("p"), self._new("j"), self._new("j")
        loop = members("list", f"i{outer}", self.random.random() < 0.5) if self.random.random() < 0.3 else ""
        with self._drawing.subprocess(outer, loop):
            with self._drawing.subprocess(inner):
                self._may_fail(self._drawing, min(depth, 1))
            beside = self._user(0)[0]
            self._drawing.gateway("and", fork, join).path(self._new("start"), fork, inner, join)
            self._drawing.path(fork, beside, join, self._new("end"))
        return self._caught(outer)

    def _failing_call(self, depth: int) -> tuple[str, str]:
        name, called = self._new("k"), Drawing(f"p{self._new('')}")
        self.drawings.append(called)
        self._may_fail(called, min(depth, 1))
        loop = members("list", f"i{name}", self.random.random() < 0.5) if self.random.random() < 0.4 else ""
        self._drawing.call(name, called.process_id, loop)
        return self._caught(name)

    def _told_outside(self, depth: int) -> tuple[str, str]:
        """An escalation thrown two levels down, heard at one of them, interrupting or not."""
        outer, inner, merge = self._new("p"), self._new("p"), self._new("x")
        hears_inside = self.random.random() < 0.5
        with self._drawing.subprocess(outer):
            with self._drawing.subprocess(inner):
                tell, (first, last) = self._new("t"), self._sequence(min(depth, 1))
                self._drawing.throw(tell, escalation="late")
                self._drawing.path(self._new("start"), tell, first).path(last, self._new("end"))
            after = self._new("x")
            self._drawing.gateway("xor", after).path(self._new("start"), inner, after, self._new("end"))
            if hears_inside:
                self._escalated(inner, after)
        self._drawing.gateway("xor", merge).path(outer, merge)
        if not hears_inside:
            self._escalated(outer, merge)
        return outer, merge

    def _escalated(self, name: str, merge: str) -> None:
        event, interrupting = self._new("b"), self.random.random() < 0.5
        code = self.random.choice(("late", ""))
        first, last = self._user(0)
        self._drawing.boundary(event, name, interrupting, escalation=code).path(event, first)
        self._drawing.path(last, merge if interrupting else self._new("end"))

    def _signalled(self, depth: int) -> tuple[str, str]:
        """A branch that waits for a signal beside one that sends it; whoever comes late is let go by a timer."""
        fork, join, word = self._new("j"), self._new("j"), self._new("word")
        user, send, wait, merge = self._new("u"), self._new("t"), self._new("u"), self._new("x")
        heard = self._new("b")
        self._drawing.gateway("and", fork, join).gateway("xor", merge).user(user).user(wait)
        self._drawing.throw(send, signal=word).boundary(heard, wait, signal=word)
        self._drawing.path(fork, user, send, join).path(fork, wait, merge, join).path(heard, merge)
        return fork, join
