"""Photos, voice notes and signatures: taken in, cleaned of hidden data, kept encrypted below the home folder.

A file is judged by its content, never by its name. Pictures lose what the camera wrote beside them (place, device,
time). Files lie under `attachments/<two letters>/<id>`, encrypted with the key of the fields; the table holds who sent
which, for what. They are handed out only as downloads of a closed kind, to those who may see the elder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.datastructures import FileStorage, MultiDict

from care import access
from engine import clock, db, vault
from engine.db import Base, Id, Instant
from engine.errors import EngineError
from engine.settings import settings
from web.language import gettext
from web.pictures import Unreadable, cleaned
from web.signed_in import me

LARGEST = 8 * 1024 * 1024  # bytes of one file
MOST = 12  # files in one form

bp = Blueprint("attachments", __name__)


class FileRefused(EngineError):
    """A file is too large or of a kind that is not taken; the sentence says. `field`: where it stood in the form."""

    field = ""


class Attachment(Base):
    """One stored file; `subject_id` is the elder it is about, None for a person's own."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    subject_id: Mapped[int | None]
    sent_by: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_attachment_subject_id", "subject_id"),)


def store(
    session: Session, body: bytes, sent_by: int, subject_id: int | None = None, identity: UUID | None = None
) -> UUID:
    """Keep a file and return its id; raises FileRefused. Hidden data of pictures is dropped.

    With an `identity` that is known already nothing is stored again.
    """
    if identity is not None and session.get(Attachment, identity) is not None:
        return identity
    if len(body) > LARGEST:
        raise FileRefused(gettext("文件太大，最大 8 MB。"))
    kind = kind_of(body)
    if kind is None:
        raise FileRefused(gettext("这种文件不能用，请拍照片或录音。"))
    try:
        clean = cleaned(kind, body)
    except Unreadable:
        raise FileRefused(gettext("这张照片打不开，请重新拍一张。")) from None
    row = Attachment(
        id=identity or db.new_id(),
        kind=kind,
        size=len(clean),
        content_hash=hashlib.sha256(clean).digest(),
        subject_id=subject_id,
        sent_by=sent_by,
        at=clock.now(),
    )
    path = _path(row.id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(vault.encrypt(clean))
    session.add(row)
    return row.id


def read(row: Attachment) -> bytes:
    return vault.decrypt(_path(row.id).read_bytes())


def kind_of(body: bytes) -> str | None:
    """The media type by the first bytes; None for anything that is not taken."""
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(body[8:12])
    if body.startswith(b"\x1aE\xdf\xa3"):
        return "audio/webm"
    if body.startswith(b"OggS"):
        return "audio/ogg"
    if body[4:8] == b"ftyp" and body[8:11] in (b"M4A", b"mp4", b"iso"):
        return "audio/mp4"
    return None


def take(
    sent: MultiDict[str, FileStorage], sent_by: int, subject_id: int | None, submission_id: UUID
) -> Iterator[tuple[str, str]]:
    """Store the files of a form; (name of the field, id as text) for each. Empty file fields are passed over.

    The id follows from the submission, the field and the content, so a form that is sent again is the same form.
    """
    files = [(name, file) for name, file in sent.items(multi=True) if file.filename]
    if len(files) > MOST:
        raise FileRefused(gettext("一次最多 %(n)s 个文件。", n=MOST))
    for name, file in files:
        body = file.stream.read(LARGEST + 1)
        if body:
            identity = uuid5(submission_id, f"{sent_by} {name} {hashlib.sha256(body).hexdigest()}")
            try:
                with db.writing() as session:
                    stored = store(session, body, sent_by, subject_id, identity)
            except FileRefused as fault:
                fault.field = name.removesuffix("[]")
                raise
            yield name, str(stored)


@bp.post("/attachments")
def upload() -> ResponseReturnValue:
    """One file ahead of its form: `{"id": …}`, or 422 with a sentence."""
    file = next(iter(request.files.values()), None)
    if file is None:
        abort(400)
    try:
        stored = take_one(file, request.form.get("subject", type=int))
    except FileRefused as fault:
        return jsonify(error=422, message=str(fault)), 422
    return jsonify(id=str(stored))


def take_one(file: FileStorage, subject_id: int | None, submission_id: UUID | None = None) -> UUID:
    """Store a file of this person about an elder whom they may see; the same of one submission is stored once."""
    person = me()
    body = file.stream.read(LARGEST + 1)
    seed = f"{person.id} {hashlib.sha256(body).hexdigest()}"
    with db.writing() as session:
        if subject_id is not None:
            access.elder(session, person, subject_id)
        identity = uuid5(submission_id, seed) if submission_id else None
        return store(session, body, person.id, subject_id, identity)


@bp.get("/attachments/<uuid:attachment_id>")
def download(attachment_id: UUID) -> ResponseReturnValue:
    """The file, for its sender and for those who may see the visits of the elder."""
    return handed_out(attachment_id)


def handed_out(attachment_id: UUID) -> Response:
    """The file as a download; 404 for whoever may not see it."""
    person = me()
    with db.reading() as session:
        row = session.get(Attachment, attachment_id)
        if row is None:
            abort(404)
        if row.sent_by != person.id:
            if row.subject_id is None:
                abort(404)
            access.require(session, person, "see", access.elder(session, person, row.subject_id))
        body, kind = read(row), row.kind
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{attachment_id}"'
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _path(attachment_id: UUID) -> Path:
    name = attachment_id.hex
    return settings().home / "attachments" / name[-2:] / name
