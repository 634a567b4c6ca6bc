"""`visitflow plan`: what the nightly planner does, now."""

from __future__ import annotations

from datetime import datetime

import click


@click.command("plan")
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="第一天，默认今天 · first day; default today"
)
@click.option(
    "--days", type=click.IntRange(1, 92), default=7, show_default=True, help="安排几天内开始的周期 · how many days"
)
def plan(day: datetime | None, days: int) -> None:
    """安排这几天开始的探访周期 · plan the visit periods that begin in those days; nothing is planned twice."""
    from care import planner
    from engine import jobs

    jobs.load_clock()

    def show(done: int, of: int) -> None:
        click.echo(f"\r{done}/{of} 位老人 elders", nl=False, err=True)

    result = planner.plan(day.date() if day else None, days, show)
    click.echo("", err=True)
    click.echo(
        f"新安排 {result.periods} 个探访周期，已有 {result.before} 个，共 {result.elders} 位老人"
        f" ({result.periods} periods planned, {result.before} were planned before, {result.elders} elders)"
    )


commands: list[click.Command] = [plan]
