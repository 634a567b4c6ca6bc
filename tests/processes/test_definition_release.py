"""P45 definition_release, walked along each way out. Source: processes P45; 5.2 (designer is not approver)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from care import releases
from care.errors import RuleBroken
from care.releases import Release
from engine import db, definitions, instances, jobs, tasks
from tests.town import Town

CHANGED = "consent"


def text() -> str:
    with db.reading() as session:
        return definitions.xml(session, definitions.current(session, CHANGED).id).decode()


def versions() -> int:
    with db.reading() as session:
        return definitions.current(session, CHANGED).version


def hand_in(town: Town, xml: str) -> int:
    with jobs.transaction() as session:
        row = releases.propose(session, CHANGED, xml.encode(), "名称更清楚", town.staff["designer"])
        release_id = row.id
    jobs.drain()
    return release_id


def release(release_id: int) -> Release:
    with db.reading() as session:
        row = releases.get(session, release_id)
        session.expunge(row)
        return row


def better(xml: str) -> str:
    """The diagram with another documentation of its process, which no running instance notices."""
    assert "<bpmn:documentation>" in xml
    return xml.replace("<bpmn:documentation>", "<bpmn:documentation>第二稿：", 1)


def without_form(xml: str) -> str:
    assert '<spiffworkflow:property name="form" value="consent"/>' in xml
    return xml.replace('<spiffworkflow:property name="form" value="consent"/>', "")


def running(town: Town) -> UUID:
    return town.start(CHANGED, reason="yearly")


@pytest.fixture
def tried(town: Town) -> tuple[Town, int, UUID]:
    """Handed in while one instance runs, checked and tried."""
    instance_id = running(town)
    release_id = hand_in(town, better(text()))
    town.does("try_out", works=True, text="走通")
    return town, release_id, instance_id


def version_of(instance_id: UUID) -> int:
    with db.reading() as session:
        return instances.get(session, instance_id).version


def test_new_instances_use_it_and_running_ones_stay(tried: tuple[Town, int, UUID]):
    town, release_id, instance_id = tried
    before = versions()
    town.does("approve", approved=True, running="stay", text="同意")

    assert (release(release_id).state, release(release_id).version, versions()) == ("deployed", before + 1, before + 1)
    assert version_of(instance_id) == before
    assert version_of(running(town)) == before + 1
    assert "definition_release" not in town.live()


@pytest.mark.parametrize("confirmed", [True, False])
def test_running_ones_are_moved_when_their_waiting_points_exist_and_somebody_confirms(
    tried: tuple[Town, int, UUID], confirmed: bool
):
    town, release_id, instance_id = tried
    town.does("approve", approved=True, running="move", text="同意")
    assert release(release_id).dry_run == {"possible": 1, "reasons": []}

    town.does("confirm_move", approved=confirmed, text="看过")

    assert version_of(instance_id) == versions() - (0 if confirmed else 1)
    assert "definition_release" not in town.live()


def test_whoever_handed_it_in_does_not_approve(tried: tuple[Town, int, UUID]):
    town, _, _ = tried

    with pytest.raises(tasks.SamePerson):
        town.does("approve", person=town.staff["designer"], approved=True, running="stay", text="x")


def test_a_draft_with_errors_goes_no_further(town: Town):
    before = versions()
    release_id = hand_in(town, without_form(text()))

    row = release(release_id)
    assert (row.state, versions(), "definition_release" in town.live()) == ("refused", before, False)
    assert any(each["level"] == "error" for each in row.findings)


@pytest.mark.parametrize(
    ("element", "answers", "state"),
    [
        ("try_out", {"works": False, "text": "第二条路停住"}, "not_working"),
        ("approve", {"approved": False, "text": "说明不够"}, "rejected"),
    ],
)
def test_what_does_not_work_or_is_not_approved_is_not_deployed(
    town: Town, element: str, answers: dict[str, Any], state: str
):
    before = versions()
    release_id = hand_in(town, better(text()))
    if element == "approve":
        town.does("try_out", works=True, text="走通")
    town.does(element, **answers)

    assert (release(release_id).state, versions(), "definition_release" in town.live()) == (state, before, False)


def test_what_the_world_refuses_meanwhile_is_told(tried: tuple[Town, int, UUID], monkeypatch: pytest.MonkeyPatch):
    town, release_id, _ = tried

    def refused(*about: Any, **how: Any) -> None:
        raise definitions.Refused([])

    monkeypatch.setattr(definitions, "deploy", refused)
    town.does("approve", approved=True, running="stay", text="同意")

    assert (release(release_id).state, "definition_release" in town.live()) == ("refused", False)


def test_one_draft_at_a_time_and_never_without_its_reason(town: Town):
    hand_in(town, better(text()))
    with pytest.raises(RuleBroken), jobs.transaction() as session:
        releases.propose(session, CHANGED, text().encode(), "再改", town.staff["designer"])
    with pytest.raises(RuleBroken), jobs.transaction() as session:
        releases.propose(session, "visit_ordered", b"<x/>", " ", town.staff["designer"])
