"""A form that came too late is looked at by a person: somebody else finished the task, or it was taken away meanwhile.

The text is kept with the task (engine.submissions, state `late`); here the village desk hears of it, once per form.
Source: 附4 (工作留痕); durability §1.9.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from care import desk_tasks
from engine.operations import Subject, answers_question
from engine.submissions import Submission
from engine.tasks import TaskRow

NAME = "看一份补充记录 Look at a supplement"
ELEMENT = "look_at_supplement"


@answers_question("supplemented")
def have_it_looked_at(session: Session, row: TaskRow, late: Submission) -> None:
    """One plain task for the village desk of the unit that the form is about."""
    subject = Subject(row.subject_id, row.unit_path, "")
    desk_tasks.open_one(
        session,
        "village_desk",
        subject,
        name=NAME,
        form_key="note",
        priority="today",
        why="your_role",
        due_in=timedelta(days=2),
        key=f"supplement:{late.id}",
        detail={"supplement": str(late.id), "about": row.name, "task": str(row.id), "who": late.who},
        element_id=ELEMENT,
    )
