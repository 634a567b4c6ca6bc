"""The command that operates one instance: look at it, suspend, resume, cancel, edit, move; many: `commands_many`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import click
import orjson
from sqlalchemy.orm import Session

from engine import db, jobs, run
from web import engine_views as views
from web.commands_engine import carry_on, line, opened

ACTIONS = ("suspend", "resume", "cancel", "move", "edit")


@click.command("instance")
@click.argument("instance_id", type=click.UUID)
@click.argument("action", required=False, type=click.Choice(ACTIONS))
@click.option("--reason", default="", help="原因，写进经过 · why; stands in the history")
@click.option("--user", help="账号 · user name")
@click.option("--from", "source", help="move：从哪一步（元素或令牌）· from which element or token")
@click.option("--to", "target", help="move：到哪一步；不写就是跳过 · to which element; without it the step is skipped")
@click.option("--set", "values", multiple=True, metavar="NAME=JSON", help="edit：要改的变量 · a variable to be edited")
@click.option("--dry-run", is_flag=True, help="move：只看会怎样 · only say what the move would do")
@click.option("--json", "as_json", is_flag=True)
def instance_command(instance_id: UUID, action: str | None, as_json: bool, **given: Any) -> None:
    """流程实例的状态和经过，或暂停、恢复、取消、移动、改数据 · state and history of an instance, or operate it."""
    opened()
    if action is None:
        _show(instance_id, as_json)
        return
    if action != "resume" and not given["dry_run"] and not given["reason"].strip():
        raise click.UsageError("请用 --reason 写明原因 · say why with --reason")
    done = _does[action](instance_id, given)
    if not given["dry_run"]:
        carry_on()
    if as_json:
        line({"instance": str(instance_id), "action": action} | done)
    else:
        click.echo("\n".join(_told(action, done)))


def _show(instance_id: UUID, as_json: bool) -> None:
    with db.reading() as session:
        shown = views.instance(session, instance_id)
    if as_json:
        line(shown)
        return
    click.echo(f"{shown['process']} v{shown['version']}  {shown['state']}  key {shown['key'] or '—'}")
    for task in shown["tasks"]:
        click.echo(views.task_line(task))
    for timer in shown["timers"]:
        click.echo(f"定时 · timer  {timer['element']}  {timer['due']}")
    for row in shown["history"]:
        click.echo(f"{row['at']}  {row['what']:<10} {row['element'] or ''}  {row['who'] or ''}")


def by(session: Session, user: str | None) -> int | None:
    """Who stands in the history; nobody: the operator of the machine."""
    return views.person(session, user).id if user else None


def _suspend(instance_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    with jobs.transaction() as session:
        return {"changed": run.suspend(session, instance_id, given["reason"], by(session, given["user"]))}


def _resume(instance_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    with jobs.transaction() as session:
        return {"changed": run.resume(session, instance_id, given["reason"], by(session, given["user"]))}


def _cancel(instance_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    with jobs.transaction() as session:
        run.cancel(session, instance_id, given["reason"], by(session, given["user"]))
    return {"changed": True}


def _edit(instance_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    values = assignments(given["values"])
    with jobs.transaction() as session:
        before = run.edit(session, instance_id, values, given["reason"], by(session, given["user"]))
    return {"before": before, "after": values}


def assignments(texts: Sequence[str]) -> dict[str, Any]:
    """NAME=JSON of `--set`, at least one; raises click.UsageError."""
    if not texts:
        raise click.UsageError("请用 --set 名=值 写要改的变量 · name what is edited with --set NAME=JSON")
    return dict(_assignment(each) for each in texts)


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    try:
        if equals:
            return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        pass
    raise click.UsageError(f"--set {text}：要写成 名=JSON 值 · write NAME=JSON")


def _move(instance_id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    with db.reading() as session:
        token = _token(session, instance_id, given["source"])
        if given["dry_run"]:
            return _moved(run.preview(session, instance_id, token, given["target"]))
    with jobs.transaction() as session:
        who = by(session, given["user"])
        return _moved(run.move(session, instance_id, token, given["target"], who, given["reason"]))


def _token(session: Session, instance_id: UUID, source: str | None) -> UUID:
    """The token that `--from` names by its id or its element; raises with the list of all when that is not one."""
    standing = run.tokens(session, instance_id)
    found = [token for token, _ in standing if source in (str(token.id), token.element_id)]
    if source is None and len(standing) == 1:
        return standing[0][0].id
    if len(found) == 1:
        return found[0].id
    lines = [f"{token.id}  {token.element_id}  → {' '.join(targets) or '—'}" for token, targets in standing]
    raise click.UsageError("用 --from 选一处 · choose one with --from:\n" + "\n".join(lines))


def _moved(moved: run.Moved) -> dict[str, Any]:
    return {
        "from": moved.from_element,
        "to": moved.to_element,
        "cancelled": [each.element for each in moved.cancelled],
        "opened": [each.element for each in moved.opened],
        "ended": moved.ended,
        "runs": moved.runs,
    }


_does: dict[str, Callable[[UUID, dict[str, Any]], dict[str, Any]]] = {
    "suspend": _suspend,
    "resume": _resume,
    "cancel": _cancel,
    "move": _move,
    "edit": _edit,
}
_DONE = {
    "suspend": ("已暂停 · suspended", "原已暂停 · was suspended already"),
    "resume": ("已恢复 · goes on", "没有暂停 · was not suspended"),
    "cancel": ("已取消 · cancelled", ""),
}


def _told(action: str, done: dict[str, Any]) -> list[str]:
    if action in _DONE:
        return [_DONE[action][0 if done["changed"] else 1]]
    if action == "edit":
        return [f"{name}: {done['before'][name]} → {value}" for name, value in done["after"].items()]
    lines = [f"取消 · cancelled  {each}" for each in done["cancelled"]]
    lines += [f"打开 · opened  {each}" for each in done["opened"]]
    if done["runs"]:
        lines.append(f"接着自动执行 · then carries out  {done['runs']}")
    return lines or ["没有变化 · nothing changed"]


commands: list[click.Command] = [instance_command]
