"""What the layouter cannot draw: such a file would lose its drawing, so it is refused, naming the element."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from engine.diagrams import Diagram, Process
from engine.diagrams.reading import BPMN, BPMNDI
from engine.errors import EngineError

MAX_NODES = 300
_DRAWN = frozenset(("dataObjectReference", "dataStoreReference", "textAnnotation", "group", "association"))


class LayoutRefused(EngineError):
    """The file holds what the layouter cannot draw; arrange it by hand. `element` names it."""

    def __init__(self, element: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.element, self.zh, self.en = element, zh, en


def refuse_what_would_be_lost(root: etree._Element, diagram: Diagram) -> Process:
    """The one process of the file; raises LayoutRefused."""
    filled = [each for each in diagram.processes if each.nodes]
    if not filled:
        raise LayoutRefused("", "文件中没有可排版的流程。", "The file has no process to arrange.")
    _refuse_second("process", [each.id for each in filled])
    _refuse_second("participant", [each.id for each in diagram.participants])
    planes = [each.get("id", "") for each in root.iter(f"{{{BPMNDI}}}BPMNPlane")]
    _refuse_second("BPMNPlane", planes)
    for flow in diagram.message_flows:
        raise _lost(flow, "messageFlow")
    for element in root.iter(*(f"{{{BPMN}}}{each}" for each in (*_DRAWN, "childLaneSet"))):
        raise _lost(element.get("id", ""), etree.QName(element).localname)
    for coloured in diagram.coloured:
        raise LayoutRefused(
            coloured, f"「{coloured}」带有颜色，排版会丢失。", f"The colour of {coloured} would be lost."
        )
    _refuse_broken(filled[0])
    return filled[0]


def _refuse_second(kind: str, ids: list[str]) -> None:
    for each in ids[1:]:
        raise _lost(each, f"{kind} no. 2")


def _lost(element: str, kind: str) -> LayoutRefused:
    return LayoutRefused(
        element,
        f"不能自动排版：「{element}」（{kind}）的图形会丢失。",
        f"Cannot be arranged: the drawing of {element} ({kind}) would be lost.",
    )


def _refuse_broken(process: Process) -> None:
    """A flow or a boundary event without ends cannot be placed."""
    if len(process.nodes) > MAX_NODES:
        raise LayoutRefused(process.id, f"节点超过 {MAX_NODES} 个。", f"There are more than {MAX_NODES} nodes.")
    ids = Counter([x.id for x in process.nodes] + [x.id for x in process.flows] + [x.id for x in process.lanes])
    for each, times in ids.items():
        if not each or times > 1:
            raise LayoutRefused(each, f"编号「{each}」缺失或重复。", f"Id {each!r} is missing or stands twice.")
    for flow in process.flows:
        ends = [process.find(each) for each in (flow.source, flow.target)]
        if any(each is None or each.parent != flow.parent for each in ends) or flow.source == flow.target:
            raise LayoutRefused(flow.id, f"连线「{flow.id}」的两端不对。", f"The ends of flow {flow.id} are wrong.")
        if ends[1] is not None and ends[1].kind == "boundaryEvent":
            raise LayoutRefused(flow.id, f"连线「{flow.id}」指向边界事件。", f"Flow {flow.id} enters a boundary event.")
    for node in process.nodes:
        host = process.find(node.attached_to or "")
        if node.kind == "boundaryEvent" and (host is None or host.parent != node.parent or host.attached_to):
            raise LayoutRefused(node.id, f"边界事件「{node.id}」没有附在任务上。", f"{node.id} is attached to nothing.")
