"""`visitflow audit`: the invariants of the stored data, in batches, with progress on a terminal.

Exit code 0: all hold; 1: at least one row breaks one. Reads only, so it may run beside the working program.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import orjson

from engine import audit, clock
from engine.audit import Broken
from web.commands_engine import opened

NAME_OF_HEADS = "heads written down outside are still there"


@click.command("audit")
@click.option("--json", "as_json", is_flag=True)
@click.option("--limit", default=100, show_default=True, help="每条不变量最多列几处 · findings of each check")
@click.option("--days", type=float, help="只看最近几天变动的 · only what moved in the last days")
@click.option(
    "--anchors",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="另一份链头记录 · a copy of the heads",
)
def audit_command(as_json: bool, limit: int, days: float | None, anchors: Path | None) -> None:
    """核对存储数据的不变量 · check the invariants of the stored data."""
    opened()
    since = clock.days_ago(days) if days is not None else None
    found = audit.run(limit, _progress if sys.stderr.isatty() else None, since)
    if anchors is not None:
        found += [Broken(7, NAME_OF_HEADS, *each) for each in audit.anchors_in(anchors)]
    for each in found:
        click.echo(orjson.dumps(each.as_json()).decode()) if as_json else click.echo(each.sentence(), err=True)
    if found:
        raise click.ClickException(f"{len(found)} 处不一致 · rows break an invariant")
    click.echo("全部一致 · all invariants hold", err=as_json)


_told = 0.0


def _progress(name: str, rows: int) -> None:
    global _told
    if time.monotonic() - _told > 1:
        _told = time.monotonic()
        click.echo(f"{name}  {rows}", err=True)


commands: list[click.Command] = [audit_command]
