"""The shapes of leave."""

from __future__ import annotations

from datetime import UTC, datetime

from marshmallow import Schema, fields, validate

from web.api.schemas import LARGEST_ID, storable_text

_A_DAY = validate.Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class NewLeave(Schema):
    """Without `since` it begins now, without `until` it has no end yet."""

    stand_in = fields.Integer(required=True, validate=validate.Range(1, LARGEST_ID))
    since = fields.AwareDateTime(format="iso", load_default=None, allow_none=True, validate=_A_DAY)
    until = fields.AwareDateTime(format="iso", load_default=None, allow_none=True, validate=_A_DAY)
    why = fields.String(load_default="", validate=[validate.Length(max=200), storable_text])


class Leave(Schema):
    id = fields.Integer(required=True)
    stand_in = fields.Integer(allow_none=True)
    name = fields.String(required=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(allow_none=True)


class LeaveTaken(Schema):
    """`done`: so many `tasks` went to the stand-in; `planned`: they go when it begins."""

    state = fields.String(required=True)
    tasks = fields.Integer(required=True)
