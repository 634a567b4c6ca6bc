"""`visitflow check` and `visitflow layout`: judge and arrange diagrams without a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from engine import definitions
from engine.checks import Finding
from engine.diagrams import NotADiagram
from engine.layout import LayoutRefused, layout
from engine.settings import CHECKOUT

_KINDS = (".bpmn", ".dmn")


def read_bundle(paths: tuple[str, ...]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The diagrams and tables under the paths, and the forms of `forms/` in a path, beside it, or of this checkout."""
    files: dict[str, bytes] = {}
    forms: dict[str, bytes] = {}
    for each in map(Path, paths):
        found = [each] if each.is_file() else sorted(file for file in each.rglob("*") if file.suffix in _KINDS)
        files |= {str(file): file.read_bytes() for file in found}
        forms |= {file.name: file.read_bytes() for file in sorted(_forms_of(each).glob("*.json"))}
    return files, forms


def _forms_of(path: Path) -> Path:
    here = path.resolve()
    places = [each / "forms" for each in (here, *here.parents) if (each / "forms").is_dir()]
    return places[0] if places else CHECKOUT / "forms"


@click.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line")
def check_command(paths: tuple[str, ...], as_json: bool) -> None:
    """检查流程图和决策表 · check diagrams and tables without a database."""
    files, forms = read_bundle(paths)
    findings = definitions.check_apart(None, files, forms, drawings_of=files)
    for each in findings:
        click.echo(json.dumps(each.as_json(), ensure_ascii=False) if as_json else line_of(each))
    errors = sum(each.is_error for each in findings)
    if not as_json:
        click.echo(
            f"{len(files)} 个文件，{errors} 处错误，{len(findings) - errors} 处提醒 · {len(files)} files", err=True
        )
    if errors or not files:
        sys.exit(1)


def line_of(finding: Finding) -> str:
    """A finding as people read it."""
    where = f"{finding.file}:{finding.element}" if finding.element else finding.file
    return f"{where}: {finding.level} [{finding.rule}] {finding.zh} {finding.en}"


@click.command("layout")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--check", "only_check", is_flag=True, help="only say whether the drawing would change")
def layout_command(files: tuple[str, ...], only_check: bool) -> None:
    """重新排版流程图 · write the drawing part of diagrams anew (lanes, left to right)."""
    changed = refused = 0
    for each in map(Path, files):
        before = each.read_bytes()
        try:
            after = layout(before)
        except (LayoutRefused, NotADiagram) as refusal:
            click.echo(f"{each}: {refusal}", err=True)
            refused += 1
            continue
        changed += after != before
        if after != before and not only_check:
            _replace(each, after)
        click.echo(f"{each}: {_words(after != before, only_check)}")
    if refused or (only_check and changed):
        sys.exit(1)


def _replace(path: Path, content: bytes) -> None:
    """The whole new file or the whole old one, whatever happens meanwhile."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    beside.replace(path)


def _words(changes: bool, only_check: bool) -> str:
    if not changes:
        return "无变化 · unchanged"
    return "需要重新排版 · would be arranged anew" if only_check else "已重新排版 · arranged anew"


commands: list[click.Command] = [check_command, layout_command]
