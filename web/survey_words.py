"""What the two forms of a village's survey know beforehand: `survey.…`, in the language of the page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from care import campaigns
from engine import instances
from engine.tasks import TaskRow
from web.language import gettext

FORMS = frozenset(("survey_report", "survey_check"))


def known(session: Session, task: TaskRow) -> dict[str, Any]:
    """Targets and what was reported so far; {} for other forms."""
    if task.form_key not in FORMS or task.instance_id is None:
        return {}
    key = instances.get(session, task.instance_id).key or ""
    found = campaigns.words_of(session, int(key)) if key.isdigit() else {}
    if not found:
        return {}
    row = found["target"]
    due = [gettext("%(n)s 户", n=row.households_due) if row.households_due is not None else ""]
    due += [gettext("%(n)s 位老人", n=row.elders_due) if row.elders_due is not None else ""]
    words = gettext("、").join(filter(None, due)) or gettext("没有下达数，按本村（社区）全部住户")
    said: dict[str, Any] = {"target_words": words}
    if row.reported_at is not None:
        done = gettext("已报 %(h)s 户、%(e)s 位老人", h=row.households_done, e=row.elders_done)
        said |= {"target_words": f"{words}{gettext('；')}{done}"}
        said |= {"households_done": row.households_done, "elders_done": row.elders_done}
    said["found_words"] = gettext("%(n)s 位，已转入建档", n=found["found"]) if found["found"] else gettext("没有")
    return said
