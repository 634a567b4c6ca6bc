"""Row 13: diagrams that would hang or fill a bare engine. Refused, or stopped within seconds, while others go on."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

from engine import db, definitions, jobs, run
from engine.checks.findings import ERROR
from engine.run import StepFailed
from tests.engine.drawing import Drawing
from tests.engine.steps import FORM, TASK
from tests.faults import small
from tests.faults.small import Child, Say
from tests.faults.verdict import Verdict

WITHIN_SECONDS = 5.0
"""Of processor time in the check's child or the step; on a busy machine that is longer by the clock."""
MANY = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="false"><bpmn:loopCardinality>1000000</bpmn:loopCardinality>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)


def diagrams() -> dict[str, dict[str, bytes]]:
    """Bundles by name; each of them hangs, recurses or fills memory in an engine without limits."""
    ring = Drawing("p").gateway("xor", "g", "h").path("start", "g", "h", "g")
    bomb = Drawing("p").gateway("and", *(f"g{number}" for number in range(24))).user("a", **TASK)
    for number in range(23):
        for _ in range(2):
            bomb.path(f"g{number}", f"g{number + 1}")
    bomb.path("start", "g0").path("g23", "a", "end")
    long = Drawing("p")
    names = [f"s{number}" for number in range(3000)]
    for name in names:
        long.service(name, "small.count")
    nested = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;&a;">]><a>&c;</a>'
    return {
        "a process that calls itself": _one(Drawing("p").call("c", "p").path("start", "c", "end")),
        "two that call each other": {
            "p.bpmn": Drawing("p").call("c", "q").path("start", "c", "end").xml(),
            "q.bpmn": Drawing("q").call("c", "p").path("start", "c", "end").xml(),
        },
        "a million members": _one(Drawing("p").user("a", MANY, **TASK).path("start", "a", "end")),
        "endless gateways": _one(ring),
        "2 to the 23 tokens": _one(bomb),
        "3,000 tasks in a row": _one(long.path("start", *names, "end")),
        "a flow to itself": _one(Drawing("p").service("s", "small.count").path("start", "s", "s")),
        "R/PT0S": _one(
            Drawing("p")
            .user("a", **TASK)
            .boundary("t", "a", False, every="R/PT0S")
            .path("start", "a", "end")
            .path("t", "e2")
        ),
        "P999999Y": _one(
            Drawing("p")
            .user("a", **TASK)
            .boundary("t", "a", after="P999999Y")
            .path("start", "a", "end")
            .path("t", "e2")
        ),
        "entities": {"p.bpmn": nested},
        "a megabyte of brackets": {"p.bpmn": b"<a>" * 300_000},
        "no XML": {"p.bpmn": bytes(range(256)) * 100},
    }


def _timed(**event: str) -> dict[str, bytes]:
    drawing = Drawing("p").user("a", **TASK).boundary("t", "a", False, **event)
    return _one(drawing.path("start", "a", "end").path("t", "e2"))


def _one(drawing: Drawing) -> dict[str, bytes]:
    return {"p.bpmn": drawing.xml()}


def deploy_all(url: str, short: bool) -> Verdict:
    made = Child(lambda say: small.tables(url))
    assert made.wait(60) and made.status == 0
    going = Child(lambda say: small.live(url, 1, say))
    refused, stopped, found, longest = 0, 0, [], 0.0
    for name, files in diagrams().items():
        before, began = len(going.said("event")), time.monotonic()
        child = Child(_trying(url, files))
        if not child.wait(90):
            child.kill()
            found.append(f"{name}: neither refused nor stopped within 90 s")
        took = [float(each) for each in child.said("seconds")]
        longest = max(longest, *took, 0.0)
        found += [f"{name}: {each}" for each in child.said("fault")]
        found += [f"{name}: took {each:.1f} s of processor time" for each in took if each > WITHIN_SECONDS + 1]
        refused += len(child.said("refused"))
        stopped += len(child.said("stopped"))
        while len(going.said("event")) <= before and time.monotonic() - began < 60:
            time.sleep(0.1)
        if len(going.said("event")) <= before:
            found.append(f"{name}: nothing else went on")
    going.kill()
    if refused + stopped != len(diagrams()):
        found.append(f"{refused} were refused and {stopped} stopped, of {len(diagrams())}")
    return Verdict(
        f"{len(diagrams())} hostile diagrams on {small.name_of(url)}: {refused} refused, {stopped} stopped when"
        f" started, {longest:.1f} s of processor time at most; others went on",
        found,
    )


def _trying(url: str, files: dict[str, bytes]) -> Callable[[Say], None]:
    def work(say: Say) -> None:
        db.open_database(url)
        began = (
            resource.getrusage(resource.RUSAGE_SELF).ru_utime + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        )
        try:
            findings = definitions.check_apart(None, files, {"forms/answer.json": FORM})
            if any(each.level == ERROR for each in findings):
                say("refused before anything ran")
            else:
                with jobs.transaction() as session:
                    definitions.deploy(session, files, None, {"forms/answer.json": FORM})
                with jobs.transaction() as session:
                    run.start(session, "p", {})
                say("fault it was deployed and started")
        except definitions.Refused:
            say("refused before anything ran")
        except StepFailed as fault:
            say(f"stopped {type(fault.fault).__name__}")
        except Exception as fault:
            say(f"fault {type(fault).__name__}: {str(fault)[:200]}")
        ended = (
            resource.getrusage(resource.RUSAGE_SELF).ru_utime + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        )
        say(f"seconds {ended - began:.2f}")

    return work
