"""The trials of a study: a table that says whose recordings they are, or every recording of a folder."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pase.anatomy.limbs import absent_parts
from pase.batch.footage import check_is_folder, footage_in, same_name
from pase.batch.table import COLUMNS, Row, read_study_table
from pase.config import PersonSettings, Sex
from pase.errors import InputError

V = TypeVar("V", float, str)

TABLES = ("study.toml", "study.csv")
"""Names by which the table is found in the folder of the footage."""

PLAIN_NAME = re.compile(r"[^\s./\\:*?\"<>|][^/\\:*?\"<>|\x00-\x1f]{0,149}")
"""What is a name of one file on every system."""


@dataclass(frozen=True)
class Trial:
    """One recording of one subject."""

    name: str
    """Name of its result, without folders."""
    file: Path
    place: str
    """The file's path relative to the study's folder, with forward slashes."""
    subject: str
    """Name of the person; all trials of a subject share one skeleton."""
    height_m: float | None = None
    mass_kg: float | None = None
    sex: Sex = "unknown"
    age_years: float | None = None
    condition: str = ""
    """What the user compares, as `barefoot`."""
    without: str = ""
    """Limbs that are not there, as `left_shank`."""
    further: dict[str, str] = field(default_factory=dict)
    """Columns of the table that PASE does not know; they are kept as they are."""


@dataclass(frozen=True)
class Study:
    """The trials of a folder."""

    trials: tuple[Trial, ...]
    table: Path | None = None
    """The table they came from; None when every recording of the folder was taken."""
    notes: tuple[str, ...] = ()
    """Warnings for the user, one sentence each."""


def by_subject(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """The trials of each subject, in order."""
    grouped: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        grouped[trial.subject].append(trial)
    return dict(grouped)


def read_study(folder: Path, table: Path | None = None) -> Study:
    """The trials of a folder, by a table or without one.

    Parameters
    ----------
    folder
        Folder of videos and photos.
    table
        TOML or CSV; when None, `study.toml` or `study.csv` in the folder, if there is one. Without a table
        every video and photo in the folder and below is a trial of a subject of its own.
    """
    check_is_folder(folder)
    table = table or _found_table(folder)
    content = footage_in(folder)
    footage = content.footage
    if table is None:
        if not footage:
            raise InputError(f"no video and no photo in {folder}: nothing to do")
        names = [_output_name(path, folder) for path in footage]
        trials = tuple(
            Trial(n, path, _place(path, folder), n) for n, path in zip(names, footage, strict=True)
        )
        study = Study(trials, notes=tuple(_no_footage(content.companions)))
    else:
        rows = read_study_table(table)
        trials = tuple(_trial(row, folder, footage) for row in rows)
        _check_files(trials, rows)
        study = Study(_with_facts_of_subjects(trials, table), table, tuple(_left_out(footage, trials, table)))
    _check_names(study)
    return study


def _found_table(folder: Path) -> Path | None:
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(tables) > 1:
        raise InputError(f"both {' and '.join(TABLES)} are in {folder}: remove one, or name one with --study")
    return tables[0] if tables else None


def _trial(row: Row, folder: Path, footage: Sequence[Path]) -> Trial:
    file = _file(row, folder, footage)
    name = row.text("output") or _output_name(file, folder)
    subject = row.text("subject") or name
    for column, text in (("output", name), ("subject", subject)):
        if not PLAIN_NAME.fullmatch(text):
            raise InputError(f"{row.place}: {column} must be a plain name, not '{text}'")
    height, mass, age = row.number("height"), row.number("mass"), row.number("age")
    try:
        PersonSettings(height, mass, age_years=age)
        absent_parts(row.text("without"))
    except InputError as error:
        raise InputError(f"{row.place}: {error}") from error
    further = {column: text for column, text in row.cells.items() if column not in COLUMNS}
    return Trial(
        name,
        file,
        _place(file, folder),
        subject,
        height,
        mass,
        row.sex(),
        age,
        row.text("condition"),
        row.text("without"),
        further,
    )


def _file(row: Row, folder: Path, footage: Sequence[Path]) -> Path:
    """The file of a row; the same letters may be written with other code points than in the file's name."""
    text = row.text("file")
    if not text:
        raise InputError(f"{row.place}: no file is named")
    path = folder / text
    try:
        if path.is_dir():
            raise InputError(f"{row.place}: '{text}' is a folder; name a video or photo")
        if path.is_file():
            return path
    except OSError as error:
        raise InputError(f"{row.place}: '{text[:40]}' cannot be a file: {error.strerror or error}") from error
    by_name = {same_name(p.relative_to(folder).as_posix()): p for p in footage}
    alike = by_name.get(same_name(Path(text).as_posix()))
    if alike is not None:
        return alike
    stems = {same_name(p.relative_to(folder).with_suffix("").as_posix()): p for p in footage}
    guess = stems.get(same_name(Path(text).as_posix())) or stems.get(same_name(Path(text).stem))
    hint = f"; did you mean {guess.relative_to(folder).as_posix()}?" if guess else ""
    raise InputError(f"{row.place}: no file '{text}' in {folder}{hint}")


