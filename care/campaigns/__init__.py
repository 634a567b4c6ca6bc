"""Survey campaigns (摸底排查): opened by a district or the city, one target for each village, found elders registered.

A campaign has its own denominators (households, elders); it may come again each month or year, and then villages and
denominators are taken over. Each village has one instance of `village_survey`; whoever is found goes on to
`elder_registration`.

Source: issued plan 三(三), 三(四); draft 二(一); processes P01; R-ORG-03, R-ORG-06a.
"""

from care.campaigns.conducting import (
    Begun,
    close,
    close_target,
    get,
    get_target,
    look,
    open_campaign,
    report,
    send_back,
    set_target,
)
from care.campaigns.figures import LISTS, Figures, figures, found_rows, target_rows
from care.campaigns.finding import begun, entered, hint, note, open_target_of, words_of
from care.campaigns.tables import KINDS, REPEATS, TARGET_STATES, Campaign, Finding, Target

__all__ = [
    "KINDS",
    "LISTS",
    "REPEATS",
    "TARGET_STATES",
    "Begun",
    "Campaign",
    "Figures",
    "Finding",
    "Target",
    "begun",
    "close",
    "close_target",
    "entered",
    "figures",
    "found_rows",
    "get",
    "get_target",
    "hint",
    "look",
    "note",
    "open_campaign",
    "open_target_of",
    "report",
    "send_back",
    "set_target",
    "target_rows",
    "words_of",
]
