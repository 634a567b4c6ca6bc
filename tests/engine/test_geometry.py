"""Each geometric rule finds its own fault in a drawing that is otherwise sound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import geometry
from engine.checks import check_drawings
from engine.layout import layout

SHIPPED = sorted((Path(__file__).parents[2] / "processes").glob("*/*.bpmn"))
SOUND = layout((Path(__file__).parent / "diagrams" / "lanes_to_draw.bpmn").read_bytes()).decode()


def moved(xml: str, element: str, dx: int, dy: int) -> str:
    """The drawing with the shape of one element moved."""
    pattern = re.compile(rf'(bpmnElement="{element}"[^>]*>\s*<dc:Bounds )x="(-?\d+)" y="(-?\d+)"')
    return pattern.sub(lambda m: f'{m[1]}x="{int(m[2]) + dx}" y="{int(m[3]) + dy}"', xml, count=1)


def resized(xml: str, element: str, label: bool, width: int, height: int) -> str:
    inside = r"\s*(?:<dc:Bounds [^>]*>|<di:waypoint [^>]*>\s*)*\s*<bpmndi:BPMNLabel>\s*" if label else r"\s*"
    pattern = re.compile(
        rf'(bpmnElement="{element}"[^>]*>{inside}<dc:Bounds x="-?\d+" y="-?\d+") width="\d+" height="\d+"'
    )
    changed, times = pattern.subn(rf'\1 width="{width}" height="{height}"', xml)
    assert times == 1
    return changed


def waypoints(xml: str, flow: str, *points: tuple[int, int]) -> str:
    """The drawing with another route of one flow."""
    route = "".join(f'<di:waypoint x="{x}" y="{y}"/>' for x, y in points)
    pattern = re.compile(rf'(bpmnElement="{flow}">\s*)(?:<di:waypoint [^>]*>\s*)+')
    changed, times = pattern.subn(rf"\1{route}", xml)
    assert times == 1
    return changed


def label_at(xml: str, element: str, x: int, y: int) -> str:
    start = xml.index("<bpmndi:BPMNLabel>", xml.index(f'bpmnElement="{element}"'))
    return xml[:start] + re.sub(r'x="-?\d+" y="-?\d+"', f'x="{x}" y="{y}"', xml[start:], count=1)


def rules_of(xml: str) -> set[str]:
    return {each.rule for each in geometry.flaws(xml.encode())}


def spot(element: str, fx: float = 0.5, fy: float = 0.5) -> tuple[int, int]:
    box = geometry.picture_of(SOUND.encode()).shapes[element]
    return round(box.left + (box.right - box.left) * fx), round(box.top + (box.bottom - box.top) * fy)


def without(xml: str, pattern: str) -> str:
    changed, times = re.subn(pattern, "", xml, count=1, flags=re.DOTALL)
    assert times == 1
    return changed


def label_of(element: str) -> str:
    """The label of a shape, as a pattern."""
    start = SOUND.index("<bpmndi:BPMNLabel>", SOUND.index(f'bpmnElement="{element}"'))
    return re.escape(SOUND[start : SOUND.index("</bpmndi:BPMNLabel>", start)]) + "</bpmndi:BPMNLabel>"


FAULTS = {
    "not_drawn": lambda: without(SOUND, r'<bpmndi:BPMNEdge id="call_to_reached_di".*?</bpmndi:BPMNEdge>'),
    "shapes_overlap": lambda: moved(
        SOUND, "visit", *[b - a for a, b in zip(spot("visit"), spot("check"), strict=True)]
    ),
    "outside_its_place": lambda: moved(SOUND, "call", 0, 140),
    "in_one_lane": lambda: SOUND.replace("<bpmn:flowNodeRef>check</bpmn:flowNodeRef>", ""),
    "off_its_border": lambda: moved(SOUND, "late", 0, 15),
    "lanes_do_not_tile": lambda: moved(SOUND, "village_desk", 0, 12),
    "flow_through_shape": lambda: waypoints(SOUND, "begin_to_call", spot("begin", 1), spot("call", 1.3)),
    "flow_end_off_shape": lambda: waypoints(
        SOUND, "begin_to_call", spot("begin", 1), (spot("call", 0)[0] - 9, spot("call")[1])
    ),
    "flows_on_top": lambda: waypoints(
        SOUND, "late_to_visit", *geometry.picture_of(SOUND.encode()).routes["begin_to_call"]
    ),
    "default_mark_shared": lambda: waypoints(SOUND, "reached_to_visit", spot("reached", 1), spot("visit", 0.5, 0)),
    "label_missing": lambda: without(SOUND, label_of("done")),
    "label_too_small": lambda: resized(SOUND, "reached", True, 12, 14),
    "label_in_the_way": lambda: label_at(SOUND, "done", *spot("check", 0.2, 0.2)),
    "task_text_too_long": lambda: SOUND.replace(
        'name="联系老人"', 'name="请工作人员尽快联系老人本人并逐项记录在案以备查"'
    ),
}


def test_a_sound_drawing_has_no_flaw():
    assert geometry.flaws(SOUND.encode()) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda each: each.stem)
def test_the_committed_drawings_have_no_flaw(path):
    assert geometry.flaws(path.read_bytes()) == []


def test_each_rule_has_its_fault():
    assert set(FAULTS) == {each.__name__ for each in geometry.RULES}


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_is_found_by_its_rule(rule):
    assert rule in rules_of(FAULTS[rule]())


def test_a_slanted_flow_is_told_and_is_no_flaw():
    (x, y), (right, lower) = spot("begin", 1), spot("call", 0)
    picture = geometry.picture_of(waypoints(SOUND, "begin_to_call", (x, y), (right, lower + 10)).encode())

    assert geometry.slanted(picture) == ["begin_to_call"]
    assert geometry.slanted(geometry.picture_of(SOUND.encode())) == []


def test_crossings_and_bends_are_counted():
    (x, y), (right, lower) = spot("begin", 1), spot("call", 0)
    cross = waypoints(SOUND, "late_to_visit", ((x + right) // 2, y - 30), ((x + right) // 2, lower + 60))
    before, after = geometry.picture_of(SOUND.encode()), geometry.picture_of(cross.encode())

    assert geometry.crossings(after) == geometry.crossings(before) + 1
    assert geometry.bends(before) > 0


def test_a_file_without_a_drawing_is_told_to_be_laid_out():
    bare = (Path(__file__).parent / "diagrams" / "lanes_to_draw.bpmn").read_bytes()

    assert [(each.rule, each.elements) for each in geometry.flaws(bare)] == [("not_drawn", ())]
    assert [(each.rule, each.level) for each in check_drawings({"a.bpmn": bare})] == [("not_drawn", "warning")]


def test_numbers_that_are_none_do_not_stop_the_checks():
    assert geometry.flaws(SOUND.replace('width="100"', 'width="wide"', 1).encode())
