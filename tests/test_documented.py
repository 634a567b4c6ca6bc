"""Settings, operations, messages, forms, roles and processes: what the reference says is what the code does."""

from __future__ import annotations

import pytest

from engine.settings import CHECKOUT
from tests.documents import documents


@pytest.mark.parametrize("path", [path.relative_to(CHECKOUT).as_posix() for path in documents()])
def test_the_reference_is_what_the_code_says(path):
    written = (CHECKOUT / path).read_text() if (CHECKOUT / path).exists() else ""

    assert written == documents()[CHECKOUT / path], "run `make docs`"
