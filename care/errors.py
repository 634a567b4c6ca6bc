"""What can go wrong in the care domain: one class per case that a caller treats differently."""

from __future__ import annotations


class CareError(Exception):
    """Base of everything that the care domain raises on purpose."""


class NotFound(CareError):
    """There is no such thing, or not for this person; pages answer 404 and never say which of the two."""


class NotAllowed(CareError):
    """This person may see the thing but not do this to it; pages answer 403."""

    def __init__(self, action: str, sentence: str = "") -> None:
        super().__init__(sentence or f"not allowed: {action}")
        self.action = action


class UnknownRole(CareError):
    """A diagram names a role that is not in care/roles.py; correct the diagram."""

    def __init__(self, role: str) -> None:
        super().__init__(f"{self.__doc__} ({role!r})")
        self.role = role


class NoCity(CareError):
    """The unit tree is empty; create the city first (`make run` builds the demonstration district)."""


class RuleBroken(CareError):
    """A rule of the city forbids it; the sentences say which one, for the person who asked."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.zh, self.en = zh, en
