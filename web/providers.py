"""Providers and service points that serve the person's units: lists by kind and level, entering, changing, closing.

Whoever assigns visitors in a unit enters its providers; those of units above are read. Source: R-NET-15, R-PRJ-41.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from care import access, organisation, providers, roles
from care.elders import Elder
from care.errors import NotFound, RuleBroken
from care.imports.providers import position
from care.organisation import Unit
from care.people import Person
from care.providers import KINDS, NETWORK, SERVICES, Provider
from care.referrals import CATEGORIES, OUTCOMES, Referral
from engine import clock, db, jobs
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.signed_in import me

bp = Blueprint("providers", __name__, url_prefix="/providers")
RIGHT = "assign"
navigation = [
    Entry(
        "providers.index", N_("服务机构"), "shield", 49, rights=frozenset((RIGHT,)), figures=True, below=("providers.",)
    )
]
PAGE, MOST_UNITS, SHOWN, MOST_ELDERS = 60, 300, 20, 500


def _choices(words: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(code, pair[language() == "en"]) for code, pair in words.items()]


def _mine(person: Person) -> list[str]:
    return sorted({post.unit_path for post in person.posts if RIGHT in roles.role(post.role).rights})


def _paths(person: Person) -> list[str]:
    """The units whose providers concern the person."""
    paths = sorted({*_mine(person), *access.figures_scope(person)})
    if not paths:
        abort(403)
    return paths


def _may(person: Person, path: str) -> bool:
    return any(organisation.is_within(path, each) for each in _mine(person))


def _wanted(name: str, words: dict[str, tuple[str, str]]) -> str:
    said = request.args.get(name, "")
    if said and said not in words:
        abort(404)
    return said


@bp.get("/")
def index() -> ResponseReturnValue:
    """Numbers by kind and level of the network, the providers of what was chosen, and a form for a new one."""
    person = me()
    paths = _paths(person)
    kind, level, service = _wanted("kind", KINDS), _wanted("level", NETWORK), _wanted("service", SERVICES)
    given = request.args.get("after", "0")
    after = int(given) if given.isdigit() else 0
    with db.reading() as session:
        numbers = providers.counts(session, paths)
        asked = providers.serving(paths, after, PAGE + 1, kind=kind, level=level, service=service)
        rows = list(session.scalars(asked))
        places = _names(session, {row.unit_id for row in rows[:PAGE]})
        units = _units(session, _mine(person))
    return page(
        "providers/index.html", rows=rows[:PAGE], places=places, units=units, kind=kind, level=level, service=service,
        numbers=numbers, kinds=_choices(KINDS), levels=_choices(NETWORK), services=_choices(SERVICES),
        words=dict(_choices(KINDS)) | dict(_choices(NETWORK)), service_words=dict(_choices(SERVICES)),
        after=rows[PAGE - 1].id if len(rows) > PAGE else None,
    )  # fmt: skip


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)))}


def _units(session: Session, paths: list[str]) -> list[tuple[str, str]]:
    """(path, name from the district down) of the units for which the person enters providers."""
    found = {
        unit.path: unit for path in paths for level in NETWORK for unit in organisation.below(session, path, level)
    }
    chosen = [found[path] for path in sorted(found)][:MOST_UNITS]
    names = {unit.path: unit.name for unit in found.values()}
    return [
        (unit.path, " ".join(names[each] for each in sorted(names) if unit.path.startswith(each))) for unit in chosen
    ]


@bp.get("/far")
def far() -> ResponseReturnValue:
    """Elders of a village with no service point within 15 minutes on foot, and those whose place nobody wrote down."""
    person = me()
    with db.reading() as session:
        villages = [unit for path in _paths(person) for unit in organisation.below(session, path, "village")]
        wanted = request.args.get("unit") or (villages[0].path if villages else "")
        village = next((each for each in villages if each.path == wanted), None)
        if village is None:
            abort(404)
        asked = select(Elder).where(organisation.within(Elder.unit_path, wanted), access.visible_elders(person))
        asked = asked.where(Elder.status.in_(("in_register", "absent")), Elder.tier != "none").order_by(Elder.id)
        elders = list(session.scalars(asked.limit(MOST_ELDERS)))
        points = providers.points(session, wanted)
        found = [(each, *providers.nearest(points, _position(each))) for each in elders]
    rows = sorted(((elder, row, km) for elder, row, km in found if km > providers.WALK_KM), key=lambda each: each[2])
    return page(
        "providers/far.html", villages=villages[:MOST_UNITS], village=village, total=len(elders),
        rows=[each for each in rows if each[1]], unknown=[each[0] for each in rows if not each[1]], points=len(points),
    )  # fmt: skip


def _position(elder: Elder) -> list[float] | None:
    found = elder.position
    return found if isinstance(found, list) and len(found) == 2 else None


@bp.get("/<int:provider_id>")
def show(provider_id: int) -> ResponseReturnValue:
    """One provider with what was handed to it of the person's units."""
    person = me()
    with db.reading() as session:
        row = _found(session, person, provider_id)
        unit = organisation.get(session, row.unit_id)
        seen = (Referral.provider_id == row.id, access.visible(person, Referral.elder_id, Referral.unit_path))
        total = session.scalar(select(func.count()).select_from(Referral).where(*seen)) or 0
        handed = list(session.scalars(select(Referral).where(*seen).order_by(Referral.id.desc()).limit(SHOWN)))
    place = int(language() == "en")
    return page(
        "providers/show.html", provider=row, unit=unit, may=_may(person, row.unit_path), kinds=_choices(KINDS),
        services=_choices(SERVICES), words=dict(_choices(KINDS)) | dict(_choices(NETWORK)), total=total,
        handed=[(each, CATEGORIES[each.category][place], _state(each)) for each in handed],
    )  # fmt: skip


