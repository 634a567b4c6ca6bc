"""Lists from spreadsheets: units, staff, elders, surveys, devices, platforms. All rows of a file are written, or none.

`read` turns a file (.xlsx or .csv) into rows; each kind judges all of them before it writes the first. Faults are
sentences with the line's number, for the person who has the file open. The same file again changes nothing.

Public: KINDS, Kind, Report, RowsRefused, run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from care.imports import devices, elders, providers, staff, surveys, units
from care.imports.sheets import Column, Report, Row, RowsRefused, read


@dataclass(frozen=True)
class Kind:
    """A kind of list; `right` is what a person needs for it, at the units that the rows name."""

    id: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    write: Callable[[Session, list[Row], Sequence[str] | None], Report]
    right: str


KINDS = {
    each.id: each
    for each in (
        Kind("elders", "老年人", "Elders", elders.COLUMNS, elders.write, "register"),
        Kind("staff", "工作人员", "Staff", staff.COLUMNS, staff.write, "accounts"),
        Kind("units", "单位", "Units", units.COLUMNS, units.write, "accounts"),
        Kind("found", "摸排名单", "People found by a survey", surveys.FOUND, surveys.write_found, "register"),
        Kind(
            "providers", "服务机构和站点", "Providers and service points", providers.COLUMNS, providers.write, "assign"
        ),
        Kind("targets", "摸排应排查数", "Targets of a survey", surveys.TARGETS, surveys.write_targets, "survey"),
        Kind("devices", "设备", "Devices", devices.DEVICES, devices.write_devices, ""),
        Kind("platforms", "推送平台", "Platforms", devices.PLATFORMS, devices.write_platforms, ""),
    )
}


def run(session: Session, kind: Kind, content: bytes, scope: Sequence[str] | None = None) -> Report:
    """Judge and write a file; `scope`: paths of the units that it may touch, None for all. Raises RowsRefused."""
    return kind.write(session, read(content, kind.columns), scope)


__all__ = ["KINDS", "Column", "Kind", "Report", "Row", "RowsRefused", "run"]
