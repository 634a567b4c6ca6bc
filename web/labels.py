"""The small marks that every row of a list carries, ready to stand in a page: time left, tier, address of a task.

A list has forty rows: drawn by macros they would cost more than the questions that find them.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from flask import g, url_for
from markupsafe import Markup, escape

from engine import clock
from web import words
from web.language import N_, language, translated

TIERS = {"high": N_("高风险"), "key": N_("重点"), "general": N_("一般")}
_ANY = UUID(int=0)


def due(at: datetime | None, urgent: bool = False, ringing: bool = False) -> Markup:
    """Time left. `urgent`: minutes of an emergency; `ringing`: nobody has it yet. app.js counts the last ones down."""
    if at is None:
        return Markup("")
    left = words.time_left(at, clock.now(), language(), urgent)
    rings = " is-ringing" if ringing and left.state == "urgent" else ""
    state = f' data-due="{left.state}"' if left.state else ""
    return Markup(f'<span class="due{rings}"{state} data-until="{at.isoformat()}">{escape(left.words)}</span>')


def tier(code: str | None) -> Markup:
    """The elder's tier as a tag; nothing without one."""
    return _tier(code, language()) if code else Markup("")


@lru_cache(64)
def _tier(code: str, spoken: str) -> Markup:
    if code in TIERS:
        return Markup('<span class="tag" data-tier="{}">{}</span>').format(code, translated(TIERS[code], spoken))
    return Markup('<span class="tag">{}</span>').format(translated(N_("未纳入分级"), spoken))


def task_address(task_id: UUID) -> str:
    """Where a task's page is: `url_for` once for a page."""
    if "task_address" not in g:
        g.task_address = url_for("task.show", task_id=_ANY).split(str(_ANY))
    before, after = g.task_address
    return f"{before}{task_id}{after}"
