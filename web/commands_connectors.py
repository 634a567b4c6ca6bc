"""Commands around devices: what came in, and the simulated ones of a demonstration."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from connectors import simulator
from connectors.mqtt import Address
from engine import clock, db, jobs
from engine.expressions import ExpressionFault, ExpressionRefused, parse_duration
from engine.settings import settings
from web import running
from web.commands_engine import opened


@click.group("demo")
def demo_commands() -> None:
    """演示：模拟设备与时钟 · simulated devices and the clock."""


@demo_commands.command("alarm")
@click.argument("device")
@click.argument("kind")
def alarm_command(device: str, kind: str) -> None:
    """模拟设备经 MQTT 报警 · a simulated device sends over MQTT, again and again until it is confirmed."""
    from care import devices

    jobs.load_clock()
    with db.reading() as session:
        key = devices.secret_of(session, device) or b"unknown"
    facts = running.where()
    address = (
        Address(facts["mqtt_host"], facts["mqtt_port"], root=settings().mqtt_topic_root)
        if facts
        else running.mqtt_address()
    )
    event_id, body = simulator.payload(device, kind, key, int(clock.now().timestamp() * 1000))
    try:
        confirmed = simulator.send(address, device, event_id, body)
    except OSError:
        raise click.ClickException(
            f"连不上 MQTT {address.host}:{address.port}，请先运行 visitflow run · start the program first"
        ) from None
    if confirmed is None:
        raise click.ClickException("没有收到确认：设备未知且被拒，或程序没有在运行。 No confirmation came.")
    click.echo(f"已确认 · confirmed {confirmed['answer']} 事件 case {confirmed['case'] or '—'} id {event_id}")


@demo_commands.command("clock")
@click.argument("step")
def clock_command(step: str) -> None:
    """拨快运行中程序的时钟 · move the clock of the running program on: +24h, +11h30m, +3d or PT24H."""
    opened()
    moved = jobs.move_clock(_step(step))
    click.echo(f"时钟现在是 · it is now {clock.local(moved):%Y-%m-%d %H:%M:%S}")


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


def _step(text: str) -> timedelta:
    """How far the clock is to move; raises a usage error when this is no length of time ahead."""
    plain, now = text.strip().removeprefix("+"), clock.now()
    if re.fullmatch(f"(?:{_PART.pattern})+", plain.lower()):
        parts = _PART.findall(plain.lower())
        return _ahead(sum((timedelta(**{_UNITS[unit]: float(n)}) for n, unit in parts), timedelta()), text)
    try:
        moved: datetime = parse_duration(plain).after(now)
    except (ExpressionRefused, ExpressionFault):
        moved = now
    return _ahead(moved - now, text)


def _ahead(step: timedelta, text: str) -> timedelta:
    if step <= timedelta():
        raise click.BadParameter(f"{text}：写成 +24h、+30m 或 PT24H · write +24h, +30m or PT24H", param_hint="STEP")
    return step


commands: list[click.Command] = [demo_commands]
