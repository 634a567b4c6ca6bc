"""The trace from the policy to the elements: each claim names one that is here; the rest is said to be open."""

from __future__ import annotations

import re

import pytest

from engine import diagrams
from engine.settings import CHECKOUT
from tests import trace


def test_every_claim_names_an_element_that_exists() -> None:
    assert trace.requirements()


@pytest.mark.parametrize(
    "claim",
    [
        "home_visit.nowhere",
        "no_process",
        "form:visit.nowhere",
        "form:nowhere",
        "dmn:nowhere",
        "policy:nowhere",
        "page:nowhere.index",
        "command:nowhere",
        "care.elders:Elder.nowhere",
        "indicator:K99",
    ],
)
def test_a_claim_that_names_nothing_is_refused(claim: str) -> None:
    with pytest.raises(trace.NoSuchElement):
        trace.element(claim)


def test_an_id_that_an_element_names_is_a_requirement_of_the_policy() -> None:
    known = {each.id for each in trace.requirements()}

    assert set(trace.written_ids()) - known == set()


def test_the_page_says_what_is_open() -> None:
    page = (CHECKOUT / "docs" / "reference" / "policy-trace.md").read_text(encoding="utf-8")
    opened = re.findall(r"^\| (R-\S+) ", page.split("## Fulfilled")[0], re.M)

    assert opened == [each.id for each in trace.requirements() if each.open_parts()]


def test_every_task_and_gateway_names_its_requirement_and_its_source() -> None:
    """In the first line of its documentation: R-… and the process, paragraph or annex."""
    silent = [
        f"{process.id}.{node.id}"
        for process, _ in trace.processes().values()
        for node in process.nodes
        if (node.is_user_task or (node.kind.endswith("Gateway") and len(node.outgoing) > 1))
        and not (_SOURCE.search(_first_line(node)) and trace.ID.search(_first_line(node)))
    ]

    assert silent == []


_SOURCE = re.compile(r"P\d\d|附\d|[一二三四五六]\(|\d\.\d|系统自检")


def _first_line(node: diagrams.Node) -> str:
    return node.documentation.split("\n")[0]
