"""Instances operated from the pages: what is shown first, what is asked, who may, and what is left alone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from engine import bulk, db, definitions, history, instances, jobs, run, tasks
from engine.db import Database
from tests.web.conftest import Browser
from tests.web.desks import Desks
from web import operating_many


@pytest.fixture
def desks(database: Database, monday: datetime) -> Desks:
    return Desks(with_second=True)


def a_note(desks: Desks, key: str = "n1") -> UUID:
    desks.town.start("village_note", key=key, note={"text": "x"})
    with db.reading() as session:
        found = instances.live(session, "village_note", key)
    assert found is not None
    return found


def state(instance_id: UUID) -> str:
    with db.reading() as session:
        return instances.get(session, instance_id).state


def reasons(instance_id: UUID, what: str) -> list[str | None]:
    with db.reading() as session:
        return [row.note for row in history.of_instance(session, instance_id) if row.what == what]


def test_an_instance_is_suspended_with_a_reason_and_goes_on(site: Browser, desks: Desks) -> None:
    instance_id = a_note(desks)
    site.sign_in(desks.users["admin"])
    assert f"/instances/{instance_id}/suspend" in site.get(f"/instances/{instance_id}").text

    asked = site.post(f"/instances/{instance_id}/suspend", {"reason": " "})
    assert (asked.status_code, state(instance_id)) == (422, "live")
    assert site.post(f"/instances/{instance_id}/suspend", {"reason": "核对地址"}).status_code == 302
    assert (state(instance_id), reasons(instance_id, "suspended")) == ("suspended", ["核对地址"])
    assert "已暂停" in site.get(f"/instances/{instance_id}").text

    site.post(f"/instances/{instance_id}/resume", {"reason": ""})
    assert state(instance_id) == "live"


def test_a_move_shows_what_it_cancels_and_is_confirmed(site: Browser, desks: Desks) -> None:
    instance_id = a_note(desks)
    with db.reading() as session:
        [(token, _)] = run.tokens(session, instance_id)
    site.sign_in(desks.users["admin"])
    address = f"/instances/{instance_id}/move?from={token.id}&to="

    shown = site.get(address).text
    assert "确认后会这样" in shown and "撤掉" in shown
    assert state(instance_id) == "live"

    answer = site.post(f"/instances/{instance_id}/move", {"from": str(token.id), "to": "", "reason": "口头办过"})
    assert answer.status_code == 302
    assert reasons(instance_id, "skipped_by_hand") == ["口头办过"]


def test_what_would_break_comes_back_with_a_sentence(site: Browser, desks: Desks) -> None:
    instance_id = a_note(desks)
    with db.reading() as session:
        [(token, _)] = run.tokens(session, instance_id)
    site.sign_in(desks.users["admin"])

    answer = site.post(f"/instances/{instance_id}/move", {"from": str(token.id), "to": "nowhere", "reason": "为何"})

    assert answer.status_code == 422
    assert "流程里没有「nowhere」" in answer.text and "为何" in answer.text


def test_data_are_edited_as_json_and_damage_is_refused(site: Browser, desks: Desks) -> None:
    instance_id = a_note(desks)
    site.sign_in(desks.users["admin"])
    path = f"/instances/{instance_id}/edit"

    assert "note" in site.get(path).text
    assert site.post(path, {"name": "note.text", "value": "y", "reason": "错字"}).status_code == 422
    assert site.post(path, {"name": "note.text", "value": '"y"', "reason": "错字"}).status_code == 302
    with db.reading() as session:
        assert run.data_of(session, instance_id)["note"]["text"] == "y"


def test_chosen_instances_are_cancelled_together_with_a_verdict_each(site: Browser, desks: Desks) -> None:
    ids = [a_note(desks, f"n{number}") for number in range(3)]
    site.sign_in(desks.users["admin"])
    assert 'name="id"' in site.get("/instances/").text

    asked = site.post("/instances/many", {"kind": "cancel", "id": [str(each) for each in ids]})
    assert "选了 3 个流程" in asked.text
    begun = site.post("/instances/many", {"kind": "cancel", "id": [str(each) for each in ids], "reason": "演练"})
    jobs.drain()

    assert [state(each) for each in ids] == ["cancelled"] * 3
    assert "办成 3 个" in site.get(begun.headers["Location"]).text


def begun(site: Browser, kind: str, ids: list[UUID], **given: str) -> str:
    """The page of a run that was begun and done."""
    answer = site.post("/instances/many", {"kind": kind, "id": [str(each) for each in ids], "reason": "演练", **given})
    assert answer.status_code == 302, answer.text
    jobs.drain()
    return site.get(answer.headers["Location"]).text


def test_many_are_moved_after_a_look_at_what_becomes_of_each(site: Browser, desks: Desks) -> None:
    ids = [a_note(desks, f"n{number}") for number in range(2)]
    with db.reading() as session:
        [(token, targets)] = run.tokens(session, ids[0])
    site.sign_in(desks.users["admin"])
    chosen: dict[str, Any] = {"kind": "move", "id": [str(each) for each in ids]}

    asked = site.post("/instances/many", chosen).text
    assert f'value="{token.element_id}"' in asked and "确认后会这样" not in asked
    seen = site.post("/instances/many", chosen | {"from": token.element_id, "to": ""}).text
    assert seen.count("撤掉 ") == 2 and "2 个会办" in seen
    assert [run_tokens(each) for each in ids] == [[token.element_id]] * 2

    shown = begun(site, "move", ids, **{"from": token.element_id, "to": ""})
    assert "办成 2 个" in shown and shown.count("已移动") == 2
    assert [reasons(each, "skipped_by_hand") for each in ids] == [["演练"]] * 2
    assert targets is not None


def run_tokens(instance_id: UUID) -> list[str]:
    with db.reading() as session:
        return [token.element_id for token, _ in run.tokens(session, instance_id)]


def test_data_of_many_are_edited_after_a_look_at_each(site: Browser, desks: Desks) -> None:
    ids = [a_note(desks, f"n{number}") for number in range(2)]
    site.sign_in(desks.users["admin"])
    chosen: dict[str, Any] = {"kind": "edit", "id": [str(each) for each in ids], "name": "note.text"}

    assert site.post("/instances/many", chosen | {"value": "y"}).status_code == 422
    seen = site.post("/instances/many", chosen | {"value": "1"}).text
    assert "2 个办不了" in seen
    seen = site.post("/instances/many", chosen | {"value": '"y"'}).text
    assert seen.count("note.text: &#34;x&#34; → &#34;y&#34;") == 2

    assert "办成 2 个" in begun(site, "edit", ids, name="note.text", value='"y"')
    with db.reading() as session:
        assert [run.data_of(session, each)["note"]["text"] for each in ids] == ["y", "y"]


def test_a_run_shows_each_verdict_by_state_and_is_found_again(site: Browser, desks: Desks) -> None:
    ids = [a_note(desks, f"n{number}") for number in range(2)]
    site.sign_in(desks.users["admin"])
    begun(site, "suspend", ids)

    shown = begun(site, "undo", ids)
    assert shown.count("没有可以撤销的换版") == 3  # the reason, and each instance
    listed = site.get("/instances/many").text
    assert "暂停" in listed and "撤销换版" in listed
    [address] = set(re.findall(r"/instances/many/[0-9a-f-]{36}(?=\?state=refused)", shown))
    first, last = (f'href="/instances/{each}"' for each in sorted(ids))
    assert first in site.get(f"{address}?state=refused").text
    assert first not in site.get(f"{address}?state=done").text
    rest = site.get(f"{address}?after={min(ids)}").text
    assert first not in rest and last in rest


def test_all_of_a_process_are_chosen_within_the_units(site: Browser, desks: Desks) -> None:
    ids = [a_note(desks, f"n{number}") for number in range(3)]
    site.sign_in(desks.users["admin"])
    every = {"kind": "suspend", "every": "1", "process": "village_note", "state": "live"}

    asked = site.post("/instances/many", every).text
    assert "选了 3 个流程" in asked and asked.count("会暂停") == 3
    site.post("/instances/many", every | {"reason": "演练"})
    jobs.drain()
    assert [state(each) for each in ids] == ["suspended"] * 3

    site.sign_in(desks.elsewhere["district_desk"])
    assert "选了 0 个流程" in site.post("/instances/many", every | {"kind": "resume", "state": "suspended"}).text


def test_a_preview_is_paged_by_key(site: Browser, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted(a_note(desks, f"n{number}") for number in range(3))
    monkeypatch.setattr(operating_many, "LOOKED_AT", 2)
    site.sign_in(desks.users["admin"])
    chosen: dict[str, Any] = {"kind": "cancel", "id": [str(each) for each in ids]}

    first = site.post("/instances/many", chosen).text
    rest = site.post("/instances/many", chosen | {"after": str(ids[1])}).text

    assert (first.count("会取消"), rest.count("会取消")) == (2, 1)
    assert "接着看后面的" in first and "接着看后面的" not in rest


def test_versions_are_looked_at_by_key(site: Browser, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted(a_note(desks, f"n{number}") for number in range(3))
    another_version(desks)
    monkeypatch.setattr(operating_many, "VERSIONS_LOOKED_AT", 2)
    site.sign_in(desks.users["admin"])

    first = site.get("/instances/versions/village_note").text
    assert "2 个可以换" in first and f"after={ids[1]}" in first
    assert "1 个可以换" in site.get(f"/instances/versions/village_note?after={ids[1]}").text
    site.post("/instances/versions/village_note", {"reason": "新版"})
    jobs.drain()

    with db.reading() as session:
        assert {instances.get(session, each).version for each in ids} == {2}


def another_version(desks: Desks) -> None:
    """The same process under a task's new name."""
    with jobs.transaction() as session:
        current = definitions.current(session, "village_note")
        files = dict(definitions.files(session, current.bundle_id))
        text = files[current.path].decode()
        name = re.search(r'<bpmn:userTask [^>]*name="([^"]+)"', text)
        assert name
        files[current.path] = text.replace(f'name="{name[1]}"', f'name="{name[1]}（新）"').encode()
        diagrams = {path: content for path, content in files.items() if not path.startswith("forms/")}
        forms = {path: content for path, content in files.items() if path.startswith("forms/")}
        definitions.deploy(session, diagrams, None, forms)


