"""The desk: queues, list and task in one page; what is kept and shared; who else is looking; the next task opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from engine import clock, db, tasks
from engine.db import Database
from tests.builders import a_city, an_elder
from tests.web.conftest import Browser, Place, a_task
from tests.web.desks import counted_statements
from web import desk_kept

NOTE = {"result": "done", "text": "已回电"}


def of_the_desk(place: Place, **facts: Any) -> UUID:
    with db.writing() as session:
        return a_task(session, "village_desk", place.paths["village"], place.elder_id, **facts)


def ids(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('data-id="')[1:]]


def test_queues_narrow_the_list(site: Browser, place: Place) -> None:
    urgent = of_the_desk(place, name="急事", priority="urgent", due=timedelta(minutes=9))
    late = of_the_desk(place, name="过了的事", due=timedelta(days=-1))
    later = of_the_desk(place, name="以后的事", due=timedelta(days=20))
    site.sign_in(place.users["village_desk"])

    found = {
        queue: ids(site.get(f"/desk/?queue={queue}").text) for queue in ("all", "urgent", "late", "today", "rubbish")
    }

    assert found["all"] == found["rubbish"] == [str(urgent), str(late), str(later)]
    assert found["urgent"] == [str(urgent)] and found["late"] == [str(late)]
    assert found["today"] == [str(urgent), str(late)]


def test_the_third_pane_holds_the_task_with_the_elders_card(site: Browser, place: Place) -> None:
    task_id = of_the_desk(place, name="答应回电")
    site.sign_in(place.users["village_desk"])

    shown = site.get(f"/desk/?queue=all&task={task_id}").text

    assert f'action="/tasks/{task_id}?desk=all"' in shown and "田桂芝" in shown and "17:00 前办完" in shown
    assert f'<li data-id="{task_id}" aria-current="true">' in shown


def test_the_next_task_of_the_queue_opens_after_completing(site: Browser, place: Place) -> None:
    first, second = (of_the_desk(place, due=timedelta(days=-days)) for days in (2, 1))
    of_the_desk(place, priority="urgent", due=timedelta(minutes=3))
    site.sign_in(place.users["village_desk"])

    answer = site.post(f"/tasks/{first}?desk=late", NOTE)
    last = site.post(f"/tasks/{second}?desk=late", NOTE)

    assert answer.location == f"/desk/?queue=late&task={second}"
    assert last.location == "/desk/?queue=late"


def test_a_form_with_faults_comes_back_in_the_desk_with_what_was_typed(site: Browser, place: Place) -> None:
    task_id = of_the_desk(place)
    site.sign_in(place.users["village_desk"])

    answer = site.post(f"/tasks/{task_id}?desk=all", {"text": "写了一半"})

    assert answer.status_code == 422
    assert "panes-desk" in answer.text and "写了一半" in answer.text


def test_taking_a_task_stays_in_the_desk(site: Browser, place: Place) -> None:
    task_id = of_the_desk(place)
    site.sign_in(place.users["village_desk"])

    answer = site.post(f"/tasks/{task_id}/claim?desk=all")

    assert answer.location == f"/desk/?queue=all&task={task_id}"
    with db.reading() as session:
        assert tasks.get(session, task_id).claimed_by == place.ids["village_desk"]


def test_a_task_of_others_is_not_shown(site: Browser, database: Database, place: Place) -> None:
    with db.writing() as session:
        other = a_city(session)
        theirs = a_task(session, "village_desk", other.village.path, an_elder(session, other, name="孟淑兰").id)
    site.sign_in(place.users["village_desk"])

    for address in (f"/desk/?task={theirs}", "/desk/?task=rubbish", "/desk/?elder=99999"):
        shown = site.get(address)
        assert shown.status_code == 200 and "这件事不在你的待办里了" in shown.text and "孟淑兰" not in shown.text
    assert site.post(f"/desk/looking/{theirs}").status_code == 404
    assert "孟淑兰" not in site.get("/desk/rows?q=孟淑兰").text


def test_who_calls_is_found_by_number_and_the_card_is_written_down(
    site: Browser, database: Database, place: Place
) -> None:
    task_id = of_the_desk(place, name="答应回电")
    site.sign_in(place.users["village_desk"])

    found = site.get(f"/desk/?q={place.elder_number}").text
    card = site.get(f"/desk/?q={place.elder_number}&elder={place.elder_id}").text

    assert f"elder={place.elder_id}" in found and ids(found) == [str(task_id)]
    assert f"/elders/{place.elder_id}/call/phone" in card and f"task={task_id}" in card


def test_others_see_who_is_looking_for_half_a_minute(site: Browser, place: Place) -> None:
    task_id = of_the_desk(place)
    with db.writing() as session:
        desk_kept.look(session, _person(session, place.ids["township_desk"]), task_id)
    site.sign_in(place.users["village_desk"])

    seen = site.post(f"/desk/looking/{task_id}").json
    clock.move_by(timedelta(seconds=31))
    gone = site.post(f"/desk/looking/{task_id}").json

    assert len(seen["names"]) == 1 and "也在看" in seen["words"]
    assert gone == {"names": [], "words": ""}


def test_filters_and_templates_are_kept_and_shared_with_the_unit(site: Browser, place: Place) -> None:
    task_id = of_the_desk(place)
    site.sign_in(place.users["village_desk"])
    site.post("/desk/kept", {"kind": "filter", "name": "要紧的", "body": "queue=urgent", "shared": "yes"})
    site.post("/desk/kept", {"kind": "note", "name": "没打通", "body": "打了三次没人接", "shared": "yes"})
    site.post("/desk/kept", {"kind": "filter", "name": "只我看", "body": "queue=late"})

    mine = site.get(f"/desk/?task={task_id}").text
    with db.reading() as session:
        same_unit = [(each.name, each.mine) for each in desk_kept.of(session, _person(session, place.ids["visitor"]))]
        elsewhere = desk_kept.of(session, _person(session, place.ids["township_desk"]))

    assert "要紧的" in mine and "只我看" in mine and 'data-note="打了三次没人接"' in mine
    assert sorted(same_unit) == [("没打通", False), ("要紧的", False)]
    assert elsewhere == []


def test_marks_narrow_a_queue_and_are_kept_with_it(site: Browser, place: Place) -> None:
    of_the_desk(place, name="以后的事", due=timedelta(days=20))
    late = of_the_desk(place, name="过了的事", due=timedelta(days=-1))
    taken = of_the_desk(place, name="我的事", due=timedelta(days=-2))
    with db.writing() as session:
        tasks.claim(session, taken, place.ids["village_desk"])
    site.sign_in(place.users["village_desk"])

    shown = site.get("/desk/?queue=all&only=late&only=mine").text

    assert ids(site.get("/desk/?only=late").text) == [str(taken), str(late)]
    assert ids(shown) == [str(taken)]
    assert 'name="body" value="queue=all&amp;only=late&amp;only=mine"' in shown
    assert 'name="body"' not in site.get("/desk/?q=田桂芝").text  # a name is not kept


def test_only_ones_own_is_deleted(site: Browser, place: Place) -> None:
    with db.writing() as session:
        desk_kept.keep(session, _person(session, place.ids["village_desk"]), "filter", "要紧的", "queue=urgent", True)
    (kept,) = _kept(place)

    site.sign_in(place.users["township_desk"])
    refused = site.post(f"/desk/kept/{kept.id}/drop").status_code
    site.post("/sign-out")
    site.sign_in(place.users["village_desk"])
    site.post(f"/desk/kept/{kept.id}/drop")

    assert refused == 404 and _kept(place) == []
    assert site.post("/desk/kept", {"kind": "other", "name": "x", "body": "y"}).status_code == 400


def test_the_desk_asks_the_same_number_of_questions_however_long_the_list(site: Browser, place: Place) -> None:
    of_the_desk(place)
    site.sign_in(place.users["village_desk"])
    site.get("/desk/")
    with counted_statements() as few:
        site.get("/desk/")
    for number in range(30):
        of_the_desk(place, name=f"第{number}件")
    with counted_statements() as many:
        site.get("/desk/")

    assert len(many) == len(few)


def test_who_works_outside_is_led_to_the_worklist(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    assert site.get("/desk/").location == "/tasks"


def test_the_desk_speaks_english(site: Browser, place: Place) -> None:
    of_the_desk(place)
    site.sign_in(place.users["village_desk"])
    site.post("/language", {"language": "en"})

    assert "All tasks" in site.get("/desk/").text


def _person(session: Any, staff_id: int) -> Any:
    from care import people

    return people.person(session, staff_id)


def _kept(place: Place) -> list[desk_kept.Shared]:
    with db.reading() as session:
        return desk_kept.of(session, _person(session, place.ids["village_desk"]))
