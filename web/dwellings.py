"""Where an elder lives in which season, with the way there: read by whoever works with addresses, changed by desks.

Source: R-USR-03; processes P07.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, dwellings, elders
from care.dwellings import ROADS, SEASONS, Dwelling
from care.errors import NotFound, RuleBroken
from care.imports.providers import position
from care.roles import Part
from engine import clock, db, jobs
from engine.tasks import TaskRow
from web.language import gettext, language
from web.pages import page
from web.signed_in import me

bp = Blueprint("dwellings", __name__)
RIGHT = "change"


def _words(pair: tuple[Any, ...]) -> str:
    return str(pair[language() == "en"])


@bp.get("/elders/<int:elder_id>/dwellings")
def index(elder_id: int) -> ResponseReturnValue:
    """The elder's dwellings, with a form for whoever may change the file."""
    person = me()
    with db.reading() as session:
        elder = access.elder(session, person, elder_id)
        if Part.ADDRESS not in access.parts(session, person, elder):
            raise NotFound("dwellings")
        rows = dwellings.of_elder(session, elder_id)
        may = access.may(session, person, RIGHT, elder)
        name = elder.name
    return page(
        "dwellings/index.html", rows=rows, may=may, elder_id=elder_id, name=name,
        seasons=[(code, _words(pair)) for code, pair in SEASONS.items()],
        roads=[(code, _words(triple)) for code, triple in ROADS.items()],
        words={code: _words(each) for code, each in (SEASONS | ROADS).items()},
    )  # fmt: skip


@bp.post("/elders/<int:elder_id>/dwellings")
def add(elder_id: int) -> ResponseReturnValue:
    """Write down a dwelling; the one of the same season is replaced. `now`: the elder lives there already."""
    person, form = me(), request.form
    try:
        with jobs.transaction() as session:
            elder = access.elder(session, person, elder_id)
            access.require(session, person, RIGHT, elder)
            row = dwellings.add(
                session, elder, form.get("season", ""), form.get("from_day", "").strip(), form.get("address", "")[:200],
                **_facts(),
            )  # fmt: skip
            if form.get("now"):
                dwellings.settle(session, elder, row)
    except RuleBroken as fault:
        flash(_words((fault.zh, fault.en)))
    except ValueError:
        flash(gettext("选一个季节和一种路。"))
    else:
        flash(gettext("已保存。到日子会问责任人是否已转场。"))
    return redirect(url_for("dwellings.index", elder_id=elder_id))


def _facts() -> dict[str, Any]:
    form = request.form
    where, km = form.get("position", "").strip(), form.get("road_km", "").strip() or "0"
    found = position(where) if where else None
    if (where and found is None) or not km.isdigit() or int(km) > 500:
        raise RuleBroken("位置写成 40.65,109.84，路程写公里数", "position as 40.65,109.84, the way in kilometres")
    return {
        "way": form.get("way", "").strip()[:400] or None,
        "position": list(found) if found else None,
        "road": form.get("road", "track"),
        "road_km": int(km),
        "helper": form.get("helper", "").strip()[:120] or None,
    }


def known(session: Session, task: TaskRow) -> dict[str, Any]:
    """What the form of a seasonal move knows: `dwelling.…`; {} for other forms."""
    if task.form_key != "dwelling_move" or task.subject_id is None:
        return {}
    elder = elders.get(session, task.subject_id)
    row = dwellings.of_season(session, elder.id, clock.today())
    return {} if row is None else _said(row)


def _said(row: Dwelling) -> dict[str, Any]:
    far = gettext(
        "%(km)s 公里，%(road)s，约 %(minutes)s 分钟", km=row.road_km, road=_words(ROADS[row.road]), minutes=row.minutes
    )
    way = gettext("；").join(filter(None, (row.way, far if row.road_km else "")))
    return {"season": _words(SEASONS[row.season]), "address": row.address, "way": way or None, "helper": row.helper}
