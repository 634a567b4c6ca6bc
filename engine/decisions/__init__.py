"""Decisions: DMN files read by our own reader and made by our own evaluator, on the checked expression language.

    decisions = load(xml)
    decisions.evaluate("tier_pick", {"hits": [...]})

Hit policies U A P F R O and C (with + < > #), literal expressions, contexts and graphs of decisions. Several rules
where one may fit, and no rule without a default, are reported (DecisionFault), never passed over.
"""

from engine.decisions.faults import DecisionFault, DecisionsRefused, Refusal, UnknownDecision
from engine.decisions.model import Decision, Decisions
from engine.decisions.reading import load
from engine.decisions.source import policy_of
from engine.decisions.tables import Fired

__all__ = [
    "Decision",
    "DecisionFault",
    "Decisions",
    "DecisionsRefused",
    "Fired",
    "Refusal",
    "UnknownDecision",
    "load",
    "policy_of",
]
