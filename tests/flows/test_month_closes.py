"""The month closes on figures that a second calculation confirms. Source: done-when 5; indicators 6.4.

The second calculation is plain SQL over the tables, written from the formulas of 6.4 and sharing nothing with
care/indicators: no question, no helper, no constant. The quarter is generated with a fixed seed, with every state that
the formulas tell apart, and a district in which nothing happened at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from care import demo, indicators, organisation
from care.absences import Absence
from care.aids import Aid, AidHint
from care.alarms import Alarm
from care.cases import Case
from care.cases.tables import CaseEntry, CaseRound
from care.changes import MajorChange
from care.complaints import Complaint
from care.contacts import Contact
from care.demo import history
from care.devices import Device
from care.duties.tables import DutyCase
from care.elders import Elder, TierResult
from care.hazards import Hazard
from care.hotline import Ticket
from care.indicators import INDICATORS, Month
from care.referrals import Referral, ReferralRound
from care.special_periods import PeriodContact, SpecialPeriod
from care.surveys import Survey
from care.visitors import Responsibility
from care.visits import Visit, VisitObligation
from engine import clock, db
from tests import builders

QUARTER = [Month(date(2026, number, 1)) for number in (7, 8, 9)]
NOW = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
CITY_OFFSET = timedelta(hours=8)


class Generated:
    """Two districts with elders and a quarter of visits and cases; a third in which nobody lives."""

    def __init__(self, session: Any) -> None:
        self.chance = Random(2026)
        self.session = session
        self.city = builders.a_city(session)
        self.second = builders.a_second_township(session, self.city)
        self.empty = builders.a_second_township(session, self.city)
        midnight = datetime(2026, 7, 1, tzinfo=UTC)
        self.period = SpecialPeriod(
            unit_path=self.city.district.path, kind="heat", from_at=midnight, until_at=midnight, state="closed"
        )
        session.add(self.period)
        session.flush()
        self.elders = [self._elder(number) for number in range(90)]
        for number in range(40):
            self._case(number)
        session.flush()

    def _elder(self, number: int) -> Elder:
        chance, city = self.chance, self.city if number % 3 else self.second
        elder = builders.an_elder(
            self.session, city, tier=("high", "key", "general", "none")[number % 4], consents=(),
            policy="draft-2026" if number % 5 == 0 else "issued-2026-37",
            status=chance.choice(["in_register"] * 8 + ["pending", "suspended", "exited", "absent"]),
            registered_on=chance.choice([date(2026, 3, 1)] * 5 + [date(2026, 8, day) for day in (1, 15, 31)]),
        )  # fmt: skip
        self._people_around(elder)
        for month in QUARTER:
            for starts_on in (month.first, month.first + timedelta(days=14)):
                self._obligation(elder, starts_on)
        if chance.random() < 0.3:
            self._absence(elder)
        if chance.random() < 0.4:
            self._change(elder)
        if chance.random() < 0.6:
            self._referral(elder)
            self._said(elder)
            self._found(elder)
        for at in sorted(self._moment(date(2025, 7, 1), 500) for _ in range(chance.randrange(4))):
            self._result(elder, at)
        return elder

    def _people_around(self, elder: Elder) -> None:
        chance = self.chance
        for row in self.session.query(Responsibility).filter_by(elder_id=elder.id):
            if chance.random() < 0.2:
                row.until_on = chance.choice(
                    [date(2026, 7, 20), date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1)]
                )
        for row in self.session.query(Contact).filter_by(elder_id=elder.id):
            row.reachable = chance.random() < 0.8
            row.excluded = chance.random() < 0.1
            row.relation = "community" if chance.random() < 0.1 else row.relation

    def _moment(self, first: date, days: int) -> datetime:
        midnight = datetime(first.year, first.month, first.day, tzinfo=UTC) - CITY_OFFSET
        return midnight + timedelta(seconds=self.chance.randrange(days * 86400))

    def _obligation(self, elder: Elder, starts_on: date) -> None:
        chance = self.chance
        required = chance.choice([1, 1, 2])
        state = chance.choice(["fulfilled"] * 6 + ["made_up", "missed", "cancelled", "open"])
        row = VisitObligation(
            elder_id=elder.id, unit_path=elder.unit_path, period="two_weeks", starts_on=starts_on,
            ends_on=starts_on + timedelta(days=13), tier=elder.tier, policy=elder.policy, required=required,
            context=chance.choice(["normal"] * 5 + ["special_period"]),
            done=required + chance.choice([0, 1]) if state in ("fulfilled", "made_up") else chance.randrange(required),
            state=state,
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        for _ in range(row.done):
            done_at = self._moment(starts_on, 25)
            self.session.add(
                Visit(
                    elder_id=elder.id, unit_path=elder.unit_path, obligation_id=row.id, state="done", opens_at=done_at,
                    due_at=done_at, done_at=done_at, mode=chance.choice(["home", "home", "phone", "video"]),
                    counted=chance.random() < 0.9,
                )
            )  # fmt: skip

    def _absence(self, elder: Elder) -> None:
        chance, from_at = self.chance, self._moment(date(2026, 6, 20), 60)
        until_at = from_at + timedelta(days=chance.choice([5, 20, 45, 60]))
        returned_at = chance.choice([None, from_at + timedelta(days=chance.choice([3, 40, 58]))])
        self.session.add(
            Absence(
                elder_id=elder.id, unit_path=elder.unit_path, kind="hospital", from_at=from_at, until_at=until_at,
                returned_at=returned_at,
            )
        )  # fmt: skip

    def _change(self, elder: Elder) -> None:
        chance, reported_at = self.chance, self._moment(date(2026, 6, 28), 95)
        hours = chance.choice([24, 24, None])
        due = reported_at + timedelta(hours=hours or 72)
        visited = chance.choice([None, due, due + timedelta(seconds=1), reported_at + timedelta(hours=2)])
        self.session.add(
            MajorChange(
                elder_id=elder.id, unit_path=elder.unit_path, kinds=["moved"], reported_at=reported_at,
                duty_hours=hours, first_due_at=due, first_visit_at=visited, not_before=due, not_after=due,
                outcome=chance.choice(["", "", "stabilised", "unfounded"]),
            )
        )  # fmt: skip

    def _referral(self, elder: Elder) -> None:
        chance, sent_at = self.chance, self._moment(date(2026, 6, 20), 100)
        row = Referral(elder_id=elder.id, unit_path=elder.unit_path, category="meals", raised_at=sent_at)
        self.session.add(row)
        self.session.flush()
        due = chance.choice([None, sent_at + timedelta(days=14), sent_at + timedelta(days=3)])
        self.session.add(
            ReferralRound(
                elder_id=elder.id, unit_path=elder.unit_path, referral_id=row.id, receiver="provider", sent_at=sent_at,
                accept_due_at=sent_at, rejected_at=chance.choice([None, None, sent_at]), due_at=due,
                done_at=due and chance.choice([None, due, due + timedelta(seconds=1)]),
                served=chance.choice([None, True, True, False]), settled=chance.choice([None, True, False]),
            )
        )  # fmt: skip

    def _said(self, elder: Elder) -> None:
        """A survey, a complaint, a ticket and a file of duty."""
        chance, at = self.chance, self._moment(date(2026, 6, 20), 100)
        later = lambda *seconds: chance.choice([None, *(at + timedelta(seconds=each) for each in seconds)])
        who = {"elder_id": elder.id, "unit_path": elder.unit_path}
        number = f"N{elder.id}"
        self.session.add_all([
            Survey(**who, about="sample", drawn_at=at, call_from_at=at, until_at=at, answered_at=later(60, 90_000),
                   overall=chance.choice([None, 1, 2, 3, 4, 5]), closed_at=later(60, 900_000),
                   outcome=chance.choice(["answered", "unreachable", "declined", "exited"])),
            Complaint(**who, number=number, made_at=at, answer_due_at=at, answered_at=later(-1, 0, 1),
                      investigated_at=later(0, 600_000),
                      finding=chance.choice(["founded", "partly", "unfounded", "withdrawn"])),
            Ticket(**who, number=number, arrived_at=at, answer_due_at=at, told_at=later(-1, 0, 1),
                   dispatched_at=later(0), accepted_at=later(1799, 1800, 1801)),
            DutyCase(**who, kind="care", opened_at=at, joint_at=later(0, 900_000), transferred_at=later(0, 900_000),
                     performing_at=later(900_000)),
        ])  # fmt: skip

    def _found(self, elder: Elder) -> None:
        """A hazard, a hint with and without its benefit, a contact of a special period, a device."""
        chance, at = self.chance, self._moment(date(2026, 6, 20), 100)
        later = lambda *days: chance.choice([None, *(at + timedelta(days=each) for each in days)])
        who = {"elder_id": elder.id, "unit_path": elder.unit_path}
        device = builders.a_device(self.session, elder)
        known = self.session.query(Device).filter_by(number=device.number).one()
        known.last_heard_at = chance.choice([None, clock.now() - timedelta(days=1), clock.now() - timedelta(days=2)])
        self.session.add_all([
            Hazard(**who, item="gas", level=chance.choice(["major", "immediate", "general"]), found_at=at, due_at=at,
                   rechecked_at=later(3, 40), closed_at=later(5, 40),
                   outcome=chance.choice(["", "fixed", "fixed", "exited", "accepted_risk"])),
            AidHint(**who, kind="care_subsidy", policy="issued-2026-37", at=at, until_at=later(20, 60)),
            PeriodContact(**who, period_id=self.period.id, tier=elder.tier, due_at=at, reached_at=later(0, 1)),
        ])  # fmt: skip
        if chance.random() < 0.7:
            self.session.add(
                Aid(**who, kind=chance.choice(["care_subsidy", "care_subsidy", "other"]), proposed_at=at,
                    papers_due_at=at, decided_at=later(0, 30), granted=chance.choice([None, True, True, False]),
                    until_on=chance.choice([None, date(2026, 8, 30), date(2026, 8, 31)]))
            )  # fmt: skip

    def _result(self, elder: Elder, at: datetime) -> None:
        self.session.add(
            TierResult(
                elder_id=elder.id, unit_path=elder.unit_path, at=at, tier=self.chance.choice(["high", "none", "key"]),
                policy="issued-2026-37", categories=[], rules=[], flags=[], facts={},
            )
        )  # fmt: skip

    def _case(self, number: int) -> None:
        chance, opened_at = self.chance, self._moment(date(2026, 6, 25), 100)
        elder = chance.choice([*self.elders, None])
        city = self.city if number % 3 else self.second
        state = chance.choice(["archived"] * 5 + ["open", "false_alarm", "merged"])
        rounds = chance.choice([1, 1, 2])
        case = Case(
            number=f"C{number}", elder_id=elder.id if elder else None,
            unit_path=elder.unit_path if elder else city.village.path, kind="sos", channel="device", state=state,
            round=rounds, restricted=chance.random() < 0.1, opened_at=opened_at, clock_from=opened_at,
            closed_at=opened_at + timedelta(days=chance.randrange(40)) if state == "archived" else None,
        )  # fmt: skip
        self.session.add(case)
        self.session.flush()
        for round_number in range(1, rounds + 1):
            self._round(case, round_number, opened_at + timedelta(days=5 * (round_number - 1)))
        for what, who in (("first_contact_told", None), ("not_answered", 7), ("answered", 7)):
            if chance.random() < 0.8:
                at = opened_at + timedelta(seconds=chance.randrange(1, 5000))
                self.session.add(CaseEntry(case_id=case.id, round=1, at=at, what=what, who=who))
        if elder is not None:
            device = builders.a_device(self.session, elder)
            self.session.add(
                Alarm(
                    elder_id=elder.id, unit_path=elder.unit_path, device_id=device.id, event_key=f"e{number}",
                    kind="sos", data={}, case_id=chance.choice([case.id, case.id, None]), raised_at=opened_at,
                    stored_at=opened_at,
                )
            )  # fmt: skip

    def _round(self, case: Case, number: int, began_at: datetime) -> None:
        chance, due = self.chance, began_at + timedelta(hours=24)
        review = chance.choice([None, due + timedelta(days=3)])
        at_review = review and chance.choice([None, review, review + timedelta(seconds=1)])
        self.session.add(
            CaseRound(
                case_id=case.id, round=number, began_at=began_at, feedback_due_at=due, review_due_at=review,
                fed_back_at=chance.choice([None, due, due - timedelta(hours=3), due + timedelta(seconds=1)]),
                reviewed_at=at_review,
            )
        )  # fmt: skip


@pytest.fixture
def made(database: db.Database) -> Any:
    with clock.frozen(NOW), database.writing() as session:
        yield Generated(session)


# --- the second calculation ---

SERVED = "e.tier in ('high','key','general') and e.status in ('in_register','absent')"
AB = """exists (select 1 from responsibility r where r.elder_id = e.id and r.kind = '{}' and r.from_on <= :last
        and (r.until_on is null or r.until_on > :last))"""
VISITED = (
    "exists (select 1 from visit v where v.elder_id = e.id and v.counted and v.done_at >= {} and v.done_at < :until)"
)
AWAY = """exists (select 1 from absence a where a.elder_id = e.id and a.from_at <= :since
          and case when a.returned_at is null then a.until_at else a.returned_at end >= :evening)"""
QUARTERLY = "(e.policy = 'draft-2026' and e.tier = 'general')"
CASE_FROM = "emergency_case c left join elder e on e.id = c.elder_id"
REAL = "not c.restricted and c.state not in ('false_alarm', 'merged')"
DUE = "o.ends_on >= :first and o.ends_on <= :last and o.state <> 'cancelled'"

SECOND: dict[str, tuple[str, str, str, str, str, str]] = {
    # from, where, tier, unit, numerator, denominator
    "K01": ("elder e", "e.tier <> 'none' and e.status <> 'exited' and e.registered_on <= :last", "e.tier",
            "e.unit_path", "sum(case when e.status = 'pending' then 0 else 1 end)", "count(*)"),
    "K02": ("elder e", f"""{SERVED} and not {AWAY} and case when {QUARTERLY}
            then :ends_quarter = 1 and e.registered_on <= :quarter_first else e.registered_on <= :first end""",
            "e.tier", "e.unit_path",
            f"""sum(case when {QUARTERLY} then case when {VISITED.format(":quarter_since")} then 1 else 0 end
            else case when {VISITED.format(":since")} then 1 else 0 end end)""", "count(*)"),
    "K03": ("visit_obligation o", DUE, "o.tier", "o.unit_path",
            "sum(case when o.done > o.required then o.required else o.done end)", "sum(o.required)"),
    "K04": ("visit_obligation o", DUE, "o.tier", "o.unit_path", "sum(case o.state when 'fulfilled' then 1 else 0 end)",
            "count(*)"),
    "K05": ("visit v join elder e on e.id = v.elder_id", "v.counted and v.done_at >= :since and v.done_at < :until",
            "e.tier", "v.unit_path", "sum(case v.mode when 'home' then 1 else 0 end)", "count(*)"),
    "K06": (f"{CASE_FROM} join case_round r on r.case_id = c.id",
            f"{REAL} and r.feedback_due_at >= :since and r.feedback_due_at < :until", "coalesce(e.tier, '')",
            "c.unit_path", "sum(case when r.fed_back_at <= r.feedback_due_at then 1 else 0 end)", "count(*)"),
    "K07": (f"{CASE_FROM} join case_round r on r.case_id = c.id",
            f"{REAL} and r.review_due_at >= :since and r.review_due_at < :until", "coalesce(e.tier, '')",
            "c.unit_path", "sum(case when r.reviewed_at <= r.review_due_at then 1 else 0 end)", "count(*)"),
    "K08": (CASE_FROM, "not c.restricted and c.state = 'archived' and c.closed_at >= :since and c.closed_at < :until",
            "coalesce(e.tier, '')", "c.unit_path", "sum(case c.round when 1 then 1 else 0 end)", "count(*)"),
    "K08.reopened": (CASE_FROM,
                     "not c.restricted and c.state = 'archived' and c.closed_at >= :since and c.closed_at < :until",
                     "coalesce(e.tier, '')", "c.unit_path", "sum(case c.round when 1 then 0 else 1 end)", "count(*)"),
    "K10": ("alarm a join elder e on e.id = a.elder_id join emergency_case c on c.id = a.case_id",
            "not c.restricted and a.raised_at >= :since and a.raised_at < :until", "e.tier", "a.unit_path",
            "sum(case c.state when 'false_alarm' then 1 else 0 end)", "count(*)"),
    "K11": ("referral_round r join elder e on e.id = r.elder_id", "r.due_at >= :since and r.due_at < :until", "e.tier",
            "r.unit_path", "sum(case when r.settled then 1 else 0 end)", "count(*)"),
    "K11.on_time": ("referral_round r join elder e on e.id = r.elder_id", "r.due_at >= :since and r.due_at < :until",
                    "e.tier", "r.unit_path", "sum(case when r.served and r.done_at <= r.due_at then 1 else 0 end)",
                    "count(*)"),
    "K11.rejected": ("referral_round r join elder e on e.id = r.elder_id",
                     "r.sent_at >= :since and r.sent_at < :until", "e.tier", "r.unit_path",
                     "sum(case when r.rejected_at is null then 0 else 1 end)", "count(*)"),
    "K13": ("survey s join elder e on e.id = s.elder_id",
            "s.answered_at >= :since and s.answered_at < :until and s.overall is not null", "e.tier", "s.unit_path",
            "sum(case when s.overall in (3, 4, 5) then 1 else 0 end)", "count(*)"),
    "K13.answered": ("survey s join elder e on e.id = s.elder_id",
                     "s.closed_at >= :since and s.closed_at < :until and s.outcome <> 'exited'", "e.tier",
                     "s.unit_path", "sum(case s.outcome when 'answered' then 1 else 0 end)", "count(*)"),
    "K13.unreachable": ("survey s join elder e on e.id = s.elder_id",
                        "s.closed_at >= :since and s.closed_at < :until and s.outcome <> 'exited'", "e.tier",
                        "s.unit_path", "sum(case s.outcome when 'unreachable' then 1 else 0 end)", "count(*)"),
    "K14": ("complaint k", "k.answer_due_at >= :since and k.answer_due_at < :until and k.finding <> 'withdrawn'",
            "''", "k.unit_path", "sum(case when k.answered_at <= k.answer_due_at then 1 else 0 end)", "count(*)"),
    "K14.founded": ("complaint k", "k.investigated_at >= :since and k.investigated_at < :until", "''", "k.unit_path",
                    "sum(case k.finding when 'founded' then 1 when 'partly' then 1 else 0 end)", "count(*)"),
    "K19": ("duty_case d", "d.opened_at >= :since and d.opened_at < :until", "''", "d.unit_path", "count(*)",
            "count(*)"),
    "K19.performing": ("duty_case d", "d.performing_at >= :since and d.performing_at < :until", "''", "d.unit_path",
                       "count(*)", "count(*)"),
    "K19.joint": ("duty_case d", "d.joint_at >= :since and d.joint_at < :until", "''", "d.unit_path", "count(*)",
                  "count(*)"),
    "K19.transferred": ("duty_case d", "d.transferred_at >= :since and d.transferred_at < :until", "''",
                        "d.unit_path", "count(*)", "count(*)"),
    "K21": ("hotline_ticket h", "h.arrived_at >= :since and h.arrived_at < :until", "''", "h.unit_path", "count(*)",
            "count(*)"),
    "K21.accepted": ("hotline_ticket h", "h.dispatched_at >= :since and h.dispatched_at < :until", "''",
                     "h.unit_path", "sum(case when h.accepted_at <= :half_an_hour_after then 1 else 0 end)",
                     "count(*)"),
    "K21.answered": ("hotline_ticket h", "h.answer_due_at >= :since and h.answer_due_at < :until", "''",
                     "h.unit_path", "sum(case when h.told_at <= h.answer_due_at then 1 else 0 end)", "count(*)"),
    "K15": ("elder e", f"{SERVED} and e.registered_on <= :last", "e.tier", "e.unit_path",
            f"sum(case when {AB.format('visitor')} and {AB.format('visitor_b')} then 1 else 0 end)", "count(*)"),
    "K16": ("elder e", f"{SERVED} and e.registered_on <= :last", "e.tier", "e.unit_path",
            """sum(case when exists (select 1 from contact k where k.elder_id = e.id and k.position = 1
            and not k.excluded and (k.reachable or k.relation = 'community')) then 1 else 0 end)""", "count(*)"),
    "K17": ("tier_result t join elder e on e.id = t.elder_id",
            """t.tier <> 'none' and e.status in ('in_register', 'absent') and t.at >= :since_year and t.at < :until_year
            and not exists (select 1 from tier_result x
            where x.elder_id = t.elder_id and x.at > t.at and x.at < :since)""",
            "e.tier", "e.unit_path",
            """sum(case when (select min(x.at) from tier_result x where x.elder_id = t.elder_id and x.at > t.at)
            <= :a_year_after then 1 else 0 end)""", "count(*)"),
    "K12": ("hazard z join elder e on e.id = z.elder_id",
            "z.due_at >= :since and z.due_at < :until and z.outcome <> 'exited'", "e.tier", "z.unit_path",
            "sum(case when z.outcome = 'fixed' and z.rechecked_at is not null then 1 else 0 end)", "count(*)"),
    "K12.open": ("hazard z join elder e on e.id = z.elder_id",
                 """z.found_at < :until and z.level <> 'general' and (z.closed_at is null or z.closed_at >= :until)""",
                 "e.tier", "z.unit_path", "count(*)", "count(*)"),
    "K18": ("placement p join elder e on e.id = p.elder_id join device d on d.id = p.device_id",
            "p.from_at < :until and (p.until_at is null or p.until_at >= :until)", "e.tier", "p.unit_path",
            "sum(case when d.last_heard_at >= :a_day_ago then 1 else 0 end)", "count(*)"),
    "K20": ("aid_hint h join elder e on e.id = h.elder_id",
            "h.at < :until and (h.until_at is null or h.until_at >= :until)", "e.tier", "h.unit_path",
            """sum(case when exists (select 1 from aid a where a.elder_id = h.elder_id and a.kind = h.kind and a.granted
            and a.decided_at < :until and (a.until_on is null or a.until_on >= :last)) then 1 else 0 end)""",
            "count(*)"),
    "K20.granted": ("aid a join elder e on e.id = a.elder_id",
                    "a.granted and a.decided_at >= :since and a.decided_at < :until", "e.tier", "a.unit_path",
                    "count(*)", "count(*)"),
    "K22": ("period_contact c join elder e on e.id = c.elder_id", "c.due_at >= :since and c.due_at < :until", "e.tier",
            "c.unit_path", "sum(case when c.reached_at is null then 0 else 1 end)", "count(*)"),
    "K23": ("major_change m join elder e on e.id = m.elder_id",
            """m.first_due_at >= :since and m.first_due_at < :until and m.duty_hours is not null
            and m.outcome <> 'unfounded'""", "e.tier", "m.unit_path",
            "sum(case when m.first_visit_at <= m.first_due_at then 1 else 0 end)", "count(*)"),
}  # fmt: skip


def stored(moment: datetime) -> Any:
    """A moment as the database keeps it."""
    if db.database().engine.dialect.name == "postgresql":
        return moment
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


def day(value: date) -> Any:
    return value if db.database().engine.dialect.name == "postgresql" else value.isoformat()


def second(session: Any, code: str, first: date) -> dict[tuple[str, str], tuple[int, int]]:
    """(unit path, tier) -> (numerator, denominator) of a month by plain SQL."""
    table, where, tier, unit, num, den = SECOND[code]
    following = date(first.year, first.month + 1, 1)
    quarter = date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
    at = lambda value: datetime(value.year, value.month, value.day, tzinfo=UTC) - CITY_OFFSET
    year = timedelta(days=365)
    sql = f"select {unit}, {tier}, {num}, {den} from {table} where {where} group by 1, 2"
    postgres = db.database().engine.dialect.name == "postgresql"
    sql = sql.replace(":a_year_after", "t.at + interval '365 days'" if postgres else "t.at + 31536000000000")
    after = "h.dispatched_at + interval '30 minutes'" if postgres else "h.dispatched_at + 1800000000"
    sql = sql.replace(":half_an_hour_after", after)
    values = {
        "first": day(first), "last": day(following - timedelta(days=1)), "since": stored(at(first)),
        "until": stored(at(following)), "evening": stored(at(following) - timedelta(hours=6)),
        "quarter_first": day(quarter), "quarter_since": stored(at(quarter)), "ends_quarter": int(first.month % 3 == 0),
        "a_day_ago": stored(clock.now() - timedelta(days=1)),
        "since_year": stored(at(first) - year), "until_year": stored(at(following) - year),
    }  # fmt: skip
    used = {name: value for name, value in values.items() if f":{name}" in sql}
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in session.execute(text(sql), used)}


def first_calculation(session: Any, code: str, month: Month, path: str) -> dict[tuple[str, str], tuple[int, int]]:
    found = {}
    for tier in ("high", "key", "general", "none", ""):
        figure = indicators.total(session, code, [month], path, tier) if tier else None
        if not tier:
            figure = indicators.by_tier(session, code, [month], path).get("")
        if figure is not None and figure.den:
            found[path, tier] = (figure.num, figure.den)
    return found


def folded(rows: dict[tuple[str, str], tuple[int, int]], path: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Rows of units below `path`, together by tier."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for (unit, tier), (num, den) in rows.items():
        if unit.startswith(path):
            before = found.get((path, tier), (0, 0))
            found[path, tier] = (before[0] + num, before[1] + den)
    return found


def test_a_second_calculation_confirms_every_figure_of_the_quarter(made: Generated):
    session = made.session
    shares = {code for code, each in INDICATORS.items() if each.rows is not None and each.kind != "seconds"}
    assert shares == set(SECOND)
    for month in QUARTER:
        assert indicators.freeze(session, month)
    paths = [made.city.city.path, made.city.district.path, made.second.village.path, made.empty.district.path]
    compared = 0

    for code in SECOND:
        for month in QUARTER:
            rows = second(session, code, month.first)
            for path in paths:
                assert first_calculation(session, code, month, path) == folded(rows, path), (code, str(month), path)
                compared += len(folded(rows, path))
        assert any(second(session, code, month.first) for month in QUARTER), f"{code} was never counted"

    assert compared > 300


@pytest.mark.slow
def test_it_confirms_the_demonstration_districts_too(database: db.Database, monkeypatch: pytest.MonkeyPatch):
    """Their generated history, made a quarter long."""
    monkeypatch.setattr(history, "DAYS", 92)
    compared = 0
    with clock.frozen(datetime(2026, 11, 21, 1, 0, tzinfo=UTC)), database.writing() as session:
        demo.build(session)
        city = organisation.city(session)
        units = [city, *organisation.below(session, city.path, "district")]
        for month in (Month(date(2026, 9, 1)), Month(date(2026, 10, 1))):
            indicators.freeze(session, month)
            for code in SECOND:
                rows = second(session, code, month.first)
                for unit in units:
                    wanted = folded(rows, unit.path)
                    assert first_calculation(session, code, month, unit.path) == wanted, (code, str(month), unit.path)
                    compared += len(wanted)
    assert compared > 50


def test_durations_are_the_nearest_rank_of_the_second_calculation(made: Generated):
    session, month = made.session, QUARTER[1]
    sql = """select (select min(x.at) from case_entry x where x.case_id = c.id and x.who is not null), c.opened_at
             from emergency_case c where not c.restricted and c.opened_at >= :since and c.opened_at < :until"""
    at = datetime(2026, 7, 31, 16, tzinfo=UTC)
    rows = session.execute(text(sql), {"since": stored(at), "until": stored(at + timedelta(days=31))}).all()
    seconds = sorted(
        round((first - opened).total_seconds() if isinstance(first, datetime) else (first - opened) / 1e6)
        for first, opened in rows
        if first is not None
    )
    assert len(seconds) > 5

    found = indicators.total(session, "K09", [month], made.city.city.path)

    assert found.seconds == seconds
    assert found.median == seconds[(len(seconds) + 1) // 2 - 1]
    assert found.percentile(90) == next(
        value for value in seconds if sum(each <= value for each in seconds) >= 0.9 * len(seconds)
    )


def test_where_nothing_was_counted_there_is_no_rate(made: Generated):
    for code in INDICATORS:
        figure = indicators.total(made.session, code, QUARTER, made.empty.district.path)
        assert (figure.num, figure.den, figure.rate, figure.median) == (0, 0, None, None)


def test_a_closed_month_stays_whatever_happens_to_its_elders(made: Generated):
    session, month, path = made.session, QUARTER[0], made.city.city.path
    indicators.freeze(session, month)
    before = {code: indicators.total(session, code, [month], path) for code in INDICATORS}

    for elder in made.elders:
        elder.status, elder.tier, elder.unit_path = "exited", "high", made.second.grid.path
    for row in session.query(VisitObligation):
        row.state = "missed"
    session.flush()

    assert {code: indicators.total(session, code, [month], path) for code in INDICATORS} == before
    assert not indicators.freeze(session, month)
    assert indicators.total(session, "K15", [QUARTER[1]], path).den == 0  # an open month is as of now


def test_every_figure_is_the_length_and_the_sum_of_its_list(made: Generated):
    session, path = made.session, made.city.district.path
    for code, each in INDICATORS.items():
        figure = indicators.total(session, code, [QUARTER[1]], path)
        rows = indicators.listed(session, code, [QUARTER[1]], path, limit=10_000)
        if each.kind == "share":
            assert (sum(row[3] for row in rows), sum(row[4] for row in rows)) == (figure.num, figure.den), code
            missed = indicators.listed(session, code, [QUARTER[1]], path, only="missed", limit=10_000)
            assert missed == [row for row in rows if row[3] < row[4]]


def test_the_quarter_is_the_sum_of_its_months_and_the_city_of_its_districts(made: Generated):
    session, city = made.session, made.city.city.path
    districts = [made.city.district.path, made.second.district.path, made.empty.district.path]
    for code in SECOND:
        whole = indicators.total(session, code, QUARTER, city)
        months = [indicators.total(session, code, [month], city) for month in QUARTER]
        units = indicators.by_unit(session, code, QUARTER, city, districts)
        assert (whole.num, whole.den) == (sum(each.num for each in months), sum(each.den for each in months))
        assert (whole.num, whole.den) == (
            sum(each.num for each in units.values()), sum(each.den for each in units.values()),
        )  # fmt: skip


def test_a_month_that_is_not_over_is_not_closed(made: Generated):
    with pytest.raises(ValueError, match="2026-10"):
        indicators.freeze(made.session, Month(date(2026, 10, 1)))
