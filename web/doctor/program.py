"""The program itself: its parts, keys, posts, queue, incidents and history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from care import reach, roles
from engine import clock, db, held, incidents, seals, work
from engine.settings import settings
from web import readiness
from web.doctor.findings import BAD, OK, WARN, Finding, bad, ok, warn
from web.doctor.machine import data_folder

OLD_INCIDENT = timedelta(hours=24)
SHOWN = 20


def parts() -> Iterator[Finding]:
    """What `/ready` asks."""
    for each in readiness.of():
        zh, _, en = (each.reason or "正常 · fine").partition(" · ")
        level = OK if each.ok else BAD if each.name in ("database", "tables", "keys", "bundle") else WARN
        yield Finding(level, each.name if each.name != "database" else "writable", zh, en)


def key_files() -> Iterator[Finding]:
    """Keys are nobody else's, and apart from the data."""
    folder = settings().home / "keys"
    found = sorted(folder.glob("*.key")) if folder.is_dir() else []
    loose = [path.name for path in found if path.stat().st_mode & 0o077]
    if loose:
        yield bad(
            "key_files",
            f"别人也能读 {'、'.join(loose)}，请 chmod 600",
            f"others can read {', '.join(loose)}: chmod 600",
        )
    if found and db.database().is_sqlite and data_folder() == settings().home.resolve():
        yield warn(
            "key_files",
            "密钥和数据库在同一目录：备份用 visitflow backup（不含密钥），密钥另外保管",
            "keys lie beside the database: back up with visitflow backup (without them), keep the keys apart",
        )
    elif not loose:
        yield ok("key_files", "密钥与数据库分开", "keys are apart from the database")


def posts() -> Iterator[Finding]:
    """Every open task and every desk has somebody."""
    with db.reading() as session:
        nobody, desks = reach.without_anybody(session), reach.empty_desks(session)
    for each in nobody[:SHOWN]:
        yield bad(
            "posts",
            f"「{each.unit}」有 {each.tasks} 件待办没有人：{roles.title(each.role)}无人在岗，请设岗位或替班",
            f"{each.tasks} tasks of unit {each.unit_id} reach nobody: nobody holds {each.role}; give the post",
        )
    if len(nobody) > SHOWN:
        yield bad("posts", f"另有 {len(nobody) - SHOWN} 处", f"{len(nobody) - SHOWN} more like this")
    for role, units in desks.items():
        some = "、".join(units[:3]) + ("…" if len(units) > 3 else "")
        yield warn(
            "posts",
            f"{len(units)} 个单位没有{roles.title(role)}（{some}），请设岗位",
            f"{len(units)} units have no {role}: the next task would reach nobody there",
        )
    if not nobody and not desks:
        yield ok("posts", "各级岗位都有人", "every desk is held")


def queue() -> Iterator[Finding]:
    """Work that nobody takes, or that was given up."""
    c = work.work.c
    late = clock.now() - timedelta(seconds=60)
    query = select(c.lane, func.count()).where(c.state == work.WAITING, c.due_at < late, c.lease_until.is_(None))
    with db.reading() as session:
        found = [(str(row[0]), int(row[1])) for row in session.connection().execute(query.group_by(c.lane))]
        given_up = session.scalar(select(func.count()).where(c.state == work.GIVEN_UP)) or 0
    for lane, count in found:
        yield bad(
            "work",
            f"{lane} 有 {count} 件超过一分钟没人做，请启动 worker",
            f"{count} pieces in lane {lane} wait for over a minute: start workers",
        )
    if given_up:
        yield warn(
            "work",
            f"{given_up} 件作业已放弃，见 visitflow incidents",
            f"{given_up} pieces were given up: see visitflow incidents",
        )
    if not found and not given_up:
        yield ok("work", "没有积压", "nothing is left lying")


def stuck() -> Iterator[Finding]:
    """Incidents, and what a restore holds back."""
    with db.reading() as session:
        open_ones = incidents.find(session, limit=1000)
        waiting = held.number(session)
    old = [each for each in open_ones if each.opened_at < clock.now() - OLD_INCIDENT]
    if old:
        yield bad(
            "incidents",
            f"{len(old)} 个流程故障超过一天，见 visitflow incidents",
            f"{len(old)} incidents are older than a day: see visitflow incidents",
        )
    elif open_ones:
        yield warn(
            "incidents",
            f"{len(open_ones)} 个流程故障，见 visitflow incidents",
            f"{len(open_ones)} open incidents: see visitflow incidents",
        )
    else:
        yield ok("incidents", "没有流程故障", "no open incident")
    if waiting:
        yield warn(
            "outgoing",
            f"恢复后扣下 {waiting} 条外发，见 visitflow outgoing --held",
            f"{waiting} effects are held after a restore: see visitflow outgoing --held",
        )


def sealed() -> Iterator[Finding]:
    """The history is sealed, and its heads stand on another machine."""
    with db.reading() as session:
        tail = seals.tail(session)
    if tail.oldest_at and tail.oldest_at < clock.now() - timedelta(minutes=15):
        yield warn(
            "history",
            f"{tail.rows} 行留痕还没有封存，请启动 worker",
            f"{tail.rows} rows of the history are not sealed: start workers",
        )
    elif not settings().anchors:
        yield warn(
            "history",
            "链头只写在本机，请把 VISITFLOW_ANCHORS 设到另一台机器的目录",
            "heads of the history stay on this machine: set VISITFLOW_ANCHORS to a folder of another one",
        )
    else:
        yield ok("history", "留痕已封存，链头写在别处", "the history is sealed, its heads are written elsewhere")
