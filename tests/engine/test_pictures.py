"""What bpmn-js makes of our drawings: no warnings, and the names fit as Chromium draws them.

The widths of text are estimates (engine.diagrams.texts); fonts differ, so they are measured here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import pictures

PROCESSES = Path(__file__).parents[2] / "processes"
NO_BROWSER = "needs web/node_modules/bpmn-js and Chromium"

# Names of events, gateways and flows: the text against its label box. Names of tasks: against the task.
MEASURE = """() => {
    const found = [];
    const registry = viewer.get('elementRegistry');
    registry.forEach((element, graphics) => {
        const text = graphics.querySelector('.djs-visual text');
        if (!text || !text.textContent || element.isHidden) return;
        const isLabel = element.type === 'label' || !!element.labelTarget;
        const isTask = /Task$|CallActivity$/.test(element.type);
        if (!isLabel && !isTask) return;
        const box = text.getBBox();
        found.push({ id: element.id, text: text.textContent, width: box.width, height: box.height,
                     roomWide: element.width, roomHigh: element.height });
    });
    return found;
}"""


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not pictures.is_possible(), reason=NO_BROWSER)
def test_the_shipped_diagrams_open_without_a_warning_and_their_names_fit(tmp_path):
    with ThreadPoolExecutor(1) as own_thread:  # the browser tests' plugin keeps a loop running in the main one
        over, measured = own_thread.submit(_measure_all, tmp_path).result()

    assert over == []
    assert measured > 200


def _measure_all(folder: Path) -> tuple[list[tuple[str, dict[str, float]]], int]:
    """(names that run over their place, how many were measured) of all shipped diagrams."""
    over, measured = [], 0
    with pictures.browser_page() as page:
        for path in sorted(PROCESSES.glob("*/*.bpmn")):
            target = folder / f"{path.stem}.png"
            assert pictures.picture(page, path.read_text(encoding="utf-8"), target) == [], path
            assert target.stat().st_size > 5_000
            for each in page.evaluate(MEASURE):
                measured += 1
                if each["width"] > each["roomWide"] + 1 or each["height"] > each["roomHigh"] + 6:
                    over.append((path.stem, each))
    return over, measured
