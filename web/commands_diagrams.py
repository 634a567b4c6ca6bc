"""`visitflow check` and `visitflow layout`: judge and arrange diagrams without a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from engine import definitions
from engine.checks import Finding
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
    findings = definitions.check(None, files, forms)
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


commands: list[click.Command] = [check_command]
