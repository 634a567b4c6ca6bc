"""Deployed versions of diagrams. A bundle (diagrams, tables and forms deployed together) never changes.

The same content again is the same version. Instances keep the bundle they began with; what a diagram calls from
elsewhere is pinned at the version deployed at that moment. Compiled bundles are kept in memory by bundle id.
"""

from engine.definitions.deployment import check, check_apart, deploy
from engine.definitions.lookup import current, every, files, form, get, newest, of_bundle, started_by, versions, xml
from engine.definitions.specifications import Specification, forget, of_definition, specification
from engine.definitions.tables import Definition, Deployed, NotDeployed, Refused

__all__ = [
    "Definition",
    "Deployed",
    "NotDeployed",
    "Refused",
    "Specification",
    "check",
    "check_apart",
    "current",
    "deploy",
    "every",
    "files",
    "forget",
    "form",
    "get",
    "newest",
    "of_bundle",
    "of_definition",
    "specification",
    "started_by",
    "versions",
    "xml",
]
