"""What can go wrong with the outside."""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of everything that connectors raise on purpose; a failed delivery is engine.outgoing.DeliveryFailed."""
