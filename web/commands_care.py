"""Commands around elders and devices: the list of elders, and device and platform lists from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from care import imports, organisation, people
from care.elders import TIER_TITLES, Elder
from care.imports import RowsRefused
from care.people import Staff
from care.visitors import Responsibility, holds_today
from engine import db, jobs

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command("elders")
@click.option("--json", "as_json", is_flag=True, help="JSON lines {number, unit, tier, categories, visitor, visitor_b}")
def elders_command(as_json: bool) -> None:
    """列出在册老年人 · list the elders, without names."""
    with db.reading() as session:
        for row in _listed(session):
            if as_json:
                click.echo(json.dumps(row, ensure_ascii=False))
            else:
                tier, categories = TIER_TITLES[row["tier"]][0], "、".join(row["categories"]) or "—"
                who = f"A {row['visitor'] or '—'}  B {row['visitor_b'] or '—'}"
                click.echo(f"{row['number']}  {row['unit_name']}  {tier}  {categories}  {who}")


def _listed(session: Session) -> list[dict[str, Any]]:
    """Elders that have not left, by number; visitors by their user names."""
    a, b = aliased(Responsibility), aliased(Responsibility)
    first, second = aliased(Staff), aliased(Staff)
    asked = (
        select(Elder.number, Elder.unit_path, Elder.tier, Elder.categories, first.user_name, second.user_name)
        .outerjoin(a, (a.elder_id == Elder.id) & (a.kind == "visitor") & holds_today(a))
        .outerjoin(first, first.id == a.staff_id)
        .outerjoin(b, (b.elder_id == Elder.id) & (b.kind == "visitor_b") & holds_today(b))
        .outerjoin(second, second.id == b.staff_id)
        .where(Elder.status != "exited")
        .order_by(Elder.id)
    )
    names: dict[str, str] = {}
    rows = []
    for number, path, tier, categories, visitor, visitor_b in session.execute(asked):
        if path not in names:
            names[path] = organisation.title(session, path)
        rows.append(
            {
                "number": number,
                "unit": path,
                "unit_name": names[path],
                "tier": tier,
                "categories": categories,
                "visitor": visitor,
                "visitor_b": visitor_b,
            }
        )
    return rows


@click.group("devices")
def devices_commands() -> None:
    """设备登记 · the registry of devices."""


@devices_commands.command("import")
@click.argument("file", type=_FILE)
def import_devices_command(file: Path) -> None:
    """导入设备表（列 device,key,kind,elder,model） · import devices; all rows or none."""
    _import(file, "devices")


@click.group("platforms")
def platforms_commands() -> None:
    """推送平台 · platforms that push device events over HTTP."""


@platforms_commands.command("import")
@click.argument("file", type=_FILE)
def import_platforms_command(file: Path) -> None:
    """导入平台表（列 kid,key,name,devices） · import platforms; all rows or none."""
    _import(file, "platforms")


@click.command("import")
@click.argument("kind", type=click.Choice(sorted(imports.KINDS)))
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="只检查，不写入 · judge the rows, write nothing")
def import_command(kind: str, file: Path, dry_run: bool) -> None:
    """从表格导入老人、人员、单位、设备 · import a spreadsheet (.xlsx, .csv); all rows or none."""
    _import(file, kind, dry_run)


def _import(file: Path, kind: str, dry_run: bool = False) -> None:
    found = imports.KINDS[kind]
    try:
        with jobs.transaction() as session:
            report = imports.run(session, found, file.read_bytes())
            if dry_run:
                session.rollback()
    except RowsRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    for note in report.notes:
        click.echo(note)
    click.echo(f"{found.zh}：{report}" + ("（只检查，没有写入 · nothing was written）" if dry_run else ""))


@click.group("staff")
def staff_commands() -> None:
    """工作人员 · staff."""


@staff_commands.command("password")
@click.argument("user")
@click.password_option("--password", prompt="密码 · password")
def staff_password_command(user: str, password: str) -> None:
    """设密码 · set the password of an account."""
    with jobs.transaction() as session:
        person = people.by_user_name(session, user)
        if person is None:
            raise click.ClickException(f"没有用户名为「{user}」的账号 · no such account")
        people.set_password(people.find_staff(session, person.id), password)
    click.echo("密码已设 · the password is set")


commands: list[click.Command] = [
    elders_command,
    devices_commands,
    platforms_commands,
    import_command,
    staff_commands,
]
