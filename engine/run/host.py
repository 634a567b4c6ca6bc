"""Who carries out what a running diagram names: registered operations, and decisions of the bundle or the policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from engine import clock, operations, submissions
from engine.definitions import Specification
from engine.instances import Instance
from engine.spiff import Budget


class StepHost:
    """The host of one step. `answered` are its answers, not yet written; `acted`: it called an operation."""

    budget = Budget()

    def __init__(self, session: Session, row: Instance, specification: Specification, by: int | None) -> None:
        self._session = session
        self.row = row
        self._specification = specification
        self._by = by
        self.answered: dict[str, dict[str, Any]] = {}
        self.acted = False

    def answers(self, element: str) -> dict[str, Any]:
        """The whole answers last submitted at that user task of this instance, {} if none."""
        known = self.answered.get(element)
        return submissions.of(self._session, self.row.id, element) if known is None else known

    def operation(
        self, name: str, element_id: str, parameters: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Call a registered operation within the step's transaction; OperationFailed is the diagram's to catch."""
        self.acted = True
        row = self.row
        step = operations.Step(
            instance_id=row.id,
            process_id=row.process_id,
            element_id=element_id,
            key=row.key,
            subject_id=row.subject_id,
            unit_path=row.unit_path,
            policy=row.policy,
            now=clock.now(),
            by=self._by,
            data=data,
            answers=self.answers,
        )
        result = operations.call(self._session, name, step, parameters)
        if isinstance(result, operations.Found):
            self._is_about(operations.subject_of(self._session, result.names))
        return result

    def _is_about(self, subject: operations.Subject) -> None:
        """From here on in this step, and when it is written, the instance is that subject's."""
        self.row = replace(self.row, subject_id=subject.id, unit_path=subject.unit_path, policy=subject.policy)

    def decision(self, decision_id: str, data: dict[str, Any], element_id: str) -> dict[str, Any]:
        """Evaluate a table of the bundle, else of the instance's policy set."""
        return self._specification.decide(decision_id, data, self.row.policy)
