"""The shapes of what is done with a task besides finishing it: verbs, what they need, what was said."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from web.api.schemas import LARGEST_ID


class OfferedVerb(Schema):
    verb = fields.String(required=True)
    title = fields.String(required=True)


class Said(Schema):
    """Something said about a task; `kind` names the verb that it is the reason of, `file` a stored file."""

    who = fields.String(required=True)
    at = fields.DateTime(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    file = fields.UUID(allow_none=True)


class OfferedVerbs(Schema):
    """What may be done with a task, and what was said about it, oldest first."""

    verbs = fields.List(fields.Nested(OfferedVerb), required=True)
    said = fields.List(fields.Nested(Said), required=True)


class Colleague(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class EarlierStep(Schema):
    """A step done before: `key` names it when a task is sent back; with a `refusal` it cannot be."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    who = fields.String(required=True)
    done_at = fields.DateTime(allow_none=True)
    refusal = fields.String(required=True)


class VerbChoices(Schema):
    people = fields.List(fields.Nested(Colleague), required=True)
    steps = fields.List(fields.Nested(EarlierStep), required=True)


class AskedVerb(Schema):
    """What the verb needs: `people` (one, for some), `part` of a co-signer, the `step` to send back to, `until` when to
    snooze, `file` a stored file; `why` is the reason, or the comment."""

    people = fields.List(
        fields.Integer(validate=validate.Range(1, LARGEST_ID)), load_default=list, validate=validate.Length(max=50)
    )
    part = fields.String(load_default="before", validate=validate.OneOf(["before", "together", "after"]))
    step = fields.String(load_default="", validate=validate.Length(max=300))
    until = fields.DateTime(load_default=None, allow_none=True)
    why = fields.String(load_default="", validate=validate.Length(max=1000))
    file = fields.UUID(load_default=None, allow_none=True)


class UsedVerb(Schema):
    """`task` is the task that is open now: another one, where a step was opened again."""

    state = fields.String(required=True)
    task = fields.UUID(required=True)
