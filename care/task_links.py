"""One task by link, without an account: for a contact person, or for whoever was asked to do one thing.

A link opens one task, until it is done, revoked or a week old. Its token cannot be guessed and is kept as a hash only;
who holds the key of this installation makes it again from the row, so a text is addressed when it is sent and a worker
can show the code twice. A contact's link is dead the moment the contact is excluded, the elder protected or gone. What
comes by a link is written into the history as such; nobody's account stands beside it.

A contact's link goes out by text when the task opens, where VISITFLOW_PUBLIC_ADDRESS says how phones reach the pages.
Public: TaskLink, Kind, KINDS, kind_of, make, make_for_contact, token, address, find, of_task, get, revoke, is_good,
answer, note, Dead. Source: R-NET-08 (P 二(二)); people-forms-indicators 5.1, 5.3 no. 9; processes P06 T5, P11 to P16.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import cases, contacts, errands, hazards, referrals
from care.contacts import Contact, Supporter
from care.elders import Elder
from care.errors import NotFound, RuleBroken
from care.personal import PathColumn
from engine import clock, history, jobs, operations, outgoing, run, tasks, work
from engine.db import Base, Id, Instant
from engine.settings import settings
from engine.tasks import TaskRow
from engine.vault import Encrypted, blind_index

FAMILY, SERVICE = "family", "service"
GOOD_FOR = timedelta(days=7)
WORK = "task_link"
_CALLS_FAMILY = frozenset(("call_family", "contact_family"))
Answers = dict[str, Any]
Words = tuple[str, str]  # Chinese, English


@dataclass(frozen=True)
class Kind:
    """What a link to a form of this key asks. `choices`: code → words; those in `why` need a reason.

    `completes` is false where a person at the desk judges what is said: then it is noted beside the task.
    """

    audience: str
    title: Words
    choices: Mapping[str, Words]
    why: frozenset[str] = frozenset()
    photo: bool = False
    completes: bool = True


_DONE = {"done": ("已办好", "It is done"), "not_done": ("没办成", "It could not be done")}
KINDS = {
    "family_comes": Kind(
        FAMILY,
        ("老人需要陪护，您能来吗", "The elder needs somebody to stay; can you come?"),
        {
            "comes": ("我马上过去", "I am coming"),
            "far": ("我来不了，已托别人去", "I cannot come, somebody else will"),
            "refuses": ("我不去", "I will not come"),
        },
    ),
    "contact_agreement": Kind(
        FAMILY,
        ("您愿意做老人的第一联系人吗", "Will you be the elder's first contact?"),
        {"agrees": ("愿意接报警电话", "I will take the alarms"), "declines": ("不方便", "I would rather not")},
    ),
    "alarm_call": Kind(
        FAMILY,
        ("老人报警，请您联系老人", "The elder raised an alarm; please get in touch"),
        {
            "well": ("已联系上，老人平安", "I reached the elder, all is well"),
            "needs_help": ("已联系上，需要帮助", "I reached the elder, help is needed"),
            "not_reached": ("联系不上老人", "I cannot reach the elder"),
            "comes": ("我正赶过去", "I am on my way"),
        },
        completes=False,
    ),
    "errand_done": Kind(
        SERVICE, ("帮老人办一件事", "An errand for an elder"), _DONE, why=frozenset(("not_done",)), photo=True
    ),
    "referral_result": Kind(
        SERVICE, ("为老人服务", "A service for an elder"), _DONE, why=frozenset(("not_done",)), photo=True
    ),
    "hazard_rectify": Kind(
        SERVICE, ("排除一处隐患", "A hazard to be mended"), {"done": ("已整改好", "It is mended")}, photo=True
    ),
}


class Dead(RuleBroken):
    """The link opens nothing any more."""

    def __init__(self) -> None:
        super().__init__("这个链接已停用", "this link is no longer in use")


class TaskLink(Base):
    """One link. `contact_id`: the contact person it went to; else `reader` is whoever a worker gave it to."""

    __tablename__ = "task_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[bytes] = mapped_column(LargeBinary(16))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    task_id: Mapped[UUID] = mapped_column(Id, index=True)
    instance_id: Mapped[UUID | None] = mapped_column(Id)
    elder_id: Mapped[int | None] = mapped_column(ForeignKey("elder.id"), index=True)
    unit_path: Mapped[str] = mapped_column(PathColumn)
    form_key: Mapped[str] = mapped_column(String(80))
    contact_id: Mapped[int | None] = mapped_column()  # no foreign key: a contact who is taken off the list is deleted
    reader: Mapped[str] = mapped_column(Encrypted, default="")
    phone: Mapped[str | None] = mapped_column(Encrypted)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def kind(self) -> Kind:
        return KINDS[self.form_key]


def kind_of(task: TaskRow) -> Kind | None:
    """What a link to this task asks; None for a task that nobody does by link."""
    if task.form_key == "alarm_call" and task.element_id not in _CALLS_FAMILY:
        return None
    return KINDS.get(task.form_key or "")


def make(session: Session, task: TaskRow, by: int | None, reader: str = "", phone: str = "") -> TaskLink:
    """A link to a task for whoever does it once. Raises RuleBroken for an alleged abuser and a task without links."""
    kind = kind_of(task)
    if kind is None or task.state != tasks.OPEN:
        raise RuleBroken("这件事不能用链接办", "this task is not done by link")
    if phone and _is_alleged(session, task.subject_id, phone):
        raise RuleBroken("不能发给这个号码", "it may not go to this number")
    return _made(session, task, by, reader=reader.strip()[:60], phone=phone.strip()[:20] or None)


def make_for_contact(session: Session, task: TaskRow, by: int | None) -> TaskLink | None:
    """A link to a task for the contact person whose answer it waits for; None where nobody may be asked."""
    kind, contact = kind_of(task), _asked(session, task)
    if kind is None or kind.audience != FAMILY or contact is None or task.state != tasks.OPEN:
        return None
    return _made(session, task, by, contact_id=contact.id, reader=contact.name)


def _made(session: Session, task: TaskRow, by: int | None, **whose: Any) -> TaskLink:
    nonce = secrets.token_bytes(16)
    row = TaskLink(
        nonce=nonce,
        token_hash=_hash(_token(nonce)),
        task_id=task.id,
        instance_id=task.instance_id,
        elder_id=task.subject_id,
        unit_path=task.unit_path,
        form_key=task.form_key,
        made_by=by,
        made_at=clock.now(),
        ends_at=clock.now() + GOOD_FOR,
        **whose,
    )
    session.add(row)
    session.flush()
    _tell(session, row, "link_made", by)
    return row


def _asked(session: Session, task: TaskRow) -> Contact | None:
    """Whom a task of the family asks: for the agreement the head of the list, else the first who may be notified."""
    if task.subject_id is None:
        return None
    if task.form_key == "contact_agreement":
        found = contacts.notifiable(session, task.subject_id)
        contact = found[0] if found else None
    else:
        contact = contacts.first(session, task.subject_id)
    return contact if contact is not None and contact.relation != "community" else None


def _is_alleged(session: Session, elder_id: int | None, phone: str) -> bool:
    """Whether the number is that of somebody whom nothing may reach. Source: R-USR-05."""
    wanted = blind_index("phone", phone)
    by_contact = select(Contact.id).where(Contact.elder_id == elder_id, Contact.phone_index == wanted, Contact.excluded)
    by_supporter = select(Supporter.id).where(
        Supporter.elder_id == elder_id, Supporter.phone_index == wanted, Supporter.alleged_abuser
    )
    return session.scalar(by_contact.union(by_supporter).limit(1)) is not None


def token(row: TaskLink) -> str:
    """The secret of a link: 22 characters, made from the row and the key of this installation."""
    return _token(row.nonce)


def _token(nonce: bytes) -> str:
    return base64.urlsafe_b64encode(blind_index("task_link", nonce.hex())).decode().rstrip("=")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def address(row: TaskLink) -> str:
    """Where a phone outside opens the link; empty without a public address."""
    base = settings().public_address.rstrip("/")
    return f"{base}/t/{token(row)}" if base else ""


def find(session: Session, text: str) -> TaskLink:
    """The link of a token, if it is still good. Raises Dead, also for a token that never was."""
    row = session.scalar(select(TaskLink).where(TaskLink.token_hash == _hash(text[:64])))
    if row is None or not is_good(session, row):
        raise Dead
    return row


def is_good(session: Session, row: TaskLink) -> bool:
    """Not revoked, not too old, and its reader may still be asked about this elder."""
    if row.revoked_at is not None or row.ends_at <= clock.now():
        return False
    if row.contact_id is not None and row.elder_id is not None:
        return any(each.id == row.contact_id for each in contacts.notifiable(session, row.elder_id))
    return not (row.phone and _is_alleged(session, row.elder_id, row.phone))


def of_task(session: Session, task_id: UUID) -> list[TaskLink]:
    """All links to a task, newest first."""
    return list(session.scalars(select(TaskLink).where(TaskLink.task_id == task_id).order_by(TaskLink.id.desc())))


def get(session: Session, link_id: int, task_id: UUID) -> TaskLink:
    """Raises NotFound."""
    row = session.get(TaskLink, link_id)
    if row is None or row.task_id != task_id:
        raise NotFound(f"link {link_id}")
    return row


def revoke(session: Session, row: TaskLink, by: int | None) -> None:
    """The link opens nothing from now on."""
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        _tell(session, row, "link_revoked", by)


def answer(
    session: Session, row: TaskLink, choice: str, words: str, photos: Sequence[str], money: int, sent: UUID
) -> None:
    """What the reader says: it finishes the task, or stands beside it. The same `sent` again changes nothing.

    Raises RuleBroken for an answer that the link does not offer or that lacks its reason, and what completing raises.
    """
    kind = row.kind
    if choice not in kind.choices:
        raise RuleBroken("请选一个", "choose one")
    if (choice in kind.why or (choice == "done" and not photos)) and not words.strip():
        raise RuleBroken("请写几句，或者拍张照片", "write a few words, or take a photo")
    if kind.completes:
        said = _ANSWERS[row.form_key](row, choice, words.strip(), list(photos), money)
        run.complete_task(session, row.task_id, said, by=None, submission_id=sent)
    else:
        _note(session, row, choice, words.strip())
    row.used_at = clock.now()
    _tell(session, row, "link_answered", None)


def _note(session: Session, row: TaskLink, choice: str, words: str) -> None:
    """The words stand in the record of the case, and the desk that rings the family reads them there."""
    case = cases.of_instance(session, row.instance_id) if row.instance_id else None
    if case is None and row.elder_id is not None:
        case = next((each for each in cases.of_elder(session, row.elder_id) if each.state == "open"), None)
    if case is None:
        raise Dead
    said = row.kind.choices[choice][0]
    cases.note(session, case, "family_answered", text="，".join(filter(None, (row.reader, said, words))))
    outgoing.record(
        session, "screen", f"link:{row.id}:{clock.now().isoformat()}", lane="alarm", role="monitor_desk",
        unit_path=row.unit_path, template="family_answered", case=case.id,
    )  # fmt: skip


def _of_family(row: TaskLink, choice: str, words: str, photos: list[str], money: int) -> Answers:
    at = clock.local(clock.now()).isoformat(timespec="minutes")
    return _said(whom=row.reader, at=at, answer=choice, note=words)


def _of_agreement(row: TaskLink, choice: str, words: str, photos: list[str], money: int) -> Answers:
    return _said(way="sms", agrees=choice == "agrees", note=words)


def _of_errand(row: TaskLink, choice: str, words: str, photos: list[str], money: int) -> Answers:
    if choice == "done":
        return _said(done=True, what=words or _SEEN, money_out=money or None, receipt=photos)
    return _said(done=False, why=words)


def _of_referral(row: TaskLink, choice: str, words: str, photos: list[str], money: int) -> Answers:
    if choice == "done":
        return _said(served=True, what=words or _SEEN, done_on=clock.today().isoformat(), by=row.reader, papers=photos)
    return _said(served=False, reason=words)


def _of_hazard(row: TaskLink, choice: str, words: str, photos: list[str], money: int) -> Answers:
    today = clock.today().isoformat()
    return _said(result="done", done=words or _SEEN, done_on=today, by=row.reader, after=photos)


_SEEN = "见照片"


def _said(**answers: Any) -> Answers:
    return {name: value for name, value in answers.items() if value not in (None, "", [])}


_ANSWERS = {
    "family_comes": _of_family,
    "contact_agreement": _of_agreement,
    "errand_done": _of_errand,
    "referral_result": _of_referral,
    "hazard_rectify": _of_hazard,
}


def _tell(session: Session, row: TaskLink, what: str, by: int | None) -> None:
    history.write(session, row.instance_id, by, what, None, row.elder_id, row.unit_path, task=row.task_id, link=row.id)


# --- texts with links ---


@operations.answers_question("opened")
def plan_links(session: Session, opened: Sequence[TaskRow]) -> None:
    """Tasks opened that a contact may answer: the links are made and sent apart from the step, which they never hold
    up."""
    if settings().public_address:
        for task in opened:
            kind = kind_of(task)
            if kind is not None and kind.audience == FAMILY and task.subject_id is not None:
                work.add(session, WORK, ref=task.id, lane=work.ALARM, key=f"{WORK}:{task.id}", unit_path=task.unit_path)


@jobs.does(WORK)
def send_link(session: Session, item: work.Item) -> None:
    """Make the link of a task and write down its text; nothing where the task is over or nobody may be asked."""
    assert item.ref is not None
    row = make_for_contact(session, tasks.get(session, item.ref), None)
    if row is not None:
        send(session, row)


def send(session: Session, row: TaskLink) -> bool:
    """Write down the text that carries the link; the number and the address are filled in when it is sent."""
    if not settings().public_address or not (row.contact_id or row.phone):
        return False
    whose = {"contact": row.contact_id} if row.contact_id else {}
    return outgoing.record(
        session, "sms", f"link:{row.id}", lane="alarm", template="task_link", link=row.id, **whose
    ) is not None  # fmt: skip


def texted(session: Session, link_id: int) -> dict[str, Any]:
    """What a text with a link carries when it goes out. Raises DeliveryFailed for a link that died meanwhile."""
    row = session.get(TaskLink, link_id)
    if row is None or not is_good(session, row):
        raise outgoing.DeliveryFailed("the link is no longer in use", permanent=True)
    return {"address": address(row)} | ({"to": row.phone} if row.phone else {})


def about(session: Session, row: TaskLink) -> Words:
    """What kind of errand, service or hazard it is; empty words where the link is not about one."""
    if row.form_key == "errand_done" and (errand := errands.of_instance(session, row.instance_id)):
        return errands.KINDS.get(errand.kind, ("", ""))
    if row.form_key == "hazard_rectify" and (hazard := hazards.of_instance(session, row.instance_id)):
        return hazards.ITEMS.get(hazard.item, ("", ""))
    if row.form_key == "referral_result" and (referral := referrals.of_instance(session, row.instance_id)):
        return referrals.CATEGORIES.get(referral.category, ("", ""))
    return "", ""


def subject(session: Session, row: TaskLink) -> Elder | None:
    """The elder that a link is about."""
    return session.get(Elder, row.elder_id) if row.elder_id is not None else None