def test_the_page_of_versions_says_when_there_is_nothing_to_move(site: Browser, desks: Desks) -> None:
    a_note(desks)
    site.sign_in(desks.users["admin"])

    assert "没有还在别的版本上的流程" in site.get("/instances/versions/village_note").text
    assert site.get("/instances/versions/nothing").status_code == 404


@pytest.mark.parametrize("role", ["auditor", "designer", "visitor", "village_desk"])
@pytest.mark.parametrize("action", ["suspend", "cancel", "move", "edit", "migrate"])
def test_whoever_does_not_lead_operates_nothing(site: Browser, desks: Desks, role: str, action: str) -> None:
    instance_id = a_note(desks)
    site.sign_in(desks.users[role])

    shown = site.get(f"/instances/{instance_id}/{action}")
    done = site.post(f"/instances/{instance_id}/{action}", {"reason": "x"})

    assert {shown.status_code, done.status_code} <= {403, 404}
    assert site.post("/instances/many", {"kind": "cancel", "id": str(instance_id), "reason": "x"}).status_code == 403
    assert site.get("/instances/versions/village_note").status_code == 403
    assert state(instance_id) == "live"


def test_a_desk_leads_its_own_unit_only_and_edits_no_data(site: Browser, desks: Desks) -> None:
    desks.alarm()
    instance_id = desks.town.case().instance_id
    assert instance_id is not None
    site.sign_in(desks.elsewhere["district_desk"])

    assert site.post(f"/instances/{instance_id}/suspend", {"reason": "x"}).status_code == 404
    looked = site.post("/instances/many", {"kind": "move", "id": str(instance_id)}).text
    assert not [each for each in run_tokens(instance_id) if each in looked]
    begun = site.post("/instances/many", {"kind": "cancel", "id": str(instance_id), "reason": "x"})
    jobs.drain()
    found = re.search(r"[0-9a-f-]{36}", begun.headers["Location"])
    assert found
    with db.reading() as session:
        [verdict] = bulk.verdicts(session, UUID(found[0]))
    assert (verdict.state, state(instance_id)) == ("refused", "live")
    assert site.get(f"/instances/{instance_id}/edit").status_code == 404


def test_a_form_for_a_suspended_process_is_kept_and_says_so(site: Browser, desks: Desks) -> None:
    instance_id = a_note(desks)
    with db.reading() as session:
        [task] = [row for row in tasks.of_instance(session, instance_id) if row.state == tasks.OPEN]
    with jobs.transaction() as session:
        run.suspend(session, instance_id, "why")
    assert task.id
    site.sign_in(desks.users["admin"])
    assert "已暂停" in site.get("/instances/?state=suspended").text
