"""What the forms of help know beforehand: the referral, application, errand or hazard that a task is about.

`known(session, task)` gives the values of `help.…` for fields with `prefill`, in the language of the page; {} for
forms that do not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import (
    agenda,
    aids,
    device_checks,
    devices,
    errands,
    hazards,
    masking,
    organisation,
    providers,
    referrals,
    special_periods,
)
from care.elders import Elder
from care.oversight import Report
from care.providers import Provider
from engine import clock, submissions
from engine.tasks import TaskRow
from web.language import gettext, language
from web.words import moment


def known(session: Session, task: TaskRow) -> Mapping[str, Any]:
    """`help.…` for the task's form."""
    kind = (task.form_key or "").partition("_")[0]
    if task.instance_id is None or kind not in _KINDS:
        return {}
    found = _KINDS[kind](session, task.instance_id)
    return {name: value for name, value in found.items() if value not in (None, "")}


def _in(words: Mapping[str, tuple[str, str]], code: str) -> str:
    return words.get(code, (code, code))[language() == "en"]


def _referral(session: Session, instance_id: UUID) -> dict[str, Any]:
    row = referrals.of_instance(session, instance_id)
    if row is None:
        return {}
    said = {each: submissions.of(session, instance_id, each) for each in ("check_need", "accept", "serve")}
    confirmed = submissions.of(session, instance_id, "confirm_with_elder")
    how = gettext("探访时提出") if row.visit_id else gettext("上报")
    offered = _offered(session, row.elder_id, row.category)
    chosen = providers.get(session, row.provider_id) if row.provider_id else None
    return {
        **_provider_words(offered),
        "provider": _provider(chosen, None) if chosen else None,
        "category": _in(referrals.CATEGORIES, row.category),
        "category_code": row.category,
        "told": f"{how} · {moment(row.raised_at, clock.now(), language())}",
        "wish": said["check_need"].get("wish"),
        "reason": said["accept"].get("reason"),
        "unsettled": confirmed.get("left"),
        "result": said["serve"].get("what"),
    }


_BY_AID = {
    "care_subsidy": "life_care",
    "consumption_subsidy": "life_care",
    "home_adaptation": "home_adaptation",
    "disability_benefit": "aids",
}
"""Benefits that pay for a service; the others are money, and nobody has to serve. Source: R-NET-15, R-PRJ-43."""
_BY_ERRAND = {"shopping": "shopping", "collect_goods": "shopping"}
"""Errands that a firm may run as well; for others the volunteer teams of the place are shown."""


def _offered(session: Session, elder_id: int, service: str) -> list[tuple[Provider, str]]:
    """Who could serve the elder, each in words. Source: R-NET-15; processes P11."""
    elder = session.get_one(Elder, elder_id)
    near = elder.position if isinstance(elder.position, list) and len(elder.position) == 2 else None
    found = providers.candidates(session, elder.unit_path, service, near) if service in providers.SERVICES else []
    return [(each, _provider(each, near)) for each in found]


def _provider_words(offered: list[tuple[Provider, str]]) -> dict[str, Any]:
    words = gettext("；").join(said for _, said in offered)
    return {"providers": words[:600] or None, "provider_first": offered[0][0].name if offered else None}


def _provider(row: Provider, near: Any) -> str:
    """Name, level, distance where it is known, and telephone."""
    far = providers.kilometres(row, near)
    distance = gettext("%(km)s 公里", km=f"{far:.1f}") if far < 1000 else ""
    said = [_in(providers.NETWORK, row.level), distance, row.phone]
    return f"{row.name}（{gettext('，').join(filter(None, said))}）"


def _hazard(session: Session, instance_id: UUID) -> dict[str, Any]:
    row = hazards.of_instance(session, instance_id)
    if row is None:
        return {}
    said = {each: submissions.of(session, instance_id, each) for each in ("remind_on_site", "rectify", "recheck")}
    how = gettext("探访时发现") if row.visit_id else gettext("应急处置后发现") if row.case_id else gettext("上报")
    return {
        "hazard": f"{_in(hazards.ITEMS, row.item)} · {_in(hazards.LEVELS, row.level)}",
        "found": f"{how} · {moment(row.found_at, clock.now(), language())}",
        "party": _in(hazards.PARTIES, row.party) if row.party else None,
        "what": said["remind_on_site"].get("what"),
        "done": said["rectify"].get("done"),
        "why": said["rectify"].get("why"),
        "left": said["recheck"].get("left"),
        "asked": submissions.of(session, instance_id, "township_decides").get("note"),
    }


