"""Check files that came from outside in a child process: a file that would hang or fill memory ends only the child.

One child for a whole bundle, with five seconds of processor time and 1 GB. What it says comes back as JSON; when it
says nothing, the finding says so. The child knows the functions of the expression language by their signatures only, so
that it loads the engine and nothing of the trade.
"""

from __future__ import annotations

import base64
import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.checks.drawings import check_drawings
from engine.checks.findings import ERROR, Finding, Known, Signature
from engine.checks.form_files import check_forms
from engine.checks.rules import check
from engine.diagrams.reading import MAX_BYTES
from engine.expressions import FUNCTIONS, Function, know

LIMIT_SECONDS = 5  # of processor time
LONGEST_WAIT_SECONDS = 30
LIMIT_BYTES = 1 << 30
_ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path.insert(0, sys.argv[1]); from engine.checks.child import main; main(*sys.argv[2:])"


def check_in_child(
    files: Mapping[str, bytes],
    known: Known | None = None,
    drawings_of: Collection[str] = (),
    forms: Mapping[str, bytes] | None = None,
    further: str = "",
) -> list[Finding]:
    """As `check`, within limits; never raises for what the files hold.

    `drawings_of`: names of the files whose drawings are judged as well (`check_drawings`). `forms`: form files that
    must be readable. `further`: a module whose `judge(files)` gives more findings, asked when there is no error yet.
    """
    request = json.dumps(
        {
            "files": {name: base64.b64encode(content).decode() for name, content in _within(files).items()},
            "forms": {name: base64.b64encode(content).decode() for name, content in _within(forms or {}).items()},
            "drawings_of": list(drawings_of),
            "known": _known_as_json(known or Known()),
            "functions": [
                [each.name, each.kinds, each.least, each.most, each.signatures] for each in FUNCTIONS.values()
            ],
        }
    )
    found = [
        Finding(name, "", "file_too_large", ERROR, "文件超过 1 MB。", "The file is larger than 1 MB.")
        for name, content in {**files, **(forms or {})}.items()
        if len(content) > MAX_BYTES
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _START, str(_ROOT), *filter(None, [further])],
            input=request.encode(),
            capture_output=True,
            timeout=LONGEST_WAIT_SECONDS,
            check=True,
        )
        return found + [Finding(**each) for each in json.loads(done.stdout)]
    except (subprocess.SubprocessError, ValueError):
        zh = f"检查未能在 {LIMIT_SECONDS} 秒处理器时间和 1 GB 内存内完成，文件被拒绝。"
        en = f"The check did not end within {LIMIT_SECONDS} seconds of processor time and 1 GB; the file is refused."
        return found + [Finding(name, "", "check_not_finished", ERROR, zh, en) for name in files]


def _within(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if len(content) <= MAX_BYTES}


def main(further: str = "") -> None:
    """The child: limits first, then read standard input, check, answer on standard output."""
    judge = importlib.import_module(further).judge if further else None
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + LIMIT_SECONDS  # what imports took is not the files' fault
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    request = json.load(sys.stdin)
    for name, kinds, least, most, signatures in request["functions"]:
        if name not in FUNCTIONS:
            know(Function(name, _unknown, tuple(kinds), least, most, tuple(map(tuple, signatures))))
    files = {name: base64.b64decode(content) for name, content in request["files"].items()}
    found = check(files, _known_of_json(request["known"]))
    found += check_drawings({name: files[name] for name in request["drawings_of"] if name in files})
    found += check_forms({name: base64.b64decode(content) for name, content in request["forms"].items()})
    if judge is not None and not any(each.is_error for each in found):
        found += judge(files)
    json.dump([vars(each) for each in found], sys.stdout)


def _unknown(*arguments: Any) -> None:
    """A function of the trade, which a check only names."""


def _known_as_json(known: Known) -> dict[str, Any]:
    names = [each.name for each in fields(known) if each.name != "operations"]
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