def _state(row: Referral) -> str:
    return OUTCOMES[row.outcome][int(language() == "en")] if row.closed_at else gettext("办理中")


def _found(session: Session, person: Person, provider_id: int) -> Provider:
    """Raises NotFound for a provider that serves none of the person's units."""
    row = providers.get(session, provider_id)
    paths = _paths(person)
    near = [
        organisation.is_within(row.unit_path, path) or organisation.is_within(path, row.unit_path) for path in paths
    ]
    if not any(near):
        raise NotFound(f"provider {provider_id}")
    return row


@bp.post("/")
def add() -> ResponseReturnValue:
    """Enter a provider."""
    person, form = me(), request.form
    path, kind = form.get("unit", ""), form.get("kind", "")
    if not _may(person, path):
        abort(403)
    try:
        said = _said()
        with jobs.transaction() as session:
            unit = organisation.by_path(session, path)
            if unit is None or kind not in KINDS or unit.level not in NETWORK:
                abort(400)
            row = providers.add(session, unit, kind, said.pop("name"), form.getlist("services"), **said)
            provider_id = row.id
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
        return redirect(url_for("providers.index"))
    flash(gettext("已登记。"))
    return redirect(url_for("providers.show", provider_id=provider_id))


@bp.post("/<int:provider_id>")
def change(provider_id: int) -> ResponseReturnValue:
    """Change a provider; `do` is save or close."""
    person, form = me(), request.form
    try:
        with jobs.transaction() as session:
            row = _found(session, person, provider_id)
            if not _may(person, row.unit_path):
                abort(403)
            if form.get("do") == "close":
                row.until_on = clock.today()
            else:
                if form.get("kind") not in KINDS:
                    abort(400)
                for name, value in (_said() | {"kind": form["kind"]}).items():
                    setattr(row, name, value)
                row.services = providers.joined(form.getlist("services"))
    except RuleBroken as fault:
        flash(fault.en if language() == "en" else fault.zh)
    else:
        flash(gettext("已停用，不再派单。") if form.get("do") == "close" else gettext("已保存。"))
    if form.get("do") == "close":
        return redirect(url_for("providers.index"))
    return redirect(url_for("providers.show", provider_id=provider_id))


def _said() -> dict[str, Any]:
    """What the form says; raises RuleBroken for a name that is missing and a position that is none."""
    form = request.form
    name, where = form.get("name", "").strip(), form.get("position", "").strip()
    if not name or len(name) > 80:
        raise RuleBroken("名称要写1至80个字", "the name has 1 to 80 letters")
    found = position(where) if where else None
    if where and found is None:
        raise RuleBroken(
            "位置写成 40.65,109.84（纬度,经度）", "write the position as 40.65,109.84 (latitude, longitude)"
        )
    latitude, longitude = found or (None, None)
    plain = {each: form.get(each, "").strip()[:most] for each, most in _PLAIN}
    return {"name": name, "latitude": latitude, "longitude": longitude, **plain}


_PLAIN = (("contact", 60), ("phone", 32), ("address", 200), ("hours", 60))
