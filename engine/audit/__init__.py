"""The invariants of the stored data (`visitflow audit`): each is a function that yields the rows that break it.

1 accepted event ↔ what it led to · 2 completion ↔ one submission with the hash that the history names · 3 worklist =
states · 4 waits = states · 5 due work is claimed within 60 s, in the bulk lane 3 h · 6 effects are sent or become
incidents · 7 the chain of the history, versions without gap · 8 ended = its state is over · 9 nothing automatic is left
ready · 10 whoever lives waits for something. The domain adds its own by `check` (an alarm and its case belong to 1).

Run it while the program runs or stands still. It goes through the tables in batches, each seen as of one moment, so a
row in the middle of a step is never seen; only the batch is in memory.
"""

from engine.audit import rows, states
from engine.audit.chain import anchors_in
from engine.audit.checking import Broken, Finding, Found, Pass, Progress, check, run
from engine.audit.hourly import KIND, keep_auditing, tell

__all__ = [
    "KIND",
    "Broken",
    "Finding",
    "Found",
    "Pass",
    "Progress",
    "anchors_in",
    "check",
    "keep_auditing",
    "rows",
    "run",
    "states",
    "tell",
]
