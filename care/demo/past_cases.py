"""Closed cases of the last weeks, led through their stages by the same functions that the diagrams call.

The clock stands at each step's own moment while it is written, so every line of a case's record has its true time.
This is only done while the database is being filled, before anything runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import cases, visitors
from care.alarms import Alarm
from care.cases import Case, ContactAttempt
from care.deadlines import deadline
from care.demo.population import Made
from care.demo.workers import Workers
from care.devices import Device, Placement
from care.elders import Elder
from engine import clock

_FALSE = 18
_LED_THROUGH = 16
_KIND_OF = {"bracelet": ("sos", "fall"), "pendant": ("sos",), "sos_button": ("sos",), "smoke": ("smoke",)} | {
    "gas": ("gas",),
    "motion": ("inactivity",),
    "door": ("door",),
}
_CAUSES = ("误按", "测试", "做饭油烟", "设备松动", "洗澡时碰到")
_FELL = ("起身时滑倒，无骨折，已送社区医院检查", "头晕坐倒，家属到场后缓解，已复测血压")
_BURNED = ("灶上忘关火，已通风并更换软管", "取暖炉倒烟，已开窗并请人清理烟道")
_SILENT = ("电话未接，上门看到老人在午睡", "老人在邻居家，已提醒出门带手机")
_HELPED = {"smoke": _BURNED, "gas": _BURNED, "inactivity": _SILENT, "door": _SILENT}
_REVIEWED = ("上门看过，情况平稳，隐患已消除", "已装扶手，老人表示放心", "家属已回来照看，药量核对无误")


@dataclass
class _Story:
    """One case: whose device raised it, when, and who handles and reviews it."""

    elder: Elder
    device: Device
    kind: str
    opened_at: datetime
    desk: int
    visitor: int | None
    village: int
    township: int


def build(session: Session, made: list[Made], staff: Workers, chance: Random, days: int) -> int:
    """False alarms and archived cases; returns how many. One was re-opened, one had its feedback late."""
    placed = _placed(session)
    chance.shuffle(placed)
    stories = [
        _story(session, each, made, staff, chance, days) for each in placed[: _FALSE + _LED_THROUGH]
    ]  # fmt: skip
    stories.sort(key=lambda each: each.opened_at)
    for order, story in enumerate(stories):
        case = _opened(session, story, chance)
        if order % 2 or order > 2 * _LED_THROUGH:
            _false_alarm(session, case, story, chance)
        else:
            _led_through(session, case, story, chance, order)
    session.flush()
    return len(stories)


def _placed(session: Session) -> list[tuple[Device, Elder]]:
    asked = (
        select(Device, Elder)
        .join(Placement, Placement.device_id == Device.id)
        .join(Elder, Elder.id == Placement.elder_id)
        .where(Device.kind.in_(_KIND_OF), Elder.status == "in_register")
        .order_by(Device.id)
    )
    return [(device, elder) for device, elder in session.execute(asked)][10:]  # the first elders keep a clean page


def _story(
    session: Session, placed: tuple[Device, Elder], made: list[Made], staff: Workers, chance: Random, days: int
) -> _Story:
    device, elder = placed
    village = next(each.village for each in made if each.elder is elder)
    back = timedelta(days=chance.randint(8, days), hours=chance.randint(0, 23), minutes=chance.randint(0, 59))
    return _Story(
        elder,
        device,
        chance.choice(_KIND_OF[device.kind]),
        clock.now() - back,
        chance.choice(staff.by_role["monitor_desk"]).id,
        visitors.visitor(session, elder.id),
        staff.desk_of(village.unit.path),
        staff.desk_of(village.township.path),
    )


def _opened(session: Session, story: _Story, chance: Random) -> Case:
    with clock.frozen(story.opened_at):
        case = cases.open_case(
            session,
            elder_id=story.elder.id,
            unit_path=story.elder.unit_path,
            kind=story.kind,
            channel="device",
        ).case
        session.add(
            Alarm(
                elder_id=story.elder.id,
                unit_path=story.elder.unit_path,
                device_id=story.device.id,
                event_key=f"{story.device.number}:history-{case.id}",
                kind=story.kind,
                data={},
                state="closed",
                case_id=case.id,
                raised_at=clock.now() - timedelta(seconds=1),
                stored_at=clock.now(),
            )
        )
    minutes = chance.randint(1, 3)
    for order, (element, whom) in enumerate((("contact_elder", "elder"), ("contact_family", "family"))):
        _attempt(session, case, story, element, whom, timedelta(minutes=minutes + 2 * order), order == 1)
        if chance.random() < 0.5:
            break
    return case


def _attempt(
    session: Session, case: Case, story: _Story, element: str, whom: str, after: timedelta, answered: bool
) -> None:
    at = story.opened_at + after
    session.add(ContactAttempt(case_id=case.id, round=case.round, element=element, whom=whom, at=at, answered=answered))
    with clock.frozen(at):
        cases.note(session, case, "answered" if answered else "not_answered", who=story.desk, element=element)


def _false_alarm(session: Session, case: Case, story: _Story, chance: Random) -> None:
    with clock.frozen(story.opened_at + timedelta(minutes=chance.randint(6, 25))):
        cases.close_false_alarm(session, case, chance.choice(_CAUSES), story.desk)


def _led_through(session: Session, case: Case, story: _Story, chance: Random, order: int) -> None:
    """Handled, fed back (the third one late), reviewed on site (the fifth: not resolved, a second round), archived."""
    case.level = "urgent" if story.kind in ("sos", "fall", "smoke", "gas") else "general"
    at = story.opened_at + timedelta(minutes=chance.randint(30, 150))
    at = _round(session, case, story, chance, at, late=order == 4, resolved=order != 8)
    if order == 8:
        with clock.frozen(at):
            cases.reopen(session, case, story.village, "扶手未装好，老人仍不敢洗澡")
        at = _round(session, case, story, chance, at + timedelta(hours=3), late=False, resolved=True)
    with clock.frozen(at + timedelta(hours=2)):
        cases.archive(session, case, story.township)


def _round(
    session: Session, case: Case, story: _Story, chance: Random, at: datetime, late: bool, resolved: bool
) -> datetime:
    """One round from handling to review; returns when the review was made."""
    with clock.frozen(at):
        cases.handled(session, case)
    with clock.frozen(case.clock_from + timedelta(hours=27 if late else chance.randint(4, 20))):
        cases.feed_back(session, case, story.desk, chance.choice(_HELPED.get(story.kind, _FELL)))
        due_at = deadline("review_3wd", cases.reviewed_from(session, case)).due
        review_at = clock.now() + timedelta(hours=chance.randint(20, 40))
    with clock.frozen(review_at):
        cases.review(session, case, story.village, resolved, chance.choice(_REVIEWED), due_at)
    return review_at
