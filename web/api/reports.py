"""Reporting an emergency: the same message as the page's four taps."""

from __future__ import annotations

from typing import Any

from engine import db
from web import report
from web.api.asking import Blueprint
from web.api.schemas import Report, Reported
from web.errors import refuse
from web.signed_in import me

bp = Blueprint("api-reports", __name__, description="Emergencies")


@bp.post("/reports")
@bp.arguments(Report)
@bp.response(201, Reported)
@bp.needs("report")
def send(sent: dict[str, Any]) -> Any:
    """Report at once; the same submission again reports once. 422 says what is missing."""
    chosen = {**sent, "elder": str(sent.get("elder") or "")}
    with db.reading() as session:
        elder = report.elder_of(session, chosen["elder"])
    faults = report.faults_of(chosen, elder)
    if faults:
        return refuse(422, state="correct", errors=[{"field": name, "detail": said} for name, said in faults.items()])
    files = [str(each) for each in sent["attachments"]]
    report.write_down(chosen, elder, me(), files, sent["submission"])
    return {"state": "done"}
