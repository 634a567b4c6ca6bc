"""A calendar month of the city, with its moments; and the quarter and year that it closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from care.visits import times
from engine import clock


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """Known by its first day."""

    first: date

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.replace(day=1))

    @classmethod
    def now(cls) -> Month:
        return cls.of(clock.today())

    @classmethod
    def read(cls, text: str) -> Month | None:
        """`2026-07`; None for anything else."""
        try:
            return cls(date.fromisoformat(f"{text}-01"))
        except ValueError:
            return None

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> Month:
        return Month.of(self.first + timedelta(days=32))

    @property
    def before(self) -> Month:
        return Month.of(self.first - timedelta(days=1))

    @property
    def starts_at(self) -> datetime:
        return times.moment(self.first, time(0))

    @property
    def ends_at(self) -> datetime:
        """The first moment that is no longer in it."""
        return times.moment(self.next.first, time(0))

    @property
    def quarter(self) -> list[Month]:
        """The three months of the quarter that it lies in."""
        first = Month(date(self.first.year, (self.first.month - 1) // 3 * 3 + 1, 1))
        return [first, first.next, first.next.next]

    @property
    def year(self) -> list[Month]:
        return [Month(date(self.first.year, number, 1)) for number in range(1, 13)]

    def back(self, months: int) -> list[Month]:
        """The last `months` months up to this one, oldest first."""
        found = [self]
        while len(found) < months:
            found.insert(0, found[0].before)
        return found

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"
