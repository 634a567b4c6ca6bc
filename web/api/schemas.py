"""The shapes that the API takes and gives. Moments are ISO 8601 in UTC; words are in the caller's language."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from engine import forms
from web.api import tokens

LARGEST_ID = 2**31 - 1
_TAKEN = ("urgent", "today")


def storable(answers: Any) -> None:
    try:
        forms.refuse_unstorable(answers)
    except forms.Invalid as fault:
        raise ValidationError(str(fault)) from None


def storable_text(text: str) -> None:
    """Raises ValidationError for half characters."""
    storable({"text": text})


class Fault(Schema):
    """One field that is wrong: `field` is its path, `detail` a sentence."""

    field = fields.String(required=True)
    detail = fields.String(required=True)
    reason = fields.String()


class Problem(Schema):
    """Problem details (RFC 9457). `type` names the case: `urn:visitflow:problem:late`, `…:404`."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Fault))


class SignIn(Schema):
    """Who asks for a token; the answer to a wrong name and to a wrong password is the same."""

    user_name = fields.String(required=True, validate=validate.Length(1, 60))
    password = fields.String(required=True, validate=validate.Length(1, 200))
    label = fields.String(load_default="API", validate=validate.Length(1, 60))
    scopes = fields.List(
        fields.String(validate=validate.OneOf(list(tokens.SCOPES))),
        load_default=list(tokens.SCOPES),
        validate=validate.Length(min=1, max=8),
    )


class Token(Schema):
    """A token without its text."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    made_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)
    used_at = fields.DateTime(allow_none=True)
    current = fields.Boolean()


class NewToken(Token):
    """The only time that the text of a token is told."""

    token = fields.String(required=True)


class Post(Schema):
    """A role at a unit, held today."""

    role = fields.String(required=True)
    title = fields.String(required=True)
    unit_path = fields.String(required=True)


class Me(Schema):
    """Who the token acts for."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    posts = fields.List(fields.Nested(Post), required=True)
    scopes = fields.List(fields.String(), required=True)
    now = fields.DateTime(required=True)


