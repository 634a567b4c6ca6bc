"""What one does with a task beside completing it: the sheet «更多», and one small page for each verb.

Every page works without script. A verb that cannot be used here is not offered; who asks for it all the same (an old
page, two people at once) gets 409 with the reason, and everything typed. Programs get the same as JSON: `state` is done
or refused. Who may use which verb, and whom it may give the task to, care/task_verbs.py and engine/verbs decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from care import access, people, task_verbs, visitors
from care.errors import NotFound, RuleBroken
from care.people import Person
from engine import clock, db, tasks, verbs
from engine.errors import NotPossible
from engine.jobs import transaction
from engine.tasks import NO_DUE, NotYours, SamePerson, TaskNotOpen, TaskRow, signers, words
from engine.verbs.policy import HOLDER, VERBS
from web import attachments, briefs
from web.attachments import FileRefused
from web.errors import wants_json
from web.language import N_, gettext, language
from web.pages import page
from web.signed_in import me

bp = Blueprint("task_verbs", __name__)


@dataclass(frozen=True)
class Verb:
    """How a verb is asked for: its name, what is said when it is done, and the fields of its page."""

    title: str
    done: str
    fields: tuple[str, ...] = ()
    why: str = ""  # "", asked or required


PAGES: dict[str, Verb] = {
    "transfer": Verb(N_("转办"), N_("已转办"), ("person",), "asked"),
    "delegate": Verb(N_("委派"), N_("已委派"), ("person",), "asked"),
    "sign": Verb(N_("加签"), N_("已请人会签"), ("people", "part"), "asked"),
    "unsign": Verb(N_("减签"), N_("已减签"), ("signer",), "asked"),
    "send_back": Verb(N_("退回"), N_("已退回"), ("step",), "required"),
    "copy": Verb(N_("抄送"), N_("已抄送"), ("people",), "asked"),
    "urge": Verb(N_("催办"), N_("已催办"), (), "asked"),
    "comment": Verb(N_("留言"), N_("已留言"), ("mentioned",), "required"),
    "attach": Verb(N_("附件"), N_("附件已存"), ("file",), "asked"),
    "snooze": Verb(N_("稍后再办"), N_("到时再提醒你"), ("until",), "asked"),
    "release": Verb(N_("放回"), N_("已放回"), (), "asked"),
    "withdraw": Verb(N_("撤回"), N_("已撤回"), (), "asked"),
    "undo": Verb(N_("撤销"), N_("已撤销")),
}
UNDOABLE = frozenset(("transfer", "delegate", "snooze", "release"))
ABOUT = {
    "transfer": N_("转给对方办，不再回到你这里。"),
    "delegate": N_("对方办完后回到你这里，由你确认。"),
    "sign": N_("请别人也签一份意见，大家都签了再往下走。"),
    "send_back": N_("退到前面办过的一步，由原来的人重办，期限重新算。"),
    "copy": N_("对方能看，不用办。"),
    "withdraw": N_("收回你刚办完的，后面的人还没动才行。"),
    "snooze": N_("到时再回到你的待办，期限不变。"),
    "release": N_("放回岗位，同岗位的人都能接。"),
    "urge": N_("提醒正在办的人，每小时次数有限。"),
}
PARTS = {
    signers.BEFORE: N_("我办之前签"),
    signers.TOGETHER: N_("和我一起签"),
    signers.AFTER: N_("我办之后签"),
}


def offered(session: Session, person: Person, task: TaskRow, mine: bool) -> list[tuple[str, str]]:
    """(verb, name) of what this person may do with the task now, in the order of PAGES."""
    rules = verbs.policy.of(session, task)
    is_open, others = task.state == tasks.OPEN, task.claimed_by not in (None, person.id)
    holding = is_open and mine and not others and task.hidden_until != NO_DUE
    asked = signers.outstanding(signers.of(session, task.id)) if is_open and mine else []
    here = {
        "release": holding and task.claimed_by == person.id,
        "unsign": bool(asked) and mine,
        "send_back": holding and task.instance_id is not None and bool(verbs.choices(session, task)),
        "withdraw": _withdrawable(session, task, person),
        "urge": is_open and not holding,
        "undo": False,
    }
    found = []
    for verb, drawn in PAGES.items():
        usual = VERBS[verb] != HOLDER or holding
        if here.get(verb, usual) and rules.allows(verb):
            found.append((verb, gettext(drawn.title)))
    return found


def _withdrawable(session: Session, task: TaskRow, person: Person) -> bool:
    if task.state == tasks.DONE:
        return verbs.may_withdraw(session, task, person.id) is None
    return task.hidden_until == NO_DUE and task.claimed_by == person.id


@bp.get("/tasks/<uuid:task_id>/do/<verb>")
def ask(task_id: UUID, verb: str) -> ResponseReturnValue:
    with db.reading() as session:
        task = found(session, task_id, verb)
        return _page(session, task, verb)


@bp.post("/tasks/<uuid:task_id>/do/<verb>")
def use(task_id: UUID, verb: str) -> ResponseReturnValue:
    person = me()
    with db.reading() as session:
        task = found(session, task_id, verb)
    try:
        again = apply(person, task_id, verb, _of_form(_stored(person, task) if verb == "attach" else None))
    except REFUSALS as fault:
        return _refused(task, verb, sentence_of(fault))
    to = _name(int(request.form["person"])) if request.form.get("person", "").isdecimal() else ""
    return _done(person, verb, task_id, again, to)


REFUSALS = (NotPossible, RuleBroken, SamePerson, NotYours, TaskNotOpen, FileRefused)


def sentence_of(fault: Exception) -> str:
    """Why a verb was refused, in the language of whoever asked."""
    if isinstance(fault, NotPossible | RuleBroken):
        return fault.en if language() == "en" else fault.zh
    if isinstance(fault, SamePerson):
        return gettext("前面那一步是他办的，这一步要换一个人。")
    if isinstance(fault, NotYours):
        return gettext("%(who)s 已接手。", who=_name(fault.who))
    if isinstance(fault, TaskNotOpen):
        return gettext("这件事已经办完或不用办了。")
    return str(fault)


def found(session: Session, task_id: UUID, verb: str) -> TaskRow:
    """The task, if this person may use the verb on it; raises NotFound, NotAllowed."""
    if verb not in PAGES:
        raise NotFound(verb)
    try:
        task = tasks.get(session, task_id)
    except tasks.NoSuchTask:
        raise NotFound(str(task_id)) from None
    task_verbs.require(session, me(), verb, task)
    return task


def _page(session: Session, task: TaskRow, verb: str, told: str = "", status: int = 200) -> ResponseReturnValue:
    drawn = PAGES[verb]
    without = [me().id] + [each for each in (task.assignee_id,) if each is not None and verb in ("transfer", "sign")]
    wants_people = {"person", "people", "mentioned"} & set(drawn.fields)
    people_here = task_verbs.colleagues(session, task, verb, without) if wants_people else []
    found = visitors.of_elder(session, task.subject_id) if wants_people and task.subject_id else []
    parts = {each.staff_id: each.kind for each in found}
    elder = briefs.of_elders(session, me(), [task.subject_id]).get(task.subject_id) if task.subject_id else None
    return page(
        "worklist/verb.html",
        status,
        task=task,
        verb=verb,
        drawn=drawn,
        about=gettext(ABOUT[verb]) if verb in ABOUT else "",
        told=told,
        typed=request.form,
        colleagues=sorted(people_here, key=lambda each: each.id not in parts),
        parts_of_elder=parts,
        places=briefs.unit_names(session, {each.unit_path for each in people_here}),
        elder=briefs.seen(elder, task) if elder else None,
        parts=PARTS,
        steps=steps_of(session, task) if "step" in drawn.fields else [],
        asked=_asked(session, task) if "signer" in drawn.fields else [],
        latest=clock.local(task.due_at) if task.due_at else None,
    )


def steps_of(session: Session, task: TaskRow) -> list[dict[str, Any]]:
    """The steps done before, with who did them, and why the task cannot be sent back there (empty: it can)."""
    found = verbs.choices(session, task)
    names = people.names(session, {each.done_by for each in found if each.done_by is not None})
    side = "en" if language() == "en" else "zh"
    return [
        {
            "key": each.key,
            "name": each.name,
            "who": names.get(each.done_by or 0, ""),
            "at": each.done_at,
            "refusal": getattr(each.refusal, side) if each.refusal is not None else "",
        }
        for each in found
    ]


def _asked(session: Session, task: TaskRow) -> list[tuple[int, str]]:
    waiting = signers.outstanding(signers.of(session, task.id))
    names = people.names(session, {each.assignee_id for each in waiting if each.assignee_id is not None})
    return [(each.assignee_id, names.get(each.assignee_id, "—")) for each in waiting if each.assignee_id is not None]


def _refused(task: TaskRow, verb: str, told: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(state="refused", message=told), 409
    with db.reading() as session:
        return _page(session, tasks.get(session, task.id), verb, told, 409)


def _done(person: Person, verb: str, task_id: UUID, again: UUID | None, to: str = "") -> ResponseReturnValue:
    told = gettext(PAGES[verb].done) + (f"{gettext('：')}{to}" if to else "")
    if wants_json():
        return jsonify(state="done", message=told, task=str(again or task_id))
    flash(told)
    if verb in UNDOABLE:
        flash(url_for("task_verbs.use", task_id=task_id, verb="undo"), "undo")
    with db.reading() as session:
        shown = tasks.get(session, again or task_id)
        stays = access.may(session, person, "see", shown) and verb not in UNDOABLE | {"send_back"}
    return redirect(url_for("task.show", task_id=shown.id) if stays else url_for("worklist.index"))


def _stored(person: Person, task: TaskRow) -> UUID:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise NotPossible("请选一个文件。", "Choose a file.")
    with db.writing() as session:
        return attachments.store(session, file.stream.read(attachments.LARGEST + 1), person.id, task.subject_id)


@dataclass(frozen=True)
class Asked:
    """What is asked for with a verb, whichever way it came; each verb reads its own part."""

    people: tuple[int, ...] = ()
    part: str = signers.BEFORE
    step: str = ""
    until: datetime | None = None
    why: str = ""
    file_id: UUID | None = None

    @property
    def person(self) -> int:
        """The one person chosen; raises NotPossible."""
        if len(self.people) != 1:
            raise NotPossible("请选一个人。", "Choose a person.")
        return self.people[0]

    @property
    def earlier(self) -> str:
        """The step chosen to go back to; raises NotPossible."""
        if not self.step:
            raise NotPossible("请选退到哪一步。", "Choose the step to go back to.")
        return self.step

    @property
    def time(self) -> datetime:
        """The time chosen; raises NotPossible."""
        if self.until is None:
            raise NotPossible("请选时间。", "Choose a time.")
        return self.until if self.until.tzinfo is not None else self.until.replace(tzinfo=clock.zone())


def _of_form(file_id: UUID | None) -> Asked:
    sent = request.form
    chosen = [each for name in ("person", "people", "signer", "mentioned") for each in sent.getlist(name)]
    try:
        until = datetime.fromisoformat(sent.get("until", ""))
    except ValueError:
        until = None
    people_chosen = tuple(int(each) for each in chosen if each.isdecimal())
    part = sent.get("part", signers.BEFORE)
    return Asked(people_chosen, part, sent.get("step", ""), until, sent.get("why", ""), file_id)


def apply(person: Person, task_id: UUID, verb: str, asked: Asked) -> UUID | None:
    """Use the verb in one transaction; the id of the task that is open now, if it is another one.

    The caller has asked `care.task_verbs.require`. Raises NotPossible, RuleBroken, tasks.NotYours, SamePerson and
    TaskNotOpen, each with nothing changed.
    """
    with transaction() as session:
        task = tasks.get(session, task_id)
        if asked.people and verb in ("transfer", "delegate", "sign", "copy", "comment"):
            task_verbs.require_colleagues(session, task, verb, asked.people)
        return _USES[verb](session, person, task, asked)


Use = Callable[[Session, Person, TaskRow, Asked], UUID | None]


def _release(session: Session, person: Person, task: TaskRow, asked: Asked) -> None:
    task_verbs.require_holders(session, task)
    verbs.release(session, task.id, person.id, asked.why)


def _attach(session: Session, person: Person, task: TaskRow, asked: Asked) -> None:
    if asked.file_id is None:
        raise NotPossible("请选一个文件。", "Choose a file.")
    verbs.attach(session, task.id, person.id, asked.file_id, asked.why)


def _leaves_the_task(use: Callable[[Session, UUID, int, Asked], object]) -> Use:
    """A verb after which the task is the same one."""

    def used(session: Session, person: Person, task: TaskRow, asked: Asked) -> None:
        use(session, task.id, person.id, asked)

    return used


_USES: dict[str, Use] = {
    "transfer": _leaves_the_task(lambda s, task, by, asked: verbs.transfer(s, task, by, asked.person, asked.why)),
    "delegate": _leaves_the_task(lambda s, task, by, asked: verbs.delegate(s, task, by, asked.person, asked.why)),
    "sign": _leaves_the_task(lambda s, task, by, asked: verbs.sign(s, task, by, asked.people, asked.part, asked.why)),
    "unsign": _leaves_the_task(lambda s, task, by, asked: verbs.unsign(s, task, by, asked.person, asked.why)),
    "send_back": lambda s, person, task, asked: verbs.send_back(s, task.id, person.id, asked.earlier, asked.why),
    "copy": _leaves_the_task(lambda s, task, by, asked: verbs.copy(s, task, by, asked.people, asked.why)),
    "urge": _leaves_the_task(lambda s, task, by, asked: verbs.urge(s, task, by, asked.why)),
    "comment": _leaves_the_task(lambda s, task, by, asked: verbs.comment(s, task, by, asked.why, asked.people)),
    "attach": _attach,
    "snooze": _leaves_the_task(lambda s, task, by, asked: verbs.snooze(s, task, by, asked.time, asked.why)),
    "release": _release,
    "withdraw": lambda s, person, task, asked: verbs.withdraw(s, task.id, person.id, asked.why),
    "undo": lambda s, person, task, _: verbs.undo(s, task.id, person.id),
}


def _name(person_id: int) -> str:
    with db.reading() as session:
        return people.names(session, [person_id]).get(person_id, "—")


_SAID_WITH = {verb: each.title for verb, each in PAGES.items() if verb != words.COMMENT} | {"leave": N_("离岗交接")}
"""What was done, beside the reason that somebody gave for it."""


@dataclass(frozen=True)
class Said:
    """One thing said about a task, as its page shows it."""

    who: str
    at: datetime
    what: str
    text: str
    file_id: UUID | None


def said_of(session: Session, task: TaskRow) -> list[Said]:
    """What was said about a task, oldest first, with names in one question."""
    found = words.said(session, task)
    names = people.names(session, {each.who for each in found})
    return [
        Said(
            names.get(each.who, "—"),
            each.at,
            gettext(_SAID_WITH[each.kind]) if each.kind in _SAID_WITH else "",
            each.text or "",
            each.file_id,
        )
        for each in found
    ]


def given_of(session: Session, task: TaskRow) -> list[tuple[str, str]]:
    """(what, who) of those who have a part in the task: signers with where they stand, copies, the delegator."""
    signing, copied = signers.of(session, task.id), words.copied_to(session, task.id)
    everybody = {each.assignee_id for each in signing} | set(copied) | {task.delegated_by}
    names = people.names(session, {each for each in everybody if each is not None})
    rows = [
        (
            gettext("会签（已签）") if each.state == tasks.DONE else gettext("会签（未签）"),
            names.get(each.assignee_id or 0, "—"),
        )
        for each in signing
    ]
    if copied:
        rows.append((gettext("抄送"), "、".join(names.get(each, "—") for each in copied)))
    if task.delegated_by is not None:
        rows.append((gettext("委派人"), names.get(task.delegated_by, "—")))
    return rows


def undoable(person: Person, task_id: UUID) -> bool:
    """Whether what this person has just completed can be taken back."""
    with db.reading() as session:
        return verbs.may_withdraw(session, tasks.get(session, task_id), person.id) is None
