"""What the program talks to: database, Redis, broker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from engine import db
from engine.settings import settings
from web.doctor.findings import OK, WARN, Finding, bad, ok, warn
from web.doctor.machine import data_folder


def database() -> Iterator[Finding]:
    """Nothing that was committed can be lost by how the database is set."""
    yield from _sqlite_settings() if db.database().is_sqlite else _postgres_settings()


def _sqlite_settings() -> Iterator[Finding]:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with db.reading() as session:
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}
    wrong = {name: value for name, value in found.items() if value != wanted[name]}
    if wrong:
        yield bad("database", f"SQLite 设置不对：{wrong}", f"settings of SQLite are wrong: {wrong}")
    kind = file_system(data_folder())
    if kind in _FAR:
        yield bad(
            "database",
            f"SQLite 在网络盘（{kind}）上会坏，请放本机盘",
            f"SQLite on a network file system ({kind}) breaks: use a local disk",
        )
    if not wrong and kind not in _FAR:
        yield ok("database", f"SQLite 设置正确，文件系统 {kind}", f"SQLite is set as it should, file system {kind}")


_FAR = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"})


def file_system(folder: Path) -> str:
    """The kind of file system that a folder lies on, «?» where the machine does not tell."""
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return "?"
    mounts = [line.split()[1:3] for line in lines]
    inside = [(point, kind) for point, kind in mounts if folder.is_relative_to(point)]
    return max(inside, key=lambda each: len(each[0]), default=("", "?"))[1]


def _postgres_settings() -> Iterator[Finding]:
    wanted = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": ("on", "remote_apply", "remote_write")}
    with db.reading() as session:
        version = int(session.execute(text("SHOW server_version_num")).scalar_one())
        found = {name: str(session.execute(text(f"SHOW {name}")).scalar_one()) for name in wanted}
    wrong = [f"{name}={value}" for name, value in found.items() if value != wanted[name] and value not in wanted[name]]
    if wrong:
        yield bad(
            "database",
            f"PostgreSQL 会丢已确认的数据：{'、'.join(wrong)}，都要设为 on",
            f"PostgreSQL may lose what was confirmed: {', '.join(wrong)}; set them on",
        )
    if version < 150000:
        yield warn(
            "database",
            f"PostgreSQL {version // 10000} 太旧，请用 15 以上",
            f"PostgreSQL {version // 10000} is old: use 15 or newer",
        )
    if not wrong and version >= 150000:
        yield ok(
            "database",
            f"PostgreSQL {version // 10000} 设置正确",
            f"PostgreSQL {version // 10000} is set as it should",
        )


def redis_answers() -> Iterator[Finding]:
    """The bells of the workers; without them work is some seconds slower."""
    if not settings().redis_url:
        yield ok("redis", "没有用 Redis（本机内的作业）", "Redis is not used (workers in this process)")
        return
    import redis

    try:
        redis.Redis.from_url(settings().redis_url, socket_timeout=2, socket_connect_timeout=2).ping()
        yield ok("redis", "Redis 通", "Redis answers")
    except redis.RedisError:
        yield warn(
            "redis",
            "Redis 不通：作业会慢几秒，不会丢；请检查 VISITFLOW_REDIS_URL",
            "Redis does not answer: work is some seconds slower, nothing is lost; check VISITFLOW_REDIS_URL",
        )


def broker() -> Iterator[Finding]:
    """Where devices report."""
    values = settings()
    if not values.mqtt_host:
        yield Finding(
            WARN if not values.demo else OK,
            "broker",
            "用的是内置试用 MQTT，正式运行请设 VISITFLOW_MQTT_HOST",
            "the embedded broker is for trying out: set VISITFLOW_MQTT_HOST in a city",
        )
        return
    try:
        socket.create_connection((values.mqtt_host, values.mqtt_port), timeout=3).close()
    except OSError:
        yield bad(
            "broker",
            f"MQTT {values.mqtt_host}:{values.mqtt_port} 连不上，报警进不来",
            f"MQTT at {values.mqtt_host}:{values.mqtt_port} cannot be reached: alarms do not come in",
        )
        return
    yield ok("broker", "MQTT 通", "MQTT answers")
    yield warn(
        "broker_keeps",
        "请核对 MQTT 会落盘，见 deploy/mosquitto.conf",
        "check that the broker keeps what it acknowledges, see deploy/mosquitto.conf",
    )
