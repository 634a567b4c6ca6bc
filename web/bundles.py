"""Deploy what lies in folders and files: diagrams and tables, with the forms that they name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from engine import db, definitions, diagrams, jobs
from engine.definitions import Deployed
from engine.forms.folder import FOLDER


def deploy_paths(paths: Iterable[Path], by: int | None = None, dry_run: bool = False, revive: bool = True) -> Deployed:
    """Check and deploy all diagrams and tables of these folders and files as one bundle, with the forms they name.

    Raises definitions.Refused with the findings; with `dry_run` nothing is written. `revive` as in definitions.deploy.
    """
    files, forms_found = collect(list(paths))
    if dry_run:
        with db.reading() as session:
            found = definitions.check_apart(session, files, forms_found)
        if any(each.is_error for each in found):
            raise definitions.Refused(found)
        return Deployed(0, False, {}, tuple(found))
    with jobs.transaction() as session:
        return definitions.deploy(session, files, by, forms_found, revive, apart=True)


def collect(paths: list[Path]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """(diagrams and tables by their path within what was named, forms that the diagrams name by key)."""
    files: dict[str, bytes] = {}
    places: list[Path] = []
    for path in paths:
        root = path if path.is_dir() else path.parent
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        places += [root / "forms", root.parent / "forms"]
        for each in found:
            if each.suffix in (".bpmn", ".dmn"):
                files[each.relative_to(root).as_posix()] = each.read_bytes()
    if not files:
        raise click.ClickException("没有 .bpmn 或 .dmn 文件 · no diagram and no table there")
    named = {name for text in files.items() for name in _forms_named(*text)}
    carried = {}
    for key in sorted(named):
        place = next((each / f"{key}.json" for each in [*places, FOLDER] if (each / f"{key}.json").is_file()), None)
        if place is not None:
            carried[f"forms/{key}.json"] = place.read_bytes()
    return files, carried


def _forms_named(path: str, text: bytes) -> set[str]:
    if not path.endswith(".bpmn"):
        return set()
    try:
        drawn = diagrams.parse(text, path)
    except diagrams.NotADiagram:
        return set()
    return {node.form for process in drawn.processes for node in process.nodes if node.form}
