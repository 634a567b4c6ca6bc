"""What people submit is kept whole, encrypted, and once."""

from __future__ import annotations

from uuid import uuid4

import pytest

from engine import db, jobs, submissions
from tests.engine.drawing import Drawing
from tests.engine.steps import TASK, complete, deploy, start


def keep(submission_id: object, body: dict[str, object], element: str = "a", state: str = "accepted") -> bool:
    row = submissions.new(
        submission_id,  # type: ignore[arg-type]
        task_id=TASK_ID,
        instance_id=INSTANCE_ID,
        element=element,
        form=("answer", 1),
        body=body,
        body_hash=submissions.hash_of(body),
        who=1,
        state=state,
    )
    with jobs.transaction() as session:
        return submissions.keep(session, row)


TASK_ID, INSTANCE_ID = uuid4(), uuid4()


def test_a_key_is_kept_once(database, monday):
    key = uuid4()

    assert keep(key, {"a": 1})
    assert not keep(key, {"a": 2})


def test_the_order_of_fields_is_no_difference(database, monday):
    key = uuid4()
    keep(key, {"a": 1, "b": 2})

    with db.reading() as session:
        assert submissions.repeated(session, key, submissions.hash_of({"b": 2, "a": 1})) is not None
        with pytest.raises(submissions.OtherContent):
            submissions.repeated(session, key, submissions.hash_of({"a": 1}))


def test_the_latest_accepted_answers_of_an_element_count(database, monday):
    keep(uuid4(), {"round": 1})
    keep(uuid4(), {"round": 2})
    keep(uuid4(), {"round": 3}, state="late")
    keep(uuid4(), {"round": 4}, element="b")

    with db.reading() as session:
        assert submissions.of(session, INSTANCE_ID, "a") == {"round": 2}
        assert submissions.of(session, INSTANCE_ID, "nothing") == {}
        assert len(submissions.of_task(session, TASK_ID)) == 4


def test_nothing_that_people_wrote_is_readable_in_the_database(database, all_databases, monday):
    deploy(Drawing("p").user("a", **TASK).path("start", "a", "end"))
    start(data={"secret": "GEHEIMNIS"})
    key = uuid4()
    complete("a", submission_id=key)
    keep(uuid4(), {"text": "GEHEIMNIS"})

    stored = all_databases.stored(database)
    assert str(key).encode() in stored or key.bytes in stored
    assert b"GEHEIMNIS" not in stored
