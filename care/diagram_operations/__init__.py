"""The operations that diagrams may call, thin, one list by subject: alarms, cases, notify, visits, notes.

Each reads and writes our own database inside the step; what goes outside is written into the outgoing table. Results
are ids, codes and moments (ISO text), never names or words of people. Importing this package registers them all.
"""

from care.diagram_operations import case_steps, notify_steps, visit_steps

__all__ = ["case_steps", "notify_steps", "visit_steps"]
