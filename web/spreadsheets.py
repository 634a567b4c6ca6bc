"""Spreadsheets that are taken along: a title, a heading, lines of texts. Nothing in them is read as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

import xlsxwriter
from flask import send_file
from flask.typing import ResponseReturnValue

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
Sheet = tuple[str, Sequence[str], Iterable[Sequence[str]]]  # name, heading, lines


def written(title: str, sheets: Sequence[Sheet]) -> BytesIO:
    """The file; each sheet begins with the title, its heading is repeated on every printed page."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, heading, lines in sheets:
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(2, 2)
            sheet.set_landscape()
            sheet.repeat_rows(0, 1)
            sheet.fit_to_pages(1, 0)
            sheet.set_column(0, len(heading) - 1, 14)
            sheet.write_string(0, 0, title, bold)
            for column, words in enumerate(heading):
                sheet.write_string(1, column, words, bold)
            for row, line in enumerate(lines, 2):
                for column, cell in enumerate(line):
                    sheet.write_string(row, column, cell)
    target.seek(0)
    return target


def sent(target: BytesIO, title: str) -> ResponseReturnValue:
    """The file as a download of that name."""
    return send_file(target, mimetype=TYPE, as_attachment=True, download_name=f"{title}.xlsx")
