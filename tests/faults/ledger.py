"""What the clients outside were told, kept where no crash of the program reaches it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Ids that were acknowledged, by the way they were sent, and how often something had to be sent again."""

    events: dict[str, str] = field(default_factory=dict)  # "<device>:<id>" → answer
    completions: dict[str, str] = field(default_factory=dict)  # submission id → task id
    refused_completions: int = 0
    repeats: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, device: str, event_id: str, answer: str) -> None:
        with self._lock:
            self.events[f"{device}:{event_id}"] = answer

    def completion(self, submission_id: str, task_id: str) -> None:
        with self._lock:
            self.completions[submission_id] = task_id

    def refused(self) -> None:
        with self._lock:
            self.refused_completions += 1

    def repeated(self) -> None:
        with self._lock:
            self.repeats += 1
