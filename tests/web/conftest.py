"""The site under test: a client that carries its form token, signed in by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from care import people
from engine import clock, db, settings, tasks
from engine.db import Database
from tests.builders import a_city, an_elder
from web import tables
from web.app import create_app, secret_key
from web.security import limiter

tables.import_all()


class Browser:
    """Flask's client with what a browser adds: the hidden token of the last page in every form that it sends."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, address: str, **options: Any) -> TestResponse:
        answer = self.client.get(address, **options)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text) if answer.mimetype == "text/html" else None
        if found:
            self.token = found[1]
        return answer

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(address, data={"csrf_token": self.token, **(data or {})}, **options)

    def sign_in(self, name: str, password: str = "passt-genau") -> TestResponse:
        self.get("/sign-in")
        answer = self.post("/sign-in", {"name": name, "password": password})
        self.get("/me")
        return answer


_applications: dict[bool, tuple[Flask, dict[str, Any]]] = {}


def application() -> Flask:
    """The site without limits, as newly made. Hundreds of addresses are compiled for it, so it is made once."""
    is_demo = settings.settings().demo
    if is_demo not in _applications:
        made = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
        _applications[is_demo] = (made, dict(made.config))
    app, configured = _applications[is_demo]
    app.config.clear()
    app.config.update(configured, SECRET_KEY=secret_key())
    limiter.enabled = False
    return app


@pytest.fixture
def site(database: Database) -> Iterator[Browser]:
    """A browser that nobody has signed in with."""
    with application().test_client() as client:
        yield Browser(client)


class _Compiled(BytecodeCache):
    """Templates are compiled once for the applications of all tests."""

    known: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key + bucket.checksum in self.known:
            bucket.bytecode_from_string(self.known[bucket.key + bucket.checksum])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}


PASSWORD = "passt-genau"


@dataclass(frozen=True)
class Place:
    """A small city as plain values: paths of its units, ids and user names of its workers by role, one elder."""

    paths: dict[str, str]
    ids: dict[str, int]
    users: dict[str, str]
    elder_id: int
    elder_number: str
    address: str


@pytest.fixture
def place(database: Database, monday: datetime) -> Place:
    """A city on Monday 09:00 with everybody on duty and able to sign in, and 田桂芝, 82, who lives alone."""
    with database.writing() as session:
        city = a_city(session)
        elder = an_elder(session, city, name="田桂芝", categories=["ALONE"])
        hashed = people.hashed(PASSWORD)
        for staff in city.staff.values():
            staff.password_hash = hashed
        session.flush()
        units = {level: getattr(city, level) for level in ("city", "district", "township", "village", "grid")}
        return Place(
            {level: unit.path for level, unit in units.items()},
            {role: staff.id for role, staff in city.staff.items()},
            {role: staff.user_name for role, staff in city.staff.items()},
            elder.id,
            elder.number,
            elder.address,
        )


def a_task(
    session: Session,
    role: str,
    unit_path: str,
    elder_id: int | None = None,
    *,
    assignee: int | None = None,
    name: str = "每周探访",
    due: timedelta | None = timedelta(hours=8),
    priority: str | None = None,
    next_role: str | None = None,
    why: str = "your_role",
    form: str | None = "note",
) -> UUID:
    """An open task outside any process; `next_role` gets it in 16 minutes."""
    now = clock.now()
    row = tasks.TaskRow(
        id=db.new_id(),
        instance_id=None,
        process_id=None,
        element_id="visit",
        name=name,
        form_key=form,
        form_version=None,
        role=role,
        unit_path=unit_path,
        subject_id=elder_id,
        assignee_id=assignee,
        why=why,
        priority=priority,
        due_at=None if due is None else now + due,
        next_role=next_role,
        next_at=now + timedelta(minutes=16) if next_role else None,
        separate_from=None,
        created_at=now,
    )
    tasks.follow(session, [row], [])
    return row.id
