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
            self._repeated_subprocess,
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
        self._drawing.throw(name, message="m", payload="{x: x}")
        return name, name

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
            kind = self.random.choice(("after", "every", "message"))
            if kind == "every":
                self._drawing.boundary(event, name, False, every=f"R{self.random.randint(1, 3)}/PT5H")
                interrupting = False
            elif kind == "after":
                self._drawing.boundary(event, name, interrupting, after=f"PT{self.random.randint(1, 12)}H")
            else:
                self._drawing.boundary(event, name, interrupting, message="m")
            first, last = self._block(0)
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
        for event in ({"after": "PT3H"}, {"after": "PT2H"}, {"message": "m"}):
            name = self._new("c")
            self._drawing.catch(name, **event).path(gateway, name)
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
        self._inside(name, min(depth, 1), members("list", f"i{name}", self.random.random() < 0.5))
        return name, name

    def _call(self, depth: int) -> tuple[str, str]:
        name = self._new("k")
        called = Drawing(f"p{self._new('')}")
        self.drawings.append(called)
        self._process(called, depth)
        self._drawing.call(name, called.process_id)
        return self._watched(name, depth) if self.random.random() < 0.4 else (name, name)

    def _signalled(self, depth: int) -> tuple[str, str]:
        """A branch that waits for a signal beside one that sends it; whoever comes late is let go by a timer."""
        fork, join, word = self._new("j"), self._new("j"), self._new("word")
        user, send, wait, merge = self._new("u"), self._new("t"), self._new("u"), self._new("x")
        heard = self._new("b")
        self._drawing.gateway("and", fork, join).gateway("xor", merge).user(user).user(wait)
        self._drawing.throw(send, signal=word).boundary(heard, wait, signal=word)
        self._drawing.path(fork, user, send, join).path(fork, wait, merge, join).path(heard, merge)
        return fork, join
