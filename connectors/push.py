"""Signed HTTP push from a platform: everything authenticated is stored and answered with 200.

Some platforms stop pushing for a while after a few answers other than 200, and what they hold then is lost; so a
payload that we hold or refuse is still answered with 200, with its own answer beside its id.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from connectors.errors import ConnectorError
from connectors.intake import Answer, Arrival, gate
from connectors.payloads import Payload, read, refused

MAX_BYTES = 1024 * 1024
MAX_PAYLOADS = 500
SKEW_SECONDS = 300


class NotAuthenticated(ConnectorError):
    """The signature is missing, wrong or too old."""


class TooMuch(ConnectorError):
    """More than 1 MB or 500 payloads in one push."""


@dataclass(frozen=True)
class Sender:
    """Who pushes: `covers(device)` says for which devices its key speaks; `platform` is None for a single device."""

    key: bytes
    covers: Callable[[str], bool]
    platform: str | None


def accept(
    body: bytes, header: str | None, sender_of: Callable[[str], Sender | None], now_seconds: float
) -> list[Answer]:
    """Check the signature, store every payload, answer in the order they came.

    Raises NotAuthenticated (401) and TooMuch (413). Database errors come through: nothing was stored then.
    """
    if len(body) > MAX_BYTES:
        raise TooMuch(f"{len(body)} bytes; at most {MAX_BYTES}")
    sender = _authenticated(body, header, sender_of, now_seconds)
    raws = _payloads(body)
    if len(raws) > MAX_PAYLOADS:
        raise TooMuch(f"{len(raws)} payloads; at most {MAX_PAYLOADS}")
    arrivals = [_arrival(raw, sender) for raw in raws]
    return gate.take(arrivals)


def signature(body: bytes, key: bytes, kid: str, seconds: int) -> str:
    """The value of `X-Signature` for a body."""
    return f"t={seconds},kid={kid},v1={_digest(body, key, str(seconds))}"


def _authenticated(
    body: bytes, header: str | None, sender_of: Callable[[str], Sender | None], now_seconds: float
) -> Sender:
    parts = dict(part.strip().split("=", 1) for part in (header or "").split(",") if "=" in part)
    stamp, kid, given = parts.get("t", ""), parts.get("kid", ""), parts.get("v1", "")
    if not stamp.isdigit() or not kid or not given:
        raise NotAuthenticated("X-Signature: t=<epoch s>,kid=<key id>,v1=<hex HMAC-SHA256> is missing")
    if abs(now_seconds - int(stamp)) > SKEW_SECONDS:
        raise NotAuthenticated("t is more than 5 minutes off")
    sender = sender_of(kid)
    if sender is None or not hmac.compare_digest(_digest(body, sender.key, stamp), given.lower()):
        raise NotAuthenticated("unknown key or wrong signature")
    return sender


def _digest(body: bytes, key: bytes, stamp: str) -> str:
    return hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _payloads(body: bytes) -> list[bytes]:
    """The single payload as it came, or each of an array written out again (a payload's own signature is then moot)."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [body]
    return [orjson.dumps(each) for each in content] if isinstance(content, list) else [body]


def _arrival(raw: bytes, sender: Sender) -> Arrival:
    content = read(raw)
    if isinstance(content, Payload) and not sender.covers(content.device):
        content = refused(content, "the key does not speak for this device")
    return Arrival(content=content, channel="http", proved=True, platform=sender.platform)
