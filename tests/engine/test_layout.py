"""Laying out: sound drawings, the same bytes twice, only the drawing changed, refusals that name the element."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from lxml import etree

from engine import geometry
from engine.diagrams import NotADiagram, parse
from engine.layout import LayoutRefused, layout

HERE = Path(__file__).parent
SOUND = (HERE / "diagrams" / "sound.bpmn").read_bytes()
SHIPPED = sorted((HERE.parents[1] / "processes").glob("*/*.bpmn"))

# lanes, a subprocess, boundary events, a way back, a call activity, message events, a default flow
EVERYTHING = (HERE / "diagrams" / "everything_to_draw.bpmn").read_bytes()


@pytest.mark.parametrize("xml", [SOUND, EVERYTHING], ids=["sound", "everything"])
def test_a_drawing_has_no_flaw_and_a_second_run_changes_nothing(xml):
    drawn = layout(xml)

    assert geometry.flaws(drawn) == []
    assert layout(drawn) == drawn


@pytest.mark.parametrize("path", SHIPPED, ids=lambda each: each.stem)
def test_the_shipped_diagrams_can_be_arranged_anew_without_flaws(path):
    drawn = layout(path.read_bytes())

    assert geometry.flaws(drawn) == []
    assert layout(drawn) == drawn


def test_only_the_drawing_and_the_lists_of_flows_change():
    before, after = parse(EVERYTHING), parse(layout(EVERYTHING))

    def meaning(diagram):
        return [
            (each.id, each.kind, each.name, each.lane, each.parent, each.attached_to, each.incoming, each.outgoing)
            for each in diagram.processes[0].nodes
        ]

    assert meaning(before) == meaning(after)
    assert [each.name for each in before.messages] == [each.name for each in after.messages]


def test_each_node_lists_its_flows():
    root = etree.fromstring(layout(EVERYTHING))
    names = {"b": "http://www.omg.org/spec/BPMN/20100524/MODEL"}

    assert root.xpath("//b:userTask[@id='call']/b:incoming/text()", namespaces=names) == ["f1", "f_again"]
    assert root.xpath("//b:userTask[@id='call']/b:outgoing/text()", namespaces=names) == ["f2"]


def test_the_main_way_runs_straight_past_a_subprocess():
    picture = geometry.picture_of(layout(EVERYTHING))
    entry = picture.routes["f8"][0]

    assert entry.y == (picture.shapes["rb"].top + picture.shapes["rb"].bottom) / 2


def test_a_name_stands_where_its_line_runs_alone():
    drawn = geometry.picture_of(layout(next(each for each in SHIPPED if each.stem == "er_missing").read_bytes()))
    killed, lost = "found_how_to_found_dead", "found_how_to_tell_not_found"
    trunk_ends_at = drawn.routes[killed][-1].y

    assert drawn.routes[lost][1].x == drawn.routes[killed][1].x, "both ways leave along one trunk"
    assert drawn.labels[lost].top > trunk_ends_at > drawn.labels[killed].top


POOL = b'<bpmn:participant id="second" name="x"/></bpmn:collaboration>'


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [
        (b"</bpmn:collaboration>", POOL, "second"),
        (b"</bpmn:process>", b'<bpmn:textAnnotation id="note"/></bpmn:process>', "note"),
        (b"</bpmn:process>", b'<bpmn:dataObjectReference id="file"/></bpmn:process>', "file"),
        (b"</bpmn:process>", b'<bpmn:group id="group"/></bpmn:process>', "group"),
        (
            b"</bpmn:process>",
            b'<bpmn:sequenceFlow id="nowhere" sourceRef="call" targetRef="x"/></bpmn:process>',
            "nowhere",
        ),
        (b'attachedToRef="rescue"', b'attachedToRef="missing"', "too_long"),
        (b'id="lead"', b'id="call"', "call"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_whose_drawing_would_be_lost_is_refused_by_name(old, new, element):
    xml = EVERYTHING.replace(old, new, 1)

    with pytest.raises(LayoutRefused) as refusal:
        layout(xml)

    assert refusal.value.element == element
    assert element in str(refusal.value)


def test_a_second_plane_and_a_colour_are_refused():
    drawn = layout(EVERYTHING)
    plane = (
        b'<bpmndi:BPMNDiagram id="d2"><bpmndi:BPMNPlane id="p2" bpmnElement="rescue"/></bpmndi:BPMNDiagram>'
        b"</bpmn:definitions>"
    )
    colour = b'id="call_di" xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" bioc:fill="#fff"'

    with pytest.raises(LayoutRefused, match="p2"):
        layout(drawn.replace(b"</bpmn:definitions>", plane))
    with pytest.raises(LayoutRefused, match="call"):
        layout(drawn.replace(b'id="call_di"', colour))


def test_what_is_no_diagram_is_refused_as_such():
    with pytest.raises(NotADiagram):
        layout(b"<svg/>")


def a_random_diagram(seed: int) -> bytes:
    """A chain through 1 to 4 lanes with branches, boundary timers and ways back."""
    dice = random.Random(seed)
    lanes = [f"lane_{each}" for each in range(dice.randint(1, 4))]
    nodes: list[tuple[str, str, str]] = [("begin", "startEvent", dice.choice(lanes))]
    flows: list[tuple[str, str, str]] = []
    extra = ""
    last, named = "begin", False
    for number in range(dice.randint(4, 16)):
        task = f"task_{number}"
        nodes.append((task, "userTask", dice.choice(lanes)))
        flows.append((last, task, "是" if named else ""))
        last, named = task, False
        if dice.random() < 0.3:
            nodes.append((f"timer_{number}", "boundaryEvent", task))
            handler, end = f"handler_{number}", f"end_{number}"
            where = dice.choice(lanes)
            nodes += [(handler, "userTask", where), (end, "endEvent", where)]
            flows += [(f"timer_{number}", handler, ""), (handler, end, "")]
        if dice.random() < 0.4:
            gateway = f"gateway_{number}"
            nodes.append((gateway, "exclusiveGateway", dice.choice(lanes)))
            flows.append((last, gateway, ""))
            if dice.random() < 0.5 and number > 1:
                flows.append((gateway, f"task_{dice.randrange(number)}", "否"))
            else:
                end = f"out_{number}"
                nodes.append((end, "endEvent", dice.choice(lanes)))
                flows.append((gateway, end, "否"))
            last, named = gateway, True
    nodes.append(("done", "endEvent", dice.choice(lanes)))
    flows.append((last, "done", "是" if named else ""))
    lane_of = {name: lane for name, kind, lane in nodes if kind != "boundaryEvent"}
    refs = {lane: [name for name in lane_of if lane_of[name] == lane] for lane in lanes}
    sets = "".join(
        f'<bpmn:lane id="{lane}" name="泳道">'
        + "".join(f"<bpmn:flowNodeRef>{each}</bpmn:flowNodeRef>" for each in refs[lane])
        + "</bpmn:lane>"
        for lane in lanes
    )
    for name, kind, lane in nodes:
        host = f' attachedToRef="{lane}"' if kind == "boundaryEvent" else ""
        label = ' name="几时？"' if kind.endswith("Gateway") else ' name="登记情况"'
        extra += f'<bpmn:{kind} id="{name}"{host}{label}/>'
    for number, (source, target, name) in enumerate(flows):
        label = f' name="{name}"' if name else ""
        extra += f'<bpmn:sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}"{label}/>'
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"><bpmn:collaboration id="c">'
        '<bpmn:participant id="pool" processRef="p"/></bpmn:collaboration><bpmn:process id="p">'
        f'<bpmn:laneSet id="s">{sets}</bpmn:laneSet>{extra}</bpmn:process></bpmn:definitions>'
    ).encode()


SERIOUS = {
    "not_drawn",
    "shapes_overlap",
    "outside_its_place",
    "in_one_lane",
    "off_its_border",
    "lanes_do_not_tile",
    "flow_end_off_shape",
}


@pytest.mark.slow
def test_random_diagrams_are_drawn_and_hardly_ever_need_a_hand():
    flawed = 0
    for seed in range(60):
        drawn = layout(a_random_diagram(seed))
        found = {each.rule for each in geometry.flaws(drawn)}
        assert not found & SERIOUS, (seed, found)
        flawed += bool(found)

    assert flawed <= 4, flawed


@pytest.mark.slow
def test_a_tangle_is_drawn_within_some_seconds():
    dice, names = random.Random(1), [f"n{each}" for each in range(120)]
    nodes = "".join(f'<bpmn:exclusiveGateway id="{each}" name="几时？"/>' for each in names)
    ends = [dice.sample(names, 2) for _ in range(200)]
    flows = "".join(f'<bpmn:sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b) in enumerate(ends))
    xml = (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">'
        f'<bpmn:process id="p">{nodes}{flows}</bpmn:process></bpmn:definitions>'
    )
    began = time.process_time()

    drawn = layout(xml.encode())

    assert time.process_time() - began < 20
    assert drawn.count(b"BPMNEdge id") == 200
