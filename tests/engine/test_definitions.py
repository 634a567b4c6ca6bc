"""Bundles never change: the same content is the same version, instances stay on theirs."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from engine import db, definitions, jobs, operations
from engine.definitions import NotDeployed, Refused, deployment, prepared
from tests.engine.drawing import Drawing
from tests.engine.steps import FORM, TASK, complete, deploy, open_tasks, start


def one_task(element: str = "a", process_id: str = "p") -> Drawing:
    return Drawing(process_id).user(element, **TASK).path("start", element, "end")


def test_the_same_content_again_is_the_same_version(database, monday):
    first, again = deploy(one_task()), deploy(one_task())

    assert (first.new, again.new) == (True, False)
    assert first.versions == again.versions == {"p": 1}
    with db.reading() as session:
        assert len(definitions.versions(session, "p")) == 1


def test_changed_content_is_the_next_version_of_each_of_its_processes(database, monday):
    deploy(one_task(process_id="p"), one_task(process_id="q"))

    assert deploy(one_task("b", "p"), one_task(process_id="q")).versions == {"p": 2, "q": 2}
    with db.reading() as session:
        assert [(each.process_id, each.version) for each in definitions.every(session)] == [("p", 2), ("q", 2)]


def test_deploying_an_older_content_again_is_the_way_back(database, monday):
    deploy(one_task("a"))
    deploy(one_task("b"))

    back = deploy(one_task("a"))

    assert (back.new, back.versions) == (False, {"p": 1})
    with db.reading() as session:
        assert definitions.current(session, "p").version == 1
        assert [each.version for each in definitions.every(session)] == [1]
    assert set(open_tasks(start())) == {"a"}


def test_without_reviving_an_older_content_changes_nothing(database, monday):
    deploy(one_task("a"))
    deploy(one_task("b"))

    with jobs.transaction() as session:
        definitions.deploy(session, {"p.bpmn": one_task("a").xml()}, None, {"forms/answer.json": FORM}, revive=False)

    assert set(open_tasks(start())) == {"b"}


def test_instances_stay_on_the_version_that_they_began_with(database, monday):
    deploy(one_task())
    running = start()
    deploy(one_task("b"))
    fresh = start()

    assert set(open_tasks(running)) == {"a"}
    assert set(open_tasks(fresh)) == {"b"}
    definitions.forget()
    assert complete("a", instance_id=running).ended


def test_a_form_keeps_its_version_and_a_changed_one_needs_a_new_number(database, monday):
    deploy(one_task())
    changed = FORM.replace("答复".encode(), "回答".encode())

    with pytest.raises(Refused, match="Version 1"), jobs.transaction() as session:
        definitions.deploy(session, {"p.bpmn": one_task("b").xml()}, None, {"forms/answer.json": changed})

    newer = orjson.dumps(orjson.loads(changed) | {"version": 2})
    with jobs.transaction() as session:
        definitions.deploy(session, {"p.bpmn": one_task("b").xml()}, None, {"forms/answer.json": newer})
    start()
    with db.reading() as session:
        assert open_tasks()["b"].form_version == 2
        assert definitions.form(session, "answer", 1).title["zh"] == "答复"
        assert definitions.form(session, "answer", 2).title["zh"] == "回答"


def test_faults_are_refused_with_the_element_and_nothing_is_written(database, monday):
    drawing = Drawing("p").user("a", role="desk", due="PT1H", form="no_such_form").path("start", "a", "end")

    with pytest.raises(Refused) as refused:
        deploy(drawing)

    assert any(each.element == "a" and each.is_error for each in refused.value.findings)
    with db.reading() as session, pytest.raises(NotDeployed):
        definitions.current(session, "p")


def test_a_call_is_pinned_at_the_version_deployed_then(database, monday):
    deploy(one_task("inner", "called"))
    deploy(Drawing("p").call("c", "called").path("start", "c", "end"))
    deploy(one_task("newer", "called"))
    definitions.forget()

    instance_id = start("p")

    assert set(open_tasks(instance_id)) == {"inner"}


def test_a_call_of_what_is_not_deployed_is_refused(database, monday):
    with pytest.raises((Refused, NotDeployed)):
        deploy(Drawing("p").call("c", "nowhere").path("start", "c", "end"))


def test_a_message_finds_the_newest_version_that_begins_with_it(database, monday):
    def begun(element: str) -> Drawing:
        return Drawing("p").start("start", message="m").user(element, **TASK).path("start", element, "end")

    deploy(begun("a"))
    deploy(begun("b"))
    with db.reading() as session:
        assert [each.version for each in definitions.started_by(session, "m")] == [2]
        assert definitions.started_by(session, "other") == []
    deploy(one_task("c"))
    with db.reading() as session:
        assert definitions.started_by(session, "m") == []


def test_files_come_back_as_they_were_deployed(database, monday):
    deployed = deploy(one_task())

    with db.reading() as session:
        found = definitions.current(session, "p")
        assert definitions.xml(session, found.id) == one_task().xml()
        assert definitions.files(session, deployed.bundle_id)["forms/answer.json"] == FORM


def test_a_table_of_the_bundle_decides(database, monday):
    table = (Path(__file__).parent / "diagrams" / "level.dmn").read_bytes()
    drawing = Drawing("p").rule("r", "level", resultVariable="found").gateway("xor", "g").user("high", **TASK)
    drawing.path("start", "r", "g").path("g", "high", "end", when='found.level = "high"')
    drawing.path("g", "end2", default=True)

    with jobs.transaction() as session:
        files = {"p.bpmn": drawing.xml(), "level.dmn": table}
        definitions.deploy(session, files, None, {"answer": FORM})

    assert set(open_tasks(start(data={"points": 70}))) == {"high"}
    assert open_tasks(start(data={"points": 10})) == {}


def test_the_policy_set_of_the_instance_decides_as_it_was_deployed(database, monday):
    table = (Path(__file__).parent / "diagrams" / "level.dmn").read_bytes()
    stricter = table.replace(b"[60..90)", b"[80..90)")
    drawing = Drawing("p").rule("r", "level", resultVariable="found").gateway("xor", "g").user("high", **TASK)
    drawing.path("start", "r", "g").path("g", "high", "end", when='found.level = "high"')
    drawing.path("g", "end2", default=True)
    files = {"p.bpmn": drawing.xml(), "policy/mild/level.dmn": table, "policy/strict/level.dmn": stricter}
    operations.answers_question("subject_of")(lambda session, data: operations.Subject(None, "/", str(data["policy"])))
    with jobs.transaction() as session:
        definitions.deploy(session, files, None, {"answer": FORM})

    assert set(open_tasks(start(data={"points": 70, "policy": "mild"}))) == {"high"}
    assert open_tasks(start(data={"points": 70, "policy": "strict"})) == {}


def test_a_decision_that_nobody_has_is_refused(database, monday):
    drawing = Drawing("p").rule("d", "no_such_table").path("start", "d", "end")

    with pytest.raises(Refused, match="no_such_table"):
        deploy(drawing)


def deploy_apart(files: dict[str, bytes]) -> definitions.Deployed:
    with jobs.transaction() as session:
        return definitions.deploy(session, files, None, {"forms/answer.json": FORM}, apart=True)


def test_deployed_apart_a_bundle_is_the_same_as_deployed_here(database, monday):
    deploy(one_task("b", "called"))
    caller = Drawing("p").call("inner", "called").path("start", "inner", "end").xml()

    deployed = deploy_apart({"p.bpmn": caller, "q.bpmn": one_task("c", "q").xml()})

    assert deployed.versions == {"p": 1, "q": 1}
    assert set(open_tasks(start("p"))) == {"b"}


@pytest.mark.slow
def test_what_the_child_does_not_finish_is_neither_read_nor_compiled_here(database, monday, monkeypatch):
    """Compiling is the child's work first: here it is one that never ends."""
    monkeypatch.setattr(prepared, "__name__", "tests.engine.hostile.endless_judge")
    monkeypatch.setattr(prepared, "prepare", _never)
    monkeypatch.setattr(deployment, "build", _never)

    with pytest.raises(Refused) as refused:
        deploy_apart({"p.bpmn": one_task().xml()})

    assert [each.rule for each in refused.value.findings if each.is_error] == ["check_not_finished"]


def _never(*arguments: object) -> None:
    raise AssertionError("a file that the child did not finish was worked on by its parent")


def test_what_the_compiler_refuses_comes_back_from_the_child():
    """As here, with the element; files that the checks let through but the compiler does not."""
    files = {"p.bpmn": Drawing("p").user("a", **TASK).path("a", "end").xml()}

    found = prepared.judge(files)

    assert [(each.rule, each.element) for each in found] == [("executable", "p")]
