"""The indicators K01 to K27: one question over the facts each, per unit, tier and month; frozen once a month is closed.

An indicator is a selection of rows about elders, each with its share of numerator and denominator. A figure is the sum
of them, its list the rows themselves, so that a number and its list never disagree. A closed month is read from the
rows that were frozen with it. Restricted cases are in no figure and in no list.

Public: INDICATORS, Indicator, Month, Figure, freeze, is_frozen, by_unit, by_tier, course, listed,
false_by.
Source: people-forms-indicators 6.4.
"""

from care.indicators.definitions import INDICATORS, Indicator
from care.indicators.month import Month
from care.indicators.of_cases import METER, FalseShare, false_by
from care.indicators.reading import Figure, by_tier, by_unit, course, listed, total
from care.indicators.snapshot import IndicatorRow, Snapshot, freeze, is_frozen

__all__ = [
    "INDICATORS",
    "METER",
    "FalseShare",
    "Figure",
    "Indicator",
    "IndicatorRow",
    "Month",
    "Snapshot",
    "by_tier",
    "by_unit",
    "course",
    "false_by",
    "freeze",
    "is_frozen",
    "listed",
    "total",
]
