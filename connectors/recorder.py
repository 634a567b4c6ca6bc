"""The stand-in channel: what would have been sent to people stays in the outgoing table, marked as delivered.

Used in demonstrations and tests until a city connects its SMS, voice and messenger gateways. Every channel named in
CHANNELS that no real connector has taken is answered here.
"""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger(__name__)

CHANNELS = ("sms", "voice_call", "wechat", "screen")


def deliver(row: Any) -> None:
    """Nothing leaves the machine; the row itself is the record."""
    logger.info("would have been sent channel=%s id=%s", row.channel, row.id)
