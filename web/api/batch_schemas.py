"""The shapes of several tasks at once."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from web.api.schemas import storable
from web.batch import MOST, OUTCOMES


class Batch(Schema):
    """`answers` are for every one of the `tasks`; `submission` is made by the client once for the whole batch.

    `tickets` of the tasks (GET /tasks/{id}) let what was written be kept where one was taken away meanwhile.
    """

    submission = fields.UUID(required=True)
    tasks = fields.List(fields.UUID(), required=True, validate=validate.Length(1, MOST))
    answers = fields.Dict(keys=fields.String(), required=True, validate=storable)
    tickets = fields.List(
        fields.String(validate=validate.Length(max=500)), load_default=list, validate=validate.Length(max=MOST)
    )


class Outcome(Schema):
    """What became of one task, as a code and as a sentence."""

    task = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))
    message = fields.String(required=True)


class Outcomes(Schema):
    items = fields.List(fields.Nested(Outcome), required=True)
