"""One operation on many instances: looked at beforehand, worked off in lane `bulk`, with a verdict per instance."""

from engine.bulk.kinds import KINDS, Asked
from engine.bulk.runs import (
    DONE,
    FAILED,
    MOST,
    REFUSED,
    WAITING,
    WOULD,
    NoSuchRun,
    Run,
    Verdict,
    begin,
    get,
    operate,
    preview,
    progress,
    recent,
    verdicts,
)

__all__ = [
    "DONE",
    "FAILED",
    "KINDS",
    "MOST",
    "REFUSED",
    "WAITING",
    "WOULD",
    "Asked",
    "NoSuchRun",
    "Run",
    "Verdict",
    "begin",
    "get",
    "operate",
    "preview",
    "progress",
    "recent",
    "verdicts",
]
