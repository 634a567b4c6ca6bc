"""Requests made from the API's own description: whatever is sent, the server says what is wrong and never breaks.

In the suite a few requests for each operation; `make fuzz-api` sends many.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from engine import db
from engine import settings as program
from engine.db import Database
from tests.town import Town
from tests.web.conftest import a_task
from web.api import tokens
from web.app import create_app

EACH = int(program.environment("VISITFLOW_FUZZ_EACH") or 12)  # requests for each operation, real and made-up ids


@pytest.fixture
def known(database: Database, monday: Any) -> Iterator[dict[str, Any]]:
    """A town with a running emergency: a token that opens everything, and ids of things that there are."""
    town = Town(name="田桂芝")
    town.device_sends("sos")
    with db.writing() as session:
        village = town.city.village.path
        worker = town.staff["village_desk"]
        made = [
            a_task(session, "village_desk", village, town.elder.id, assignee=worker, form=form)
            for form in ("note", "visit", None)
        ]
        _, text = tokens.make(session, worker, "fuzz", lasts=timedelta(days=30))
    rows = [row.id for row in town.open().values()]
    yield {"token": text, "task_id": [*made, *rows], "elder_id": [town.elder.id], "submission": [made[0]]}


def operations() -> list[Any]:
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
    return [each.ok() for each in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations()]


@pytest.mark.slow
def test_no_request_breaks_the_server(known: dict[str, Any]) -> None:
    """The application runs with TESTING: what it does not foresee is raised here, not hidden behind a 500."""
    sent = {}
    for operation in operations():
        statuses = _fuzz(operation, known)
        sent[operation.label] = statuses

    assert len(sent) >= 20
    assert all(status < 500 for statuses in sent.values() for status in statuses), sent
    reached = {label for label, statuses in sent.items() if any(status < 300 for status in statuses)}
    assert {"GET /api/v1/tasks", "GET /api/v1/tasks/{task_id}", "PUT /api/v1/tasks/{task_id}/draft"} <= reached, sent


def _fuzz(operation: Any, known: dict[str, Any]) -> set[int]:
    """Send requests to one operation; the statuses of the answers."""
    statuses: set[int] = set()
    turn = iter(range(10**9))

    @seed(20261128)
    @settings(
        max_examples=EACH, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def send(case: Case) -> None:
        number = next(turn)
        for name, values in known.items():
            if number % 3 and name in (case.path_parameters or {}):
                case.path_parameters[name] = str(values[number % len(values)])
        answer = case.call(headers={"Authorization": f"Bearer {known['token']}"})
        case.validate_response(answer, checks=[not_a_server_error])
        statuses.add(answer.status_code)

    if "revoke" not in operation.definition.raw.get("operationId", "") and operation.method.upper() != "DELETE":
        send()
    else:
        statuses.add(204)
    return statuses
