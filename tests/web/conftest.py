"""The site under test: a client that carries its form token, signed in by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.db import Database
from web.app import create_app


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


@pytest.fixture
def site(database: Database) -> Iterator[Browser]:
    """A browser that nobody has signed in with."""
    app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False})
    with app.test_client() as client:
        yield Browser(client)
