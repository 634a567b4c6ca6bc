"""How an elder is found again without reading a whole table: by parts of the name, its initials, marks of the address.

All are written with the elder, each as a row of `elder_word`, so that a search is a range on one index. The marks are
blind indexes of the whole address and of each of its endings that begins at a house, a building, a unit or a door:
«2号楼3单元501», «2-3-501» and «3-501» find it; a middle part does not.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, String, and_, delete, insert, or_
from sqlalchemy.orm import Mapped, mapped_column

from care.personal import OfElder
from engine.db import Base
from engine.vault import blind_index

LONGEST = 12  # letters kept of a name
SHORTEST = 3  # signs that an ending must have to be a mark
MOST = 8  # marks of one address
ENDINGS = 12  # of a name
_NAME, _INITIALS, _PLACE = "n", "i", "p"  # what a word is: its first letter
_STEP = re.compile(r"(?:号楼|号院|单元|[号楼栋幢院室层排户門门\-—－_/#]|\s)+")
_NUMBER = re.compile(r"\d+")
_LATIN = re.compile(r"[A-Za-z]+")


class ElderWord(OfElder, Base):
    """Something that an elder is found by: `n` and an ending of the name, `i` and its initials, `p` and a mark."""

    __tablename__ = "elder_word"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(64).with_variant(String(64, collation="C"), "postgresql"))

    __table_args__ = (Index("ix_elder_word_word", "word", "elder_id"),)


def words(name: str, letters: str, places: str) -> list[str]:
    """The words of an elder with this name, these initials and these marks."""
    whole = name.lower()[:60]
    found = [_NAME + whole[start:] for start in range(min(len(whole), ENDINGS))]
    found += [_INITIALS + letters] if letters else []
    return list(dict.fromkeys(found + [_PLACE + place for place in places.split()]))


def write(connection: Connection, elder: Any, *, anew: bool = False) -> None:
    """Keep the words of an elder; `anew`: those from before are forgotten."""
    if anew:
        connection.execute(delete(ElderWord).where(ElderWord.elder_id == elder.id))
    found = words(elder.name or "", elder.initials or "", elder.address_marks or "")
    about = {"elder_id": elder.id, "unit_path": elder.unit_path}
    if found:
        connection.execute(insert(ElderWord), [{**about, "word": word} for word in found])


def has_word(wanted: str) -> ColumnElement[bool]:
    """Condition on ElderWord: part of a name, the beginning of initials, or the end of an address."""
    by = [_begins(_NAME + wanted.lower()), _begins(_INITIALS + wanted.lower())]
    place = mark(wanted)
    return or_(*by, *([ElderWord.word == _PLACE + place] if place else []))


def _begins(text: str) -> ColumnElement[bool]:
    return and_(ElderWord.word >= text, ElderWord.word < text + chr(0x10FFFF))


def initials(name: str) -> str:
    """First letters of the pinyin of each sign; Latin words give their first letter."""
    from pypinyin import Style, lazy_pinyin  # its dictionary takes half a second to load: only writers of names need it

    short = _LATIN.sub(lambda word: word[0][0], name)
    letters = lazy_pinyin(short, style=Style.FIRST_LETTER, errors=lambda rest: re.sub(r"[^A-Za-z]", "", rest))
    return "".join(letters).lower()[:LONGEST]


def marks(address: str) -> str:
    """Blind indexes of an address and of its endings, in hex with spaces between; "" for none."""
    whole = _normal(address)
    starts = [0, *(found.start() for found in _NUMBER.finditer(whole))]
    endings = dict.fromkeys(whole[start:] for start in starts if len(whole) - start >= SHORTEST)
    return " ".join(_mark(each) for each in list(endings)[:MOST])


def mark(text: str) -> str | None:
    """The mark that an address with this ending has; None for a text that is too short to be one."""
    normal = _normal(text)
    return _mark(normal) if len(normal) >= SHORTEST and _NUMBER.search(normal) else None


def _normal(address: str) -> str:
    return _STEP.sub("-", address.strip()).strip("-").upper()


def _mark(text: str) -> str:
    return blind_index("address", text)[:8].hex()
