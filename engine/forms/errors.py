"""What can be wrong with a form file, and with what somebody typed into a form."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import EngineError

Words = Mapping[str, str]
"""One text in both languages: {"zh": …, "en": …}."""


class FormRefused(EngineError):
    """A form file breaks the rules of forms/README.md; says which file, where in it, and what to write instead."""

    def __init__(self, file: str, path: str, zh: str, en: str) -> None:
        super().__init__(f"{file}: {path or '(top)'}: {zh} / {en}")
        self.file, self.path = file, path
        self.words: Words = {"zh": zh, "en": en}


class UnknownForm(EngineError):
    """No form file of that name and version."""


class Invalid(EngineError):
    """Answers that a form refuses: `faults` are sentences by path, `a.b` or `rows.0.c`; "" is the form as a whole."""

    def __init__(self, faults: Mapping[str, Words]) -> None:
        super().__init__("; ".join(f"{path or 'form'}: {words['en']}" for path, words in faults.items()))
        self.faults: dict[str, Words] = dict(faults)
