"""Spreadsheets as rows of texts: .xlsx as offices save it, .csv in UTF-8 or in the Chinese code page.

Heads may be Chinese or the column's own name, in any order; other columns are passed over. A number that a spreadsheet
made of a long row of digits is found out, because its last digits are lost.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import openpyxl

from care.errors import CareError

MOST_ROWS = 500  # one file is one transaction of a few seconds, and alarms wait no longer than that
MOST_BYTES = 5 * 1024 * 1024
_MOST_UNPACKED = 100 * 1024 * 1024
_EXACT = 10**15  # whole numbers above are no longer exact in a spreadsheet


@dataclass(frozen=True)
class Column:
    """A column by its own name and its Chinese head; `about` tells what to write."""

    name: str
    zh: str
    required: bool = False
    about: str = ""


@dataclass(frozen=True)
class Row:
    """One row: its line in the file, and the texts by column name; a cell that is empty or left out is ""."""

    line: int
    texts: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]


class RowsRefused(CareError):
    """Some rows cannot be imported; none was."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join([*faults, "没有导入任何一行，请改正后重新导入。 Nothing was imported."]))
        self.faults = faults


@dataclass
class Report:
    """What the import did; `notes` are sentences about rows that were imported but need a look."""

    added: int = 0
    changed: int = 0
    same: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, before: Any, after: Any) -> None:
        """Count a row by what stood there before (None: nothing) and after."""
        if before is None:
            self.added += 1
        elif before == after:
            self.same += 1
        else:
            self.changed += 1

    def __str__(self) -> str:
        return f"新增 {self.added} 行，更新 {self.changed} 行，未变 {self.same} 行"


def read(content: bytes, columns: Sequence[Column]) -> list[Row]:
    """The rows that hold anything; raises RowsRefused when the file is not such a table."""
    if len(content) > MOST_BYTES:
        raise RowsRefused(["文件超过5 MB，请按社区分成几个文件"])
    lines = _of_workbook(content) if content.startswith(b"PK") else _of_text(content)
    head = next(lines, [])
    at = _positions(head, columns)
    rows = [
        Row(number, {each.name: cells[at[each.name]].strip() if each.name in at else "" for each in columns})
        for number, cells in enumerate(lines, start=2)
        if any(cells)
    ]
    if not rows:
        raise RowsRefused(["文件里没有数据行"])
    if len(rows) > MOST_ROWS:
        raise RowsRefused([f"文件有{len(rows)}行，一次最多{MOST_ROWS}行，请按社区分成几个文件"])
    return rows


def judge(rows: Sequence[Row], key_of: Callable[[Row], str], faults_of: Callable[[Row], Iterable[str]]) -> None:
    """Judge every row; what `key_of` says of it may stand only once. Raises RowsRefused with all faults."""
    faults: list[str] = []
    first: dict[str, int] = {}
    for row in rows:
        found = list(faults_of(row))
        key = key_of(row)
        if key and key in first:
            found.append(f"「{key}」与第{first[key]}行重复")
        first.setdefault(key, row.line)
        faults += [f"第{row.line}行：{fault}" for fault in found]
    if faults:
        raise RowsRefused(faults)


def yes_or_no(text: str) -> bool | None:
    """是 and 否 in the ways that people write them; None for anything else."""
    return {"是": True, "有": True, "yes": True, "1": True, "否": False, "无": False, "no": False, "0": False}.get(
        text.lower()
    )


def _positions(head: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    named = {words.strip().rstrip("*＊"): at for at, words in enumerate(head)}
    at = {each.name: named[words] for each in columns for words in (each.zh, each.name) if words in named}
    missing = [each for each in columns if each.required and each.name not in at]
    if missing:
        words = "、".join(f"{each.zh}（{each.name}）" for each in missing)
        raise RowsRefused([f"第1行：缺少列 {words}"])
    return at


def _of_text(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _even(csv.reader(io.StringIO(text, newline="")))
    raise RowsRefused(["文件编码无法识别，请另存为 UTF-8"])


def _of_workbook(content: bytes) -> Iterator[list[str]]:
    """The first sheet; a file that would unpack to something enormous is refused unread."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > _MOST_UNPACKED:
                raise RowsRefused(["表格太大，请按社区分成几个文件"])
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        found = sheet.iter_rows(max_row=MOST_ROWS + 2, values_only=True)
        return _even([_text(cell, line) for cell in cells] for line, cells in enumerate(found, start=1))
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError):
        raise RowsRefused(["表格打不开，请另存为 .xlsx 或 UTF-8 的 .csv 再试"]) from None


def _even(lines: Any) -> Iterator[list[str]]:
    """Every line as long as the head, so that a short one has empty cells."""
    width = 0
    for cells in lines:
        width = width or len(cells)
        yield [*cells, *[""] * (width - len(cells))]


def _text(cell: Any, line: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if abs(cell) >= _EXACT:
            raise RowsRefused([f"第{line}行：长号码被表格改成了数字，末几位已丢失；请把该列设为「文本」后重填"])
        return str(int(cell)) if float(cell).is_integer() else str(cell)
    return str(cell)
