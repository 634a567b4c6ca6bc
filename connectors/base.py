"""What every connector shares."""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of everything that connectors raise on purpose."""


class DeliveryFailed(ConnectorError):
    """The outside did not take it; `permanent` means that trying again is useless."""

    def __init__(self, reason: str, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent
