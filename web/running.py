"""Everything in one process: tables, diagrams, workers, embedded broker, device listener, pages.

The order matters to the operator: what can be wrong with the installation stops the program before anything is
served, with one sentence that says what to do. `running.json` in the home folder tells the other commands where the
program listens.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import waitress
from sqlalchemy.orm import Session

from care import device_watch, devices, meter_watch, nightly, policy_calendar
from connectors import heartbeats
from connectors.broker import EmbeddedBroker, next_free_port
from connectors.mqtt import Address, Listener
from engine import audit, db, garbage, jobs
from engine.errors import EngineError
from engine.settings import settings
from web import signs
from web.commands_database import upgrade

logger = logging.getLogger(__name__)

STOPS = (signal.SIGTERM, signal.SIGINT)


class HomeNotWritable(EngineError):
    """The home folder cannot be written."""


@dataclass
class Parts:
    """What has been started, in order, so that it can be stopped the other way round."""

    broker: EmbeddedBroker | None = None
    listener: Listener | None = None
    server: Any = None
    port: int = 0
    mqtt: Address | None = None
    stopping: threading.Event = field(default_factory=threading.Event)


def prepare() -> None:
    """Folder, database and tables; raises a sentence when one of them cannot be used."""
    home = settings().home
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".written-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as fault:
        raise HomeNotWritable(
            f"数据目录不能写入，请把 VISITFLOW_HOME 设为可写的目录。"
            f" The folder {home} cannot be written ({fault.strerror}); set VISITFLOW_HOME to one that can."
        ) from fault
    db.open_database()
    upgrade()
    with jobs.transaction() as session:
        policy_calendar.prepare(session)


def join() -> None:
    """Tell the connectors what they may not import: who writes heartbeats down."""
    heartbeats.writes_heartbeats(write_heartbeats)


def write_heartbeats(session: Session, newest: dict[str, tuple[datetime, dict[str, Any]]]) -> None:
    """When each registered device was last heard, with battery (%) and signal (dBm); two statements."""
    heard = [
        devices.Heard(number, moment, _whole(data.get("bat")), _whole(data.get("rssi")))
        for number, (moment, data) in newest.items()
    ]
    devices.heard_all(session, heard)


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def mqtt_address() -> Address:
    """The broker of the settings."""
    values = settings()
    return Address(
        host=values.mqtt_host or "127.0.0.1",
        port=values.mqtt_port,
        username=values.mqtt_username,
        password=values.mqtt_password,
        root=values.mqtt_topic_root,
        ties_devices=values.mqtt_broker_ties_devices,
    )


def start(parts: Parts) -> None:
    """Workers, broker, listener and pages, in this order."""
    from web.app import create_app

    join()
    jobs.start_workers()
    keep_regular_work()
    parts.mqtt = mqtt_address()
    if not settings().mqtt_host:
        parts.broker = EmbeddedBroker(settings().mqtt_port)
        parts.broker.start()
        parts.mqtt = Address(host="127.0.0.1", port=parts.broker.port, root=settings().mqtt_topic_root)
    parts.listener = Listener(parts.mqtt)
    parts.listener.start()
    signs.keep_telling(parts.listener, parts.stopping)
    parts.port = next_free_port(settings().port, settings().host)
    app = create_app()
    app.config["MQTT"] = parts.mqtt
    app.config["LISTENER"] = parts.listener
    parts.server = waitress.create_server(
        app,
        host=settings().host,
        port=parts.port,
        threads=settings().web_threads,
        ident=None,
        channel_timeout=60,
    )
    _note(parts)


def keep_regular_work() -> None:
    """Write down what comes round by itself: the planner's night, the hourly looks at devices and meters, and audit."""
    nightly.keep_planning()
    device_watch.keep_watching()
    meter_watch.keep_watching()
    audit.keep_auditing()


def serve(parts: Parts) -> None:
    """Serve pages until SIGTERM or Ctrl+C, then stop everything in order."""
    garbage.settle()
    try:
        stop_once()
        parts.server.run()
    except KeyboardInterrupt:
        pass
    finally:
        shut_down(parts)


def stop_once() -> None:
    """From now on the first SIGTERM or Ctrl+C raises KeyboardInterrupt in the main thread; later ones are nothing.

    The handler sets no event: a signal that arrives inside `Event.set` or `Event.wait` would wait for itself for ever.
    `make` passes SIGTERM on, so two of them come together.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        for each in STOPS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in STOPS:
        signal.signal(each, stop)


def shut_down(parts: Parts) -> None:
    parts.stopping.set()
    if parts.server is not None:
        parts.server.close()
    if parts.listener is not None:
        parts.listener.stop()
    if parts.broker is not None:
        parts.broker.stop()
    jobs.stop_workers()
    if (where() or {}).get("pid") == os.getpid():
        _note_file().unlink(missing_ok=True)


def where() -> dict[str, Any] | None:
    """Ports and process id of the program that runs in this home folder, None when there is none."""
    try:
        content: dict[str, Any] = json.loads(_note_file().read_text())
        os.kill(content["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return content


def _note_file() -> Path:
    return settings().home / "running.json"


def _note(parts: Parts) -> None:
    assert parts.mqtt is not None
    facts = {"pid": os.getpid(), "port": parts.port, "mqtt_host": parts.mqtt.host, "mqtt_port": parts.mqtt.port}
    _note_file().write_text(json.dumps(facts))
