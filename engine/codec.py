"""An instance's state <-> bytes, versioned.

One byte of codec version, then a zstd frame with a checksum around the JSON of the state document (see
`engine.spiff.state`). A later version of the codec must go on reading the earlier ones; `tests/engine` keeps a blob of
each. Never stored as JSON in the database: a column that reorders keys may not destroy it, and it is personal data
enough to be opaque.
"""

from __future__ import annotations

import threading
from typing import Any

import orjson
import zstandard

from engine.errors import EngineError

VERSION = 1
MAX_BYTES = 64_000_000

_local = threading.local()


class BlobUnreadable(EngineError):
    """The bytes are no state of a codec version that this program knows, or they are damaged."""


def pack(document: Any) -> bytes:
    """The document, of JSON values, as bytes of the newest version."""
    body: bytes = _tools()[0].compress(orjson.dumps(document))
    return bytes((VERSION,)) + body


def unpack(blob: bytes) -> tuple[int, Any]:
    """Codec version and document; raises BlobUnreadable."""
    if not blob or blob[0] != VERSION:
        raise BlobUnreadable(f"no state of codec version {VERSION}")
    try:
        return blob[0], orjson.loads(_tools()[1].decompress(blob[1:], max_output_size=MAX_BYTES))
    except (zstandard.ZstdError, orjson.JSONDecodeError) as fault:
        raise BlobUnreadable(f"damaged state: {fault}") from fault


def _tools() -> tuple[Any, Any]:
    """Compressor and decompressor of this thread: they may not be shared."""
    if not hasattr(_local, "tools"):
        _local.tools = (zstandard.ZstdCompressor(level=3, write_checksum=True), zstandard.ZstdDecompressor())
    tools: tuple[Any, Any] = _local.tools
    return tools
