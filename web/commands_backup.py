"""`visitflow backup`, `restore`, and `outgoing`: what waits to go out, and what a restore holds back for a person."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click
import orjson

from engine import clock, db, held, jobs
from web import backup
from web.commands_engine import opened
from web.commands_operating import by

_FILE = click.Path(dir_okay=False, path_type=Path)
KEYS = (
    "密钥不在备份里：请把 keys/ 目录（或 VISITFLOW_DATA_KEY 和 VISITFLOW_HISTORY_KEY）另外保管，不要和备份放在一起。"
    " The keys are not in the backup: keep keys/ of the home folder (or those variables) apart from it."
)


@click.command("backup")
@click.argument("file", type=_FILE, required=False)
@click.option("--check", is_flag=True, help="只核对一个已有的备份 · only check an existing one")
@click.option("--json", "as_json", is_flag=True)
def backup_command(file: Path | None, check: bool, as_json: bool) -> None:
    """备份数据库和附件 · back up database and attachments; the program may go on working."""
    if check:
        if file is None:
            raise click.UsageError("要给出备份文件 · name the file")
        listed = backup.look(file)
    else:
        opened()
        file = file or Path(f"visitflow-{clock.local(clock.wall()):%Y%m%d-%H%M%S}.tar")
        listed = backup.make(file)
    if as_json:
        told = {"file": str(file), "made_at": listed.made_at, "database": listed.database, "rows": listed.rows}
        click.echo(orjson.dumps(told).decode())
        return
    files = len(listed.hashes) - 1
    click.echo(f"{file}  {sum(listed.rows.values())} 行 · rows, {files} 个附件 · attachments, {listed.made_at}")
    click.echo(KEYS)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="覆盖目标里已有的数据 · in place of what the target holds")
def restore_command(file: Path, replace: bool) -> None:
    """恢复备份 · restore a backup into an empty target."""
    done = backup.restore(file, replace)
    click.echo(f"已恢复到 · restored as of {done.listed.made_at}: {sum(done.listed.rows.values())} 行 · rows")
    if not done.reads:
        click.echo(
            "现在的数据密钥读不出恢复的内容，请放回属于它的 keys/data.key 或 VISITFLOW_DATA_KEY。"
            " The present data key does not read it: put back the key that belongs to it.",
            err=True,
        )
    if done.held:
        click.echo(
            f"{done.held} 条外发已扣下，可能已经发过，请逐条决定：visitflow outgoing --held"
            f" · {done.held} effects are held, they may have gone out already: decide with visitflow outgoing --held"
        )
    click.echo("请核对 · now run: visitflow audit")


@click.command("outgoing")
@click.option("--held", "only_held", is_flag=True, help="只列扣下的 · only what is held (the default)")
@click.option("--release", "released", multiple=True, help="ID 或 all：发出 · send after all")
@click.option("--drop", "dropped", multiple=True, help="ID 或 all：不再发 · never send")
@click.option("--reason", default="", help="为什么 · why; stands beside the decision")
@click.option("--user", help="账号 · user name")
@click.option("--json", "as_json", is_flag=True)
def outgoing_command(
    only_held: bool,
    released: tuple[str, ...],
    dropped: tuple[str, ...],
    reason: str,
    user: str | None,
    as_json: bool,
) -> None:
    """恢复之后扣下的外发 · what a restore held back: list, release or drop."""
    opened()
    if released and dropped:
        raise click.UsageError("--release 和 --drop 不能一起用 · one of them at a time")
    if released or dropped:
        if not reason.strip():
            raise click.UsageError("请用 --reason 写明原因 · say why with --reason")
        _settle(released or dropped, bool(released), reason, user)
        return
    with db.reading() as session:
        rows = held.find(session)
    for row in rows:
        told = {
            "id": str(row.id),
            "channel": row.channel,
            "key": row.key,
            "instance": row.instance_id and str(row.instance_id),
            "created": clock.local(row.created_at).isoformat(timespec="seconds"),
        }
        click.echo(orjson.dumps(told).decode() if as_json else "  ".join(str(value or "—") for value in told.values()))


def _settle(words: tuple[str, ...], send: bool, reason: str, user: str | None) -> None:
    with jobs.transaction() as session:
        who = by(session, user)
        wanted = [row.id for row in held.find(session, 1_000_000)] if "all" in words else [_id(word) for word in words]
        settle = held.release if send else held.drop
        missing = [each for each in wanted if not settle(session, each, who, reason)]
    for each in missing:
        click.echo(f"{each} 没有扣下 · is not held", err=True)
    done = len(wanted) - len(missing)
    click.echo(f"{done} 条已{'放行' if send else '作废'} · {'released' if send else 'dropped'}")
    if missing:
        raise click.exceptions.Exit(1)


def _id(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise click.UsageError(f"{word!r} 不是编号 · is no id") from None


commands: list[click.Command] = [backup_command, restore_command, outgoing_command]
