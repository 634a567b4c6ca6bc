"""Device payloads as the interface defines them, read without believing anything (docs/reference/device-events.md).

Reading never raises: what cannot be read becomes an `Unreadable`, which is stored and shown to the operator. Who the
device is, whether the signature holds and what happens then is decided at admission, where the registry is known.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Any

import orjson

MAX_BYTES = 64 * 1024
KEPT_BYTES = 4 * 1024
LIFE_SAFETY = frozenset(("sos", "fall", "smoke", "gas", "lost", "vital", "left_zone", "inactivity"))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}\Z")
_SIGNED = re.compile(rb',\s*"sig"\s*:\s*"([0-9a-fA-F]{32})"\s*\}\s*\Z')


@dataclass(frozen=True)
class Payload:
    """One payload of the native profile. `signed` is the JSON text that the signature covers, None if unsigned."""

    id: str
    device: str
    type: str
    time: int
    seq: int | None
    data: dict[str, Any]
    signature: str | None
    signed: str | None
    raw: bytes


@dataclass(frozen=True)
class Unreadable:
    """What could not be read: `fault` is the reason, `raw` what is kept of it, `key` the same for the same bytes.

    `id` is the sender's, where that much could be read, so that the answer can be told apart. `type` and `device` are
    known of what can be read and cannot be handled: it may be a cry for help all the same.
    """

    fault: str
    raw: bytes
    key: str
    id: str | None = None
    type: str | None = None
    device: str | None = None


def read(raw: bytes, needs_type: bool = True) -> Payload | Unreadable:
    """A payload of at most 64 kB, or what is wrong with it."""
    if len(raw) > MAX_BYTES:
        return _unreadable("over 64 kB", raw)
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _unreadable("not UTF-8 JSON", raw)
    if not isinstance(content, dict):
        return _unreadable("not a JSON object", raw)
    fault = _fault(content, needs_type)
    if fault:
        return _unreadable(fault, raw, content.get("id"))
    signature = content.get("sig")
    return Payload(
        id=content["id"],
        device=content["device"],
        type=_printable(content.get("type") or ""),
        time=content["time"],
        seq=content.get("seq"),
        data=content.get("data") or {},
        signature=signature,
        signed=_covered(raw) if signature is not None else None,
        raw=raw,
    )


def unhandled(content: Payload | Unreadable) -> Unreadable:
    """A payload that the program cannot handle, as the operator gets to see it."""
    if isinstance(content, Unreadable):
        return content
    return replace(refused(content, "could not be handled"), type=content.type, device=content.device)


def refused(content: Payload, fault: str) -> Unreadable:
    """A readable payload that is not believed or cannot be handled."""
    return _unreadable(fault, content.raw, content.id)


def sign(text: bytes, key: bytes) -> bytes:
    """A payload with its signature appended before the closing brace."""
    stripped = text.rstrip()
    return stripped[:-1] + b',"sig":"' + signature_of(stripped, key).encode() + b'"}'


def signature_of(text: bytes, key: bytes) -> str:
    """First 32 hex digits of HMAC-SHA256 over the JSON text."""
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def _covered(raw: bytes) -> str | None:
    found = _SIGNED.search(raw)
    return None if found is None else raw[: found.start()].decode() + "}"


def _fault(content: dict[str, Any], needs_type: bool) -> str | None:
    for name in ("id", "device"):
        if not isinstance(content.get(name), str) or not _NAME.match(content[name]):
            return f"{name}: 1 to 64 letters, digits, . _ : -"
    if needs_type and (not isinstance(content.get("type"), str) or not 0 < len(content["type"]) <= 40):
        return "type: missing"
    if not _whole(content.get("time")) or not 0 < content["time"] < 32_503_680_000_000:
        return "time: epoch milliseconds"
    if content.get("seq") is not None and (not _whole(content["seq"]) or abs(content["seq"]) >= 2**53):
        return "seq: a whole number"
    if content.get("data") is not None and not isinstance(content["data"], dict):
        return "data: an object"
    if content.get("sig") is not None and not isinstance(content["sig"], str):
        return "sig: text"
    return None


def _printable(text: str) -> str:
    """Without control characters, which no database column takes; a type of nothing else is `unknown`."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text)) or "unknown"


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _unreadable(fault: str, raw: bytes, event_id: object = None) -> Unreadable:
    known = event_id if isinstance(event_id, str) and _NAME.match(event_id) else None
    return Unreadable(fault, raw[:KEPT_BYTES], hashlib.sha256(raw).hexdigest(), known)
