"""What a phone is told to keep: the steps that may follow, at a cost that does not grow with the tasks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks, counted_statements
from web import phone


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


def kept(site: Browser) -> list[str]:
    answer = site.get("/phone/hello")
    assert answer.status_code == 200
    return [address for address, _ in answer.json["keep"]]  # type: ignore[index]


def asked(site: Browser) -> int:
    with counted_statements() as statements:
        kept(site)
    return len(statements)


def test_the_pages_to_keep_cost_as_much_for_many_tasks_as_for_one(
    site: Browser, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone, "AHEAD", timedelta(days=90))
    desks.town.start("village_note", key="n0", note={"text": "x"})
    [row] = desks.town.open().values()
    site.sign_in(desks.users[row.role])
    first = kept(site)
    for_one = asked(site)

    for number in range(1, 6):
        desks.town.start("village_note", key=f"n{number}", note={"text": "x"})

    assert len([each for each in kept(site) if each.startswith("/tasks/")]) == 6
    assert f"/tasks/{row.id}" in first
    assert asked(site) == for_one
