"""Tables of the files of supporters' duty (赡养督促案卷): closed files, read only by those who work on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.personal import OfElder
from engine.db import Base, Document, Id, Instant
from engine.vault import Encrypted

KINDS = {
    "money": ("经济供养", "Money"),
    "care": ("生活照料", "Care"),
    "comfort": ("精神慰藉", "Comfort"),
    "guardianship": ("监护", "Guardianship"),
    "unreachable": ("联系不上", "Out of reach"),
    "abuse": ("虐待", "Abuse"),
    "desertion": ("遗弃", "Desertion"),
}
ABUSE = frozenset(("abuse", "desertion"))
STAGES = {
    "verifying": ("核实", "Being verified"),
    "urging": ("督促", "Urged"),
    "joint": ("联合批评教育", "Joint education"),
    "danger": ("先保护，判断是否移送", "Protected; is it a crime?"),
    "transfer": ("移送", "Transfer"),
    "mediation": ("调解", "Mediation"),
    "watching": ("观察", "Watched"),
    "closed": ("已结案", "Closed"),
}
OUTCOMES = {
    "unfounded": ("不属实", "Unfounded"),
    "withdrew": ("老人撤回", "Withdrawn by the elder"),
    "performing": ("已履行", "Performing again"),
    "mediated": ("已调解", "Mediated"),
    "transferred": ("已移送", "Transferred"),
    "exited": ("老人退出", "The elder left the register"),
}
HAPPENED = {
    "opened": ("立卷", "Opened"),
    "reported_again": ("又有反映", "Reported again"),
    "protected": ("停发对方通知", "Notices to the other side stopped"),
    "hold_lifted": ("恢复家属通知", "Notices to the family resumed"),
    "verify": ("核实", "Verified"),
    "urge": ("督促", "Urged"),
    "check_urged": ("核对是否履行", "Checked"),
    "record_grave": ("认定严重后果", "Grave result recorded"),
    "joint_education": ("联合批评教育", "Joint education"),
    "check_joint": ("核对改正情况", "Checked after the joint education"),
    "assess_crime": ("判断是否涉嫌犯罪", "Judged whether it is a crime"),
    "make_transfer": ("制作移送清单", "Transfer list made"),
    "approve_transfer": ("批准移送", "Transfer approved"),
    "transfer_result": ("公安处理结果", "Answer of the police"),
    "mediate": ("调解", "Mediated"),
    "watched": ("恢复履行，开始观察", "Performing again, watched"),
    "check_watch": ("观察期满核对", "Checked after the watch"),
    "closed": ("结案", "Closed"),
    "printed": ("打印文书", "Paper printed"),
}


class DutyCase(OfElder, Base):
    """One file. `supporter_id` is None where nobody knows yet who it is; the moments are the facts of K19.

    `urged_times` counts the urgings, `until_at` is by when the present one is to be obeyed; `receipt` the number that
    the police gave.
    """

    __tablename__ = "duty_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    supporter_id: Mapped[int | None] = mapped_column(ForeignKey("supporter.id"))
    kind: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(12), default="verifying", index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("emergency_case.id"))
    reports: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    verified_at: Mapped[datetime | None] = mapped_column(Instant)
    founded: Mapped[bool | None] = mapped_column()
    urged_times: Mapped[int] = mapped_column(default=0)
    urged_at: Mapped[datetime | None] = mapped_column(Instant)
    until_at: Mapped[datetime | None] = mapped_column(Instant)
    grave_results: Mapped[Any] = mapped_column(Document, default=list)
    grave_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    joint_at: Mapped[datetime | None] = mapped_column(Instant)
    transferred_at: Mapped[datetime | None] = mapped_column(Instant)
    receipt: Mapped[str | None] = mapped_column(Encrypted)
    performing_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(16), default="")
    instance_id: Mapped[UUID | None] = mapped_column(Id, index=True)


class DutyEntry(Base):
    """A line of a file; rows are only added. `what` is a key of HAPPENED, `text` words of a person."""

    __tablename__ = "duty_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty_case.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    what: Mapped[str] = mapped_column(String(24))
    who: Mapped[int | None] = mapped_column()
    text: Mapped[str | None] = mapped_column(Encrypted)


class DutyMember(Base):
    """A worker who is named in a file and may read it; whoever does a step of it is named by that."""

    __tablename__ = "duty_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty_case.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    since_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("duty_id", "staff_id"),)
