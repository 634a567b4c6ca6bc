"""The couple's daughter dies: a major change for both, other contacts, and company for a month. P10, P06, P07."""

from __future__ import annotations

from datetime import timedelta

from care.changes import MajorChange
from care.contacts import Contact
from tests.flows import life_visits
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.flows.life_trouble import DAUGHTER, SON
from tests.processes import answers as say


def the_daughter_dies(life: Life) -> None:
    """The visitor hears of it; both parents are owed a visit within a day of the report."""
    life.until("2027-03-10 10:00")
    said = {"who_told": "family", "confirmed": True, "kinds": ["bereavement"], "happened_on": "2027-03-09"}
    for elder in (life.elder_id, life.spouse_id):
        life.begins("visitor", "change", of=elder)
        life.does("village_desk", "confirm_change", said, of=elder)
        change = life.rows(MajorChange, elder)[-1]
        assert (change.kinds, change.first_due_at) == (["bereavement"], life.now() + timedelta(hours=24))
        assert change.not_before == life.now() + timedelta(days=30)
    life.bereaved_at = life.now()


def nobody_writes_to_her(life: Life) -> None:
    """She was the first contact of both: the village settles who comes after her."""
    for elder in (life.elder_id, life.spouse_id):
        life.begins("village_desk", "contacts", of=elder)
        contacts_are_checked(life, elder, words.son_alone())
        assert SON in {each.phone for each in life.rows(Contact, elder)}
        assert DAUGHTER not in {each.phone for each in life.rows(Contact, elder)}


def contacts_are_checked(life: Life, elder: int, family: dict[str, object]) -> None:
    """Each half year too (P06). Around a festival of a year that is not announced the times are an estimate."""
    calls = {"calls": [{"answered": True} for _ in family["supporters"]]}  # type: ignore[attr-defined]
    for role, element, said in (
        ("village_desk", "list_supporters", family),
        ("visitor", "call_check", calls),
        ("village_desk", "contact_consents", {"way": "phone", "agrees": True}),
    ):
        life.does(role, element, said, of=elder, due=f"{life.due(life.task(element, elder)):%Y-%m-%d %H:%M}")


def visited_the_next_morning(life: Life) -> None:
    """Within the day, but after the twenty hours at which the township is told that nobody was there yet."""
    life.until("2027-03-11 09:00")
    for elder in (life.elder_id, life.spouse_id):
        life.visits(words.at_home(), due="2027-03-11 10:00", kind="major_change", of=elder)
        life.does("township_desk", "first_visit_20h", {"result": "done", "text": "九点已上门"}, of=elder)
        life.does("village_desk", "plan_update", say.plan(), of=elder)
        assert life.rows(MajorChange, elder)[-1].first_visit_at == life.now()
        assert "accept_or_swap" not in life.open(elder)  # it was the visit of the running period as well
    life_visits.drawn_by_lot(life)


def judged_stable(life: Life, day: str, *elders: int) -> None:
    """By the township, each week."""
    life_visits.until(life, f"{day} 16:00")
    for elder in elders or (life.elder_id, life.spouse_id):
        assert life.rows(MajorChange, elder)[-1].closed_at is None
        life.does("township_desk", "judge_stable", {"stable": True, "words": "有邻居作伴"}, of=elder)


def over_after_thirty_days(life: Life, day: str, *elders: int) -> None:
    """Stable or not, after a bereavement it lasts thirty days at least: the judgement before them changes nothing."""
    for elder in elders or (life.elder_id, life.spouse_id):
        change = life.rows(MajorChange, elder)[-1]
        assert change.outcome == "stabilised" and change.closed_at is not None
        assert f"{life.local(change.closed_at):%Y-%m-%d}" == day
        assert "major_change" not in life.live(elder)
