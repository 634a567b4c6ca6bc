"""The norm of visiting work (《探访服务工作规范》): its text in versions, each from a day, written by the city.

The first version is a file of the policy sets' folder. A later one keeps the sections and their order, because each
stands as help beside the item of the visit form that it is about; words are the city's. A version that was in force is
never changed: what a visitor could read on a day can be read years later.

Public: Norm, Section, NormVersion, in_force, version, versions, write.
Source: R-VIS-07 (D 四(2) 统一制定《探访服务工作规范》); D 附4; R-GUA-01.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Date, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from care.errors import NotFound, RuleBroken
from care.policies import FOLDER
from engine import clock
from engine.db import Base, Document, Instant

FILE = FOLDER / "visiting_norm.json"
Words = tuple[str, str]  # Chinese, English
LONGEST = 1000


@dataclass(frozen=True)
class Section:
    """One item; `id` is that of the visit form's section, `text` what the norm says of it."""

    id: str
    part: str
    title: Words
    text: Words


@dataclass(frozen=True)
class Norm:
    """The norm as it stands from a day on; number 1 is the shipped one."""

    number: int
    from_on: date
    title: Words
    source: Words
    preamble: Words
    parts: Mapping[str, Words]
    sections: tuple[Section, ...]
    note: str = ""

    def help(self, place: int) -> dict[str, str]:
        """By section of the visit form: the text in Chinese (0) or English (1)."""
        return {each.id: each.text[place] for each in self.sections}


class NormVersion(Base):
    """A version that the city wrote; `texts`: section id (and `preamble`) → [Chinese, English]."""

    __tablename__ = "visiting_norm"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    from_on: Mapped[date] = mapped_column(Date)
    texts: Mapped[Any] = mapped_column(Document)
    note: Mapped[str] = mapped_column(String(400))
    by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(Instant)


@cache
def shipped() -> Norm:
    """The text that comes with the program."""
    file = json.loads(FILE.read_text(encoding="utf-8"))
    return Norm(
        1,
        date.fromisoformat(file["from_on"]),
        tuple(file["title"]),
        tuple(file["source"]),
        tuple(file["preamble"]),
        {code: tuple(words) for code, words in file["parts"].items()},
        tuple(
            Section(each["id"], each["part"], tuple(each["title"]), tuple(each["text"])) for each in file["sections"]
        ),
    )


def in_force(session: Session, day: date) -> Norm:
    """The norm of a day: the newest version that holds by then."""
    asked = select(NormVersion).where(NormVersion.from_on <= day)
    row = session.scalar(asked.order_by(NormVersion.from_on.desc(), NormVersion.number.desc()).limit(1))
    return _as_norm(row) if row is not None else shipped()


def version(session: Session, number: int) -> Norm:
    """One version. Raises NotFound."""
    if number == shipped().number:
        return shipped()
    row = session.scalar(select(NormVersion).where(NormVersion.number == number))
    if row is None:
        raise NotFound(f"visiting norm {number}")
    return _as_norm(row)


def versions(session: Session) -> list[Norm]:
    """All versions, newest first."""
    rows = session.scalars(select(NormVersion).order_by(NormVersion.number.desc()))
    return [*map(_as_norm, rows), shipped()]


def _as_norm(row: NormVersion) -> Norm:
    base = shipped()
    sections = tuple(
        replace(each, text=tuple(row.texts[each.id])) if each.id in row.texts else each for each in base.sections
    )
    preamble = tuple(row.texts.get("preamble") or base.preamble)
    return replace(base, number=row.number, from_on=row.from_on, preamble=preamble, sections=sections, note=row.note)


def write(session: Session, by: int, from_on: date, texts: Mapping[str, Words], note: str) -> Norm:
    """A new version from a day on; a text that is not given stays as it is. Raises RuleBroken.

    Without an English text the Chinese stands for it.
    """
    if from_on < clock.today():
        raise RuleBroken("生效日期不能早于今天", "it cannot hold from a day that is over")
    if len(note.strip()) < 4:
        raise RuleBroken("请写明修改依据（不少于4个字）", "say on what ground, in at least four characters")
    before = versions(session)[0]
    known = {"preamble": before.preamble} | {each.id: each.text for each in before.sections}
    kept = {name: _text(texts.get(name, words)) for name, words in known.items()}
    if kept == {name: list(words) for name, words in known.items()}:
        raise RuleBroken("没有改动", "nothing was changed")
    row = NormVersion(
        number=before.number + 1, from_on=from_on, texts=kept, note=note.strip()[:400], by=by, at=clock.now()
    )
    session.add(row)
    session.flush()
    return _as_norm(row)


def _text(words: Words) -> list[str]:
    zh, en = (each.strip()[:LONGEST] for each in words)
    if not zh:
        raise RuleBroken("每一条都要有内容", "no item may be empty")
    return [zh, en or zh]
