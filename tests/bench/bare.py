"""The bare library, and a naive host on it: run alone (`python -m tests.bench.bare LIVES`), prints JSON.

Alone, because the product changes the library at import. `memory`: an instance lives in memory and is never saved.
`naive`: after each step the whole instance is written as JSON with its specification and read back before the next.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG

from tests.bench.diagram import CASES, DATA, Case


def specifications(case: Case) -> tuple[Any, Any]:
    parser = SpiffBpmnParser()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case.stock().items():
            path = Path(folder) / name
            path.write_bytes(text)
            (parser.add_bpmn_file if name.endswith(".bpmn") else parser.add_dmn_file)(str(path))
        spec = parser.get_spec(case.process_id)
        return spec, parser.get_subprocess_specs(case.process_id)


def begun(spec: Any, subprocesses: Any) -> BpmnWorkflow:
    workflow = BpmnWorkflow(spec, subprocesses)
    workflow.task_tree.data.update(DATA)
    workflow.do_engine_steps()
    workflow.refresh_waiting_tasks()
    return workflow


def complete(workflow: BpmnWorkflow, name: str) -> None:
    workflow.refresh_waiting_tasks()
    [task] = [each for each in workflow.get_tasks(state=TaskState.READY, manual=True) if each.task_spec.name == name]
    task.data[name] = {"ok": "yes"}
    task.run()
    workflow.do_engine_steps()


def measured(case: Case, lives: int, naive: bool) -> dict[str, float]:
    """Processor seconds of a start and of a completion, the mean of all lives."""
    spec, subprocesses = specifications(case)
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
    starts = completions = 0.0
    for _ in range(lives):
        began = time.process_time()
        workflow = begun(spec, subprocesses)
        stored = serializer.serialize_json(workflow) if naive else ""
        starts += time.process_time() - began
        for name in case.tasks:
            began = time.process_time()
            if naive:
                workflow = serializer.deserialize_json(stored)
            complete(workflow, name)
            if naive:
                stored = serializer.serialize_json(workflow)
            completions += time.process_time() - began
        assert workflow.is_completed()
    return {"start": starts / lives, "complete": completions / lives / len(case.tasks)}


if __name__ == "__main__":
    count = int(sys.argv[1])
    measured(CASES["small"], 5, True)
    print(json.dumps({f"{host} {name}": measured(case, count, host == "naive")
                      for name, case in CASES.items() for host in ("memory", "naive")}))  # fmt: skip
