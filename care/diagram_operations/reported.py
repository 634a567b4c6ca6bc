"""What one message reports may be several things: each becomes an instance of its own.

The message of one thing has the key «elder:what», so that the same thing reported again joins the one under way
(processes 4.8). A message with several things, or with the elder alone as its key, is sent on once for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine import incoming
from engine.operations import Step


def sort_out(
    session: Session, step: Step, message: str, elder_id: int | None, singles: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """{"way"}: `one` is led by this instance, `split` was sent on one by one, `unknown` is for a person to find out.

    `singles`: what → what its message says beside the elder.
    """
    if elder_id is None or not singles:
        return {"way": "unknown"}
    if len(singles) == 1 and step.key == f"{elder_id}:{next(iter(singles))}" and _is_flat(step, *singles.values()):
        return {"way": "one"}
    for what, said in singles.items():
        incoming.message(session, message, f"{elder_id}:{what}", {"elder_id": elder_id, **said})
    return {"way": "split"}


def _is_flat(step: Step, said: Mapping[str, Any]) -> bool:
    """Whether the message says these things at its top, as this module sends them."""
    return all((step.data.get(name) or None) == (value or None) for name, value in said.items())
