"""Form files as findings: each must be readable."""

from __future__ import annotations

from collections.abc import Mapping

from engine import forms
from engine.checks.findings import ERROR, Finding


def check_forms(files: Mapping[str, bytes]) -> list[Finding]:
    """What is wrong with form files; one finding a file, because reading stops at the first fault."""
    found = []
    for name, content in files.items():
        try:
            forms.parse(content, name)
        except forms.FormRefused as fault:
            where = f"{fault.path}：" if fault.path else ""
            zh, en = f"{where}{fault.words['zh']}。", f"{where.replace('：', ': ')}{fault.words['en']}."
            found.append(Finding(name, fault.path, "form_is_readable", ERROR, zh, en))
    return found
