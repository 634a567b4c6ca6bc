"""`/health`: whether the program is alive and its database answers; for supervisors and load balancers."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from engine import db
from web.marks import open_to_all

bp = Blueprint("health", __name__)


@bp.get("/health")
@open_to_all
def health() -> ResponseReturnValue:
    """200 when a row can be read; anything else means that nothing can be promised."""
    with db.reading() as session:
        session.execute(text("SELECT 1"))
    return jsonify(state="ok")
