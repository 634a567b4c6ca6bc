"""Commands around tokens of the JSON API: make one for a person, list them, revoke one."""

from __future__ import annotations

from datetime import timedelta

import click
import orjson

from care import people
from care.errors import NotFound
from engine import db
from web.api import tokens


@click.group("token")
def token_commands() -> None:
    """接口令牌 · tokens of the JSON API."""


@token_commands.command("make")
@click.argument("user_name")
@click.option("--label", default="API", show_default=True, help="what the token is for")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(list(tokens.SCOPES)), help="default: all of them")
@click.option("--days", type=click.IntRange(1, tokens.LONGEST.days), default=30, show_default=True)
def make_command(user_name: str, label: str, scopes: tuple[str, ...], days: int) -> None:
    """发一个令牌（只显示一次） · make a token for a person; it is shown once."""
    with db.writing() as session:
        person = people.by_user_name(session, user_name)
        if person is None:
            raise NotFound(f"没有账号 {user_name} · no account {user_name}")
        _, text = tokens.make(session, person.id, label, scopes or tuple(tokens.SCOPES), timedelta(days=days))
    click.echo(text)


@token_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines {id, person, label, scopes, ends_at, used_at}")
def list_command(as_json: bool) -> None:
    """列出有效令牌 · list the tokens that open something, without their text."""
    with db.reading() as session:
        for row in tokens.valid_of(session):
            told = {"id": row.id, "person": row.person_id, "label": row.name, "scopes": row.scopes.split()}
            told |= {"ends_at": row.ends_at.isoformat(), "used_at": row.used_at and row.used_at.isoformat()}
            if as_json:
                click.echo(orjson.dumps(told).decode())
            else:
                click.echo(f"{row.id:>5}  {row.person_id:>6}  {row.ends_at:%Y-%m-%d}  {row.scopes}  {row.name}")


@token_commands.command("revoke")
@click.argument("token_id", type=int)
def revoke_command(token_id: int) -> None:
    """作废一个令牌 · make a token worthless."""
    with db.writing() as session:
        if not tokens.revoke(session, token_id):
            raise NotFound(f"没有有效的令牌 {token_id} · no valid token {token_id}")


commands: list[click.Command] = [token_commands]
