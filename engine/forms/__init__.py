"""Forms: one JSON file gives the page, the browser's limits and the validation.

forms/README.md tells the shape. `form(key)` reads a file of the checkout, `parse(bytes)` one that a bundle carries;
`load` and `clean` judge answers, `from_html` reads what a browser sent, `for_process` picks what the diagram may see.
"""

from engine.forms.answers import clean, for_process, is_shown, refuse_unstorable, without_hidden
from engine.forms.decoding import from_html
from engine.forms.errors import FormRefused, Invalid, UnknownForm, Words
from engine.forms.folder import form, keys, load
from engine.forms.model import Field, Form, Option, Section
from engine.forms.reading import parse
from engine.forms.rules import holds

__all__ = [
    "Field",
    "Form",
    "FormRefused",
    "Invalid",
    "Option",
    "Section",
    "UnknownForm",
    "Words",
    "clean",
    "for_process",
    "form",
    "from_html",
    "holds",
    "is_shown",
    "keys",
    "load",
    "parse",
    "refuse_unstorable",
    "without_hidden",
]
