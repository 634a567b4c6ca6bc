from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from web import language

WEB = Path(language.__file__).parent
CHINESE = re.compile(r"[㐀-鿿]")


def texts_of_the_pages() -> set[str]:
    found = extract_from_dir(
        str(WEB),
        method_map=[("templates/**.html", "jinja2"), ("*.py", "python")],
        options_map={"templates/**.html": {"trimmed": "true", "silent": "false"}},
    )
    return {text for _, _, text, _, _ in found if isinstance(text, str) and CHINESE.search(text)}


def english() -> dict[str, str]:
    catalogue: dict[str, str] = {}
    for path in sorted((WEB / "translations" / "en").glob("*.po")):
        with path.open("rb") as file:
            catalogue.update({str(each.id): str(each.string) for each in read_po(file) if each.id and each.string})
    return catalogue


def test_every_text_of_the_pages_has_its_english() -> None:
    known = english()

    missing = sorted(text for text in texts_of_the_pages() if text not in known)

    assert missing == []


def test_a_translation_keeps_the_places_of_its_values() -> None:
    place = re.compile(r"%\((\w+)\)s")

    wrong = [text for text, said in english().items() if set(place.findall(text)) != set(place.findall(said))]

    assert wrong == []


def test_templates_hold_no_bare_chinese() -> None:
    bare = []
    for path in sorted((WEB / "templates").rglob("*.html")):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)
        text = re.sub(r"\{[{%].*?[%}]\}", "", text, flags=re.S)
        if CHINESE.search(text):
            bare.append(path.name)

    assert bare == []


def test_what_may_stay_empty_is_said_in_one_word() -> None:
    other = re.compile("可跳过|可不填|可以不填|可以跳过|可留空|（[^）]*不填[^）]*）")
    today = [path for path in (WEB.parent / "forms").glob("*.json") if ".v" not in path.name]
    places = [*(WEB / "templates").rglob("*.html"), *today]

    wrong = [(path.name, found[0]) for path in places if (found := other.search(path.read_text(encoding="utf-8")))]

    assert wrong == []


def test_every_user_task_and_process_has_its_english_name() -> None:
    known, missing = english(), []
    for path in sorted((WEB.parent / "processes").glob("*/*.bpmn")):
        text = path.read_text(encoding="utf-8")
        names = re.findall(r'<bpmn:(?:userTask|process) [^>]*name="([^"]+)"', text)
        missing += [f"{path.name}: {name}" for name in names if name not in known]

    assert missing == []
