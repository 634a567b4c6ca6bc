"""The ledgers of the storm against the database: lost, doubled, how long until confirmed and until on a worklist."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

CONFIRMED_P99, ON_WORKLIST_P99 = 1.0, 2.0
"""Seconds that were promised."""


class Verdict:
    def __init__(self, address: str, ledgers: Sequence[Path], seen: dict[int, float]) -> None:
        self._rows = psycopg.connect(address.replace("postgresql+psycopg", "postgresql"), autocommit=True)
        self.sent: dict[str, list[Any]] = {}
        self.late = 0.0
        for path in ledgers:
            said = json.loads(path.read_text())
            self.sent |= said["sent"]
            self.late = max(self.late, said["late"])
        self._seen = seen

    def _all(self, asked: str) -> list[tuple[Any, ...]]:
        return self._rows.execute(asked).fetchall()

    def come_to_rest(self, patience_seconds: float) -> dict[str, int]:
        """Wait until nothing is due in any lane, the planning included; what is due still when patience ends."""
        until = time.monotonic() + patience_seconds
        while (left := self._due()) and time.monotonic() < until:
            time.sleep(0.5)
        time.sleep(1)
        return left

    def _due(self) -> dict[str, int]:
        asked = "SELECT lane, count(*) FROM work WHERE state = 'waiting' AND due_at <= now() GROUP BY lane"
        return {str(lane): int(number) for lane, number in self._all(asked)}

    def planned(self) -> int:
        return int(self._all("SELECT count(*) FROM instance WHERE process_id = 'visit_cycle'")[0][0])

    def figures(self) -> list[str]:
        storm = [each for each in self.sent.values() if each[0] != "opened"]
        kinds = Counter(each[0] for each in storm)
        lines = [
            f"{len(storm)} events ({', '.join(f'{kinds[k]} {k}' for k in sorted(kinds))});"
            f" senders late by {self.late * 1000:.0f} ms at most",
            _spread("sent to confirm", [each[3] - each[2] for each in storm if each[3]]),
            _spread("sent to confirm, SOS", [each[3] - each[2] for each in storm if each[3] and each[0] == "sos"]),
            _spread("SOS to task on a worklist", list(self._to_worklist().values())),
        ]
        stored = self._all(
            "SELECT extract(epoch FROM stored_at - sent_at) FROM incoming WHERE kind LIKE 'device.%' AND late IS false"
        )
        return [*lines, _spread("device's time to row", [float(row[0]) for row in stored])]

    def _to_worklist(self) -> dict[str, float]:
        """Device → seconds from its SOS to its elder's first task."""
        elders = dict(self._all("SELECT 's' || substr(number, 2), id FROM elder WHERE number LIKE 'S%'"))
        sos = [each for each in self.sent.values() if each[0] == "sos"]
        return {each[1]: self._seen[elders[each[1]]] - each[2] for each in sos if elders[each[1]] in self._seen}

    def faults(self) -> list[str]:
        """What broke a promise; empty when all were kept."""
        return [*self._lost_or_doubled(), *self._cases(), *self._too_slow()]

    def _lost_or_doubled(self) -> list[str]:
        stored = Counter(row[0] for row in self._all("SELECT split_part(event_id, ':', 2) FROM incoming"
                                                     " WHERE kind LIKE 'device.%'"))  # fmt: skip
        silent = [key for key, each in self.sent.items() if each[3] is None]
        odd = Counter(each[4] for each in self.sent.values() if each[4] not in ("accepted", "duplicate", None))
        lost = [key for key, each in self.sent.items() if each[3] is not None and not stored[key]]
        twice = [key for key in self.sent if stored[key] > 1]
        return [
            f"{len(found)} events {words}, the first {found[0]}"
            for found, words in (
                (silent, "never confirmed"),
                (lost, "confirmed and not stored"),
                (twice, "stored twice"),
            )
            if found
        ] + [f"{number} events answered {answer}" for answer, number in odd.items()]

    def _cases(self) -> list[str]:
        """Each elder with an SOS has one case of it, one instance and a task; the cut is one district incident."""
        devices = {each[1] for each in self.sent.values() if each[0] == "sos"}
        cases = Counter(
            row[0]
            for row in self._all(
                "SELECT 's' || substr(e.number, 2) FROM emergency_case c JOIN elder e ON e.id = c.elder_id"
                " WHERE c.kind = 'sos' AND c.instance_id IS NOT NULL"
            )
        )
        found = []
        if missing := [each for each in devices if cases[each] != 1]:
            found.append(f"{len(missing)} elders with an SOS have not exactly one case with an instance: {missing[:3]}")
        if unseen := devices - self._to_worklist().keys():
            found.append(f"{len(unseen)} SOS on no worklist: {sorted(unseen)[:3]}")
        incidents = self._all("SELECT count(*) FROM district_incident")[0][0]
        cut = sum(each[0] == "cut" for each in self.sent.values())
        if cut >= 20 and incidents != 1:
            found.append(f"{incidents} district incidents for one power cut")
        repeats = sum(each[0] == "repeat" for each in self.sent.values())
        counted = self._all("SELECT coalesce(sum(repeats), 0) FROM emergency_case WHERE kind = 'fall'")[0][0]
        return found + ([f"{counted} repeats were counted of {repeats}"] if counted != repeats else [])

    def _too_slow(self) -> list[str]:
        confirmed = [each[3] - each[2] for each in self.sent.values() if each[3] and each[0] != "opened"]
        return [
            f"{name} p99 {_at(values, 0.99):.2f} s, promised {promised} s"
            for name, values, promised in (
                ("confirmed", confirmed, CONFIRMED_P99),
                ("SOS on a worklist", list(self._to_worklist().values()), ON_WORKLIST_P99),
            )
            if values and _at(values, 0.99) > promised
        ]


def _at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _spread(name: str, values: Sequence[float]) -> str:
    if not values:
        return f"{name}: none"
    p50, p95, p99 = (1000 * _at(values, share) for share in (0.5, 0.95, 0.99))
    return f"{name}: n {len(values)}, p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}, max {1000 * max(values):.0f} ms"
