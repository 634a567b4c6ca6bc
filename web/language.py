"""Chinese first, English second: which language a request speaks, and the catalogue of the other one.

Texts in templates and code are Chinese and are their own keys; `translations/en/*.po` gives the English. The files are
read as they are at the first use, so nothing has to be compiled. A text without a translation is shown in Chinese.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Blueprint, Flask, g, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue

from web.marks import open_to_all

LANGUAGES = {"zh": "中文", "en": "English"}
FOLDER = Path(__file__).resolve().parent / "translations"

bp = Blueprint("language", __name__)


def language() -> str:
    """`zh` or `en`: what this browser chose, or what a program asks for; Chinese when neither did."""
    if not has_request_context():
        return "zh"
    known: str | None = g.get("language")  # a page asks for it hundreds of times
    if known is None:
        chosen = session.get("language")
        if request.path.startswith("/api/"):
            chosen = request.accept_languages.best_match(LANGUAGES)
        known = g.language = chosen if chosen in LANGUAGES else "zh"
    return known


@cache
def _catalogue(code: str) -> NullTranslations:
    together = Catalog(locale=code)
    for path in sorted((FOLDER / code).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=code):
                if message.id and message.string:
                    together.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, together)
    compiled.seek(0)
    return Translations(compiled)


def translated(text: str, code: str | None = None) -> str:
    """The text in the language asked for (default: of this request); without a translation as it is."""
    wanted = code or language()
    return text if wanted == "zh" or not text else _catalogue(wanted).gettext(text)


def N_(text: str) -> str:
    """Marks a text for the catalogue where it is written down; it is translated where it is shown."""
    return text


def gettext(text: str, **values: Any) -> str:
    """The text in this request's language with `%(name)s` filled in."""
    words = translated(text)
    return words % values if values else words


_BOTH = re.compile(r"(?P<zh>.*[\u3400-\u9fff）」])\s+(?P<en>[A-Z][ -~]*)", re.S)


def task_name(name: str) -> str:
    """A task's name in this request's language: from the catalogue, or the side of a name that carries both."""
    return _task_name(name, language())


@lru_cache(4096)
def _task_name(name: str, spoken: str) -> str:
    both = _BOTH.fullmatch(name)
    if both is None:
        return translated(name, spoken)
    return both["en"] if spoken == "en" else both["zh"]


def in_language(words: dict[str, str] | str | None) -> str:
    """The side of a text that carries both languages, such as the labels of forms."""
    if not words:
        return ""
    if isinstance(words, str):
        return translated(words)
    return words.get(language()) or words.get("zh") or ""


@bp.post("/language")
@open_to_all
def choose() -> ResponseReturnValue:
    """Speak the chosen language from now on, and go back to the page one was on."""
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        session["language"] = chosen
    return redirect(here_again())


def here_again(default: str = "/") -> str:
    """An address of our own to go back to; an address elsewhere is never followed."""
    wanted = request.form.get("next") or ""
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted
    return wanted if plain else default


def install(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    environment: Any = app.jinja_env
    environment.install_gettext_callables(
        gettext=translated, ngettext=lambda one, many, n: translated(one if n == 1 else many), newstyle=True
    )
    environment.globals.update(language=language, in_language=in_language, translated=translated, task_name=task_name)
    environment.policies["ext.i18n.trimmed"] = True
