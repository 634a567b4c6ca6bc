"""Papers of a supporter's duty: the letter that urges (督促通知书) and the list of a transfer (移送清单), to print.

Only who is named in the file prints them, and that they did stands in the file. Their words are those of the step's
form. Source: issued plan 四(五); processes P19; F-URGE, F-TRANSFER.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue

from care import files, organisation
from care.duties import DutyCase
from care.duties.handling import note
from care.duties.tables import ABUSE
from care.elders import Elder
from engine import clock, forms, jobs
from engine.settings import settings
from web.documents import document, issuer_of
from web.duties import said_in, visible
from web.language import N_, gettext, language
from web.signed_in import me

ON_LETTER = {
    "money": N_("未履行经济上供养的义务"),
    "care": N_("未履行生活上照料的义务"),
    "comfort": N_("未履行精神上慰藉的义务"),
    "guardianship": N_("未履行监护职责"),
    "abuse": N_("有侮辱、虐待老年人的行为"),
    "desertion": N_("有遗弃老年人的行为"),
}
"""What a letter says of each reason: what the law calls it, never who reported it."""

bp = Blueprint("duty_papers", __name__, url_prefix="/duties")


@bp.get("/<int:duty_id>/letter")
def letter(duty_id: int) -> ResponseReturnValue:
    """The letter of the last urging; 404 before there was one. It is given to whoever is urged, perhaps of abuse: no
    word of the file goes into it but those of the step that were written to be read there."""
    row, elder, issuer, said = _printed(duty_id, "urge")
    return document(
        "urge",
        gettext("督促履行赡养（扶养）义务通知书"),
        issuer_of(issuer),
        url_for("duties.show", duty_id=duty_id),
        clock.today(),
        sign=gettext("赡督"),
        row=row,
        elder=elder,
        said=said,
        named=[gettext(ON_LETTER[code]) for code in said.get("duties") or [] if code in ON_LETTER],
        is_abuse=bool(ABUSE & set(said.get("duties") or [])),
        way=_option("urge", "received_how", str(said.get("received_how") or "")),
        until=row.until_at or clock.now(),
        phone=(issuer.duty_phone if issuer else "") or settings().hotline,
    )


@bp.get("/<int:duty_id>/transfer")
def transfer(duty_id: int) -> ResponseReturnValue:
    """The list that goes to the police with the papers; 404 before it was made."""
    row, elder, issuer, said = _printed(duty_id, "make_transfer")
    return document(
        "transfer",
        gettext("移送清单"),
        issuer_of(issuer),
        url_for("duties.show", duty_id=duty_id),
        row.transferred_at or clock.today(),
        sign=gettext("赡移"),
        row=row,
        elder=elder,
        said=said,
        receiver=_option("transfer", "receiver", str(said.get("receiver") or "")),
        papers=[line.strip() for line in str(said.get("papers") or "").splitlines() if line.strip()],
    )


def _printed(duty_id: int, element: str) -> tuple[DutyCase, Elder, organisation.Unit | None, Mapping[str, Any]]:
    """The file with what a step said, written down as printed; 404 without the step."""
    with jobs.transaction() as session:
        row = visible(session, duty_id)
        said = said_in(session, row, element)
        if not said:
            abort(404)
        elder = session.get_one(Elder, row.elder_id)
        issuer = organisation.ancestor(session, row.unit_path, "township")
        note(session, row, "printed", who=me().id)
        files.record(session, me(), elder, f"export:{element}")
        session.expunge_all()
    return row, elder, issuer, said


def _option(form_key: str, field: str, code: str) -> str:
    found = forms.form(form_key).fields[field].options.get(code)
    return found.label[language()] if found else code
