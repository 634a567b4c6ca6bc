"""Commands that operate many instances, each by itself with a verdict: `instances ACTION`, `migrate PROCESS`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click

from engine import bulk, db, definitions, instances, jobs, migration
from engine.definitions import Definition
from web.commands_engine import carry_on, line, opened
from web.commands_operating import assignments, by
from web.operators import MANY

LOOKED_AT = 200


@click.command("instances")
@click.argument("action", type=click.Choice(MANY))
@click.argument("instance_ids", nargs=-1, type=click.UUID)
@click.option("--process", "process_id", help="不写编号时：这个流程的全部 · without ids: all instances of this process")
@click.option(
    "--state", type=click.Choice(instances.UNDER_WAY), help="和 --process 一起：只要这个状态 · only in this state"
)
@click.option(
    "--unit", default="/", help="和 --process 一起：只在这个单位之下，如 /1/5/ · only of this unit and below it"
)
@click.option("--from", "source", help="move：从哪一步 · from which element")
@click.option("--to", "target", help="move：到哪一步；不写就是跳过 · to which element; without it the step is skipped")
@click.option("--set", "values", multiple=True, metavar="NAME=JSON", help="edit：要改的变量 · a variable to be edited")
@click.option("--reason", default="", help="原因，写进经过 · why; stands in the history")
@click.option("--user", help="账号 · user name")
@click.option("--dry-run", is_flag=True, help="只看每个会怎样 · only say what would become of each")
@click.option("--json", "as_json", is_flag=True)
def instances_command(
    action: str, instance_ids: tuple[UUID, ...], process_id: str | None, as_json: bool, **given: Any
) -> None:
    """一起操作许多流程，每个各有结论 · operate many instances, with a verdict each."""
    opened()
    if bool(instance_ids) == bool(process_id):
        raise click.UsageError("写实例编号，或用 --process 选一个流程 · name instances, or choose a --process")
    chosen = list(instance_ids) or _all_of(process_id or "", given["state"], given["unit"])
    detail = _detail(action, given)
    if given["dry_run"]:
        _foretell(action, chosen, detail, as_json)
        return
    _require_reason(given["reason"])
    _carried_out(action, chosen, given, as_json, **detail)


def _all_of(process_id: str, state: str | None, unit: str) -> list[UUID]:
    if not (unit.startswith("/") and unit.endswith("/")):
        raise click.UsageError("--unit 要像 /1/5/ · write --unit like /1/5/")
    states = (state,) if state else instances.UNDER_WAY
    with db.reading() as session:
        return instances.ids(session, process_id, states, (unit,), limit=bulk.MOST + 1)


def _detail(action: str, given: dict[str, Any]) -> dict[str, Any]:
    if action == "edit":
        return {"values": assignments(given["values"])}
    if action == "move":
        if not given["source"]:
            raise click.UsageError("请用 --from 写从哪一步 · name the element with --from")
        return {"from": given["source"], "to": given["target"]}
    return {}


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise click.UsageError("请用 --reason 写明原因 · say why with --reason")


def _foretell(action: str, chosen: list[UUID], detail: dict[str, Any], as_json: bool) -> None:
    for number in range(0, len(chosen), LOOKED_AT):
        with db.reading() as session:
            seen = bulk.preview(session, action, chosen[number : number + LOOKED_AT], ["/"], **detail)
        for each in seen:
            _tell(each, as_json)


def _carried_out(kind: str, chosen: list[UUID], given: dict[str, Any], as_json: bool, **detail: Any) -> None:
    if not chosen:
        click.echo("没有要办的 · nothing to do", err=as_json)
        return
    with jobs.transaction() as session:
        run_id = bulk.begin(session, kind, chosen, ["/"], given["reason"], by(session, given["user"]), **detail)
    carry_on()
    _verdicts(run_id, as_json)


@click.command("migrate")
@click.argument("process_id")
@click.option("--to", "version", type=int, required=True, help="目标版本 · the version to move to")
@click.option("--instance", "only", multiple=True, type=click.UUID, help="只换这些 · only these instances")
@click.option("--reason", default="", help="原因，写进经过 · why; stands in the history")
@click.option("--user", help="账号 · user name")
@click.option("--dry-run", is_flag=True, help="只看哪些能换，为什么不能 · only say which can, and why not")
@click.option("--json", "as_json", is_flag=True)
def migrate_command(process_id: str, version: int, only: tuple[UUID, ...], as_json: bool, **given: Any) -> None:
    """把在办流程换到另一版本 · move running instances to another version, each by itself."""
    opened()
    target = _version(process_id, version)
    if given["dry_run"]:
        _preview(target, only, as_json)
        return
    _require_reason(given["reason"])
    with db.reading() as session:
        wanted = list(only) or migration.candidates(session, target.id)
    _carried_out("migrate", wanted, given, as_json, definition=target.id)


def _version(process_id: str, version: int) -> Definition:
    with db.reading() as session:
        for each in definitions.versions(session, process_id):
            if each.version == version:
                return each
    raise click.ClickException(f"{process_id} 没有第 {version} 版 · there is no such version")


def _preview(target: Definition, only: tuple[UUID, ...], as_json: bool) -> None:
    with db.reading() as session:
        for each in migration.verdicts(session, target.id):
            if only and each.instance_id not in only:
                continue
            if as_json:
                reasons = [{"code": m.code, "element": m.element, "zh": m.zh, "en": m.en} for m in each.misfits]
                line({"instance": str(each.instance_id), "version": each.version, "possible": each.possible,
                       "reasons": reasons})  # fmt: skip
            else:
                words = "；".join(f"{m.zh} · {m.en}" for m in each.misfits) or "可以换 · can move"
                click.echo(f"{each.instance_id}  v{each.version}  {words}")


def _verdicts(run_id: UUID, as_json: bool) -> None:
    with db.reading() as session:
        counted = bulk.progress(session, run_id)
    for each in _listed(run_id):
        if as_json or each.state not in (bulk.DONE, bulk.WAITING):
            _tell(each, as_json, err=not as_json)
    done, refused, waiting = counted[bulk.DONE], counted[bulk.REFUSED] + counted[bulk.FAILED], counted[bulk.WAITING]
    click.echo(
        f"办成 {done}，没办成 {refused}，还在排队 {waiting} · done {done}, refused {refused}, queued {waiting}",
        err=as_json,
    )
    if refused and not done and not waiting:
        raise click.ClickException("一个也没有办成 · none was done")


def _listed(run_id: UUID) -> Iterator[bulk.Verdict]:
    after = None
    while True:
        with db.reading() as session:
            some = bulk.verdicts(session, run_id, after=after)
        yield from some
        if not some:
            return
        after = some[-1].instance_id


def _tell(each: bulk.Verdict, as_json: bool, err: bool = False) -> None:
    if as_json:
        line({"instance": str(each.instance_id), "state": each.state, "zh": each.zh, "en": each.en})
    else:
        mark = "×" if each.state in (bulk.REFUSED, bulk.FAILED) else "✓"
        click.echo(f"{mark} {each.instance_id}  {each.zh} · {each.en}", err=err)


commands: list[click.Command] = [instances_command, migrate_command]
