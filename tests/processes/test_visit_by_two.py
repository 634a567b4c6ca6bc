"""Visits by two: asked for by the file or by a suspicion of abuse, enforced at the door whoever sends the form.

Source: R-USR-05, R-USR-10; processes P08 T1, P19.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from care import contacts
from care.visits import Visit
from engine import db, forms
from tests.processes import answers as say
from tests.processes.test_visits import record
from tests.town import Town


@pytest.fixture
def ordered(town: Town) -> Town:
    """A visit that the desk asked for, accepted by the visitor."""
    town.message("visit.ordered", str(town.elder.id), kind="targeted")
    town.does("accept_or_swap", by="visitor")
    return town


def refused(town: Town, element: str, **answers: object) -> dict[str, str]:
    """What is said at which field when the task is not taken."""
    with pytest.raises(forms.Invalid) as fault:
        town.does(element, **answers)
    return {path: words["zh"] for path, words in fault.value.faults.items()}


def visit() -> Visit:
    with db.reading() as session:
        found = session.scalars(select(Visit).order_by(Visit.id.desc())).first()
        assert found is not None
        session.expunge_all()
        return found


def at_home() -> dict[str, Any]:
    """The record of a home visit that found nothing."""
    home = "structure floor bathroom handrails lighting water electricity gas heating fire_equipment smoke_alarm"
    return record(
        mode="home",
        home_safety=_normal(f"{home} call_device"),
        medication_safety=_normal("storage dose expired misuse duplicate") | {"run_out": False},
        family_duty=_normal("children relatives guardian abuse desertion uncared") | {"troubled": "no"},
    )


def _normal(items: str) -> dict[str, Any]:
    return {each: {"level": "normal"} for each in items.split()}


def suspicion(town: Town, named: bool) -> None:
    with db.reading() as session:
        son = contacts.supporters_of(session, town.elder.id)[1].id
    town.message("duty.suspected", str(town.elder.id), kind="abuse", **({"supporter_id": son} if named else {}))


def test_one_person_visits_where_nothing_asks_for_two(ordered: Town):
    ordered.does("go", **say.arrived())

    assert visit().second_visitor is None and "visit_form" in ordered.elements()


@pytest.mark.parametrize("why", ["the file", "abuse, nobody named", "abuse by the son"])
def test_where_two_are_wanted_nobody_goes_in_alone(ordered: Town, why: str):
    if why == "the file":
        ordered.elder_is(two_visitors=True)
    else:
        suspicion(ordered, named=why == "abuse by the son")
    for alone in ({}, {"second_visitor": "  "}, {"two_needed": False, "second_visitor": "李四"}):
        faults = refused(ordered, "go", **say.arrived(**alone))
        assert set(faults) == {"second_visitor"}
        assert not any(word in faults["second_visitor"] for word in ("虐待", "家暴", "儿子"))  # never why
    assert "go" in ordered.elements() and visit().arrived_at is None

    ordered.does("go", **say.arrived(two_needed=True, second_visitor="李四"))

    assert visit().second_visitor == "李四"
    ordered.does("visit_form", **at_home())
    assert visit().state == "recorded"


def test_one_person_may_telephone_but_not_record_a_home_visit_then(ordered: Town):
    ordered.elder_is(two_visitors=True)
    ordered.does("go", **say.arrived(mode="phone", by=None))

    assert set(refused(ordered, "visit_form", **at_home())) == {"mode"}
    assert "visit_form" in ordered.elements()


def test_what_was_begun_before_anybody_knew_is_taken_as_it_is(ordered: Town):
    ordered.does("go", **say.arrived())
    suspicion(ordered, named=False)
    ordered.does("visit_form", **at_home())

    assert visit().state == "recorded"


def test_it_ends_with_the_hold(ordered: Town):
    ordered.elder_is(protective_hold=True)
    refused(ordered, "go", **say.arrived())
    ordered.elder_is(protective_hold=False)
    ordered.does("go", **say.arrived())

    assert "visit_form" in ordered.elements()
