"""What a diagram must keep before it is deployed: one function per rule, findings that name the element.

`check` reads and judges files in this process, `check_in_child` the same in a child process with limits on time and
memory, for files that came from outside. A rule is a function that yields faults; its name is the finding's `rule`, and
tests/engine/diagrams/<rule>.bpmn shows what it refuses.
"""

from engine.checks.child import check_in_child
from engine.checks.drawings import check_drawings
from engine.checks.findings import ERROR, WARNING, Finding, Known, Signature
from engine.checks.form_files import check_forms
from engine.checks.rules import RULES, check

__all__ = [
    "ERROR",
    "RULES",
    "WARNING",
    "Finding",
    "Known",
    "Signature",
    "check",
    "check_drawings",
    "check_forms",
    "check_in_child",
]
