"""A study's table as rows of text, from CSV or TOML."""

import csv
import difflib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pase.config import Sex
from pase.errors import InputError
from pase.files import read_text, read_toml

COLUMNS = ("file", "subject", "height", "mass", "sex", "age", "condition", "without", "output")

_EXCEL = "cp1252"
"""What Excel saves a CSV in on Windows in the west, when nobody chooses UTF-8."""

MEANT = {"weight": "mass", "filename": "file", "video": "file", "photo": "file", "person": "subject"}
"""Other names that people use for these columns."""


@dataclass(frozen=True)
class Row:
    """One trial of a table."""

    place: str
    """Where it is, for messages: `study.csv, line 3`."""
    cells: Mapping[str, str]
    """Text by column, without blanks around it."""

    def text(self, column: str) -> str:
        """The text of a column; empty where there is none."""
        return self.cells.get(column, "")

    def sex(self) -> Sex:
        """`female`, `male` or `unknown`, also where only their first letters are written."""
        text = self.text("sex").lower()
        meant: list[Sex] = [sex for sex in get_args(Sex) if sex.startswith(text or "unknown")]
        if len(meant) != 1:
            raise InputError(f"{self.place}: sex must be female or male, not '{text}'")
        return meant[0]

    def number(self, column: str) -> float | None:
        """The number of a column; None where there is none."""
        text = self.text(column)
        if not text:
            return None
        try:
            value = float(text.replace(",", ".") if "." not in text else text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"{self.place}: {column} must be a number, not '{text}'")
        return value


def read_study_table(path: Path) -> list[Row]:
    """Read the rows of a study's table."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".toml"):
        raise InputError(f"{path}: a study's table is a .csv or a .toml")
    rows = (
        _csv_rows(read_text(path, fallback=_EXCEL), path)
        if suffix == ".csv"
        else _toml_rows(read_toml(path), path)
    )
    if not rows:
        raise InputError(f"{path} has no trials")
    return rows


def _csv_rows(text: str, path: Path) -> list[Row]:
    first = text.splitlines()[0] if text.strip() else ""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: no valid CSV: {error}") from error
    lines = [(number, cells) for number, cells in lines if any(cells)]
    if not lines:
        return []
    columns = _known_columns(lines[0][1], str(path))
    rows = []
    for number, cells in lines[1:]:
        if len(cells) > len(columns) and any(cells[len(columns) :]):
            raise InputError(
                f"{path}, line {number}: more cells ({len(cells)}) than columns ({len(columns)})"
            )
        rows.append(Row(f"{path}, line {number}", dict(zip(columns, cells, strict=False))))
    return rows


def _toml_rows(tree: Mapping[str, Any], path: Path) -> list[Row]:
    """Rows `[[trial]]`, each with what `[subject.NAME]` says about its subject."""
    for name in tree:
        if name not in ("trial", "subject"):
            raise InputError(f"{path}: unknown table '{name}'; there are [[trial]] and [subject.NAME]")
    trials, subjects = tree.get("trial", []), tree.get("subject", {})
    if not _is_tables(trials) or not isinstance(subjects, dict) or not _is_tables([*subjects.values()]):
        raise InputError(f"{path}: write [[trial]] for every trial, and [subject.NAME] for a subject")
    rows, used = [], set()
    for number, trial in enumerate(trials, 1):
        place = f"{path}, trial {number}"
        cells = _toml_cells(trial, place)
        if (subject := cells.get("subject", "")) in subjects:
            used.add(subject)
            cells = _toml_cells(subjects[subject], f"{path}, subject {subject}") | cells
        rows.append(Row(place, cells))
    for subject in subjects:
        if subject not in used:
            raise InputError(f"{path}: subject '{subject}' has no trial")
    return rows


def _is_tables(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)


def _toml_cells(table: Mapping[str, Any], place: str) -> dict[str, str]:
    for name, value in table.items():
        if isinstance(value, dict | list):
            raise InputError(f"{place}: {name} must be a text or a number")
    columns = _known_columns([*table], place, complete=False)
    return {column: str(value).strip() for column, value in zip(columns, table.values(), strict=True)}


def _known_columns(names: Sequence[str], place: str, *, complete: bool = True) -> list[str]:
    """Names of columns, those that PASE knows in small letters; likely misspellings are refused."""
    columns = []
    for name in names:
        plain = name.casefold()
        if plain not in COLUMNS:
            guess = MEANT.get(plain) or next(iter(difflib.get_close_matches(plain, COLUMNS, 1, 0.75)), None)
            if guess is not None:
                raise InputError(f"{place}: unknown column '{name}', did you mean '{guess}'?")
        columns.append(plain if plain in COLUMNS else name)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise InputError(f"{place}: the column '{twice[0]}' is there twice")
    if complete and "file" not in columns:
        raise InputError(f"{place}: no column 'file'; the columns are: {', '.join(columns)}")
    return columns
