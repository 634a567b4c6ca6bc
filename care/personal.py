"""What every row about one elder carries: whose it is, and the unit path by which access is decided.

The path is copied in at write, so that a list never needs a join to know who may see it; `elders.move_to` writes it
anew. Tables that carry this mixin are behind the wall of care/access.py without further ado.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

import care.kept  # noqa: F401  (every table of people is read through it)

# Byte order on both databases, so that a prefix is a range (organisation.within).
PathColumn = String(120).with_variant(String(120, collation="C"), "postgresql")


class OfElder:
    """Mixin of tables whose rows are about one elder: columns elder_id and unit_path."""

    @declared_attr
    @classmethod
    def elder_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("elder.id"), index=True)

    @declared_attr
    @classmethod
    def unit_path(cls) -> Mapped[str]:
        return mapped_column(PathColumn, index=True)
