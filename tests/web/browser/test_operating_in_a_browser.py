"""The pages that operate instances, as a browser shows them; the move also without a script."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from engine import db, instances
from engine.db import Database
from tests.web.browser.conftest import DESK
from tests.web.desks import Desks

pytestmark = pytest.mark.browser

OTHERS = ("", "{id}/edit", "{id}/cancel", "versions/village_note")


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


@pytest.fixture
def instance_id(desks: Desks) -> UUID:
    desks.town.start("village_note", key="n1", note={"text": "x"})
    with db.reading() as session:
        found = instances.live(session, "village_note", "n1")
    assert found is not None
    return found


def test_a_step_is_skipped_without_a_script(desks: Desks, instance_id: UUID, signed_in: Any) -> None:
    page = signed_in(desks.users["admin"], DESK, script=False)
    page.goto("/instances/?process=village_note")
    page.goto(f"/instances/{instance_id}/move")
    page.locator("main form button.button").first.click()
    assert page.locator("text=确认后会这样").is_visible()
    page.fill("#reason", "口头办过")
    page.locator("main button.button-main").click()

    with db.reading() as session:
        assert instances.get(session, instance_id).state == instances.ENDED


@pytest.mark.parametrize(
    "where", ["{id}", "{id}/move", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)]
)
def test_the_pages_are_for_everybody(desks: Desks, instance_id: UUID, signed_in: Any, judged: Any, where: str) -> None:
    page = signed_in(desks.users["admin"], DESK)
    page.goto(f"/instances/{where.format(id=instance_id)}")

    assert "sign-in" not in page.url
    judged(page, f"operating-{where.replace('{id}', 'one').replace('/', '-') or 'list'}")
