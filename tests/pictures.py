"""Pictures of diagrams, to be looked at: `python tests/pictures.py FILE.bpmn … --into FOLDER`.

Draws each file with bpmn-js in headless Chromium as it will be seen on the pages and writes FILE.png beside it or into
the folder. Needs web/node_modules (make install) and Chromium.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
BPMN_JS = Path(__file__).resolve().parents[1] / "web" / "node_modules" / "bpmn-js" / "dist"
MARGIN = 20
LARGEST = 4000  # px; a larger drawing is scaled down

_PAGE = """<!doctype html><meta charset="utf-8"><style>
html, body { margin: 0; background: white } #canvas { width: 100vw; height: 100vh }
</style><div id="canvas"></div>"""
_OPEN = """async ([xml, margin, largest]) => {
    const viewer = new BpmnJS({ container: '#canvas' });
    window.viewer = viewer;
    const { warnings } = await viewer.importXML(xml);
    const box = viewer.get('canvas').viewbox().inner;
    const scale = Math.min(1, largest / Math.max(box.width, box.height));
    return { box, scale, warnings: warnings.map(each => each.message),
             width: Math.ceil((box.width + 2 * margin) * scale), height: Math.ceil((box.height + 2 * margin) * scale) };
}"""
_FIT = """([box, margin, scale]) => {
    viewer.get('canvas').resized();
    viewer.get('canvas').viewbox({ x: box.x - margin, y: box.y - margin,
                                   width: innerWidth / scale, height: innerHeight / scale });
}"""


def is_possible() -> bool:
    """Whether bpmn-js and Chromium are here."""
    return (BPMN_JS / "bpmn-viewer.production.min.js").exists() and bool(shutil.which("chromium"))


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def open_diagram(page: Page, xml: str) -> dict[str, Any]:
    """Draw the diagram on the page; returns its box, scale and the warnings of bpmn-js."""
    page.set_content(_PAGE)
    page.add_style_tag(path=str(BPMN_JS / "assets" / "diagram-js.css"))
    page.add_script_tag(path=str(BPMN_JS / "bpmn-viewer.production.min.js"))
    opened: dict[str, Any] = page.evaluate(_OPEN, [xml, MARGIN, LARGEST])
    page.set_viewport_size({"width": opened["width"], "height": opened["height"]})
    page.evaluate(_FIT, [opened["box"], MARGIN, opened["scale"]])
    return opened


def picture(page: Page, xml: str, target: Path) -> list[str]:
    """Write the picture; returns the warnings of bpmn-js."""
    opened = open_diagram(page, xml)
    page.screenshot(path=str(target))
    warnings: list[str] = opened["warnings"]
    return warnings


def shipped_pictures() -> dict[Path, Path]:
    """The picture of each shipped diagram in docs/processes/, and the file that it shows."""
    folder = ROOT / "docs" / "processes"
    return {folder / f"{file.stem}.svg": file for file in sorted((ROOT / "processes").rglob("*.bpmn"))}


def is_current(target: Path, file: Path) -> bool:
    """Whether the picture shows the file as it is."""
    return target.exists() and f"<!-- {_digest(file)} -->" in target.read_text(encoding="utf-8")


def draw_shipped() -> Iterator[Path]:
    """Draw the pictures of docs/processes/ that are missing or old; yields each that was written."""
    old = {target: file for target, file in shipped_pictures().items() if not is_current(target, file)}
    if not old:
        return
    with browser_page() as page:
        for target, file in old.items():
            open_diagram(page, file.read_text(encoding="utf-8"))
            drawn = page.evaluate("async () => (await window.viewer.saveSVG()).svg")
            target.write_text(f"{_slim(drawn)}\n<!-- {_digest(file)} -->\n", encoding="utf-8")
            yield target


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _slim(svg: str) -> str:
    """Without what only serves the mouse; a shape to a line and markers numbered, so that versions compare."""
    for number, marker in enumerate(dict.fromkeys(re.findall(r'id="(marker-\w+)"', svg))):
        svg = svg.replace(marker, f"marker-{number}")
    svg = re.sub(r'<(rect|polyline|path|circle|ellipse)[^>]*class="djs-(?:hit|outline|dragger)[^>]*/>', "", svg)
    return svg.replace("<g ", "\n<g ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--into", type=Path)
    asked = parser.parse_args()
    with browser_page() as page:
        for file in asked.files:
            target = (asked.into or file.parent) / f"{file.stem}.png"
            for warning in picture(page, file.read_text(encoding="utf-8"), target):
                print(f"{file}: {warning}")
            print(target)


if __name__ == "__main__":
    main()
