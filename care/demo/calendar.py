"""The days of the demonstration: the policy was issued in June 2026, posts and files begin after it."""

from __future__ import annotations

from datetime import date

SEED = 20260629
BEGAN_ON = date(2026, 6, 29)
