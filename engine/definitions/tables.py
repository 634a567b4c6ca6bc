"""The tables of deployed diagrams, tables and forms, and the rows as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from engine.checks.findings import Finding
from engine.db import Base, Instant
from engine.errors import EngineError

bundle = Table(
    "bundle",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("content_hash", LargeBinary(32), nullable=False, unique=True),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", Integer),
)
bundle_file = Table(
    "bundle_file",
    Base.metadata,
    Column("bundle_id", Integer, ForeignKey("bundle.id"), primary_key=True),
    Column("path", String(200), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
bundle_call = Table(
    "bundle_call",
    Base.metadata,
    Column("bundle_id", Integer, ForeignKey("bundle.id"), primary_key=True),
    Column("process_id", String(80), primary_key=True),
    Column("definition_id", Integer, ForeignKey("definition.id"), nullable=False),
)
definition = Table(
    "definition",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("process_id", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("bundle_id", Integer, ForeignKey("bundle.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("path", String(200), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", Integer),
    Column("turn", Integer, nullable=False),  # rises with each deployment: the highest is current
    UniqueConstraint("process_id", "version"),
    Index("ix_definition_turn", "process_id", "turn"),
)
definition_start = Table(
    "definition_start",
    Base.metadata,
    Column("definition_id", Integer, ForeignKey("definition.id"), primary_key=True),
    Column("name", String(120), primary_key=True),
    Index("ix_definition_start_name", "name"),
)
form_version = Table(
    "form_version",
    Base.metadata,
    Column("key", String(80), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("content_hash", LargeBinary(32), nullable=False),
)


class NotDeployed(EngineError):
    """No version of this process is deployed."""


class Refused(EngineError):
    """The diagrams have faults, so nothing was deployed; each finding names its element."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(f"{each.file} {each.element}: {each.zh} {each.en}" for each in findings))
        self.findings = findings


@dataclass(frozen=True)
class Definition:
    """One version of one process. `urgent`: its work runs in the alarm lane; `turn`: when it last became current."""

    id: int
    process_id: str
    version: int
    bundle_id: int
    name: str
    path: str
    urgent: bool
    deployed_at: datetime
    deployed_by: int | None
    turn: int


@dataclass(frozen=True)
class Deployed:
    """What a deployment gave: whether its content is new, the version of each process, and warnings."""

    bundle_id: int
    new: bool
    versions: dict[str, int]
    findings: tuple[Finding, ...] = ()

    @property
    def version(self) -> int:
        """The highest version number among its processes (a bundle of one process has only this one)."""
        return max(self.versions.values(), default=0)
