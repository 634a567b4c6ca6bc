"""XML of a diagram -> what it says: `read` for the safe tree, `parse` for the model of frozen values."""

from engine.diagrams.file import Diagram, Named, Participant
from engine.diagrams.model import (
    ACTIVITIES,
    EVENTS,
    FLOW_NODES,
    GATEWAYS,
    SUBPROCESSES,
    TASKS,
    Artifact,
    Event,
    Flow,
    Lane,
    Loop,
    Node,
    Process,
    TakesOver,
)
from engine.diagrams.parsing import parse
from engine.diagrams.reading import NotADiagram, read

__all__ = [
    "ACTIVITIES",
    "EVENTS",
    "FLOW_NODES",
    "GATEWAYS",
    "SUBPROCESSES",
    "TASKS",
    "Artifact",
    "Diagram",
    "Event",
    "Flow",
    "Lane",
    "Loop",
    "Named",
    "Node",
    "NotADiagram",
    "Participant",
    "Process",
    "TakesOver",
    "parse",
    "read",
]
