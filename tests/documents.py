"""Writes docs/reference/{settings,operations,messages,forms,roles}.md and docs/processes/ from what the code says.

`make docs` writes them; tests/test_documented.py fails when one of them is no longer what this would write.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from care import roles
from engine import diagrams, forms, operations
from engine.settings import CHECKOUT, Settings
from web.joined import join

REFERENCE = CHECKOUT / "docs" / "reference"
PROCESSES = CHECKOUT / "processes"


def documents() -> dict[Path, str]:
    """Every generated page with its text."""
    join()
    pages = {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "operations.md": operations_page(),
        REFERENCE / "messages.md": messages_page(),
        REFERENCE / "forms.md": forms_page(),
        REFERENCE / "roles.md": roles_page(),
    }
    for process in shipped():
        pages[CHECKOUT / "docs" / "processes" / f"{process.id}.md"] = process_page(process)
    return pages


def shipped() -> list[diagrams.Process]:
    """The processes of processes/, by id."""
    found = [diagrams.parse(path.read_bytes(), path.name) for path in sorted(PROCESSES.rglob("*.bpmn"))]
    return sorted((process for each in found for process in each.processes), key=lambda process: process.id)


def settings_page() -> str:
    rows = []
    for each in fields(Settings):
        default = (
            "`var/` of the checkout" if each.name == "home" else f"`{each.default}`" if each.default != "" else "–"
        )
        rows.append((f"`VISITFLOW_{each.name.upper()}`", default, each.metadata["about"]))
    return _page("Settings", "Environment variables, read once at start.", ("variable", "default", "meaning"), rows)


def operations_page() -> str:
    rows = []
    shipped_ones = {name: each for name, each in operations.OPERATIONS.items() if _is_ours(each.call)}
    for name, each in sorted(shipped_ones.items()):
        wanted = ", ".join(
            f"`{parameter}`" + ("" if parameter in each.required else "?") for parameter in sorted(each.parameters)
        )
        about = (inspect.getdoc(each.call) or "").split("\n\n")[0].replace("\n", " ")
        rows.append((f"`{name}`", wanted or "–", about))
    about = "What a service task may call. `?` marks what may be left out."
    return _page("Operations", about, ("operation", "parameters", "what it does"), rows)


def _is_ours(function: Callable[..., object]) -> bool:
    """Whether an operation belongs to the product; tests register some of their own in the same process."""
    return function.__module__.partition(".")[0] in ("engine", "care", "connectors", "web")


def messages_page() -> str:
    thrown, caught = defaultdict(set), defaultdict(set)
    for process in shipped():
        for node in process.nodes:
            for event in node.events:
                if event.kind != "message" or not event.name:
                    continue
                throws = node.kind in ("intermediateThrowEvent", "endEvent", "sendTask")
                (thrown if throws else caught)[event.name].add(f"`{process.id}.{node.id}`")
    rows = [
        (f"`{name}`", ", ".join(sorted(thrown[name])) or "–", ", ".join(sorted(caught[name])) or "note or record")
        for name in sorted(thrown.keys() | caught.keys())
    ]
    about = "What a message without a catcher becomes is decided by `care/unclaimed.py` (ADR 5)."
    return _page("Messages", about, ("message", "thrown by", "caught by"), rows)


def forms_page() -> str:
    rows = []
    for key in sorted(forms.keys()):
        form = forms.form(key)
        rows.append((f"`{key}`", str(form.version), form.title.get("zh", ""), form.title.get("en", ""), _process(form)))
    about = "Forms in `forms/`; the last column lists the fields that a form hands to the process."
    return _page("Forms", about, ("form", "version", "中文", "English", "to the process"), rows)


def _process(form: forms.Form) -> str:
    return ", ".join(f"`{name}`" for name in form.process) or "–"


def roles_page() -> str:
    rows = [(f"`{each.code}`", each.zh, each.en, each.level, each.next) for each in roles.ROLES.values()]
    about = "Roles are resolved inside the elder's unit. The last column takes over when a task stays undone."
    return _page("Roles", about, ("role", "中文", "English", "level", "next"), rows)


def process_page(process: diagrams.Process) -> str:
    """One process: its tasks with role, form and time, its timers and messages."""
    tasks = [
        (f"`{node.id}`", node.name, f"`{node.role}`", f"`{node.form}`", f"`{node.due}`", _source(node))
        for node in process.nodes
        if node.is_user_task
    ]
    timers = [
        (f"`{node.id}`", node.name, f"`{event.text}`", f"`{node.attached_to}`" if node.attached_to else "–")
        for node in process.nodes
        for event in node.events
        if event.kind == "timer"
    ]
    head = f"# {process.name} (`{process.id}`)\n\n{process.documentation}\n"
    parts = [head]
    if tasks:
        parts.append("## Tasks\n\n" + _table(("task", "名称", "role", "form", "due", "source"), tasks))
    if timers:
        parts.append("## Times\n\n" + _table(("event", "名称", "after", "at"), timers))
    return "\n".join(parts)


def _source(node: diagrams.Node) -> str:
    return node.documentation.split("\n")[0]


def _page(title: str, about: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return f"# {title}\n\nGenerated by `make docs`. {about}\n\n" + _table(head, rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