def _place(path: Path, folder: Path) -> str:
    """A file's path within the folder; as it is where it lies elsewhere."""
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _output_name(path: Path, folder: Path) -> str:
    """A trial's name from its file: folders below the study's become part of it."""
    inside = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    return "_".join(inside.with_suffix("").parts)


def _check_files(trials: Sequence[Trial], rows: Sequence[Row]) -> None:
    places: dict[Path, str] = {}
    for trial, row in zip(trials, rows, strict=True):
        path = trial.file.resolve()
        if path in places:
            raise InputError(f"{row.place}: {trial.file.name} is named a second time, after {places[path]}")
        places[path] = row.place


def _check_names(study: Study) -> None:
    """Refuse names that some file system takes for the same folder."""
    for kind, names in (
        ("trial", [(trial.name, str(trial.file)) for trial in study.trials]),
        ("subject", [(subject, subject) for subject in by_subject(study.trials)]),
    ):
        origins: dict[str, str] = {}
        for name, origin in names:
            key = same_name(name)
            if key in origins:
                cure = (
                    "rename one, or give them names in the table's column 'output'"
                    if kind == "trial"
                    else "write them alike"
                )
                raise InputError(f"{origins[key]} and {origin} would be one {kind} '{name}': {cure}")
            origins[key] = origin


def _with_facts_of_subjects(trials: Sequence[Trial], table: Path) -> tuple[Trial, ...]:
    """What one row of a subject says of the person holds for all its rows."""
    whole: dict[str, dict[str, Any]] = {}
    for subject, of_subject in by_subject(trials).items():
        sexes = [t.sex for t in of_subject if t.sex != "unknown"]
        whole[subject] = {
            "height_m": _one_value("height", subject, (t.height_m for t in of_subject), table),
            "mass_kg": _one_value("mass", subject, (t.mass_kg for t in of_subject), table),
            "age_years": _one_value("age", subject, (t.age_years for t in of_subject), table),
            "sex": _one_value("sex", subject, sexes, table) or "unknown",
        }
    return tuple(replace(t, **whole[t.subject]) for t in trials)


def _one_value(quantity: str, subject: str, values: Iterable[V | None], table: Path) -> V | None:
    distinct: list[Any] = sorted({value for value in values if value is not None})
    if len(distinct) > 1:
        raise InputError(
            f"{table}: subject '{subject}' has several values of {quantity}: {distinct[0]}, {distinct[1]}"
        )
    return distinct[0] if distinct else None


def _no_footage(files: Sequence[Path]) -> Iterator[str]:
    if files:
        subject = "1 file of the folder is" if len(files) == 1 else f"{len(files)} files of the folder are"
        yield f"{subject} neither a video nor a photo that can be read, and left out: {_listing(files)}"


def _listing(files: Sequence[Path]) -> str:
    return ", ".join(path.name for path in files[:5]) + (" …" if len(files) > 5 else "")


def _left_out(footage: Sequence[Path], trials: Sequence[Trial], table: Path) -> Iterator[str]:
    files = {trial.file.resolve() for trial in trials}
    rest = [path for path in footage if path.resolve() not in files]
    if rest:
        count, verb = ("1 file", "is") if len(rest) == 1 else (f"{len(rest)} files", "are")
        yield f"{count} of the folder {verb} not in {table.name} and {verb} left out: {_listing(rest)}"
