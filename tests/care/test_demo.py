"""The demonstration district: complete, the same each time, nobody real, nobody without visitors."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from care import access, cases, demo, devices, elders, organisation, people, roles, visitors
from care.aids import Aid, AidHint
from care.consents import Consent
from care.contacts import Contact
from care.demo.workers import PASSWORD
from care.device_checks import DeviceCheck, DeviceDay
from care.devices import Device
from care.elders import CATEGORY_TITLES, Elder
from care.errands import Errand
from care.hazards import Hazard
from care.organisation import Unit
from care.people import Post
from care.referrals import Referral
from care.roles_of import role_of, subject_of
from care.visitors import Responsibility
from care.visits import Visit, VisitObligation
from engine import clock, db


@pytest.fixture(scope="module")
def district(all_databases, tmp_path_factory):
    """Built once; tests only read."""
    opened = db.open_database(all_databases.new(tmp_path_factory.mktemp("demo")))
    db.Base.metadata.create_all(opened.engine)
    with clock.frozen(datetime(2026, 11, 21, 1, 0, tzinfo=UTC)):
        with opened.writing() as session:
            summary = demo.build(session)
        yield opened, summary
    opened.close()


@pytest.fixture
def session(district):
    with district[0].reading() as opened:
        yield opened


def test_the_numbers_are_those_of_the_plan(district, session):
    _, summary = district
    counted = Counter(session.scalars(select(Unit.level)))

    assert (summary.new, summary.elders, summary.devices, len(summary.accounts)) == (True, 600, 300, 70)
    assert [counted[level] for level in organisation.LEVELS] == [1, 2, 4, 12, 36]


def test_building_again_changes_nothing(district):
    opened, summary = district
    with opened.writing() as session:
        again = demo.build(session)
        session.rollback()

    assert not again.new and again.accounts == summary.accounts


def test_every_category_tier_and_role_is_there(session):
    tiers = Counter(session.scalars(select(Elder.tier)))
    categories = Counter(each for listed in session.scalars(select(Elder.categories)) for each in listed)
    held = set(session.scalars(select(Post.role).distinct()))

    assert min(tiers[tier] for tier in elders.TIERS) >= 10
    assert set(categories) == set(CATEGORY_TITLES)
    without_account = {"family", "elder", "visitor_b", "proposed_visitor", "self_test"}  # named, or nobody at all
    assert held >= set(roles.ROLES) - without_account
    assert held >= {f"dept:{code}" for code in roles.DEPARTMENTS}


def test_every_elder_has_a_and_b_contacts_and_consents(session):
    pairs = Counter(session.execute(select(Responsibility.kind, func.count()).group_by(Responsibility.kind)).all())
    same = session.execute(
        select(Responsibility.elder_id, Responsibility.staff_id)
        .where(Responsibility.kind.in_(("visitor", "visitor_b")))
        .group_by(Responsibility.elder_id, Responsibility.staff_id)
        .having(func.count() > 1)
    ).all()

    assert ("visitor", 600) in pairs and ("visitor_b", 600) in pairs and same == []
    assert session.scalar(select(func.count(Contact.elder_id.distinct()))) == 600
    assert session.scalar(select(func.count(Consent.elder_id.distinct()))) == 600
    assert session.scalar(select(func.max(Contact.position))) <= 5


def test_nobody_is_real(session):
    for elder in session.scalars(select(Elder)):
        assert elder.id_number.startswith("150299")  # a county code that no county has
        assert elder.phone is None or elder.phone.startswith("1990000")


def test_the_first_accounts_can_follow_the_first_elder(session):
    elder = elders.by_number(session, "E000001")

    for user_name in ("visitor1", "grid1", "village1", "township1", "district1", "hotline1", "monitor1"):
        assert access.elder(session, people.by_user_name(session, user_name), elder.id)
    assert visitors.visitor(session, elder.id) == people.by_user_name(session, "visitor1").id
    assert {device.kind for device, _ in devices.of_elder(session, elder.id)} >= {"bracelet", "smoke"}
    assert elder.tier == "high"


def test_the_printed_password_signs_in(district):
    opened, summary = district
    with opened.writing() as session:
        assert people.sign_in(session, summary.first_accounts()[0].user_name, PASSWORD).person is not None


def test_every_role_is_resolved_to_somebody_for_every_village(session):
    places = session.scalars(select(func.min(Elder.id)).group_by(Elder.unit_path)).all()

    for elder_id in places:
        subject = subject_of(session, {"elder_id": elder_id})
        for code in roles.ROLES.keys() - {"self_test"}:  # held by nobody: the test alarm must not reach a person
            found = role_of(session, code, subject, {})
            assert found.person_id is not None or people.holders(session, found.role, found.unit_path)


def test_most_devices_were_heard_today_and_some_were_not(session):
    placed = session.scalars(select(Device).where(Device.custody == "in_service")).all()

    online = sum(devices.is_online(device) for device in placed)
    assert 250 < online < len(placed) == 295


def test_three_weeks_are_behind_them(session):
    states = Counter(session.scalars(select(cases.Case.state)))
    owed = Counter(session.scalars(select(VisitObligation.state)))
    visits = session.scalars(select(Visit)).all()

    assert set(states) == {"archived", "false_alarm"} and states["archived"] > 10
    assert owed["fulfilled"] > 800 and owed["missed"] and owed["made_up"] and not owed["open"]
    assert all(visit.done_at < datetime(2026, 11, 21, 1, 0, tzinfo=UTC) for visit in visits)
    assert all(visit.staff_id is not None and visit.counted for visit in visits)


def test_a_case_was_reopened_and_reviewed_by_another_person_than_its_handler(session):
    reopened = session.scalars(select(cases.Case).where(cases.Case.round == 2)).one()

    first, second = cases.rounds(session, reopened.id)
    assert (first.resolved, second.resolved) == (False, True)
    entries = cases.timeline(session, reopened.id)
    moments = [entry.at for entry in entries]
    assert moments == sorted(moments)
    handlers = {entry.who for entry in entries if entry.what == "fed_back"}
    assert not handlers & {first.reviewed_by, second.reviewed_by}


def test_the_accounts_are_told_in_one_sentence_each(district):
    told = district[1].sentence()

    assert "visitor1" in told and PASSWORD in told


def test_help_of_the_last_weeks_is_on_file_for_the_figures(session):
    """Nothing of it is open: what runs begins with its diagram (openings)."""
    for table in (Referral, Hazard, Errand, Aid, DeviceCheck):
        rows = session.scalars(select(table)).all()
        assert len(rows) >= 12
        assert all(row.closed_at is not None and row.instance_id is None for row in rows)
    assert session.scalar(select(func.count()).select_from(DeviceDay)) > 0
    assert session.scalar(select(func.count()).select_from(AidHint)) > 0
