"""The list of a handing over (移交清单, P36): the elders and the open tasks of a worker, and who has them now.

For the desks that register elders of the worker's units, and the worker; printing it and taking it along are written
down for each elder. Source: processes P36 (assignments listed until each has a successor); R-PRJ-12, R-USR-04.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from care import access, files, organisation, people, roles, visitors
from care.elders import TIER_TITLES, Elder
from care.errors import NotFound
from care.handovers import REASONS, Handover
from care.visitors import Responsibility
from engine import clock, jobs, tasks
from web import spreadsheets
from web.documents import document
from web.language import gettext, language, task_name
from web.signed_in import me

bp = Blueprint("handover_papers", __name__, url_prefix="/handovers")
KINDS = {"visitor": ("A角", "Visitor A"), "visitor_b": ("B角", "Visitor B")}


@dataclass(frozen=True)
class _List:
    """One handing over as lines of texts; `in_it` are the elders with their units."""

    row: Handover
    worker: str
    unit: str
    elders: list[list[str]]
    tasks: list[list[str]]
    in_it: dict[int, str]


@bp.get("/<int:handover_id>/list")
def show(handover_id: int) -> ResponseReturnValue:
    """The list, to be signed by who hands over, who takes over and who watches."""
    found = _made(handover_id, "print:handover")
    return document(
        "handover",
        gettext("工作移交清单"),
        found.unit,
        url_for("gaps.index"),
        clock.today(),
        spreadsheet=url_for("handover_papers.spreadsheet", handover_id=handover_id),
        row=found.row,
        worker=found.worker,
        why=_words(REASONS[found.row.reason]),
        elders=found.elders,
        tasks=found.tasks,
    )


@bp.get("/<int:handover_id>.xlsx")
def spreadsheet(handover_id: int) -> ResponseReturnValue:
    """The same as sheets."""
    found = _made(handover_id, "export:handover", leaves=True)
    of_elders = [gettext(each) for each in ("编号", "老人", "等级", "村（社区）", "原职责", "现由谁负责")]
    of_tasks = [gettext(each) for each in ("事项", "老人", "到", "移交给", "情况")]
    title = f"{gettext('工作移交清单')} {found.worker} {clock.local(found.row.began_at):%Y-%m-%d}"
    sheets = [(gettext("老人"), of_elders, found.elders), (gettext("待办"), of_tasks, found.tasks)]
    return spreadsheets.sent(spreadsheets.written(title, sheets), title)


def _made(handover_id: int, what: str, leaves: bool = False) -> _List:
    """The list, written down as read; raises NotFound for who has nothing to do with it."""
    person = me()
    with jobs.transaction() as session:
        row = session.get(Handover, handover_id)
        if row is None or not (row.staff_id == person.id or access.may(session, person, "register", row.unit_path)):
            raise NotFound(f"handover {handover_id}")
        if leaves and not access.may(session, person, "export", row.unit_path):
            abort(403)
        worker = people.find_staff(session, row.staff_id).name
        elders, in_it = _elders(session, row)
        handed, more = _tasks(session, row)
        unit = organisation.by_path(session, row.unit_path)
        files.record_export(session, person, in_it | more, what, worker)
        session.expunge_all()
    return _List(row, worker, unit.name if unit else "", elders, handed, in_it | more)


def _elders(session: Session, row: Handover) -> tuple[list[list[str]], dict[int, str]]:
    """The elders whose A or B the worker was when it began, and who is responsible today."""
    began_on = clock.local(row.began_at).date()
    asked = (
        select(Responsibility.kind, Elder)
        .join(Elder, Elder.id == Responsibility.elder_id)
        .where(
            Responsibility.staff_id == row.staff_id,
            Responsibility.kind.in_(tuple(KINDS)),
            Responsibility.from_on <= began_on,
            or_(Responsibility.until_on.is_(None), Responsibility.until_on >= began_on),
        )
        .order_by(Elder.number)
    )
    rows = list(session.execute(asked))
    villages = organisation.names_at(session, {elder.unit_path for _, elder in rows}, "village")
    holders = _holders(session, [elder.id for _, elder in rows])
    lines = []
    for kind, elder in rows:
        now = "、".join(f"{_words(KINDS[each])} {name}" for each, name in holders.get(elder.id, []))
        lines.append(
            [elder.number, elder.name, _words(TIER_TITLES[elder.tier]), villages.get(elder.unit_path, ""),
             _words(KINDS[kind]), now or gettext("待定（村居代办）")]
        )  # fmt: skip
    return lines, {elder.id: elder.unit_path for _, elder in rows}


def _holders(session: Session, elder_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """By elder: A and B of today who are there."""
    asked = select(Responsibility.elder_id, Responsibility.kind, Responsibility.staff_id).where(
        Responsibility.elder_id.in_(elder_ids),
        Responsibility.kind.in_(tuple(KINDS)),
        visitors.holds_today(),
        ~people.absent(Responsibility.staff_id),
    )
    rows = list(session.execute(asked.order_by(Responsibility.kind, Responsibility.id)))
    names = people.names(session, {staff_id for _, _, staff_id in rows})
    found: dict[int, list[tuple[str, str]]] = {}
    for elder_id, kind, staff_id in rows:
        found.setdefault(elder_id, []).append((kind, names.get(staff_id, "—")))
    return found


def _tasks(session: Session, row: Handover) -> tuple[list[list[str]], dict[int, str]]:
    """The tasks that went to others, and who has them now."""
    ids = [UUID(each) for each in row.handed or []]
    asked = select(*tasks.COLUMNS).where(tasks.task.c.id.in_(ids)).order_by(tasks.task.c.due_at, tasks.task.c.id)
    found = [tasks.of_row(each) for each in session.execute(asked)]
    about = {each.subject_id for each in found if each.subject_id is not None}
    elders = {each.id: each for each in session.scalars(select(Elder).where(Elder.id.in_(about)))}
    names = people.names(session, {each.assignee_id for each in found if each.assignee_id is not None})
    lines = []
    for each in found:
        elder = elders.get(each.subject_id or 0)
        to = names.get(each.assignee_id or 0) or roles.title(each.role, language())
        due = f"{clock.local(each.due_at):%Y-%m-%d %H:%M}" if each.due_at else ""
        state = gettext("在办") if each.state == tasks.OPEN else gettext("已办结")
        lines.append([task_name(each.name), elder.name if elder else "", due, to, state])
    return lines, {each.id: each.unit_path for each in elders.values()}


def _words(pair: tuple[str, str]) -> str:
    return pair[language() == "en"]
