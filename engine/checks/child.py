"""Check files that came from outside in a child process: a file that would hang or fill memory ends only the child.

The child has five seconds and 1 GB. What it says comes back as JSON; when it says nothing, the finding says so.
"""

from __future__ import annotations

import base64
import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from engine.checks.drawings import check_drawings
from engine.checks.findings import ERROR, Finding, Known, Signature
from engine.checks.rules import check
from engine.diagrams.reading import MAX_BYTES
from engine.expressions import FUNCTIONS

LIMIT_SECONDS = 5
LIMIT_BYTES = 1 << 30
_ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path.insert(0, sys.argv[1]); from engine.checks.child import main; main()"


def check_in_child(
    files: Mapping[str, bytes], known: Known | None = None, drawings_of: Collection[str] = ()
) -> list[Finding]:
    """As `check`, within limits; never raises for what the files hold, and answers within LIMIT_SECONDS.

    `drawings_of`: names of the files whose drawings are judged as well (`check_drawings`).
    """
    too_large = [name for name, content in files.items() if len(content) > MAX_BYTES]
    if too_large:
        return [
            Finding(name, "", "file_too_large", ERROR, "文件超过 1 MB。", "The file is larger than 1 MB.")
            for name in too_large
        ]
    request = json.dumps(
        {
            "files": {name: base64.b64encode(content).decode() for name, content in files.items()},
            "drawings_of": list(drawings_of),
            "known": _known_as_json(known or Known()),
            "modules": sorted({each.call.__module__ for each in FUNCTIONS.values()}),
        }
    )
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _START, str(_ROOT)],
            input=request.encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        return [Finding(**each) for each in json.loads(done.stdout)]
    except (subprocess.SubprocessError, ValueError):
        zh = f"检查未能在 {LIMIT_SECONDS} 秒内完成，文件被拒绝。"
        en = f"The check did not finish within {LIMIT_SECONDS} seconds; the file is refused."
        return [Finding(name, "", "check_not_finished", ERROR, zh, en) for name in files]


def main() -> None:
    """The child: limits first, then read standard input, check, answer on standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    request = json.load(sys.stdin)
    for module in request["modules"]:
        importlib.import_module(module)  # functions of the expression language register themselves
    files = {name: base64.b64decode(content) for name, content in request["files"].items()}
    found = check(files, _known_of_json(request["known"]))
    found += check_drawings({name: files[name] for name in request["drawings_of"]})
    json.dump([vars(each) for each in found], sys.stdout)


def _known_as_json(known: Known) -> dict[str, Any]:
    names = ("forms", "decisions", "messages", "roles", "processes")
    plain: dict[str, Any] = {
        name: None if getattr(known, name) is None else sorted(getattr(known, name)) for name in names
    }
    if known.operations is not None:
        plain["operations"] = {
            name: [sorted(each.parameters), sorted(each.required)] for name, each in known.operations.items()
        }
    return plain


def _known_of_json(plain: dict[str, Any]) -> Known:
    operations = plain.pop("operations", None)
    signatures = None
    if operations is not None:
        signatures = {name: Signature(frozenset(every), frozenset(must)) for name, (every, must) in operations.items()}
    sets = {name: None if value is None else frozenset(value) for name, value in plain.items()}
    return Known(operations=signatures, **sets)