class SeenElder(Schema):
    """An elder as far as a row of the list may say."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    years = fields.Integer(required=True)
    living = fields.String(required=True)
    tier = fields.String(required=True)
    where = fields.String(required=True)


class Task(Schema):
    """A task as a row of the list: what, about whom, until when, why it is yours and who comes next."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    group = fields.String(required=True)
    priority = fields.String(allow_none=True)
    role = fields.String(required=True)
    form_key = fields.String(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    created_at = fields.DateTime(required=True)
    done_at = fields.DateTime(allow_none=True)
    claimed_by = fields.Integer(allow_none=True)
    why = fields.String(required=True)
    about = fields.String(required=True)
    unit = fields.String(required=True)
    elder = fields.Nested(SeenElder, allow_none=True)


class Tasks(Schema):
    """A page of the list; `after` asks for the next one, absent on the last."""

    tasks = fields.List(fields.Nested(Task), required=True)
    after = fields.String(allow_none=True)


class AfterKey(Schema):
    """`after` of the page before."""

    class Meta:
        unknown = EXCLUDE

    after = fields.String(load_default="", validate=validate.Length(max=200))


class BegunProcess(Schema):
    """A process that somebody began: where it stands, and the most pressing of its open tasks with who has it."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    started_at = fields.DateTime(required=True)
    task = fields.UUID(allow_none=True)
    step = fields.String(required=True)
    holder = fields.String(required=True)


class Begun(Schema):
    started = fields.List(fields.Nested(BegunProcess), required=True)
    after = fields.String(allow_none=True)


class Copy(Schema):
    """A task to read: who gave it when, by copy or by a mention, and whether it is new to the reader."""

    task = fields.Nested(Task, required=True)
    who = fields.String(required=True)
    at = fields.DateTime(required=True)
    mentioned = fields.Boolean(required=True)
    new = fields.Boolean(required=True)


class Copies(Schema):
    copied = fields.List(fields.Nested(Copy), required=True)
    after = fields.String(allow_none=True)


class Asked(Schema):
    """Which tasks: `done` lists what this person did, newest first; the other filters are for open ones."""

    class Meta:
        unknown = EXCLUDE

    state = fields.String(load_default="open", validate=validate.OneOf(["open", "done"]))
    after = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=40, validate=validate.Range(1, 100))
    process_id = fields.String(validate=validate.Length(max=80))
    form_key = fields.String(validate=validate.Length(max=80))
    role = fields.String(validate=validate.Length(max=60))
    elder = fields.Integer(validate=validate.Range(1, LARGEST_ID))
    priority = fields.String(validate=validate.OneOf(_TAKEN))
    due_before = fields.AwareDateTime(format="iso")
    late = fields.Boolean(load_default=False)


class TaskForm(Schema):
    """A form: `schema` is JSON Schema 2020-12, `sections` and `fields` say how it looks, `show` rules included."""

    key = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    schema = fields.Dict(required=True)
    sections = fields.List(fields.Dict(), required=True)
    fields_ = fields.Dict(required=True, data_key="fields")


class Step(Schema):
    """A line of the story: `stage` is done, missed, now or next."""

    stage = fields.String(required=True)
    time = fields.String(required=True)
    title = fields.String(required=True)
    note = fields.String(required=True)


class Later(Schema):
    """A step that may follow, whose form can be filled in ahead."""

    element = fields.String(required=True)
    name = fields.String(required=True)


class Fact(Schema):
    """Something that the task is about."""

    name = fields.String(required=True)
    words = fields.String(required=True)


class WholeTask(Task):
    """The task with its form. `start` is what an untouched form begins with, `last` the elder's previous record.

    `ticket` goes back with the answers: it lets them be kept when the task was taken away meanwhile.
    """

    form = fields.Nested(TaskForm, allow_none=True)
    start = fields.Dict(allow_none=True)
    last = fields.Dict(allow_none=True)
    draft = fields.Dict(allow_none=True)
    ticket = fields.String(allow_none=True)
    facts = fields.List(fields.Nested(Fact), required=True)
    story = fields.List(fields.Nested(Step), required=True)
    later = fields.List(fields.Nested(Later), required=True)


class Answers(Schema):
    """What is filled in. `submission` is made by the client once for each form: the same again is answered the same."""

    submission = fields.UUID(required=True)
    answers = fields.Dict(keys=fields.String(), required=True, validate=storable)
    ticket = fields.String(load_default="", validate=validate.Length(max=500))


class Done(Schema):
    """`state`: done, or kept (stored; the process goes on as soon as it can). `next_task` is the same worker's."""

    state = fields.String(required=True)
    message = fields.String()
    next_task = fields.UUID(allow_none=True)


class Draft(Schema):
    """Answers as far as they are typed; nothing is checked."""

    answers = fields.Dict(keys=fields.String(), required=True, validate=storable)
    saved_at = fields.DateTime(dump_only=True)


class Submitted(Schema):
    """A form that this person handed in; `state` is accepted, late (kept as a supplement) or pending."""

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    state = fields.String(required=True)
    answers = fields.Dict(required=True)


class Supplement(Schema):
    """Whether it was kept now, or had been before."""

    state = fields.String(required=True)
    repeated = fields.Boolean(required=True)


class Upload(Schema):
    """Where a file belongs: the elder it is about; with a `submission` the same file again is stored once."""

    class Meta:
        unknown = EXCLUDE

    elder = fields.Integer(validate=validate.Range(1, LARGEST_ID))
    submission = fields.UUID()


class Files(Schema):
    """The file itself: a photo or a voice note, at most 8 MB."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class Stored(Schema):
    """The id to put into a form's answers."""

    id = fields.UUID(required=True)


class SearchElders(Schema):
    """Name, pinyin initials, number (E000123), or a whole telephone or id number."""

    class Meta:
        unknown = EXCLUDE

    q = fields.String(required=True, validate=validate.Length(2, 60))


class Elders(Schema):
    elders = fields.List(fields.Nested(SeenElder), required=True)


class Known(Schema):
    """Somebody to call; the number is masked, `what` asks for it in full."""

    what = fields.String(required=True)
    name = fields.String(required=True)
    relation = fields.String(required=True)
    phone = fields.String(required=True)
    note = fields.String(required=True)
    reachable = fields.Boolean(required=True)


class ElderCard(Schema):
    """The elder's file as far as the roles of this person go; a part that is not theirs is empty."""

    id = fields.Integer(required=True)
    number = fields.String(required=True)
    name = fields.String(required=True)
    age = fields.Integer(allow_none=True)
    unit = fields.String(required=True)
    status = fields.String(required=True)
    tier = fields.String(required=True)
    categories = fields.List(fields.String(), required=True)
    flags = fields.List(fields.String(), required=True)
    language = fields.String()
    hearing = fields.String()
    address = fields.String()
    way = fields.String()
    phone = fields.String()
    best_time = fields.String()
    do_not_call = fields.String()
    door_note = fields.String()
    by_two = fields.Boolean()
    reached_by = fields.String()
    emergency_health = fields.Dict()
    health = fields.Dict()
    living = fields.Dict()
    contacts = fields.List(fields.Nested(Known))
    neighbours = fields.List(fields.Nested(Known))


class Reveal(Schema):
    """Which masked value: phone, id_number, contact:<id>, neighbour:<id>. The server writes down who looked."""

    what = fields.String(required=True, validate=validate.Regexp(r"^(phone|id_number|(contact|neighbour):\d{1,9})$"))


class Revealed(Schema):
    value = fields.String(required=True)


class Report(Schema):
    """An emergency in four facts: whom or where, what, whether somebody is in danger, and what else there is to say."""

    submission = fields.UUID(required=True)
    elder = fields.Integer(allow_none=True, validate=validate.Range(1, LARGEST_ID))
    place = fields.String(load_default="", validate=validate.Length(max=200))
    kinds = fields.List(fields.String(), required=True, validate=validate.Length(1, 8))
    danger = fields.String(required=True, validate=validate.OneOf(["yes", "no", "unknown"]))
    words = fields.String(load_default="", validate=validate.Length(max=1000))
    attachments = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=12))


class Reported(Schema):
    state = fields.String(required=True)


class Called(Schema):
    """A call to the hotline: the telephone system's own number of it, who calls, and where it is recorded."""

    id = fields.String(required=True, validate=validate.Length(1, 80))
    phone = fields.String(required=True, validate=validate.Regexp(r"^[+0-9][0-9 -]{2,29}$"))
    recording = fields.String(allow_none=True, validate=validate.Length(max=80))


class CallSent(Schema):
    """`done`: its ticket is being opened; `known`: the same call was told before."""

    state = fields.String(required=True)
