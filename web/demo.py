"""Only in demonstration mode: simulated devices that can be pressed, and the clock that can be moved on.

A press makes, signs and sends the event over MQTT like a real device, again and again until it is confirmed, so what
is seen is the way of a real alarm.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from care import devices
from care.devices import Device, Placement
from care.elders import Elder
from connectors import simulator
from connectors.mqtt import Address
from engine import clock, db, jobs
from engine.settings import settings
from web import briefs
from web.language import N_, gettext, language
from web.pages import Entry, page

bp = Blueprint("demo", __name__, url_prefix="/demo")
navigation = [Entry("demo.index", N_("演示"), "play", 95, demo=True, below=("demo.",))]

SHOWN_PER_KIND = 3
EVENTS: dict[str, tuple[str, ...]] = {
    "bracelet": ("sos", "fall", "left_zone", "battery_low"),
    "pendant": ("sos", "sos_cancelled"),
    "sos_button": ("sos", "sos_cancelled"),
    "smoke": ("smoke", "tamper"),
    "gas": ("gas",),
    "door": ("door",),
    "motion": ("inactivity", "offline"),
    "water_leak": ("water_leak",),
    "vital": ("vital",),
}
WORDS = {
    "sos": ("按 SOS", "Press SOS"),
    "sos_cancelled": ("取消 SOS", "Cancel SOS"),
    "fall": ("跌倒", "Fall"),
    "smoke": ("烟雾", "Smoke"),
    "gas": ("燃气", "Gas"),
    "water_leak": ("漏水", "Water leak"),
    "vital": ("生命体征异常", "Vital signs"),
    "inactivity": ("长时间无活动", "No activity"),
    "left_zone": ("离开围栏", "Left the zone"),
    "door": ("门磁异常", "Door"),
    "offline": ("离线", "Offline"),
    "tamper": ("拆动", "Tamper"),
    "battery_low": ("低电量", "Battery low"),
}
STEPS = (
    ("+5m", N_("5 分钟")),
    ("+30m", N_("30 分钟")),
    ("+6h", N_("6 小时")),
    ("+24h", N_("1 天")),
    ("+72h", N_("3 天")),
    ("+168h", N_("1 周")),
)


@dataclass(frozen=True)
class Simulated:
    """A device that can be pressed, with whose it is and where."""

    number: str
    kind: str
    secret: str
    elder_number: str
    place: str
    events: tuple[tuple[str, str], ...]


def _require_demo() -> None:
    if not settings().demo:
        abort(404)


@bp.before_request
def only_in_demonstrations() -> None:
    _require_demo()


@bp.get("/")
def index() -> ResponseReturnValue:
    """The devices, a few of each kind, and the clock."""
    with db.reading() as session:
        found = _devices(session)
    return page("demo/demo.html", devices=found, steps=STEPS, mqtt=current_app.config.get("MQTT"))


def _devices(session: Session) -> list[Simulated]:
    pairs = [pair for kind in EVENTS for pair in _of_kind(session, kind)]
    places = briefs.unit_names(session, {elder.unit_path for _, elder in pairs})
    return [
        Simulated(
            device.number,
            _words(devices.kind_of(device.kind).zh, devices.kind_of(device.kind).en),
            device.secret,
            elder.number,
            places[elder.unit_path],
            tuple((event, _words(*WORDS[event])) for event in EVENTS[device.kind]),
        )
        for device, elder in pairs
    ]


def _of_kind(session: Session, kind: str) -> list[tuple[Device, Elder]]:
    asked = (
        select(Device, Elder)
        .join(Placement, Placement.device_id == Device.id)
        .join(Elder, Elder.id == Placement.elder_id)
        .where(Device.kind == kind, Placement.until_at.is_(None))
        .order_by(Device.number)
        .limit(SHOWN_PER_KIND)
    )
    return [(device, elder) for device, elder in session.execute(asked)]


def _words(zh: str, en: str) -> str:
    return en if language() == "en" else zh


@bp.post("/press")
def press() -> ResponseReturnValue:
    """One press: the event goes out over MQTT in the background."""
    number, kind = request.form.get("device", ""), request.form.get("event", "")
    if kind not in WORDS:
        abort(400)
    with db.reading() as session:
        key = devices.secret_of(session, number)
    if key is None:
        abort(404)
    _send(current_app, number, kind, key)
    flash(gettext("%(device)s 已发出，应急看板上 2 秒内能看到。", device=number))
    return redirect(url_for("demo.index"))


def _send(app: Flask, number: str, kind: str, key: bytes) -> None:
    address: Address | None = app.config.get("MQTT")
    if address is None:
        abort(503)
    data: dict[str, Any] = (
        {"name": "heart_rate", "value": 168, "unit": "bpm", "level": "critical"} if kind == "vital" else {}
    )
    event_id, body = simulator.payload(number, kind, key, int(clock.now().timestamp() * 1000), data)
    threading.Thread(target=simulator.send, args=(address, number, event_id, body), daemon=True).start()


@bp.post("/clock")
def move() -> ResponseReturnValue:
    """Move the clock on, stopping at each due time on the way."""
    wanted = request.form.get("step", "")
    if wanted not in {step for step, _ in STEPS}:
        abort(400)
    seconds = {"m": 60, "h": 3600}[wanted[-1]]
    try:
        moved = jobs.move_clock(timedelta(seconds=int(wanted[1:-1]) * seconds))
        flash(gettext("时钟现在是 %(at)s。", at=f"{clock.local(moved):%Y-%m-%d %H:%M}"))
    except jobs.ClockNotMoved:
        flash(gettext("时钟没有拨动，请稍等再试。"))
    return redirect(url_for("demo.index"))
