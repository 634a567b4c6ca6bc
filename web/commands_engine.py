"""Commands around processes: deploy, start, message, tasks, complete, incidents, retry, events.

JSON forms are those of the contract (docs/reference/commands.md). What a command sets going is carried on by the
running program; when none is alive the command does it itself before it returns.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import orjson
from sqlalchemy import inspect

from engine import clock, db, definitions, forms, incidents, incoming, jobs, run, tasks, work
from web import engine_views as views
from web.bundles import deploy_paths

_PATHS = click.Path(exists=True, readable=True, path_type=Path)


@click.command("deploy")
@click.argument("paths", nargs=-1, required=True, type=_PATHS)
@click.option("--dry-run", is_flag=True, help="只检查 · check only, write nothing")
@click.option("--json", "as_json", is_flag=True)
def deploy_command(paths: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """检查并部署流程图、决策表和表单 · check and deploy one bundle."""
    opened()
    try:
        deployed = deploy_paths(paths, dry_run=dry_run)
    except definitions.Refused as refused:
        for each in refused.findings:
            line(each.as_json()) if as_json else click.echo(views.finding(each), err=True)
        raise click.ClickException("未部署：有错误 · nothing was deployed, there are errors") from None
    for each in deployed.findings:
        if not as_json:
            click.echo(views.finding(each), err=True)
    if dry_run:
        click.echo("可以部署 · it may be deployed", err=as_json)
    for process_id, version in sorted(deployed.versions.items()):
        word = "新版本 · new version" if deployed.new else "版本未变 · same version"
        if as_json:
            line({"process": process_id, "version": version, "new": deployed.new})
        else:
            click.echo(f"{process_id}  {word} {version}")


@click.command("start")
@click.argument("process_id")
@click.option("--data", default="{}", help="JSON")
@click.option("--key", help="同一流程同一键只有一个在办实例 · one live instance per process and key")
@click.option("--json", "as_json", is_flag=True)
def start_command(process_id: str, data: str, key: str | None, as_json: bool) -> None:
    """发起一个流程实例 · start an instance."""
    opened()
    with jobs.transaction() as session:
        instance_id = run.start(session, process_id, _data(data), key)
    carry_on()
    line({"instance": str(instance_id)}) if as_json else click.echo(str(instance_id))


@click.command("message")
@click.argument("name")
@click.option("--key", required=True)
@click.option("--data", default="{}", help="JSON")
@click.option("--json", "as_json", is_flag=True)
def message_command(name: str, key: str, data: str, as_json: bool) -> None:
    """送达一条消息 · deliver a message; nobody there: it is kept for its time to live."""
    opened()
    with jobs.transaction() as session:
        urgent = any(each.urgent for each in definitions.started_by(session, name))
        sent = incoming.message(session, name, key, _data(data), lane=work.ALARM if urgent else work.NORMAL)
    assert sent is not None
    carry_on()
    state, instance_id = _outcome(sent)
    if state == "waiting":
        raise click.ClickException(
            "消息已存，但未能处理，见 visitflow incidents · stored, but it could not be handled yet"
        )
    if state == "held":
        click.echo(
            f"流程 {instance_id} 已暂停，消息已存，恢复后照办"
            f" · instance {instance_id} is suspended: the message is kept and acts when it goes on",
            err=True,
        )
    if instance_id is not None:
        line({"instance": str(instance_id)}) if as_json else click.echo(str(instance_id))
    else:
        words = "无人等待，已留存 · nobody awaits it, kept" if state == "kept" else "已送达 · delivered"
        click.echo(words, err=as_json)


def _outcome(sent: UUID) -> tuple[str, UUID | None]:
    """What became of a message; the running program has 5 s to handle it. `held`: by which suspended instance."""
    until = time.monotonic() + 5
    while True:
        with db.reading() as session:
            state, instance_id = incoming.outcome(session, sent)
            suspended = work.held_for(session, sent) if state == "waiting" else None
        if suspended is not None:
            return "held", suspended
        if state != "waiting" or time.monotonic() > until or not jobs.somebody_works():
            return state, instance_id
        time.sleep(0.05)


@click.command("tasks")
@click.option("--user", help="账号 · user name; without it all open tasks")
@click.option("--json", "as_json", is_flag=True)
def tasks_command(user: str | None, as_json: bool) -> None:
    """列出待办 · list open user tasks."""
    opened()
    with db.reading() as session:
        rows = views.task_rows(session, views.open_tasks(session, user))
    for row in rows:
        line(row) if as_json else click.echo(views.task_line(row))


@click.command("complete")
@click.argument("task_id", type=click.UUID)
@click.option("--data", required=True, help="JSON: the answers of its form")
@click.option("--user", help="账号 · user name")
@click.option("--json", "as_json", is_flag=True)
def complete_command(task_id: UUID, data: str, user: str | None, as_json: bool) -> None:
    """办理一个待办 · complete a task, through the same checks as its page."""
    opened()
    answers = _data(data)
    try:
        with jobs.transaction() as session:
            by = views.may_complete(session, task_id, user)
            done = run.complete_task(session, task_id, answers, by)
    except forms.Invalid as fault:
        for path, words in fault.faults.items():
            click.echo(f"{path}: {words['zh']} {words['en']}", err=True)
        raise click.ClickException("表单有错，未提交 · the answers have faults, nothing was submitted") from None
    except tasks.TaskNotOpen as late:
        raise click.ClickException(views.late_sentence(late)) from None
    carry_on()
    if as_json:
        line({"task": str(task_id), "instance": done.instance_id and str(done.instance_id), "ended": done.ended})
    else:
        click.echo(f"已办理 · completed {task_id}" + ("，流程已结束 · the process ended" if done.ended else ""))


@click.command("incidents")
@click.option("--json", "as_json", is_flag=True)
def incidents_command(as_json: bool) -> None:
    """列出流程故障 · list what is stuck."""
    opened()
    with db.reading() as session:
        rows = [views.incident(each) for each in incidents.find(session)]
    for row in rows:
        words = f"{row['id']}  {row['element'] or '—'}  {row['error']}  {row['since']}  ×{row['attempts']}"
        line(row) if as_json else click.echo(words)


@click.command("retry")
@click.argument("incident_id", type=click.UUID)
def retry_command(incident_id: UUID) -> None:
    """重试一个流程故障 · try again what an incident stopped."""
    opened()
    with jobs.transaction() as session:
        again = run.retry(session, incident_id)
    if not again:
        raise click.ClickException("该故障已关闭 · that incident is closed already")
    carry_on()
    click.echo("已重试 · queued again")


@click.command("events")
@click.option("--since", help="ISO date-time")
@click.option("--json", "as_json", is_flag=True)
def events_command(since: str | None, as_json: bool) -> None:
    """列出收到的外部事件 · list incoming events."""
    opened()
    with db.reading() as session:
        for each in incoming.since(session, _moment(since), limit=1_000_000):
            row = views.event(each)
            words = (
                f"{row['t_stored']:.3f}  {row['device'] or '—'}  {row['type']}  {row['answer']}  {row['case'] or '—'}"
            )
            line(row) if as_json else click.echo(f"{words}  {row['id']}")


def opened() -> None:
    """Raise a sentence unless the tables are there; take over the program's clock."""
    if not inspect(db.database().engine).has_table("work"):
        raise click.ClickException("数据库还没有表，请先运行 visitflow db upgrade · create the tables first")
    jobs.load_clock()


def carry_on() -> None:
    """Without a running program nobody would work on what follows, so do it here."""
    if not jobs.somebody_works():
        jobs.sweep()
        jobs.drain()


def _data(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise click.UsageError(f"--data 不是 JSON · is no JSON: {fault}") from None
    if not isinstance(value, dict):
        raise click.UsageError("--data 要是一个 JSON 对象 · has to be a JSON object")
    return value


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("--since 要写 ISO 时间 · write an ISO date-time") from None
    return (value if value.tzinfo else value.replace(tzinfo=clock.zone())).astimezone(UTC)


def line(value: dict[str, Any]) -> None:
    click.echo(orjson.dumps(value).decode())


__all__ = ["commands", "deploy_paths"]

commands: list[click.Command] = [
    deploy_command,
    start_command,
    message_command,
    tasks_command,
    complete_command,
    incidents_command,
    retry_command,
    events_command,
]
