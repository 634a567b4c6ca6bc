"""Words for times, days, ages and figures, in both languages, as design/look ruled them.

Everything takes aware moments (UTC inside) and gives what people read in the city's zone. 23:59:59 is written 24:00,
the end of a day. Pure functions: `now` and the language are given, so that tests and pages say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine import clock

_WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Due:
    """Time left in words; `state` is what the page's data-due says: "", soon, late, urgent."""

    words: str
    state: str


def time_left(due_at: datetime, now: datetime, language: str = "zh", urgent: bool = False) -> Due:
    """How long there is, or since when it is over. `urgent`: the minutes of an emergency are red, over or not."""
    seconds = int((due_at - now).total_seconds())
    if seconds < 0:
        return Due(_over(-seconds, language), "urgent" if urgent else "late")
    if seconds < _HOUR:
        return Due(_minutes(seconds, language), "urgent" if urgent else "soon")
    due, today = clock.local(due_at), clock.local(now).date()
    if due.date() == today:
        return Due(_later_today(due, language), "soon")
    return Due(_coming_day(due.date(), today, language), "")


def _over(seconds: int, language: str) -> str:
    if seconds < _HOUR:
        amount, zh, en = max(1, seconds // _MINUTE), "分钟", "min"
    elif seconds < _DAY:
        amount, zh, en = seconds // _HOUR, "小时", "h"
    else:
        amount, zh, en = seconds // _DAY, "天", "day" if seconds < 2 * _DAY else "days"
    return f"{amount} {en} over" if language == "en" else f"已超 {amount} {zh}"


def _minutes(seconds: int, language: str) -> str:
    if seconds < 5 * _MINUTE:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 60} min left" if language == "en" else f"还剩 {seconds // 60} 分钟"


def _later_today(due: datetime, language: str) -> str:
    if _is_end_of_day(due):
        return "today" if language == "en" else "今天"
    return f"by {due:%H:%M} today" if language == "en" else f"今天 {due:%H:%M} 前"


def _coming_day(day: date, today: date, language: str) -> str:
    if day == today + timedelta(days=1):
        return "tomorrow" if language == "en" else "明天"
    if day.isocalendar()[:2] == today.isocalendar()[:2]:
        return _WEEKDAYS[language][day.weekday()]
    return calendar_day(day, today, language)


def _is_end_of_day(moment: datetime) -> bool:
    return (moment.hour, moment.minute) == (23, 59)


def calendar_day(day: date, today: date, language: str = "zh") -> str:
    """11月29日; another year is named."""
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]}" + ("" if day.year == today.year else f" {day.year}")
    return ("" if day.year == today.year else f"{day.year}年") + f"{day.month}月{day.day}日"


def month(day: date, language: str = "zh") -> str:
    """2026年11月."""
    return f"{_MONTHS[day.month - 1]} {day.year}" if language == "en" else f"{day.year}年{day.month}月"


def month_day(day: date, language: str = "zh") -> str:
    """11月29日, whatever the year."""
    return calendar_day(day, day, language)


def clock_time(moment: datetime) -> str:
    """09:02; the last minute of a day is 24:00."""
    local = clock.local(moment)
    return "24:00" if _is_end_of_day(local) else f"{local:%H:%M}"


def moment(at: datetime, now: datetime, language: str = "zh") -> str:
    """When something happened or will: 09:02 today, else the day with the time; never «just now»."""
    local, today = clock.local(at), clock.local(now).date()
    if local.date() == today:
        return clock_time(at)
    return f"{calendar_day(local.date(), today, language)} {clock_time(at)}"


def written(at: datetime) -> str:
    """A moment on paper, read years later: 2026-11-24 09:02, whatever day it is today."""
    return f"{clock.local(at):%Y-%m-%d %H:%M}"


def weekday(day: date, language: str = "zh") -> str:
    return _WEEKDAYS[language][day.weekday()]


def age(born_on: date, today: date) -> int:
    """Completed years (周岁)."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def years(born_on: date | None, today: date, language: str = "zh") -> str:
    """84 岁; empty when the day of birth is not known."""
    if born_on is None:
        return ""
    return f"aged {age(born_on, today)}" if language == "en" else f"{age(born_on, today)} 岁"


def number(value: int) -> str:
    """Thousands with comma."""
    return f"{value:,}"


def rate(part: int, whole: int) -> str:
    """97.3%; «—» when there is nothing to divide by."""
    return "—" if whole == 0 else f"{part * 100 / whole:.1f}%"


def duration(seconds: int, language: str = "zh") -> str:
    """46 秒, 2 分 10 秒, 1 小时 20 分."""
    hours, minutes, rest = seconds // _HOUR, seconds % _HOUR // 60, seconds % 60
    if hours:
        return f"{hours} h {minutes} min" if language == "en" else f"{hours} 小时 {minutes} 分"
    if minutes:
        return f"{minutes} min {rest} s" if language == "en" else f"{minutes} 分 {rest} 秒"
    return f"{rest} s" if language == "en" else f"{rest} 秒"
