"""What a transaction that writes has read, it keeps until its end.

The identity map of a session holds its objects weakly: a case that one operation of a step has read would be read
again by the next. Only transactions that write are short enough for this; a page or a list keeps nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session


@event.listens_for(Session, "loaded_as_persistent")
def _keep(session: Session, row: Any) -> None:
    if isinstance(session.bind, Connection):
        session.info.setdefault("kept", []).append(row)
