"""The forms of this checkout: `forms/<key>.json` is the newest version, `forms/<key>.v<n>.json` an older one.

A deployed bundle carries its own forms; whoever has their bytes calls `parse`. Files are read again when they change.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.forms.answers import clean
from engine.forms.errors import FormRefused, UnknownForm
from engine.forms.model import Form
from engine.forms.reading import parse

FOLDER = Path(__file__).resolve().parents[2] / "forms"

_KEY = re.compile(r"\w{1,80}", re.ASCII)
_read: dict[Path, tuple[int, Form]] = {}


def form(key: str, version: int | None = None, folder: Path | None = None) -> Form:
    """The newest version of a form, or the one asked for; raises UnknownForm, FormRefused."""
    if not _KEY.fullmatch(key):
        raise UnknownForm(f"no form {key!r}")
    where = folder or FOLDER
    newest = _from(where / f"{key}.json")
    if newest and version in (None, newest.version):
        return newest
    older = _from(where / f"{key}.v{version}.json") if version else None
    if older is None:
        raise UnknownForm(f"no form {key!r}" + (f" in version {version}" if version else ""))
    return older


def keys(folder: Path | None = None) -> list[str]:
    """The keys of all forms, sorted."""
    return sorted(path.stem for path in (folder or FOLDER).glob("*.json") if ".v" not in path.stem)


def load(key: str | Form, version: int | None, answers: Any) -> dict[str, Any]:
    """The clean answers to a form, named by key or given; raises Invalid, UnknownForm."""
    return clean(key if isinstance(key, Form) else form(key, version), answers)


def _from(path: Path) -> Form | None:
    if not path.name.replace(".", "").replace("_", "").isalnum() or not path.is_file():
        return None
    changed = path.stat().st_mtime_ns
    if path not in _read or _read[path][0] != changed:
        _read[path] = (changed, parse(path.read_bytes(), path.name))
        _must_be_named(path, _read[path][1])
    return _read[path][1]


def _must_be_named(path: Path, found: Form) -> None:
    if found.id != path.name.split(".")[0]:
        del _read[path]
        raise FormRefused(path.name, "id", "id 要和文件名一样", "the id must be the file's name")
