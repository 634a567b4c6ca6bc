"""`visitflow run` and the single parts of a city: `web`, `worker`, `listen`."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import click

from engine import db, garbage, jobs
from engine.settings import CHECKOUT, change, settings
from web import running, signs

LANES = ("alarm", "human", "normal", "bulk")
BULK_NICENESS = 10
"""A process for batches alone gives way to all others on its machine."""


def processes_folder() -> Path:
    """The shipped diagrams: beside the code in the checkout, in the application's folder when installed."""
    return CHECKOUT / "processes"


def deploy_shipped() -> None:
    """Deploy the diagrams of `processes/` if this content is new; a start never takes back what a designer deployed."""
    from web.bundles import deploy_paths

    deployed = deploy_paths([processes_folder()], revive=False)
    word = "已部署新版本 · deployed version" if deployed.new else "流程版本 · processes at version"
    click.echo(f"{word} {deployed.version}")


def _demonstration() -> None:
    from care import demo

    with jobs.transaction() as session:
        summary = demo.build(session)
    click.echo(summary.sentence())


def _open_work() -> None:
    from care.demo import openings

    with jobs.transaction() as session:
        openings.begin(session)


@click.command("run")
@click.option("--demo", is_flag=True, help="演示模式：生成示范区，可用模拟设备和可拨动的时钟 · demonstration district")
@click.option("--port", type=int, help="网页端口 · port of the pages (default 8000)")
@click.option("--mqtt-port", type=int, help="内置 MQTT 端口 · port of the embedded broker (default 1883)")
def run_command(demo: bool, port: int | None, mqtt_port: int | None) -> None:
    """一台机器上运行全部 · everything in one process."""
    change(
        demo=demo or settings().demo,
        port=port or settings().port,
        mqtt_port=mqtt_port or settings().mqtt_port,
    )
    running.prepare()
    if settings().demo:
        _demonstration()
    deploy_shipped()
    if settings().demo:
        _open_work()
    parts = running.Parts()
    running.start(parts)
    _say(parts)
    running.serve(parts)


def _say(parts: running.Parts) -> None:
    assert parts.mqtt is not None
    if parts.port != settings().port:
        click.echo(f"端口 {settings().port} 已被占用，改用 {parts.port} · that port is taken, using {parts.port}")
    if not settings().mqtt_host and parts.mqtt.port != settings().mqtt_port:
        taken = settings().mqtt_port
        click.echo(f"端口 {taken} 已被占用，MQTT 改用 {parts.mqtt.port} · MQTT uses {parts.mqtt.port}")
    click.echo(f"网页 · pages   http://{settings().host}:{parts.port}/")
    click.echo(f"设备 · MQTT    {parts.mqtt.host}:{parts.mqtt.port}")
    click.echo("停止 · stop    Ctrl+C")


@click.command("web")
@click.option("--port", type=int)
def web_command(port: int | None) -> None:
    """只运行网页 · the pages only."""
    from web.app import create_app

    change(port=port or settings().port)
    db.open_database()
    import waitress

    running.stop_once()  # waitress finishes the pages in hand
    app = create_app()
    garbage.settle()
    waitress.serve(app, host=settings().host, port=settings().port, threads=settings().web_threads)


@click.command("stream")
@click.option("--port", type=int, default=8001, show_default=True)
def stream_command(port: int) -> None:
    """只运行事件流（城市模式，放在反向代理后面） · the stream of events only, for a city behind its proxy."""
    from granian import Granian
    from granian.constants import Interfaces

    interface, host = Interfaces.ASGI, settings().host
    # Streams never end by themselves: pages ask again when theirs is cut off.
    Granian("web.streams:application", host, port, interface=interface, workers=1, workers_kill_timeout=3).serve()


@click.command("worker")
@click.option("--lanes", default=",".join(LANES), help="逗号分隔 · comma separated: alarm,human,normal,bulk")
def worker_command(lanes: str) -> None:
    """只运行后台作业 · the workers only."""
    wanted = [lane.strip() for lane in lanes.split(",") if lane.strip()]
    unknown = [lane for lane in wanted if lane not in LANES]
    if unknown:
        raise click.UsageError(f"unknown lane {', '.join(unknown)}; lanes are {', '.join(LANES)}")
    db.open_database()
    if wanted == ["bulk"]:
        os.nice(BULK_NICENESS)
    jobs.start_workers(wanted)
    running.keep_regular_work()
    signs.serve()
    garbage.settle()
    _wait()
    jobs.stop_workers()


@click.command("listen")
def listen_command() -> None:
    """只接收设备消息，多开时其余待命 · the device listener only; of several one listens, the others stand by."""
    from connectors.mqtt import Listener
    from connectors.standby import Standby

    db.open_database()
    running.join()
    listener = Standby(lambda: Listener(running.mqtt_address()))
    listener.start()
    stopping = threading.Event()
    signs.keep_telling(listener, stopping)
    signs.serve()
    garbage.settle()
    _wait()
    stopping.set()
    listener.stop()


def _wait() -> None:
    with suppress(KeyboardInterrupt):
        running.stop_once()
        while True:
            signal.pause()


commands: list[click.Command] = [run_command, web_command, stream_command, worker_command, listen_command]
