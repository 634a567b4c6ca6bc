"""Reading diagrams: what the model says, and what is refused before anything else looks at it."""

from __future__ import annotations

import pickle
import time

import pytest

from engine import diagrams
from engine.diagrams import NotADiagram, TakesOver, reading

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core">'
)
BODY = """
<bpmn:message id="m1" name="need.raised"/><bpmn:error id="e1" name="x" errorCode="NO_CONTACT"/>
<bpmn:process id="p" name="演示" isExecutable="true">
  <bpmn:documentation>P01</bpmn:documentation>
  <bpmn:laneSet id="lanes">
    <bpmn:lane id="village_desk" name="村"><bpmn:flowNodeRef>begin</bpmn:flowNodeRef>
      <bpmn:flowNodeRef>call</bpmn:flowNodeRef></bpmn:lane>
    <bpmn:lane id="visitor" name="人"><bpmn:flowNodeRef>inside</bpmn:flowNodeRef></bpmn:lane>
  </bpmn:laneSet>
  <bpmn:startEvent id="begin"><bpmn:messageEventDefinition messageRef="m1"/></bpmn:startEvent>
  <bpmn:userTask id="call" name="联系">
    <bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="role" value="village_desk"/>
      <spiffworkflow:property name="separate_from" value="a, b"/>
    </spiffworkflow:properties></bpmn:extensionElements>
    <bpmn:multiInstanceLoopCharacteristics isSequential="true">
      <bpmn:loopDataInputRef>people</bpmn:loopDataInputRef><bpmn:inputDataItem id="member"/>
    </bpmn:multiInstanceLoopCharacteristics>
  </bpmn:userTask>
  <bpmn:boundaryEvent id="late" attachedToRef="call" cancelActivity="false">
    <bpmn:timerEventDefinition><bpmn:timeDuration> PT5M </bpmn:timeDuration></bpmn:timerEventDefinition>
  </bpmn:boundaryEvent>
  <bpmn:boundaryEvent id="failed" attachedToRef="call"><bpmn:errorEventDefinition errorRef="e1"/></bpmn:boundaryEvent>
  <bpmn:subProcess id="inside">
    <bpmn:startEvent id="inner_begin"/>
    <bpmn:userTask id="help"><bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="role" value="visitor"/></spiffworkflow:properties></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="inner" sourceRef="inner_begin" targetRef="help"/>
  </bpmn:subProcess>
  <bpmn:serviceTask id="note"><bpmn:extensionElements>
    <spiffworkflow:serviceTaskOperator id="cases.open" resultVariable="case"><spiffworkflow:parameters>
      <spiffworkflow:parameter id="alarm_id" type="str" value="alarm.id"/>
    </spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>
  <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="call"/>
  <bpmn:sequenceFlow id="f2" sourceRef="late" targetRef="inside"/>
  <bpmn:sequenceFlow id="f3" sourceRef="call" targetRef="note" name="是">
    <bpmn:conditionExpression>a = 1</bpmn:conditionExpression></bpmn:sequenceFlow>
</bpmn:process></bpmn:definitions>"""


def the_process() -> diagrams.Process:
    return diagrams.parse((HEAD + BODY).encode(), "p.bpmn").process("p")


def test_a_user_task_says_who_does_it_where_and_how_often():
    call = the_process().node("call")

    assert (call.kind, call.role, call.lane, call.separate_from) == (
        "userTask",
        "village_desk",
        "village_desk",
        ("a", "b"),
    )
    assert call.loop == diagrams.Loop("sequential", items="people", item="member")
    assert (call.incoming, call.outgoing) == (("f1",), ("f3",))


def test_events_say_their_timer_message_and_error():
    process = the_process()

    assert process.node("late").event == diagrams.Event("timer", timer="duration", text="PT5M")
    assert not process.node("late").interrupting and process.node("failed").interrupting
    assert process.node("failed").event.code == "NO_CONTACT"
    assert [start.event.name for start in process.message_starts()] == ["need.raised"]


def test_a_service_task_names_its_operation_and_parameters():
    note = the_process().node("note")

    assert (note.operation, dict(note.parameters), note.result_variable) == (
        "cases.open",
        {"alarm_id": "alarm.id"},
        "case",
    )


def test_the_next_holder_is_found_inside_the_subprocess_that_the_timer_leads_to():
    process = the_process()

    assert process.takes_over(process.node("call")) == (TakesOver("late", "visitor", "PT5M"),)


def test_contents_of_a_subprocess_name_their_parent_and_inherit_its_lane():
    process = the_process()

    assert (process.node("help").parent, process.node("help").lane) == ("inside", "visitor")
    assert [each.id for each in process.nodes_in(None)] == ["begin", "call", "late", "failed", "inside", "note"]


def test_a_comment_inside_a_text_does_not_end_it():
    body = (
        '<process id="p"><exclusiveGateway id="g"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="g" targetRef="e">'
        "<conditionExpression>a = 1 <!-- or more --> or b = 2</conditionExpression></sequenceFlow></process>"
    )
    diagram = diagrams.parse(f'<definitions xmlns="{reading.BPMN}">{body}</definitions>'.encode())

    assert diagram.processes[0].flows[0].condition == "a = 1  or b = 2"


def test_the_model_can_be_sent_to_another_process():
    diagram = diagrams.parse((HEAD + BODY).encode())

    assert pickle.loads(pickle.dumps(diagram)) == diagram


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_the_three_encodings_are_read(encoding):
    declared = "" if encoding.startswith("utf-8") else f'<?xml version="1.0" encoding="{encoding}"?>'

    diagram = diagrams.parse((declared + HEAD + BODY).encode(encoding))

    assert diagram.processes[0].name == "演示"


EXTERNAL = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    "<!DOCTYPE d [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ((EXTERNAL + HEAD + BODY).encode(), "doctype"),
        (("<!-- first --> " + LAUGHS + HEAD + BODY).encode(), "doctype"),
        (('<?xml version="1.0" encoding="UTF-16"?>' + EXTERNAL + HEAD + BODY).encode("utf-16"), "doctype"),
        ((HEAD + "&x;" + BODY).encode(), "not_xml"),
        ((HEAD + "<a>" * 100_000).encode(), "not_xml"),
        ((HEAD + "<a>" * 150 + "</a>" * 150 + "</bpmn:definitions>").encode(), "too_deep"),
        ((HEAD + "x" * 20_000_000).encode(), "file_too_large"),
        (b'<?xml version="1.0" encoding="UTF-7"?>' + (HEAD + BODY).encode(), "encoding"),
        (b'<?xml version="1.0" encoding="utf-8"?>' + (HEAD + BODY).encode("gb18030"), "encoding"),
        (b"\xef\xbb\xbf" + b'<?xml version="1.0" encoding="UTF-7"?>' + (HEAD + BODY).encode(), "encoding"),
        (b"", "not_xml"),
        (b"\xff\xfe\x00", "encoding"),
        (b"<svg/>", "not_bpmn"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_file_is_refused_at_once(content, rule):
    began = time.monotonic()

    with pytest.raises(NotADiagram) as refusal:
        diagrams.parse(content)

    assert refusal.value.rule == rule
    assert refusal.value.zh and refusal.value.en
    assert time.monotonic() - began < 1
