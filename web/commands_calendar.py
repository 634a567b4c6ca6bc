"""`visitflow calendar`: the working days of a year, and making them final."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from uuid import UUID

import click
import orjson

PATIENCE_SECONDS = 3600.0


@click.group("calendar")
def calendar() -> None:
    """工作日历 · the calendar of working days."""


@calendar.command("show")
@click.argument("year", type=click.IntRange(1950, 2090))
@click.option("--json", "as_json", is_flag=True, help="每天一行 JSON · one JSON line per day")
def show(year: int, as_json: bool) -> None:
    """一年中的节假日和调休，是否已确认 · the days off and swapped days of a year, and whether they are confirmed."""
    from care import policy_calendar
    from engine import db

    with db.reading() as session:
        policy_calendar.refresh(session)
    days = [policy_calendar.day_of(each.date) for each in policy_calendar.computed(year)]
    for day in days:
        if as_json:
            line = {"date": day.date, "working": day.is_workday, "kind": day.kind, "name": day.name}
            click.echo(orjson.dumps(line | {"source": day.source, "confirmed": day.confirmed}).decode())
        elif day.kind in ("holiday", "swapped"):
            click.echo(f"{day.date}  {'休 off   ' if day.kind == 'holiday' else '班 worked'}  {day.name}")
    if not as_json:
        final = all(each.confirmed for each in days)
        said = "已确认 confirmed" if final else "暂定（估算）provisional: an estimate"
        click.echo(f"{year}：{sum(each.is_workday for each in days)} 个工作日 working days，{said}")


@calendar.command("confirm")
@click.argument("year", type=click.IntRange(1950, 2090))
@click.option(
    "--notice",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="放假通知 CSV：日期,holiday 或 swapped,名称 · the yearly notice",
)
def confirm(year: int, notice: Path | None) -> None:
    """确认一年的日历，并重新计算受影响的时限 · confirm a year; every time that counts its days is worked out again."""
    from care import calendar_change
    from engine import jobs

    jobs.load_clock()
    days = None
    if notice is not None:
        days = calendar_change.read_notice(notice.read_text(encoding="utf-8-sig").splitlines(), year)
    with jobs.transaction() as session:
        done = calendar_change.confirm(session, year, days)
    changed: tuple[date, ...] = done.changed
    click.echo(f"{year} 已确认，{len(changed)} 天有变化 (confirmed; {len(changed)} days changed)")
    for day in changed:
        click.echo(f"  {day}")
    _follow(done.recalculation)


def _follow(recalculation_id: UUID) -> None:
    """Show how far it has come; a running program does it, else this command."""
    from engine import db, jobs, recalculations, work

    waited = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < waited:
        if not jobs.somebody_works():
            jobs.drain([work.BULK])
        with db.reading() as session:
            state = recalculations.get(session, recalculation_id)
        click.echo(f"\r{state.done}/{state.found} 个流程 instances", nl=False, err=True)
        if state.is_over or not jobs.somebody_works():
            break
        time.sleep(0.2)
    click.echo("", err=True)
    click.echo(
        f"{state.found} 个流程重新计算，{state.moved} 个时限改变，{state.kept} 个因已过而保持"
        f" ({state.found} instances, {state.moved} times moved, {state.kept} kept because they would be past)"
    )
    if not state.is_over:
        click.echo("其余由运行中的程序继续（the rest goes on in the background）", err=True)


commands: list[click.Command] = [calendar]
