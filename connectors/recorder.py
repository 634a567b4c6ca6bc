"""The stand-in channel: what would have been sent to people stays in the outgoing table, marked as sent.

Used in demonstrations and tests until a city connects its SMS, voice and messenger gateways. Importing this module
answers every channel of CHANNELS that has no connector of its own.
"""

from __future__ import annotations

import logging
from typing import Any

from engine import outgoing

logger = logging.getLogger(__name__)

CHANNELS = ("sms", "voice_call", "wechat")


def deliver(payload: dict[str, Any], key: str) -> None:
    """Nothing leaves the machine; the row itself is the record."""
    logger.info("would have been sent key=%s", key)


for _channel in CHANNELS:
    outgoing.delivers(_channel)(deliver)
