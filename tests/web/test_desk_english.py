"""The pages of desks in English: nothing Chinese is left but names of people and places, and words of the diagrams."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest

from care import cases
from engine import jobs, settings
from engine.db import Database
from tests.web.conftest import Browser, a_task
from tests.web.desks import Desks

CHINESE = re.compile(r"[\u3400-\u9fff]+")
SHOWN_AS_THEY_ARE = re.compile(
    r'<script type="application/json".*?</script>|<p class="brand">.*?</p>|<div class="who">.*?</div>'
    r'|<title>.*?</title>|<form[^>]*class="language.*?</form>|<button[^>]*lang="zh.*?</button>|<code.*?</code>',
    re.S,
)


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks()


def names(desks: Desks) -> set[str]:
    """Words of the city's own data: they are not translated."""
    city = desks.town.city
    units = {each.name for each in (city.city, city.district, city.township, city.village, city.grid)}
    return units | {"田桂芝", "田*芝", "工作者", desks.town.elder.address, settings.settings().site_name}


def left_in_chinese(text: str, known: set[str]) -> set[str]:
    """Chinese words on the page that are neither names nor inside what is shown as it is."""
    plain = re.sub(r"<[^>]+>", "\n", SHOWN_AS_THEY_ARE.sub("", text))
    attributes = "\n".join(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text))
    said = html.unescape(plain + "\n" + attributes)
    for name in sorted(known, key=len, reverse=True):
        said = said.replace(name, "")
    return set(CHINESE.findall(said))


def in_english(site: Browser, user: str) -> None:
    site.sign_in(user)
    site.post("/language", {"language": "en", "next": "/me"})


def drawn_names() -> set[str]:
    """Names of processes and of their elements."""
    from tests.town import shipped

    files, _ = shipped()
    found = {html.unescape(name) for text in files.values() for name in re.findall(r' name="([^"]+)"', text.decode())}
    return found | {each.replace("\n", " ") for each in found}


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("monitor_desk", "/board/"),
        ("monitor_desk", "/cases/{case}"),
        ("monitor_desk", "/cases/{case}/file"),
        ("district_desk", "/overview/"),
        *[("district_desk", f"/overview/{what}") for what in ("elders", "high", "due", "owed", "cases", "late")],
        ("designer", "/instances/"),
        ("designer", "/instances/{instance}"),
        ("designer", "/designer/"),
        ("designer", "/designer/closure"),
    ],
)
def test_the_page_speaks_english(site: Browser, desks: Desks, role: str, address: str) -> None:
    case_id = desks.alarm()
    desks.town.device_sends("sos", device="d999999")
    desks.town.waits(minutes=6)
    with jobs.transaction() as session:
        case = cases.get(session, case_id)
        cases.interim(session, case, desks.town.staff["township_desk"], "on the way")
        a_task(session, "township_desk", desks.town.city.township.path, due=timedelta(hours=-2), name="上门复核")
    in_english(site, desks.users[role])

    answer = site.get(address.format(case=case_id, instance=desks.town.case().instance_id))

    assert answer.status_code == 200
    assert 'lang="en"' in answer.text
    known = names(desks) | (drawn_names() if address.startswith(("/instances", "/designer", "/cases")) else set())
    assert left_in_chinese(answer.text, known) == set()
