"""Three weeks of history: visits of the periods that are over, closed cases, help that was given.

Nothing in it is still running. What runs is never invented here: a row without its instance would look like a task
that nobody holds.
"""

from __future__ import annotations

from random import Random

from sqlalchemy.orm import Session

from care.demo import past_cases, past_help, past_visits, past_work
from care.demo.population import Made
from care.demo.workers import Workers

DAYS = 21


def build(session: Session, made: list[Made], staff: Workers, chance: Random) -> None:
    """Visits with findings and missed periods; cases from false alarm to archive; help given; what else was done."""
    past_visits.build(session, made, chance, DAYS)
    past_cases.build(session, made, staff, chance, DAYS)
    past_work.build(session, made, staff, DAYS)
    past_help.build(session, made, chance, DAYS)
