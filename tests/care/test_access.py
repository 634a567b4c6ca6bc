"""Who sees whom: two townships never see each other's elders, and nobody sees more than the role works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import aliased

from care import access, cases, contacts, files, people, visitors
from care.contacts import Contact
from care.elders import Elder
from care.errors import NotAllowed, NotFound, RuleBroken
from care.people import Held, Person
from care.roles import CARD, FULL, GRID, Part
from engine import clock, db
from engine.tasks import task as task_table
from tests.builders import City, a_city, a_second_township, an_elder


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


@dataclass
class Two:
    ours: City
    theirs: City
    elder: Elder
    other: Elder


@pytest.fixture
def two(session):
    ours = a_city(session)
    theirs = a_second_township(session, ours)
    return Two(ours, theirs, an_elder(session, ours), an_elder(session, theirs))


LOCAL = ["visitor", "visitor_b", "grid_worker", "village_desk", "township_desk", "township_lead", "district_desk"]
CITY_WITH_CARD = ["hotline", "hotline_lead", "monitor_desk", "monitor_lead"]
WITHOUT_FILES = ["city_desk", "city_manager", "surveyor", "designer", "admin"]

READS = {
    "elder": lambda session, person, elder: access.elder(session, person, elder.id),
    "file": lambda session, person, elder: files.open_file(session, person, elder.id),
    "card": lambda session, person, elder: files.peek(session, person, elder.id),
    "phone": lambda session, person, elder: files.reveal(session, person, elder.id, "phone"),
    "id number": lambda session, person, elder: files.reveal(session, person, elder.id, "id_number"),
    "log": lambda session, person, elder: files.log_of(session, person, elder.id),
    "see": lambda session, person, elder: access.require(session, person, "see", elder),
    "change": lambda session, person, elder: access.require(session, person, "change", elder),
    "assign": lambda session, person, elder: access.require(session, person, "assign", elder),
}


@pytest.mark.parametrize("role", LOCAL + WITHOUT_FILES)
def test_an_elder_of_another_unit_does_not_exist_for_them(session, two, role):
    person = two.ours.person(session, role)

    for read in READS.values():
        with pytest.raises(NotFound):
            read(session, person, two.other)


@pytest.mark.parametrize("role", [*LOCAL, *CITY_WITH_CARD])
def test_their_own_elder_is_there(session, two, role):
    person = two.ours.person(session, role)

    assert access.elder(session, person, two.elder.id) is two.elder


@pytest.mark.parametrize("role", LOCAL)
def test_search_finds_only_their_own(session, two, role):
    person = two.ours.person(session, role)

    for text in (two.other.number, two.other.name, two.other.phone, two.other.id_number):
        assert access.search(session, person, text) == []
    assert access.search(session, person, two.elder.number) == [two.elder]


@pytest.mark.parametrize("role", LOCAL)
def test_the_wall_narrows_every_shape_of_question(database, session, two, role):
    person = two.ours.person(session, role)
    access.guard(session, person)
    session.expunge_all()
    other = aliased(Elder)

    assert session.scalars(select(Elder.id)).all() == [two.elder.id]
    assert session.scalar(select(func.count()).select_from(Elder)) == 1
    assert session.scalars(select(other.id)).all() == [two.elder.id]
    assert session.get(Elder, two.other.id) is None
    assert not session.scalar(select(exists().where(Elder.id == two.other.id)))
    assert set(session.scalars(select(Contact.elder_id))) == {two.elder.id}
    assert contacts.ordered(session, two.other.id) == []
    joined = select(Contact.id).join(Elder, Elder.id == Contact.elder_id).where(Elder.id == two.other.id)
    assert session.scalars(joined).all() == []


def test_the_wall_is_anew_for_each_person(database, monday):
    with database.writing() as session:
        ours = a_city(session)
        theirs = a_second_township(session, ours)
        homes = {place.village.id: an_elder(session, place).id for place in (ours, theirs)}
        desks = {place.village.id: place.person(session, "village_desk") for place in (ours, theirs)}

    for village_id, desk in desks.items():
        with access.reading(desk) as session:
            assert set(session.scalars(select(Contact.elder_id))) == {homes[village_id]}


def test_a_session_behind_the_wall_without_a_person_shows_nothing(session, two):
    access.guard(session, None)
    session.expunge_all()

    assert session.scalars(select(Elder)).all() == []
    assert session.scalars(select(Contact)).all() == []


def test_a_reading_session_is_behind_the_wall(database, monday):
    with database.writing() as session:
        city = a_city(session)
        an_elder(session, city)
        desk = city.person(session, "village_desk")

    with access.reading(desk) as session:
        assert len(session.scalars(select(Elder)).all()) == 1
    with access.reading(None) as session:
        assert session.scalars(select(Elder)).all() == []
    with db.reading() as session:
        assert len(session.scalars(select(Elder)).all()) == 1


def test_a_person_without_a_post_may_nothing(session, two):
    nobody = Person(999, "gone", "离岗", ())

    with pytest.raises(NotFound):
        access.elder(session, nobody, two.elder.id)
    assert access.figures_scope(nobody) == []
    assert not any(access.may(session, nobody, right) for right in ("register", "deploy", "see_incidents", "nonsense"))


def test_an_unknown_action_is_refused(session, two):
    desk = two.ours.person(session, "township_desk")

    with pytest.raises(NotAllowed):
        access.require(session, desk, "sell", two.elder)


def test_a_visitor_sees_only_the_elders_that_are_assigned(session, two):
    neighbour = an_elder(session, two.ours, visited=False)
    visitor = two.ours.person(session, "visitor")

    assert access.elder(session, visitor, two.elder.id)
    with pytest.raises(NotFound):
        access.elder(session, visitor, neighbour.id)


def an_open_case(session, elder, **facts):
    opened = cases.open_case(session, elder_id=elder.id, unit_path=elder.unit_path, kind="sos", channel="device")
    case = cases.get(session, opened.case.id)
    for name, value in facts.items():
        setattr(case, name, value)
    session.flush()
    return case


def test_the_grid_worker_sees_health_only_during_an_open_case(session, two):
    worker = two.ours.person(session, "grid_worker")
    assert access.parts(session, worker, two.elder) == GRID

    an_open_case(session, two.elder)
    card = files.peek(session, worker, two.elder.id)

    assert Part.EMERGENCY_HEALTH in card.parts and card.emergency_health["illnesses"] == ["高血压"]
    assert Part.HEALTH not in card.parts and card.health == {}


def test_the_city_sees_a_file_in_an_open_emergency_and_no_other(session, two):
    desk = two.ours.person(session, "city_desk")
    an_open_case(session, two.elder)

    assert files.peek(session, desk, two.elder.id).parts == CARD
    with pytest.raises(NotFound):
        files.peek(session, desk, two.other.id)


def test_the_city_opens_a_file_with_a_reason_that_is_logged_and_ends(session, two):
    desk = two.ours.person(session, "city_desk")

    found = files.open_with_reason(session, desk, two.elder.number, "信访件核查")

    assert found.parts == FULL and found.health["illnesses"]
    lead = two.ours.person(session, "township_lead")
    assert [(row.what, row.reason) for row in files.log_of(session, lead, two.elder.id)] == [
        ("file", "信访件核查"),
        ("reason", "信访件核查"),
    ]
    clock.move_by(timedelta(hours=3))
    with pytest.raises(NotFound):
        files.open_file(session, desk, two.elder.id)


def test_a_reason_is_needed_and_not_everybodys_right(session, two):
    with pytest.raises(RuleBroken):
        files.open_with_reason(session, two.ours.person(session, "city_desk"), two.elder.number, "看")
    with pytest.raises(NotAllowed):
        files.open_with_reason(session, two.ours.person(session, "admin"), two.elder.number, "信访件核查")


def test_every_reading_of_a_file_is_logged(session, two):
    desk = two.ours.person(session, "village_desk")
    lead = two.ours.person(session, "township_lead")

    files.open_file(session, desk, two.elder.id, address="10.0.0.7")
    files.reveal(session, desk, two.elder.id, "id_number")

    assert [(row.what, row.staff_id) for row in files.log_of(session, lead, two.elder.id)] == [
        ("reveal:id_number", desk.id),
        ("file", desk.id),
    ]


def test_numbers_are_masked_until_revealed(session, two):
    desk = two.ours.person(session, "village_desk")

    found = files.open_file(session, desk, two.elder.id)

    assert found.phone == two.elder.phone[:3] + "****" + two.elder.phone[-4:]
    assert found.id_number.startswith("1502**********")
    assert all("****" in each.phone for each in found.contacts)
    assert files.reveal(session, desk, two.elder.id, "phone") == two.elder.phone
    first = found.contacts[0]
    assert files.reveal(session, desk, two.elder.id, f"contact:{first.id}") == f"137{two.elder.id:08d}"


@pytest.mark.parametrize(
    ("role", "what"), [("grid_worker", "id_number"), ("hotline", "id_number"), ("grid_worker", "contact:1")]
)
def test_a_role_reveals_only_what_it_works_with(session, two, role, what):
    with pytest.raises(NotAllowed):
        files.reveal(session, two.ours.person(session, role), two.elder.id, what)


def test_a_contact_of_another_elder_is_not_revealed(session, two):
    desk = two.ours.person(session, "village_desk")
    foreign = contacts.ordered(session, two.other.id)[0]

    with pytest.raises(NotFound):
        files.reveal(session, desk, two.elder.id, f"contact:{foreign.id}")


def test_the_hotline_has_the_short_card_and_no_file(session, two):
    card = files.open_file(session, two.ours.person(session, "hotline"), two.elder.id)

    assert card.parts == CARD and not card.is_full
    assert card.address and card.contacts and card.emergency_health and card.visitors
    assert card.health == {} and card.living == {} and card.id_number == ""


def test_the_log_is_for_those_who_may_see_it(session, two):
    with pytest.raises(NotAllowed):
        files.log_of(session, two.ours.person(session, "village_desk"), two.elder.id)


def open_task(session, number, elder, role, path, assignee=None):
    row = {"id": db.new_id(), "element_id": f"t{number}", "name": "协助", "role": role, "unit_path": path}
    row |= {"subject_id": elder.id, "assignee_id": assignee, "why": "your_role", "created_at": clock.now()}
    session.execute(insert(task_table).values(**row, state="open", rank=2, sort_at=clock.now()))


def test_an_open_task_opens_the_card_of_its_elder(session, two):
    city_desk = two.ours.person(session, "city_desk")
    worker = two.theirs.person(session, "grid_worker")
    open_task(session, 1, two.elder, "city_desk", two.ours.city.path)
    open_task(session, 2, two.elder, "visitor", two.elder.unit_path, worker.id)

    assert access.parts(session, city_desk, two.elder) == CARD
    assert access.parts(session, worker, two.elder) == FULL
    session.execute(task_table.update().values(state="done"))
    with pytest.raises(NotFound):
        access.elder(session, worker, two.elder.id)


@dataclass
class AnyTask:
    role: str
    unit_path: str
    assignee_id: int | None = None
    subject_id: int | None = None
    also_role: str | None = None
    also_unit_path: str | None = None
    also_person_id: int | None = None
    delegated_by: int | None = None
    instance_id: UUID | None = None
    id: UUID = UUID(int=1)


def test_a_task_is_for_its_post_or_its_person(session, two):
    desk, foreign = two.ours.person(session, "village_desk"), two.theirs.person(session, "village_desk")
    above = two.ours.person(session, "township_desk")
    shared = AnyTask("village_desk", two.ours.village.path)

    access.require(session, desk, "complete", shared)
    with pytest.raises(NotFound):
        access.require(session, foreign, "complete", shared)
    access.require(session, above, "see", shared)
    with pytest.raises(NotAllowed):
        access.require(session, above, "complete", shared)

    mine = AnyTask("village_desk", two.ours.village.path, assignee_id=above.id)
    access.require(session, above, "complete", mine)
    assert not access.may(session, desk, "complete", mine)


def test_rights_hold_inside_the_unit_of_the_post(session, two):
    desk = two.ours.person(session, "township_desk")

    assert access.may(session, desk, "register", two.ours.village.path)
    assert not access.may(session, desk, "register", two.theirs.village.path)
    assert access.may(session, two.ours.person(session, "designer"), "deploy")
    assert not access.may(session, two.ours.person(session, "designer"), "see", two.elder)
    assert not access.may(session, two.ours.person(session, "admin"), "see", two.elder)


def test_figures_are_of_the_own_unit_and_below(session, two):
    desk = two.ours.person(session, "township_desk")

    assert access.figures_scope(desk) == [two.ours.township.path]
    assert access.may(session, desk, "see_figures", two.ours.village.path)
    assert not access.may(session, desk, "see_figures", two.ours.district.path)
    assert access.figures_scope(two.ours.person(session, "grid_worker")) == []
    both = Person(1, "x", "x", (Held("village_desk", "/1/2/3/", 3), Held("district_desk", "/1/2/", 2)))
    assert access.figures_scope(both) == ["/1/2/"]


def test_a_stand_in_sees_the_grid_while_it_lasts(session, two):
    stand_in = two.theirs.staff["grid_worker"]
    people.away(
        session,
        two.ours.staff["grid_worker"].id,
        clock.now() - timedelta(hours=1),
        clock.now() + timedelta(days=1),
        stand_in_id=stand_in.id,
    )

    assert access.elder(session, people.person(session, stand_in.id), two.elder.id)
    clock.move_by(timedelta(days=2))
    with pytest.raises(NotFound):
        access.elder(session, people.person(session, stand_in.id), two.elder.id)


def test_a_post_that_ended_opens_nothing(session, two):
    staff = two.ours.staff["village_desk"]
    post = session.scalar(select(people.Post).where(people.Post.staff_id == staff.id))
    people.end_post(session, post)

    with pytest.raises(NotFound):
        access.elder(session, people.person(session, staff.id), two.elder.id)


@pytest.mark.parametrize("role", LOCAL)
def test_cases_of_another_unit_do_not_exist_for_them(session, two, role):
    person = two.ours.person(session, role)
    ours, theirs = an_open_case(session, two.elder), an_open_case(session, two.other)

    assert access.case(session, person, ours.id) is ours
    with pytest.raises(NotFound):
        access.case(session, person, theirs.id)
    access.guard(session, person)
    session.expunge_all()
    assert session.scalars(select(cases.Case.id)).all() == [ours.id]
    assert cases.open_cases(session)[0].id == ours.id
    assert cases.by_number(session, theirs.number) is None


def test_the_city_sees_open_cases_and_no_closed_ones(session, two):
    desk = two.ours.person(session, "city_desk")
    opened = an_open_case(session, two.elder)
    closed = an_open_case(session, two.other, state="archived")

    assert access.case(session, desk, opened.id) is opened
    with pytest.raises(NotFound):
        access.case(session, desk, closed.id)


@pytest.mark.parametrize("role", ["visitor", "grid_worker", "hotline", "monitor_desk", "city_desk"])
def test_a_restricted_case_is_for_the_desks_that_lead_it(session, two, role):
    case = an_open_case(session, two.elder, restricted=True)

    assert access.case(session, two.ours.person(session, "township_lead"), case.id) is case
    with pytest.raises(NotFound):
        access.case(session, two.ours.person(session, role), case.id)


def test_a_case_without_an_elder_is_seen_by_its_unit_and_the_city(session, two):
    opened = cases.open_case(
        session, elder_id=None, unit_path=two.ours.village.path, kind="unknown", channel="courier"
    ).case

    for role in ("village_desk", "monitor_desk", "hotline", "city_desk"):
        assert access.case(session, two.ours.person(session, role), opened.id) is opened
    with pytest.raises(NotFound):
        access.case(session, two.theirs.person(session, "village_desk"), opened.id)


def test_rights_of_a_visitor_hold_for_the_own_elders_only(session, two):
    worker = two.ours.staff["grid_worker"]
    people.give_post(session, worker, "visitor", two.ours.village, worker_since())
    person = people.person(session, worker.id)
    assert access.may(session, person, "see", two.elder) and not access.may(session, person, "change", two.elder)

    visitors.name(session, two.elder, "visitor", worker.id)

    assert access.may(session, person, "change", two.elder)


def worker_since():
    return clock.today() - timedelta(days=1)


def test_a_call_from_a_relative_finds_the_elder_within_the_scope(session, two):
    phone = contacts.ordered(session, two.elder.id)[0].phone

    assert access.search(session, two.ours.person(session, "hotline"), phone) == [two.elder]
    assert access.search(session, two.theirs.person(session, "village_desk"), phone) == []
