"""Forms that are no task's in Chromium: what is missing stands at the field, in Chinese, with script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.browser.conftest import DESK, PHONE, OpenPage, taken
from tests.web.conftest import Place

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "bare"])
def test_what_is_missing_stands_at_the_field(
    signed_in: OpenPage, place: Place, script: bool, size: dict[str, int]
) -> None:
    page = signed_in(place.users["visitor"], size, script=script)
    page.goto("/me/leave")
    page.fill("#why", "带孙子看病")

    page.click("button[form=leave]")

    expect(page.locator("#stand_in-wrong")).to_have_text("还没选")
    expect(page.locator("#stand_in")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#why")).to_have_value("带孙子看病")
    taken(page, f"plain-form-{'script' if script else 'bare'}-{size['width']}")
    page.select_option("#stand_in", index=1)
    expect(page.locator("#stand_in-wrong")).to_have_count(0 if script else 1)
    page.click("button[form=leave]")
    expect(page).to_have_url(re.compile("/me$"))
