"""Tables of numbers in text, as programs of all countries write them."""

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pase.errors import InputError
from pase.types import Array

_MISSING = re.compile(
    r"[-+]?(nan(\(\w*\))?|1?\.?#?(qnan|ind|inf)\w*|#?n/?a|#[\w/]+[!?]|null|none|inf(inity)?|-+)", re.I
)
"""Words for a number that is not there."""
_GROUPED = re.compile(r"[-+]?\d{1,3}([ \u00a0\u202f']\d{3})+([.,]\d*)?")
"""Thousands parted by blanks or apostrophes, as in France and Switzerland."""
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(e[-+]?\d+)?", re.I)


def delimiter_of(lines: Sequence[str]) -> str:
    """What parts the cells of a table: tab, semicolon, comma, or "" for blanks."""
    for mark in ("\t", ";", ","):
        if sum(mark in line for line in lines) > len(lines) / 2:
            return "" if mark == "," and _blanks_part(lines) else mark
    return ""


def _blanks_part(lines: Sequence[str]) -> bool:
    """Whether the commas are those of numbers parted by blanks, as in `1 0,02 1566,0`."""
    words = [word for line in lines for word in line.split()]
    return bool(words) and all(word.count(",") <= 1 for word in words)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Cells of a line, without blanks and quotes around them; within quotes there may be delimiters."""
    if delimiter and delimiter + '"' in line:
        with suppress(csv.Error, StopIteration):
            return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    return [
        cell.strip().strip('"').strip() for cell in (line.split(delimiter) if delimiter else line.split())
    ]


def number(cell: str) -> float | None:
    """A cell as a number, with point or comma; NaN where it is empty or says so; None where it is a word."""
    if not cell or _MISSING.fullmatch(cell):
        return float("nan")
    if _GROUPED.fullmatch(cell):
        cell = re.sub(r"[ \u00a0\u202f']", "", cell)
    if "," in cell:
        cell = cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell.replace(",", "")
    try:
        return float(cell)
    except ValueError:
        return None


def rows_of(lines: Sequence[str], sample: Sequence[str], path: Path) -> list[list[str]]:
    """Cells of the lines of a table, whose delimiter some lines of it show.

    Raises
    ------
    InputError
        When it is not a table.
    """
    try:
        return list(csv.reader(lines, delimiter=delimiter_of(sample) or ","))
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from error


def numbers_of(rows: Sequence[Sequence[str]], width: int, path: Path) -> Array:
    """Cells of rows as numbers (T, width); NaN for empty ones and those beyond the end of a row.

    Raises
    ------
    InputError
        For a word among the numbers.
    """
    table = np.full((len(rows), width), np.nan)
    for i, row in enumerate(rows):
        for k, cell in enumerate(row[:width]):
            value = number(cell.strip())
            if value is None:
                raise InputError(f"{path}: row {i + 1} holds something that is not a number: '{cell[:30]}'")
            table[i, k] = value
    return table


@dataclass(frozen=True)
class CellTable:
    """How the rows of one file are read as numbers."""

    path: Path
    """The file, for messages."""
    delimiter: str
    """What parts its cells; "" for blanks."""

    def numbers(self, rows: Sequence[str], width: int) -> Array:
        """Rows as numbers (T, width); NaN for empty cells and for those beyond the end of a row.

        Raises
        ------
        InputError
            For a row that is too long, a word among the numbers, or a row parted by blanks that lacks some:
            nobody could tell which.
        """
        cells_by_row = [self._cells(row, width) for row in rows]
        for i, cells in enumerate(cells_by_row):
            if len(cells) > width:
                raise InputError(
                    f"{self.path}: row {i + 1} has more values than the header has markers ({width // 3})"
                )
            if not self.delimiter and len(cells) < width:
                raise InputError(
                    f"{self.path}: row {i + 1} has {len(cells)} of {width} values, and blanks do not tell which are "
                    "missing; part the cells by tabs"
                )
        return numbers_of(cells_by_row, width, self.path)

    def _cells(self, row: str, width: int) -> list[str]:
        cells = cells_of(row, self.delimiter)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        filled = [cell for cell in cells if cell]
        return filled if len(cells) > width and len(filled) == width else cells
