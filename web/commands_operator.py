"""What an operator asks on the command line: `visitflow ready` and `visitflow doctor`."""

from __future__ import annotations

import click
import orjson

from web import doctor, readiness


@click.command("ready")
@click.option("--part", type=click.Choice(readiness.PARTS), default=readiness.CITY, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def ready_command(part: str, as_json: bool) -> None:
    """能不能开工 · whether the program can do its work; exit 1 when it cannot."""
    checks = readiness.of(part)
    for each in checks:
        if as_json:
            click.echo(orjson.dumps({"name": each.name, "ok": each.ok, "reason": each.reason}).decode())
        else:
            click.echo(f"{'✓' if each.ok else '✗'} {each.name:<10} {each.reason}".rstrip())
    if not all(each.ok for each in checks):
        raise click.exceptions.Exit(1)


_MARKS = {doctor.OK: "✓", doctor.WARN: "!", doctor.BAD: "✗"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True)
def doctor_command(as_json: bool) -> None:
    """检查安装，说出该做什么 · look the installation over and say what to do; exit 1 when something is bad."""
    worst = doctor.OK
    for each in doctor.look():
        worst = doctor.BAD if each.level == doctor.BAD else worst
        if as_json:
            click.echo(orjson.dumps(each.as_json()).decode())
        else:
            click.echo(f"{_MARKS[each.level]} {each.zh} · {each.en}")
    if worst == doctor.BAD:
        raise click.exceptions.Exit(1)


commands: list[click.Command] = [ready_command, doctor_command]
