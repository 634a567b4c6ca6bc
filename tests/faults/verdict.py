"""What a script says at the end: one line of what it did, and each promise that was broken."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    did: str
    broken: list[str] = field(default_factory=list)

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(f"{self.did}; {other.did}", self.broken + other.broken)

    def say(self, name: str) -> None:
        for sentence in sorted(self.broken, key=lambda each: "back only" in each)[:20]:
            print(f"BROKEN {name}: {sentence}", flush=True)
        end = "kept" if not self.broken else f"{len(self.broken)} broken"
        print(f"{name}: {self.did}: {end}", flush=True)