def _aid(session: Session, instance_id: UUID) -> dict[str, Any]:
    row = aids.of_instance(session, instance_id)
    if row is None:
        return {}
    names = ("precheck", "collect_papers", "submit", "enter_result", "tell_elder")
    said = {each: submissions.of(session, instance_id, each) for each in names}
    chosen = providers.get(session, row.provider_id) if row.provider_id else None
    hint = {True: gettext("可能符合"), False: gettext("看不出符合")}
    submitted = [said["submit"].get("to"), said["submit"].get("submitted_on"), said["submit"].get("receipt")]
    return {
        "aid": _in(aids.KINDS, row.kind),
        **_provider_words(_offered(session, row.elder_id, _BY_AID.get(row.kind, ""))),
        "provider": _provider(chosen, None) if chosen else None,
        "hint": hint.get(bool(row.hinted)),
        "papers": said["precheck"].get("papers"),
        "missing": said["collect_papers"].get("missing"),
        "review": gettext("第二次递交，老人要求复核") if row.round > 1 else None,
        "submitted": " · ".join(str(each) for each in submitted if each),
        "decision": None if row.granted is None else _in(aids.OUTCOMES, "granted" if row.granted else "refused"),
        "reason": said["enter_result"].get("reason"),
    }


def _errand(session: Session, instance_id: UUID) -> dict[str, Any]:
    row = errands.of_instance(session, instance_id)
    if row is None:
        return {}
    done = submissions.of(session, instance_id, "run_errand")
    money = gettext("花了 {out} 元，找回 {change} 元")
    offered = _offered(session, row.elder_id, _BY_ERRAND.get(row.kind, "other"))
    return {
        "providers": _provider_words(offered)["providers"],
        "errand": _in(errands.KINDS, row.kind),
        "wish": submissions.of(session, instance_id, "take_errand").get("wish"),
        "cash": f"{row.money_in} {gettext('元')}" if row.money_in else None,
        "what": done.get("what"),
        "spent": money.format(out=row.money_out, change=done.get("change") or 0) if row.done_at else None,
    }


def _device(session: Session, instance_id: UUID) -> dict[str, Any]:
    row = device_checks.of_instance(session, instance_id)
    if row is None:
        return {}
    device = devices.get(session, row.device_id) if row.device_id else None
    kind = devices.kind_of(device.kind) if device else None
    words = (kind.en if language() == "en" else kind.zh) if kind else None
    return {
        "device": f"{words} {device.number}" if device else gettext("见探访记录"),
        "reason": f"{_in(device_checks.REASONS, row.reason)} · {moment(row.opened_at, clock.now(), language())}",
    }


def _period(session: Session, instance_id: UUID) -> dict[str, Any]:
    row, path = special_periods.of_instance(session, instance_id)
    if row is None:
        return {}
    found = special_periods.share(session, row, path)
    name = row.name or _in({**special_periods.WEATHER, "festival": ("节日", "Festival")}, row.kind)
    until = clock.local(row.until_at).date()
    waiting = _names(session, special_periods.waiting(session, row, path, _SHOWN))
    more = found.owed - found.reached - len(waiting)
    return {
        "period": f"{name} · {gettext('到')} {until}",
        "kind": row.kind if row.kind == "festival" or row.kind in special_periods.WEATHER else None,
        "level": row.level if row.level in special_periods.LEVELS else None,
        "until_on": until,
        "share": _of(found.reached, found.owed),
        "high": _of(found.high_reached, found.high_owed),
        "waiting": "、".join(waiting) + (f" +{more}" if more > 0 else ""),
    }


_SHOWN = 20


def _dispatch(session: Session, instance_id: UUID) -> dict[str, Any]:
    """The agenda of the meeting, a line each."""
    report = session.scalar(select(Report).where(Report.instance_id == instance_id))
    if report is None:
        return {}
    found = agenda.items(session, report)
    names = organisation.names_at(session, {each.unit_path for each in found}, "district")
    lines = [
        " ".join(part for part in (names.get(each.unit_path, ""), f"{_in(agenda.KINDS, each.kind)}：", each.ref,
                                   each.en if language() == "en" else each.zh) if part)
        for each in found
    ]  # fmt: skip
    return {"agenda": "\n".join(lines) or gettext("没有要协调的事项")}


def _names(session: Session, ids: list[int]) -> list[str]:
    """Masked, in the order given."""
    found = session.execute(select(Elder.id, Elder.name).where(Elder.id.in_(ids)))
    names = {row.id: row.name for row in found}
    return [masking.name(names[each]) for each in ids if each in names]


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}（{part * 100 // whole}%）" if whole else "—"


_KINDS: dict[str, Callable[[Session, UUID], dict[str, Any]]] = {
    "dispatch": _dispatch,
    "referral": _referral,
    "hazard": _hazard,
    "aid": _aid,
    "errand": _errand,
    "device": _device,
    "period": _period,
}
