"""Files of the pages: addresses with content hashes, compressed once, kept by browsers for a year.

`address("look.css")` is `/static/look.css?v=<hash>`; a changed file has another address, so nothing is ever stale.
Own files lie in `web/static`; what esbuild bundles lies in `web/static/built` and may be missing in a fresh checkout.
Icons come from `icons.svg`: a page carries only the symbols that it used (`icon`, then `symbols` at its end).
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.security import safe_join

from web.marks import open_to_all

STATIC = Path(__file__).resolve().parent / "static"
_TEXT = ("text/", "application/json", "application/javascript", "image/svg+xml", "application/xml")
_LEAST = 400  # bytes; below this gzip saves nothing

bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: `packed` is the gzip form, None where packing does not pay."""

    body: bytes
    packed: bytes | None
    version: str
    kind: str
    stamp: tuple[int, int]


_known: dict[str, Asset] = {}


def load(name: str) -> Asset | None:
    """The file below `web/static`, read again only after it changed; None when there is none."""
    path = safe_join(str(STATIC), name)
    if path is None or not Path(path).is_file():
        return None
    facts = Path(path).stat()
    stamp = (facts.st_mtime_ns, facts.st_size)
    known = _known.get(name)
    if known is None or known.stamp != stamp:
        known = _known[name] = _read(name, Path(path), stamp)
    return known


def _read(name: str, path: Path, stamp: tuple[int, int]) -> Asset:
    body = path.read_bytes()
    if "/" not in name and name.endswith((".css", ".js")):
        body = _lean(body, name.endswith(".js"))
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if kind.startswith(_TEXT) and len(body) > _LEAST else None
    return Asset(body, packed, hashlib.sha256(body).hexdigest()[:12], kind, stamp)


def _lean(text: bytes, is_script: bool) -> bytes:
    """An own file without comments (of scripts: those with lines of their own) and indentation: they are for readers.

    No text in our scripts may go over several lines.
    """
    comments = rb"(?ms)^\s*/\*.*?\*/\s*$" if is_script else rb"(?s)/\*.*?\*/"
    lean = re.sub(rb"\n\s*", b"\n", re.sub(comments, b"", text)).strip()
    return lean if is_script else re.sub(rb"\s*\n\s*|(?<=[{;]) | (?=[{}])", b"", lean)


def address(name: str) -> str:
    """Where browsers get the file, with its hash; a missing (not yet built) file has no hash."""
    asset = load(name)
    return f"/static/{name}" + (f"?v={asset.version}" if asset else "")


def built(entry: str) -> str | None:
    """Address of a bundle by its entry, such as `viewer.js`; None while the bundles are not built."""
    manifest = load("built/manifest.json")
    name = orjson.loads(manifest.body).get(entry) if manifest else None
    return address(f"built/{name}") if name else None


@bp.get("/static/<path:name>", endpoint="static")
@open_to_all
def static(name: str) -> ResponseReturnValue:
    asset = load(name)
    if asset is None:
        abort(404)
    packed = asset.packed if "gzip" in request.headers.get("Accept-Encoding", "") else None
    answer = Response(packed or asset.body, content_type=_with_charset(asset.kind))
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    fresh = request.args.get("v") == asset.version
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
    answer.set_etag(asset.version)
    return answer.make_conditional(request)


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind


_AS_TYPED = re.compile(rb"(?s)(<(textarea|pre|script)\b.*?</\2>)")


def _without_indents(body: bytes) -> bytes:
    """A page without the indentation of its templates; what people typed stays as it is."""
    parts = _AS_TYPED.split(body)  # between, as typed, its tag, between, …
    parts[::3] = [re.sub(rb"\s*\n\s*", b"\n", each) for each in parts[::3]]
    del parts[2::3]
    return b"".join(parts)


def compress(answer: Response) -> Response:
    """gzip for pages and fragments; waitress does not compress. Streams and files are left alone."""
    if (
        answer.direct_passthrough
        or answer.is_streamed
        or answer.status_code in (204, 304)
        or "Content-Encoding" in answer.headers
        or not (answer.mimetype or "").startswith(_TEXT)
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return answer
    body = answer.get_data()
    if len(body) > _LEAST:
        answer.set_data(gzip.compress(_without_indents(body), 9, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers.add("Vary", "Accept-Encoding")
    return answer


@cache
def _icons() -> dict[str, str]:
    """Symbol by name, from icons.svg."""
    text = (STATIC / "icons.svg").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in re.findall(r'(<symbol id="i-([a-z0-9-]+)".*?</symbol>)', text, re.S)}


def icon(name: str, small: bool = False) -> Markup:
    """An icon beside a word. Unknown names raise: a page must not show an empty square."""
    if name not in _icons():
        raise LookupError(f"icons.svg has no symbol i-{name}")
    used: set[str] = g.setdefault("icons", set())
    used.add(name)
    size = " icon-s" if small else ""
    return Markup(f'<svg class="icon{size}" aria-hidden="true"><use href="#i-{name}"/></svg>')


def symbols() -> Markup:
    """The symbols that this page used; stands at its end."""
    used: set[str] = g.get("icons", set())
    if not used:
        return Markup("")
    return Markup("<svg hidden>" + "".join(_icons()[name] for name in sorted(used)) + "</svg>")
