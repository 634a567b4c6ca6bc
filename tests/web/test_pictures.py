from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from web import attachments
from web.pictures import Unreadable, cleaned


def a_photo(turned: int = 6) -> bytes:
    """A JPEG as a telephone makes it: EXIF with a place, a device and which way is up."""
    exif = Image.Exif()
    exif[0x0110] = "SECRET-PHONE"
    exif[0x0112] = turned
    exif[0x013B] = "SECRET-NAME"
    body = BytesIO()
    Image.new("RGB", (16, 8), "red").save(body, "JPEG", exif=exif, comment=b"SECRET-WORDS")
    return body.getvalue()


def test_a_photo_loses_place_device_and_words_but_not_which_way_is_up() -> None:
    clean = cleaned("image/jpeg", a_photo())

    picture = Image.open(BytesIO(clean))
    assert b"SECRET" not in clean
    assert picture.getexif() == {0x0112: 6}
    assert picture.size == (16, 8) and picture.getpixel((3, 3))[0] > 200  # type: ignore[index]


def test_a_drawing_loses_its_texts() -> None:
    body = BytesIO()
    Image.new("RGB", (4, 4), "blue").save(body, "PNG")
    words = b"tEXt" + b"Author\0SECRET"
    chunk = struct.pack(">I", len(words) - 4) + words + struct.pack(">I", zlib.crc32(words))
    plain = body.getvalue()
    spiked = plain[:33] + chunk + plain[33:]

    clean = cleaned("image/png", spiked)

    assert clean == plain


def test_a_web_picture_loses_its_exif() -> None:
    body = BytesIO()
    exif = Image.Exif()
    exif[0x0110] = "SECRET-PHONE"
    Image.new("RGB", (16, 8), "red").save(body, "WEBP", exif=exif)

    clean = cleaned("image/webp", body.getvalue())

    assert b"SECRET" not in clean
    assert Image.open(BytesIO(clean)).size == (16, 8)


def test_what_telephones_append_behind_a_photo_goes() -> None:
    whole = a_photo()

    assert cleaned("image/jpeg", whole + whole) == cleaned("image/jpeg", whole)


def test_a_photo_in_several_scans_stays_the_same_picture() -> None:
    body = BytesIO()
    Image.effect_noise((64, 48), 60).save(body, "JPEG", progressive=True, quality=90)

    clean = cleaned("image/jpeg", body.getvalue())

    assert list(Image.open(BytesIO(clean)).tobytes()) == list(Image.open(body).tobytes())


def test_a_torn_photo_is_shown_as_far_as_it_came() -> None:
    torn = cleaned("image/jpeg", a_photo()[:-8])

    assert torn.endswith(b"\xff\xd9") and b"SECRET" not in torn


@pytest.mark.parametrize("body", [b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\xff", b"\xff\xd8\xff\xe1\x00\x00"])
def test_what_cannot_be_read_is_refused_for_nobody_knows_what_it_carries(body: bytes) -> None:
    with pytest.raises(Unreadable):
        cleaned("image/jpeg", body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF....WEBP", "image/webp"),
        (b"\x1aE\xdf\xa3", "audio/webm"),
        (b"OggS", "audio/ogg"),
        (b"....ftypM4A ", "audio/mp4"),
        (b"<svg onload=alert(1)>", None),
        (b"MZ\x90\x00", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_a_file_is_judged_by_its_content(body: bytes, kind: str | None) -> None:
    assert attachments.kind_of(body) == kind
