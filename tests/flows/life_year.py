"""What a year brings again: festivals, checks of contacts, consent, and the review of the tier. P09, P06, P04, P33."""

from __future__ import annotations

from datetime import date

from care.consents import Consent
from care.special_periods import PeriodContact, SpecialPeriod
from care.visits import VisitObligation
from tests.flows import life_grief, life_visits
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.processes import answers as say

FESTIVALS = {  # the day of the extra contact, and by when it is owed: within 48 hours of the opening
    "除夕至正月初七": ("2027-02-04", "2027-02-05 00:30"),
    "元宵节": ("2027-02-19", "2027-02-20 00:30"),
    "清明节": ("2027-04-04", "2027-04-05 00:30"),
    "端午节": ("2027-06-08", "2027-06-09 00:30"),
    "中秋节": ("2027-09-14", "2027-09-15 00:30"),
    "重阳节": ("2027-10-07", "2027-10-08 00:30"),
}


def festival(life: Life, name: str) -> None:
    """It opens by itself two days before; both are called once more, and the district writes its report."""
    day, due = FESTIVALS[name]
    life_visits.until(life, f"{day} 10:00")
    period = next(each for each in life.every(SpecialPeriod) if each.name == name and each.state == "open"
                  and life.elder().unit_path.startswith(each.unit_path))  # fmt: skip
    before = life.rows(VisitObligation)[-1].done
    life.visits(words.by_phone(), mode="phone", due=due, kind="special_period")
    assert life.rows(PeriodContact)[-1].period_id == period.id
    assert life.rows(VisitObligation)[-1].done == before  # the regular visit of the period is another one
    life_visits.and_hers(life)
    life_visits.drawn_by_lot(life)


def contacts_of_half_a_year(life: Life, family: dict[str, object]) -> None:
    for elder in (life.elder_id, life.spouse_id):
        life_grief.contacts_are_checked(life, elder, family)


def asked_again_for_consent(life: Life) -> None:
    """A year after he gave it (P04)."""
    life.until("2027-08-03 11:00")
    life.does("visitor", "explain_and_sign", say.consents("location"))
    newest = {each.purpose: each for each in life.rows(Consent)}.values()
    assert {str(each.ask_again_on) for each in newest} == {"2028-08-02"}
    assert {each.purpose for each in newest if not each.given} == {"location"}


def she_is_looked_at_again(life: Life) -> None:
    """A year after the list was brought in, which knew nothing of her. The son has come home."""
    wife = life.spouse_id
    assert (life.elder(wife).tier, life.elder(wife).flags) == ("general", ["FACTS_MISSING"])
    life.does("visitor", "review_facts", {"way": "onsite", "facts": words.near(partner_age="77")}, of=wife)
    assert (life.elder(wife).tier, life.elder(wife).flags) == ("general", [])


def he_is_looked_at_again(life: Life) -> None:
    """A year after the last time. By the facts of now his tier is a lower one, and the township is asked."""
    assert "review_facts" not in life.open()
    life_visits.until(life, "2027-09-11 09:00")
    assert "review_facts" in life.open()
    life_visits.every_other_week(life, "2027-09-13")
    festival(life, "中秋节")
    life.until("2027-09-20 09:00")
    life.does("visitor", "review_facts", {"way": "onsite", "facts": words.near(partner_age="76")})
    assert life.elder().tier == "key"
    life.does("township_desk", "confirm", {"answer": "yes"}, due="2027-09-23 23:59")
    assert (life.elder().tier, life.elder().categories) == ("general", ["SEVERE_ILLNESS"])


def the_lower_tier_holds_from_the_next_period(life: Life) -> None:
    """What was due stays due; after it a visit a month."""
    life_visits.every_other_week(life, "2027-09-27")
    life_visits.until(life, "2027-10-04 09:00")
    owed = life.rows(VisitObligation)[-1]
    assert (owed.period, str(owed.starts_on), str(owed.ends_on)) == ("month", "2027-10-01", "2027-10-31")


def nothing_was_missed(life: Life) -> None:
    """Fourteen months of visits, his and hers: each period had its own."""
    for elder in (life.elder_id, life.spouse_id):
        states = [each.state for each in life.rows(VisitObligation, elder) if each.ends_on < date(2027, 10, 1)]
        assert set(states) == {"fulfilled"} and len(states) >= 14
