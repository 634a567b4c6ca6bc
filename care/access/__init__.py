"""Who may see which elder and do what: scope by unit path, by responsibility, by open task, by logged reason.

It fails closed: no person, no post or an unknown action means no. `reading(person)` opens a session behind the wall:
every ORM question to a personal table or to cases is narrowed to what the person may see, whatever the page forgot to
ask. Core selects and `text()` are not narrowed by it (with_loader_criteria does not reach them): pages do not use them
for personal tables. In a session without the wall, `visible_elders` and `visible_cases` give the same condition.

Something that may not be seen raises NotFound (404: it is not said whether it exists); something seen that may not be
done raises NotAllowed (403). Files with masked fields and their log: care/files.py.
Source: people-forms-indicators 5.2; durability §7.
"""

from care.access.reasons import AccessReason, give_reason
from care.access.rights import TaskLike, figures_scope, has_as_well, holds, may, require
from care.access.scope import (
    case,
    closed_instances,
    elder,
    has_open_emergency,
    parts,
    search,
    visible,
    visible_cases,
    visible_duties,
    visible_elders,
)
from care.access.wall import guard, reading

__all__ = [
    "AccessReason",
    "TaskLike",
    "case",
    "closed_instances",
    "elder",
    "figures_scope",
    "give_reason",
    "guard",
    "has_as_well",
    "has_open_emergency",
    "holds",
    "may",
    "parts",
    "reading",
    "require",
    "search",
    "visible",
    "visible_cases",
    "visible_duties",
    "visible_elders",
]
