"""What the domain has against answers that their form accepts: rules that look beyond the form, at the file.

A module of the domain registers a function for its forms with `@objects("check_in")`; the engine asks before it takes
the answers, whoever sends them: page, phone, program or command line. Nothing is taken then, and nothing lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine.operations import answers_question
from engine.tasks import TaskRow

Objections = Mapping[str, Mapping[str, str]]
"""Sentences in both languages by field of the form."""
Judge = Callable[[Session, TaskRow, Mapping[str, Any]], Objections]
_judges: dict[str, Judge] = {}


def objects(*forms: str) -> Callable[[Judge], Judge]:
    """Register the function that judges the answers of these forms."""

    def register(judge: Judge) -> Judge:
        _judges.update(dict.fromkeys(forms, judge))
        return judge

    return register


@answers_question("objections")
def objections(session: Session, task: TaskRow, answers: Mapping[str, Any]) -> Objections:
    """What is against them; {} mostly."""
    judge = _judges.get(task.form_key or "")
    return judge(session, task, answers) if judge else {}
