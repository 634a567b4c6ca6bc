"""The JSON API: what a worker can do by program, with the pages' own checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy import select
from werkzeug.test import TestResponse

from care import files, planner
from engine import clock, db, definitions, incoming, jobs, run, tasks, verbs
from engine.db import Database
from engine.jobs import transaction
from tests.engine.drawing import Drawing
from tests.processes import answers as say
from tests.processes.test_visits import record
from tests.town import Town
from tests.web.conftest import PASSWORD, Browser, Place, a_task
from tests.web.desks import counted_statements
from tests.web.test_pictures import a_photo
from web.api import tokens

V1 = "/api/v1"
NOTE = {"result": "done", "text": "已上门"}


class Program:
    """A program that acts for one person: no cookies, a token in its header."""

    def __init__(self, client: FlaskClient, token: str, language: str = "zh") -> None:
        self.client, self.token, self.language = client, token, language

    def ask(self, method: str, address: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language}
        return self.client.open(V1 + address, method=method, headers=headers, **options)

    def get(self, address: str, **options: Any) -> TestResponse:
        return self.ask("GET", address, **options)

    def post(self, address: str, body: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", address, json=body if body is not None else {}, **options)


Acting = Callable[..., Program]


@pytest.fixture
def acting(site: Browser, place: Place) -> Acting:
    """acting(role, scopes, language): a program of the worker with that role."""

    def make(role: str, scopes: tuple[str, ...] = tuple(tokens.SCOPES), language: str = "zh") -> Program:
        with db.writing() as session:
            _, text = tokens.make(session, place.ids[role], "Mini program", scopes)
        return Program(site.client, text, language)

    return make


def of_the_visitor(place: Place, **facts: Any) -> Any:
    with db.writing() as session:
        return a_task(
            session, "visitor", place.paths["village"], place.elder_id, assignee=place.ids["visitor"], **facts
        )


def test_the_description_is_valid_openapi_and_open_to_all(site: Browser, place: Place) -> None:
    told = site.client.get(f"{V1}/openapi.json").json
    assert told is not None

    validate(told)

    assert told["openapi"].startswith("3.1")
    assert {"/api/v1/tasks", "/api/v1/tasks/{task_id}/complete", "/api/v1/reports"} <= told["paths"].keys()
    answer = told["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert list(answer) == ["application/problem+json"]


def test_name_and_password_give_a_token_that_works(site: Browser, place: Place) -> None:
    body = {"user_name": place.users["visitor"], "password": PASSWORD, "label": "Mini program"}

    made = site.client.post(f"{V1}/tokens", json=body)
    program = Program(site.client, made.json["token"])
    me = program.get("/me").json

    assert made.status_code == 201
    assert me["id"] == place.ids["visitor"] and me["posts"][0]["role"] == "visitor"


def test_a_wrong_password_is_a_problem_in_the_callers_language(site: Browser, place: Place) -> None:
    body = {"user_name": place.users["visitor"], "password": "wrong-one"}

    said = {}
    for language in ("zh", "en"):
        answer = site.client.post(f"{V1}/tokens", json=body, headers={"Accept-Language": language})
        assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
        said[language] = answer.json

    assert said["zh"]["detail"] == "工号或密码不对。"
    assert said["en"]["type"] == "urn:visitflow:problem:sign_in" and "密码" not in said["en"]["detail"]


def test_nothing_opens_without_a_valid_token(site: Browser, place: Place, acting: Acting) -> None:
    program = acting("visitor")
    site.sign_in(place.users["visitor"])

    without = site.client.get(f"{V1}/tasks")  # the browser is signed in: that counts for nothing here
    with_it = program.get("/tasks")
    clock.move_by(tokens.USUAL + timedelta(minutes=1))
    ended = program.get("/tasks")

    assert without.status_code == 401 and with_it.status_code == 200 and ended.status_code == 401
    assert ended.json["status"] == 401 and ended.mimetype == "application/problem+json"


def test_a_revoked_token_is_worthless_at_once(acting: Acting) -> None:
    program, other = acting("visitor"), acting("visitor")
    (current,) = [each for each in program.get("/tokens").json if each["current"]]

    revoked = program.ask("DELETE", f"/tokens/{current['id']}")

    assert revoked.status_code == 204
    assert program.get("/me").status_code == 401 and other.get("/me").status_code == 200


def test_one_persons_tokens_are_not_anothers(acting: Acting) -> None:
    visitor, desk = acting("visitor"), acting("village_desk")
    theirs = visitor.get("/tokens").json[0]["id"]

    assert desk.ask("DELETE", f"/tokens/{theirs}").status_code == 404
    assert visitor.get("/me").status_code == 200


def test_a_new_password_ends_every_token(site: Browser, place: Place, acting: Acting) -> None:
    program = acting("visitor")
    site.sign_in(place.users["visitor"])

    site.post("/me/password", {"old": PASSWORD, "new": "noch-besser-1", "again": "noch-besser-1"})

    assert program.get("/me").status_code == 401


def test_a_scope_that_is_missing_answers_403(place: Place, acting: Acting) -> None:
    task_id = of_the_visitor(place)
    program = acting("visitor", ("tasks",))

    assert program.get(f"/tasks/{task_id}").status_code == 200
    refused = program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": NOTE})
    assert refused.status_code == 403 and refused.json["type"] == "urn:visitflow:problem:403"
    assert program.get(f"/elders/{place.elder_id}").status_code == 403


def test_the_worklist_is_paged_and_filtered(place: Place, acting: Acting) -> None:
    of_the_visitor(place, name="急事", priority="urgent", due=timedelta(minutes=12))
    for number in range(4):
        of_the_visitor(place, name=f"第{number}件", due=timedelta(days=number + 1))
    program = acting("visitor")

    first = program.get("/tasks?limit=3").json
    second = program.get(f"/tasks?limit=3&after={first['after']}").json
    urgent = program.get("/tasks?priority=urgent").json

    assert [each["name"] for each in first["tasks"]] == ["急事", "第0件", "第1件"]
    assert [each["name"] for each in second["tasks"]] == ["第2件", "第3件"] and second["after"] is None
    assert [each["name"] for each in urgent["tasks"]] == ["急事"]
    assert first["tasks"][0]["elder"]["name"] == "田桂芝" and first["tasks"][0]["group"] == "urgent"


def test_a_list_takes_the_same_number_of_questions_however_long(place: Place, acting: Acting) -> None:
    program = acting("visitor")
    program.get("/tasks")
    of_the_visitor(place)
    with counted_statements() as few:
        program.get("/tasks")
    for number in range(20):
        of_the_visitor(place, name=f"第{number}件")
    with counted_statements() as many:
        program.get("/tasks")

    assert len(many) == len(few)


def test_a_task_comes_with_its_form_and_is_done_once_however_often_it_is_sent(place: Place, acting: Acting) -> None:
    task_id = of_the_visitor(place)
    program = acting("visitor")
    whole = program.get(f"/tasks/{task_id}").json
    sent = {"submission": str(uuid4()), "answers": NOTE, "ticket": whole["ticket"]}

    answers = [program.post(f"/tasks/{task_id}/complete", sent) for _ in range(20)]

    assert whole["form"]["key"] == "note" and whole["form"]["fields"]["text"]["label"] == "说明"
    assert set(whole["form"]["schema"]["required"]) == {"result", "text"}
    assert {(each.status_code, each.json["state"]) for each in answers} == {(200, "done")}
    assert len(program.get(f"/tasks/{task_id}/submissions").json) == 1


def test_faults_name_their_fields_in_the_callers_language(place: Place, acting: Acting) -> None:
    task_id = of_the_visitor(place)
    said = {}
    for language in ("zh", "en"):
        program = acting("visitor", language=language)
        answer = program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": {"result": "done"}})
        assert answer.status_code == 422 and answer.json["type"] == "urn:visitflow:problem:correct"
        said[language] = {each["field"]: each["detail"] for each in answer.json["errors"]}

    assert set(said["zh"]) == set(said["en"]) == {"text"}
    assert said["zh"]["text"] != said["en"]["text"] and said["en"]["text"].isascii()


def test_a_second_form_of_a_finished_task_is_kept_as_a_supplement(place: Place, acting: Acting) -> None:
    with db.writing() as session:
        task_id = a_task(session, "grid_worker", place.paths["grid"], place.elder_id)
    program = acting("grid_worker")
    program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": NOTE})

    late = program.post(
        f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": {**NOTE, "text": "又去了一次"}}
    )

    assert late.status_code == 409 and late.json["type"] == "urn:visitflow:problem:late"
    states = [each["state"] for each in program.get(f"/tasks/{task_id}/submissions").json]
    assert states == ["accepted", "late"]


def test_a_supplement_of_the_outbox_is_kept_once(place: Place, acting: Acting) -> None:
    task_id = of_the_visitor(place)
    program = acting("visitor")
    program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": NOTE})
    more = {"submission": str(uuid4()), "answers": {"text": "补一句"}}

    first, again = (program.post(f"/tasks/{task_id}/supplements", more) for _ in range(2))

    assert (first.status_code, first.json["repeated"]) == (201, False)
    assert again.json["repeated"] is True
    with db.reading() as session:
        looked = tasks.find(session, filters=tasks.Filters(priority="today")).rows
    assert [each.element_id for each in looked] == ["look_at_supplement"]


def test_whoever_lost_the_task_proves_by_the_ticket_that_it_was_given(place: Place, acting: Acting) -> None:
    task_id = of_the_visitor(place)
    program = acting("visitor")
    ticket = program.get(f"/tasks/{task_id}").json["ticket"]
    with db.writing() as session:
        tasks.hand_over(session, task_id, place.ids["grid_worker"], "grid_worker", place.paths["grid"], "handed_over")

    without = program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": NOTE})
    with_it = program.post(
        f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": NOTE, "ticket": ticket}
    )

    assert without.status_code == 404
    assert with_it.status_code == 409 and with_it.json["type"] == "urn:visitflow:problem:moved"


def test_what_somebody_did_is_paged_newest_first(place: Place, acting: Acting) -> None:
    program = acting("village_desk")
    for number in range(5):
        with db.writing() as session:
            task_id = a_task(session, "village_desk", place.paths["village"], name=f"第{number}件", form=None)
        program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": {}})

    pages = [program.get("/tasks?state=done&limit=2").json]
    while pages[-1]["after"]:
        pages.append(program.get(f"/tasks?state=done&limit=2&after={pages[-1]['after']}").json)

    assert [len(each["tasks"]) for each in pages] == [2, 2, 1]
    assert sorted(each["name"] for page in pages for each in page["tasks"]) == [f"第{n}件" for n in range(5)]


def test_a_draft_is_its_persons_own_and_gone_after_completing(place: Place, acting: Acting) -> None:
    with db.writing() as session:
        task_id = a_task(session, "village_desk", place.paths["village"], place.elder_id)
    program, other = acting("village_desk"), acting("visitor")

    program.ask("PUT", f"/tasks/{task_id}/draft", json={"answers": {"text": "写到一半"}})
    kept = program.get(f"/tasks/{task_id}").json["draft"]
    program.post(f"/tasks/{task_id}/complete", {"submission": str(uuid4()), "answers": NOTE})

    assert kept == {"text": "写到一半"}
    assert other.get(f"/tasks/{task_id}/draft").status_code == 404
    assert program.get(f"/tasks/{task_id}/draft").json["answers"] == {}


def test_a_taken_task_says_who_has_it(place: Place, acting: Acting) -> None:
    with db.writing() as session:
        task_id = a_task(session, "hotline", place.paths["city"], place.elder_id)
        tasks.claim(session, task_id, place.ids["hotline_lead"])
    program = acting("hotline_lead")

    assert program.post(f"/tasks/{task_id}/claim").status_code == 204
    assert acting("hotline").post(f"/tasks/{task_id}/claim").status_code == 404


def test_a_photo_is_stored_once_for_a_submission_and_read_again(place: Place, acting: Acting) -> None:
    program = acting("visitor")
    photo, submission = a_photo(), str(uuid4())

    def send(elder: int) -> TestResponse:
        data = {"file": (BytesIO(photo), "x.jpg")}
        address = f"/attachments?elder={elder}&submission={submission}"
        return program.ask("POST", address, data=data, content_type="multipart/form-data")

    first, again = send(place.elder_id), send(place.elder_id)

    assert first.status_code == 201 and first.json == again.json
    assert program.get(f"/attachments/{first.json['id']}").mimetype == "image/jpeg"
    assert send(2**31 - 1).status_code == 404
    refused = program.ask(
        "POST", "/attachments", data={"file": (BytesIO(b"MZ" * 40), "x.exe")}, content_type="multipart/form-data"
    )
    assert refused.status_code == 422 and refused.json["type"] == "urn:visitflow:problem:file"


def test_the_card_is_within_scope_masked_and_written_down(database: Database, place: Place, acting: Acting) -> None:
    program = acting("visitor")

    card = program.get(f"/elders/{place.elder_id}").json
    found = program.get("/elders?q=田桂芝").json["elders"]
    shown = program.post(f"/elders/{place.elder_id}/reveal", {"what": "phone"}).json["value"]

    assert card["name"] == "田桂芝" and "****" in card["phone"] and [each["id"] for each in found] == [place.elder_id]
    assert "*" not in shown
    assert acting("designer").get(f"/elders/{place.elder_id}").status_code == 404
    with database.reading() as session:
        assert list(session.scalars(select(files.AccessLog.what))) == ["file", "reveal:phone"]


def test_an_emergency_is_reported_once(place: Place, acting: Acting) -> None:
    program = acting("grid_worker")
    told = {"submission": str(uuid4()), "elder": place.elder_id, "kinds": ["fall"], "danger": "yes"}

    answers = [program.post("/reports", told).status_code for _ in range(3)]
    missing = program.post("/reports", {**told, "submission": str(uuid4()), "elder": None, "kinds": ["dance"]})

    assert answers == [201] * 3
    with db.reading() as session:
        assert len(list(session.execute(select(incoming.incoming.c.event_id)))) == 1
    assert {each["field"] for each in missing.json["errors"]} == {"elder", "kinds"}


def test_a_later_step_is_filled_in_ahead_and_waits_for_its_turn(database: Database, site: Browser, monday: Any) -> None:
    town = Town(name="田桂芝")
    with transaction() as session:
        incoming.message(session, "visit.ordered", "1", {"elder_id": town.elder.id, "kind": "targeted"})
        _, text = tokens.make(session, town.staff["visitor"], "Mini program")
    jobs.drain()
    (task,) = town.open().values()
    program = Program(site.client, text)
    whole = program.get(f"/tasks/{task.id}").json
    (later, *_) = whole["later"]

    ahead = program.get(f"/tasks/{task.id}/ahead/{later['element']}").json
    early = program.post(f"/tasks/{task.id}/ahead/{later['element']}", {"submission": str(uuid4()), "answers": {}})

    assert ahead["form"]["key"] and ahead["ticket"]
    assert early.status_code == 425 and early.json["type"] == "urn:visitflow:problem:early"


def test_what_was_filled_in_ahead_for_a_visit_that_nobody_needs_any_more_stays_as_a_supplement(
    database: Database, site: Browser, monday: Any
) -> None:
    town = Town(name="田桂芝")
    planner.plan(clock.today(), 1)
    jobs.drain()
    planned = town.open()["accept_or_swap"]
    town.message("visit.ordered", str(town.elder.id), kind="targeted")
    with transaction() as session:
        _, text = tokens.make(session, town.staff["visitor"], "Mini program")
    program = Program(site.client, text)
    form = program.get(f"/tasks/{planned.id}/ahead/visit_form").json
    town.waits(days=7)  # the week is missed: its diagram goes on asking why
    with transaction() as session:
        (ordered,) = (each.id for each in tasks.find(session, filters=tasks.Filters(), limit=200).rows
                      if each.element_id == "accept_or_swap" and each.instance_id != planned.instance_id)  # fmt: skip
        run.complete_task(session, ordered, {"by": "visitor"}, town.staff["visitor"])
    jobs.drain()
    town.does("go", **say.arrived(mode="phone", by=None))
    town.does("visit_form", **record(kind="targeted"))
    town.does("elder_confirm", satisfaction="good")
    assert "why_missed" in town.elements()

    said = {"submission": str(uuid4()), "ticket": form["ticket"], "answers": record()}
    with transaction() as session:
        program.token = tokens.make(session, town.staff["visitor"], "Signed in again")[1]
    late = program.post(f"/tasks/{planned.id}/ahead/visit_form", said)
    jobs.drain()

    assert (late.status_code, late.json["type"]) == (409, "urn:visitflow:problem:late")
    assert town.open()["look_at_supplement"].role == "village_desk"


def test_a_token_is_made_shown_once_and_revoked_on_my_page(site: Browser, place: Place) -> None:
    site.sign_in(place.users["visitor"])

    made = site.post("/me/tokens", {"label": "小程序", "scopes": ["tasks"], "days": "7"})
    text = made.text.split(tokens.PREFIX)[1].split("<")[0]
    program = Program(site.client, tokens.PREFIX + text)
    listed = site.get("/me").text
    before = program.get("/tasks").status_code
    (token,) = program.get("/tokens").json
    site.post(f"/me/tokens/{token['id']}/revoke")

    assert "小程序" in listed and text not in listed and "看任务和表单" in listed
    assert before == 200 and token["scopes"] == ["tasks"]
    assert program.get("/tasks").status_code == 401
    assert site.post("/me/tokens", {"label": "小程序", "days": "7"}).status_code == 422


def test_rubbish_is_refused_with_a_problem(place: Place, acting: Acting) -> None:
    program = acting("visitor")

    for answer in (
        program.get("/tasks?limit=0&state=gone"),
        program.ask("POST", f"/tasks/{uuid4()}/complete", data=b"{", content_type="application/json"),
        program.post(f"/tasks/{uuid4()}/complete", {"answers": 3}),
        program.get("/nothing"),
        program.ask("PATCH", "/tasks"),
        program.get("/elders/99999999999999999999"),
    ):
        assert 400 <= answer.status_code < 500 and answer.mimetype == "application/problem+json", answer.text
        assert answer.json["status"] == answer.status_code


def test_a_verb_is_offered_chosen_and_used(acting: Acting, place: Place) -> None:
    program = acting("visitor")
    task_id = of_the_visitor(place)

    offered = {each["verb"] for each in program.get(f"/tasks/{task_id}/verbs").json["verbs"]}
    assert {"transfer", "delegate", "sign", "copy", "comment", "snooze"} <= offered
    people = program.get(f"/tasks/{task_id}/verbs/transfer").json["people"]
    assert place.ids["visitor_b"] in {each["id"] for each in people}
    foreign = program.post(f"/tasks/{task_id}/verbs/transfer", {"people": [place.ids["hotline"]], "why": "不在"})
    assert (foreign.status_code, foreign.json["type"]) == (409, "urn:visitflow:problem:refused")

    done = program.post(f"/tasks/{task_id}/verbs/transfer", {"people": [place.ids["visitor_b"]], "why": "不在"})

    assert (done.status_code, done.json["task"]) == (200, str(task_id))
    with db.reading() as session:
        assert tasks.get(session, task_id).assignee_id == place.ids["visitor_b"]
    assert program.post(f"/tasks/{task_id}/verbs/transfer", {"people": [place.ids["visitor"]]}).status_code == 404
    assert program.post(f"/tasks/{task_id}/verbs/undo").status_code == 200
    assert program.post(f"/tasks/{task_id}/verbs/fly").status_code == 404


def test_a_program_that_may_only_read_uses_no_verb(acting: Acting, place: Place) -> None:
    program = acting("visitor", ("tasks",))
    task_id = of_the_visitor(place)

    assert program.get(f"/tasks/{task_id}/verbs").status_code == 200
    assert program.post(f"/tasks/{task_id}/verbs/comment", {"why": "x"}).status_code == 403


def test_a_comment_with_half_a_character_is_refused(acting: Acting, place: Place) -> None:
    program = acting("visitor")
    task_id = of_the_visitor(place)

    assert program.post(f"/tasks/{task_id}/verbs/comment", {"why": "x\ud800"}).status_code == 409


def test_leave_is_taken_planned_and_called_off(acting: Acting, place: Place) -> None:
    program = acting("visitor")
    mine = of_the_visitor(place)
    stand_in = place.ids["visitor_b"]
    assert stand_in in {each["id"] for each in program.get("/leaves/stand-ins").json}

    later = {"stand_in": stand_in, "since": "2026-08-10T00:00:00+08:00", "until": "2026-08-20T00:00:00+08:00"}
    planned = program.post("/leaves", later)
    (coming,) = program.get("/leaves").json
    assert (planned.status_code, planned.json) == (201, {"state": "planned", "tasks": 0})
    assert (coming["stand_in"], coming["since"][:10]) == (stand_in, "2026-08-09")
    assert acting("visitor_b").ask("DELETE", f"/leaves/{coming['id']}").status_code == 404
    assert program.ask("DELETE", f"/leaves/{coming['id']}").status_code == 204
    assert program.get("/leaves").json == []

    taken = program.post("/leaves", {"stand_in": stand_in, "why": "出差"})

    assert taken.json == {"state": "done", "tasks": 1}
    with db.reading() as session:
        assert tasks.get(session, mine).assignee_id == stand_in
    refused = program.post("/leaves", {"stand_in": place.ids["hotline"]})
    assert refused.status_code == 422 and refused.json["detail"] == "只能选列出来的同事"
    assert program.post("/leaves", {"stand_in": stand_in, "why": "x\ud800"}).status_code == 422


def test_what_one_began_and_got_is_paged(acting: Acting, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from web import task_lists

    monkeypatch.setattr(task_lists, "PAGE", 2)
    program = acting("township_desk")
    with transaction() as session:
        for number in range(3):
            task_id = a_task(session, "village_desk", place.paths["village"], place.elder_id, name=f"第{number}件")
            verbs.copy(session, task_id, place.ids["village_desk"], [place.ids["township_desk"]])

    first = program.get("/copied").json
    second = program.get(f"/copied?after={first['after']}").json

    assert [each["task"]["name"] for each in first["copied"] + second["copied"]] == ["第2件", "第1件", "第0件"]
    assert second["after"] is None and first["copied"][0]["new"] and not first["copied"][0]["mentioned"]
    assert program.get("/started").json == {"started": [], "after": None}
    assert program.get("/copied?after=rubbish").json["copied"] == first["copied"]


def test_a_process_that_one_began_says_where_it_stands(acting: Acting, place: Place) -> None:
    drawing = Drawing("one").user("only", Name="登记隐患", role="village_desk", form="note", due="PT8H")
    drawing.path("start", "only", "end")
    with transaction() as session:
        definitions.deploy(session, {"one.bpmn": drawing.xml()}, None)
        run.start(session, "one", {"elder_id": place.elder_id}, by=place.ids["township_desk"])

    (begun,) = acting("township_desk").get("/started").json["started"]

    assert (begun["step"], begun["state"], begun["holder"]) == ("登记隐患", "办理中", "") and begun["task"]
