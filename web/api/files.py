"""Photos and voice notes: stored ahead of the form that names them, and read again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from web import attachments
from web.api.asking import Blueprint
from web.api.schemas import Files, Stored, Upload
from web.attachments import FileRefused
from web.errors import refuse

bp = Blueprint("api-files", __name__, description="Photos and voice notes")


@bp.post("/attachments")
@bp.arguments(Upload, location="query")
@bp.arguments(Files, location="files")
@bp.response(201, Stored)
@bp.needs("work")
def upload(about: dict[str, Any], sent: dict[str, Any]) -> Any:
    """Store one file; its hidden data is dropped. 422 for a file that is too large or of another kind."""
    try:
        stored = attachments.take_one(sent["file"], about.get("elder"), about.get("submission"))
    except FileRefused as fault:
        return refuse(422, sentence=str(fault), state="file")
    return {"id": stored}


@bp.get("/attachments/<uuid:attachment_id>")
@bp.response(200, {"format": "binary", "type": "string"}, content_type="application/octet-stream")
@bp.needs("tasks")
def download(attachment_id: UUID) -> Any:
    """The file, for its sender and for those who may see the visits of the elder."""
    return attachments.handed_out(attachment_id)
