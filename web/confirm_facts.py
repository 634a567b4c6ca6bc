"""What a form F-CONFIRM confirms, in words: the forms handed in before it, or the change of a tier.

`known(session, task)` gives `confirm.what`; {} for every other form. Source: people-forms-indicators 6.3, F-CONFIRM.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import elders
from care.elders import TIER_TITLES
from engine import definitions, submissions
from engine.tasks import TaskRow
from web.language import gettext, language, task_name
from web.said import said

_BEFORE = {
    "approve_plan": ("care_plan",),
    "check_report": ("assess",),
    "approve_transfer": ("make_transfer",),
    "approve": ("confirm_exit",),
    "approve_archive": ("check_file",),
    "confirm": ("propose",),
    "township_confirm": ("care_plan", "propose"),
}
"""Element of the task → those whose newest answers it confirms."""
_LONGEST = 2000  # characters, as the form's field


def known(session: Session, task: TaskRow) -> dict[str, Any]:
    """{"what": words}: who confirms must see what, and not the title alone."""
    if task.form_key != "confirm" or task.instance_id is None:
        return {}
    kept = {each.element: each for each in submissions.of_instance(session, task.instance_id)}  # the newest stays
    lines = [task_name(task.name)]
    for element in _BEFORE.get(task.element_id or "", ()):
        before = kept.get(element)
        if before is not None and before.form_key:
            form = definitions.form(session, before.form_key, before.form_version)
            lines += [f"{name}：{words}" for name, words in said(form, before.body)]
    if len(lines) == 1 and task.subject_id is not None:
        lines += _tier(session, task.subject_id)
    return {"what": gettext("；").join(lines)[:_LONGEST]}


def _tier(session: Session, elder_id: int) -> list[str]:
    """The newest tier and the one before it."""
    place = int(language() == "en")
    found = [TIER_TITLES[each.tier][place] for each in elders.tier_history(session, elder_id)[:2]]
    return [" → ".join(reversed(found))] if found else []
