"""Pictures without what the camera hides in them: place, device, moment, comments, further pictures behind the first.

The picture itself is not drawn anew; the parts of the file that hold such data are left out. Written by hand because a
picture library is a large dependency for dropping segments. What cannot be read as the kind it claims is refused:
nobody knows what it would carry along.
"""

from __future__ import annotations

import struct

_IN_SCAN = frozenset((0x00, *range(0xD0, 0xD8)))  # a byte that is no marker, restarts
_PNG_DROPPED = frozenset((b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME"))
_WEBP_DROPPED = frozenset((b"EXIF", b"XMP "))


class Unreadable(Exception):
    """The file is not the picture that its first bytes claim."""


def cleaned(kind: str, body: bytes) -> bytes:
    """The file without hidden data; sound comes back unchanged. Raises Unreadable."""
    cleaners = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}
    cleaner = cleaners.get(kind)
    if cleaner is None:
        return body
    try:
        return cleaner(body)
    except (struct.error, IndexError):
        raise Unreadable(kind) from None


def _jpeg(body: bytes) -> bytes:
    """Segments and scans of the first picture without comments and programs' segments; which way is up stays."""
    kept, at = bytearray(body[:2]), 2
    turned = 1
    while True:
        if body[at] != 0xFF:
            raise IndexError("not a segment")
        marker = body[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xD9:  # the end; what telephones append has its own place in it
            break
        if marker == 0xDA:
            end = _scanned(body, at)
            kept += body[at:end]
            at = end
            if at >= len(body):
                break
            continue
        end = at + 2 + struct.unpack(">H", body[at + 2 : at + 4])[0]
        hidden = marker == 0xFE or (0xE0 <= marker <= 0xEF and not _is_needed(marker, body[at + 4 : end]))
        if not hidden:
            kept += body[at:end]
        elif marker == 0xE1:
            turned = _turned(body[at + 4 : end]) or turned
        at = end
    if turned != 1:
        kept[2:2] = _orientation_alone(turned)
    return bytes(kept + b"\xff\xd9")


def _is_needed(marker: int, segment: bytes) -> bool:
    """Whether a program's segment says how to draw: JFIF, colour profile, Adobe's colour transform."""
    return marker in (0xE0, 0xEE) or (marker == 0xE2 and segment.startswith(b"ICC_PROFILE\0"))


def _scanned(body: bytes, at: int) -> int:
    """Where the scan that begins at `at` ends: at the next marker that is not its own, or with a torn file."""
    at += 2 + struct.unpack(">H", body[at + 2 : at + 4])[0]
    while (at := body.find(b"\xff", at)) >= 0 and at + 1 < len(body):
        if body[at + 1] not in _IN_SCAN:
            return at
        at += 2
    return len(body)


def _turned(segment: bytes) -> int | None:
    """The orientation of a segment; a segment that cannot be read has none, and is dropped all the same."""
    try:
        return _orientation(segment)
    except struct.error:
        return None


def _orientation(segment: bytes) -> int | None:
    """EXIF's tag 274, 1 to 8; None when the segment has none."""
    if not segment.startswith(b"Exif\0\0"):
        return None
    tiff = segment[6:]
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack(order + "I", tiff[4:8])
    (count,) = struct.unpack(order + "H", tiff[start : start + 2])
    for number in range(min(count, 100)):
        entry = tiff[start + 2 + 12 * number : start + 14 + 12 * number]
        tag, kind = struct.unpack(order + "HH", entry[:4])
        if tag == 274 and kind == 3:
            (value,) = struct.unpack(order + "H", entry[8:10])
            return value if 1 <= value <= 8 else None
    return None


def _orientation_alone(value: int) -> bytes:
    """An APP1 segment that says which way is up and nothing else."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, value, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(body: bytes) -> bytes:
    kept, at = bytearray(body[:8]), 8
    while at + 8 <= len(body):
        length, name = struct.unpack(">I4s", body[at : at + 8])
        end = at + 12 + length
        if name not in _PNG_DROPPED:
            kept += body[at:end]
        at = end
        if name == b"IEND":
            break
    return bytes(kept)


def _webp(body: bytes) -> bytes:
    kept, at = bytearray(), 12
    while at + 8 <= len(body):
        name, length = struct.unpack("<4sI", body[at : at + 8])
        end = at + 8 + length + length % 2
        if name not in _WEBP_DROPPED:
            kept += body[at:end]
        at = end
    return b"RIFF" + struct.pack("<I", len(kept) + 4) + b"WEBP" + bytes(kept)
