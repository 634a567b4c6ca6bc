"""Forms whose address names nothing: what somebody would send in them about things of another township."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import leaves, people
from care.people import StaffAbsence
from engine import clock
from tests.care.test_imports import ID, workbook
from tests.town import Town
from tests.web.test_pictures import a_photo

ABOUT_ONESELF = {
    "/api/devices/events", "/api/v1/tokens", "/cards/photo", "/demo/clock", "/demo/press", "/desk/kept", "/elders/new",
    "/language", "/me/letters", "/me/password", "/me/tokens", "/notices/read", "/out/", "/out/back", "/sign-in",
    "/sign-in/demo", "/sign-out",
}  # fmt: skip
"""Nothing in these names another's: devices prove who they are, a new elder lives where the worker works, and the
demonstration is everybody's."""


def ids(session: Session, town: Town) -> dict[str, Any]:
    """What forms name and no address does."""
    visitor = town.staff["visitor"]
    leaves.take(session, visitor, town.staff["visitor_b"], clock.now() + timedelta(days=2), None, "年假")
    asked = select(StaffAbsence.id).where(StaffAbsence.reason == "年假")
    return {
        "district": town.city.district.path,
        "user_name": people.find_staff(session, visitor).user_name,
        "phone": town.elder.phone,
        "leave_id": session.scalars(asked).one(),
    }


def filled_in(ids: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By address: the form, as it would be sent by whoever may send it."""
    today, elder, photo = clock.today(), ids["elder_id"], a_photo()
    days = {"from_on": today.isoformat(), "until_on": (today + timedelta(days=9)).isoformat()}
    report = {"kinds": ["fall"], "danger": "yes", "submission": str(uuid4())}
    return {
        f"/api/v1/attachments?elder={elder}": {"file": (BytesIO(photo), "x.jpg")},
        "/api/v1/batches": {"tasks": [str(ids["task_id"])], "answers": {"text": "x"}, "submission": str(uuid4())},
        "/api/v1/calls": {"id": "c1", "phone": ids["phone"]},
        "/api/v1/leaves": {"stand_in": ids["worker_id"], "why": "年假"},
        "/api/v1/reports": {"elder": elder, **report},
        "/attachments": {"subject": elder, "file": (BytesIO(photo), "x.jpg")},
        "/cards/print": {"elder": elder},
        "/elders/reason": {"number": ids["number"], "reason": "家属来电询问近况"},
        "/gaps/away": {"worker": ids["user_name"], "reason": "absent"},
        "/imports/": {"kind": "elders", "do": "import", "file": (BytesIO(_elders()), "老人.xlsx")},
        "/instances/held/": {"what": "released", "every": "1", "reason": "不归我管"},
        "/instances/many": {"kind": "cancel", "id": str(ids["instance_id"])},  # with a reason: tests/engine/test_bulk
        "/me/leave": {"stand_in": ids["worker_id"], "until": days["until_on"], "why": "年假"},
        "/me/leave/off": {"leave": ids["leave_id"]},
        "/norm/new": {"from_on": days["until_on"], "zh.x": "不归我管"},
        "/periods/": {
            "unit": ids["district"], "kind": "blizzard", "level": "red", "source": "气象台",
            "begins": f"{today}T12:00", "until": f"{days['until_on']}T12:00", "submission": str(uuid4()),
        },
        "/policy/choose": {
            "unit": ids["district"], "policy": "draft-2026", "from_on": days["until_on"], "document": "9",
            "reason": "不归我管", "floor_confirmed": "yes",
        },
        "/posters/": {"unit": ids["unit"], "place": "5号楼门厅"},
        "/providers/": {"unit": ids["unit"], "kind": "property", "name": "物业", "services": ["property"]},
        "/report": {"elder": elder, **report},
        f"/rota/duty?unit={ids['unit']}": {"worker": ids["user_name"], **days},
        "/surveys/": {"unit": ids["district"], "kind": "full", "name": "摸底", "repeats": "", **days},
        "/tasks/batch": {"id": str(ids["task_id"]), "submission": str(uuid4()), "result": "done", "text": "x"},
    }  # fmt: skip


def _elders() -> bytes:
    """An elder of the other township's grid."""
    return workbook(
        ["赵一", ID, "第一区/青山街道/春光社区/第一网格", "幸福路1号"], head=["姓名", "身份证号", "网格", "住址"]
    )
