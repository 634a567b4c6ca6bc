"""What became of a submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Completed:
    """What became of a submission. `replayed`: the same was submitted before; `opened`: the tasks that follow here."""

    task_id: UUID
    instance_id: UUID | None
    submission_id: UUID
    replayed: bool = False
    ended: bool = False
    opened: tuple[UUID, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The answer that is kept with the submission."""
        return {"ended": self.ended, "opened": [str(each) for each in self.opened]}
