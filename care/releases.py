"""A changed diagram on its way to everybody: handed in, checked, tried, approved by a second person, deployed.

New instances use the new version; running ones stay on theirs, or are moved when the approver wants it and their
waiting points still exist: the dry run says of how many that is so, and names for the others why not.

Public: Release, STATES, propose, get, every, whole, check, deploy, dry_run, move.
Source: people-forms-indicators 5.2 (designer is not approver); processes P45.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care import roles
from care.errors import NotFound, RuleBroken
from engine import bulk, checks, clock, definitions, forms, migration, run, tasks
from engine.db import Base, Document, Id, Instant
from engine.operations import OPERATIONS

PROCESS, FIRST_TASK = "definition_release", "hand_in"
STATES = {
    "proposed": ("办理中", "Under way"),
    "refused": ("检查未过", "Checks failed"),
    "not_working": ("试跑未过", "Trial failed"),
    "rejected": ("未批准", "Not approved"),
    "deployed": ("已发布", "Released"),
}


class Release(Base):
    """One hand-in. `findings` as the checks say them; `dry_run`: {"possible": n, "reasons": [[zh, en, n]]}."""

    __tablename__ = "definition_release"

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(80), index=True)
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    based_on: Mapped[int] = mapped_column()
    note: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(12), default="proposed", index=True)
    findings: Mapped[Any] = mapped_column(Document, default=list)
    dry_run: Mapped[Any | None] = mapped_column(Document)
    version: Mapped[int | None] = mapped_column()
    definition_id: Mapped[int | None] = mapped_column()
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decision_words: Mapped[str] = mapped_column(String(400), default="")
    instance_id: Mapped[UUID | None] = mapped_column(Id)


def propose(session: Session, process_id: str, xml: bytes, note: str, by: int) -> Release:
    """Hand a diagram in; its process begins, and the first task is done by whoever hands it in.

    Raises NotDeployed for an unknown process, RuleBroken without a note or while another one is under way.
    """
    based_on = definitions.current(session, process_id).version
    if not note.strip():
        raise RuleBroken("请写改了什么、为什么", "say what was changed and why")
    asked = select(Release.id).where(Release.process_id == process_id, Release.state == "proposed")
    if session.scalar(asked.limit(1)) is not None:
        raise RuleBroken("这个流程已有一稿在办", "another draft of this process is under way")
    row = Release(
        process_id=process_id, xml=xml, based_on=based_on, note=note.strip()[:400], proposed_by=by,
        proposed_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    row.instance_id = run.start(session, PROCESS, {}, key=str(row.id), by=by)
    [task] = [each for each in tasks.of_instance(session, row.instance_id) if each.element_id == FIRST_TASK]
    run.complete_task(session, task.id, {"release_id": row.id, "note": row.note}, by)
    return row


def get(session: Session, release_id: int) -> Release:
    """Raises NotFound."""
    row = session.get(Release, release_id)
    if row is None:
        raise NotFound(f"definition release {release_id}")
    return row


def every(session: Session, limit: int = 100) -> list[Release]:
    """The newest first."""
    return list(session.scalars(select(Release).order_by(Release.id.desc()).limit(limit)))


def whole(session: Session, process_id: str, xml: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """(diagrams and tables, forms) of all current versions, with this diagram in the place of its old file."""
    files: dict[str, bytes] = {}
    carried: dict[str, bytes] = {}
    opened: dict[int, dict[str, bytes]] = {}
    for each in definitions.every(session):
        content = opened.setdefault(each.bundle_id, definitions.files(session, each.bundle_id))
        files[each.path] = content[each.path]
        files |= {path: text for path, text in content.items() if path.endswith(".dmn")}
        carried |= {path: text for path, text in content.items() if path.startswith("forms/")}
    files[definitions.current(session, process_id).path] = xml
    return files, carried


def findings(session: Session, process_id: str, xml: bytes) -> list[checks.Finding]:
    """Findings of this diagram and its drawing, judged beside the others, in a child process with limits."""
    path = definitions.current(session, process_id).path
    files, _ = whole(session, process_id, xml)
    known = checks.Known(
        forms=set(forms.keys()),
        operations=checks.Known.signatures(OPERATIONS),
        processes={each.process_id for each in definitions.every(session)} - {process_id},
        roles=set(roles.ROLES) | {f"dept:{code}" for code in roles.DEPARTMENTS},
    )
    found = checks.check_in_child(files, known, drawings_of=(path,))
    return [each for each in found if each.file == path]


def check(session: Session, row: Release) -> bool:
    """Whether nothing is wrong with it; what the checks say is kept, warnings too."""
    found = findings(session, row.process_id, row.xml)
    row.findings = [
        {"element": each.element, "level": each.level, "rule": each.rule, "zh": each.zh, "en": each.en}
        for each in found
    ]
    good = not any(each.is_error for each in found)
    if not good:
        row.state = "refused"
    session.flush()
    return good


def deploy(session: Session, row: Release, by: int | None) -> bool:
    """Deploy the whole current set with this diagram in its place; False when what else changed refuses it now."""
    files, carried = whole(session, row.process_id, row.xml)
    try:
        definitions.deploy(session, files, by, carried, apart=True)
    except definitions.Refused:
        row.state = "refused"
        session.flush()
        return False
    current = definitions.current(session, row.process_id)
    row.state, row.version, row.definition_id = "deployed", current.version, current.id
    session.flush()
    return True


def dry_run(session: Session, row: Release) -> int:
    """How many running instances could go to the new version; why the others cannot is kept, nothing is moved."""
    assert row.definition_id is not None
    found = migration.preview_all(session, row.definition_id)
    reasons = [[reason.zh, reason.en, number] for reason, number in found.reasons]
    row.dry_run = {"possible": found.possible, "reasons": reasons}
    session.flush()
    return found.possible


def move(session: Session, row: Release, by: int | None) -> int:
    """Have the instances that can go to the new version moved, each by itself; how many were asked for."""
    assert row.definition_id is not None
    able = [each.instance_id for each in migration.verdicts(session, row.definition_id) if not each.misfits]
    for first in range(0, len(able), bulk.MOST):
        part = able[first : first + bulk.MOST]
        bulk.begin(session, "migrate", part, ["/"], f"release {row.id}", by, definition=row.definition_id)
    return len(able)
