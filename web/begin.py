"""What a person begins by hand: a new elder for the register, and about one elder an absence, an exit and the like.

Each begins the process that is about it; whoever has its first task finds it in the worklist. What is under way about
the same elder is not begun twice. Source: processes P01, P04, P05, P06, P08, P10, P33, P34, P35 («manual»).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, organisation, roles
from care.elders import Elder
from care.errors import NotFound
from care.people import Person
from engine import db, incoming, run, tasks
from engine.jobs import transaction
from web.language import N_, gettext
from web.pages import page
from web.signed_in import me

bp = Blueprint("begin", __name__)


@dataclass(frozen=True)
class Matter:
    """What can be begun about an elder: its process, or the message that begins it; `right` says by whom."""

    name: str
    title: str
    help: str
    right: str
    process_id: str = ""
    message: str = ""


MATTERS = (
    Matter("absence", N_("登记暂离"), N_("探亲、住院、旅行、短住机构，60天以内。"), "absence", "temporary_absence"),
    Matter("visit", N_("安排一次走访"), N_("周期以外，马上去看一次。"), "change", message="visit.ordered"),
    Matter("change", N_("报告重大变故"), N_("亲人去世、出院、跌倒骨折、受骗等，24小时内走访。"), "change",
           message="major_change.reported"),
    Matter("facts", N_("情况有变，复核等级"), N_("居住、家庭、身体情况变了。"), "change", message="facts.changed"),
    Matter("consent", N_("签署知情同意"), N_("新增或更改同意的用途。"), "consent", "consent"),
    Matter("contacts", N_("核实联系人"), N_("联系不上或换了号码。"), "assign", "contact_determination"),
    Matter("visitor", N_("重新结对"), N_("换责任人A、B。"), "assign", "assign_visitor"),
    Matter("exit", N_("报告退出"), N_("去世、迁走、入住机构、不愿继续等，由社区核实。"), "absence", "elder_exit"),
)  # fmt: skip


@bp.get("/elders/<int:elder_id>/begin")
def index(elder_id: int) -> ResponseReturnValue:
    """What this person may begin about the elder."""
    with db.reading() as session:
        elder = access.elder(session, me(), elder_id)
        return page("elders/begin.html", elder=elder, matters=_offered(session, me(), elder))


@bp.post("/elders/<int:elder_id>/begin")
def begin(elder_id: int) -> ResponseReturnValue:
    """Begin it; on to its first task where that is this person's own, else back to the file."""
    person = me()
    with transaction() as session:
        elder = access.elder(session, person, elder_id)
        wanted = request.form.get("matter", "")
        matter = next((each for each in _offered(session, person, elder) if each.name == wanted), None)
        if matter is None:
            abort(403)
        before = {row.id for row in _tasks(session, elder.id)}
        _begin(session, person, elder, matter)
        opened = [row for row in _tasks(session, elder.id) if row.id not in before and access.holds(person, row)]
    if opened:
        return redirect(url_for("task.show", task_id=opened[0].id))
    flash(gettext("已发起：%(what)s。", what=gettext(matter.title)))
    return redirect(url_for("elders.show", elder_id=elder_id))


def may_begin(session: Session, person: Person, elder_id: int) -> bool:
    """Whether there is anything that this person may begin about the elder."""
    return bool(_offered(session, person, access.elder(session, person, elder_id)))


def _offered(session: Session, person: Person, elder: Elder) -> list[Matter]:
    if elder.status == "exited":
        return []
    return [each for each in MATTERS if access.may(session, person, each.right, elder)]


def _begin(session: Session, person: Person, elder: Elder, matter: Matter) -> None:
    about = {"elder_id": elder.id}
    if matter.process_id:
        run.start(session, matter.process_id, about, key=f"{elder.id}:by_hand", by=person.id)
        return
    kind = {"visit": {"kind": "unplanned" if "visitor" in person.roles else "targeted"}}.get(matter.name, {})
    incoming.message(session, matter.message, str(elder.id), {**about, **kind})


def _tasks(session: Session, elder_id: int) -> list[tasks.TaskRow]:
    return tasks.find(session, filters=tasks.Filters(subject_id=elder_id), limit=200).rows


@bp.post("/elders/new")
def register() -> ResponseReturnValue:
    """A new elder: the registration begins in the grid or village where this person works. Source: P01."""
    person = me()
    path = place_of(person)
    if path is None:
        abort(403)
    with transaction() as session:
        if organisation.by_path(session, path) is None:
            raise NotFound(path)
        instance_id = run.start(session, "elder_registration", {"elder_id": None, "unit_path": path}, by=person.id)
        opened = [row for row in tasks.of_instance(session, instance_id) if access.holds(person, row)]
    if opened:
        return redirect(url_for("task.show", task_id=opened[0].id))
    flash(gettext("已发起：%(what)s。", what=gettext("摸排建档")))
    return redirect(url_for("worklist.index"))


def place_of(person: Person) -> str | None:
    """The grid, else the village, for which this person may register elders; None without one."""
    held = [post for post in person.posts if "register" in roles.role(post.role).rights]
    below = [post.unit_path for post in held if roles.role(post.role).level in ("grid", "village")]
    return max(below, key=len, default=None)
