"""Tables that any spreadsheet, pandas or R opens: joint angles by frame, and the person's bones."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pase.anatomy.kinematics import pieces
from pase.anatomy.lengths import CARRIERS, bone_lengths
from pase.anatomy.limbs import unseen_angles
from pase.data import Motion
from pase.diagnostics import BoneStatistics
from pase.errors import InputError
from pase.files import atomic_path, read_text
from pase.formats.mot import check_times
from pase.series import nearest_rows
from pase.types import Array

BONE_COLUMNS = ("name", "length_m", "length_sd_m", "percentile", "scale_x", "scale_y", "scale_z", "seen")
SAME_TIME = 1e-5
"""Seconds within which rows of two files are of the same frame."""


@dataclass(frozen=True, slots=True)
class BoneLength:
    """One row of a person's table of bones."""

    name: str
    """As in `bones.csv`, for instance `femur_r`."""
    length_m: float
    """Metres."""
    sd_m: float | None = None
    """Standard deviation in metres, where it is known."""
    percentile: float | None = None
    """Share of the population with a shorter bone, from 0 to 100, where it is known."""
    seen: bool = True
    """Whether the body that carries it was seen in any frame; else the length is that of the rest of the person."""


def bone_table(motion: Motion) -> tuple[BoneLength, ...]:
    """The length of every long bone of a person, with what the fit says about it."""
    skeleton, table = motion.skeleton, []
    bodies = {body.name for body in skeleton.bodies if body.meshes} or set(skeleton.body_names)
    for name, length in bone_lengths(skeleton).items():
        if CARRIERS[name] in bodies:
            bone = motion.diagnostics.bones.get(name, BoneStatistics())
            seen = motion.seen is None or bool(motion.seen[:, skeleton.body_index(CARRIERS[name])].any())
            table.append(BoneLength(name, length, bone.length_sd_m, bone.percentile, seen))
    return tuple(table)


def write_angles_csv(motion: Motion, path: str | Path) -> None:
    """Write every free coordinate and its standard deviation in every frame, and the angles that people mean.

    Columns are `time` in seconds, then `<coordinate>` and `<coordinate>_sd`: degrees for rotations, metres
    for translations. After an analysis `<angle>` and `<angle>_sd` follow for those angles that are no
    coordinates, and `<angle>_speed` and `<angle>_speed_sd`, degrees a second, for all. Unknown values are empty; so
    are those of parts that were not seen; `motion.mot` has a guess there, as OpenSim needs one.
    """
    coordinates = motion.skeleton.free_coordinates
    header = ["time", *(name for c in coordinates for name in (c.name, f"{c.name}_sd"))]
    names, further = _analysed_columns(motion, {c.name for c in coordinates})
    write_rows(path, [*header, *names], _angle_rows(motion, further))


def _angle_rows(motion: Motion, further: Array) -> Iterator[list[float | None]]:
    """Time, coordinates with their deviations, and the further columns (T, k), frame by frame."""
    unit = np.where(motion.skeleton.rotational, 180 / np.pi, 1.0)
    unseen = unseen_angles(motion, motion.skeleton.free_names)
    for frames in pieces(len(motion)):
        q = np.where(unseen[frames], np.nan, motion.q[frames])
        pairs = np.stack([q * unit, motion.q_std[frames] * unit], axis=2).reshape(len(q), 2 * q.shape[1])
        for row in np.concatenate([motion.time[frames, None], pairs, further[frames]], axis=1):
            yield _cells(row)


def _analysed_columns(motion: Motion, coordinates: set[str]) -> tuple[list[str], Array]:
    """Names and values (T, k) of the columns that an analysis adds."""
    if motion.findings is None:
        return [], np.zeros((len(motion), 0))
    table = motion.findings.angles
    names, columns = [], []
    for i, key in enumerate(table.keys):
        endings = [("_speed", table.speed), ("_speed_sd", table.speed_sd)]
        if key not in coordinates:
            endings = [("", table.values), ("_sd", table.sd), *endings]
        names += [f"{key}{ending}" for ending, _ in endings]
        columns += [values[:, i] for _, values in endings]
    return names, np.stack(columns, axis=1) if columns else np.zeros((len(motion), 0))


@dataclass(frozen=True, slots=True)
class NumberTable:
    """Numbers by frame, NaN for empty cells."""

    names: tuple[str, ...]
    """Columns; the first one is `time` in seconds."""
    values: Array
    """(T, columns)."""

    def at(self, time: Array, names: Sequence[str]) -> Array:
        """(F, k) named columns at times (F,); NaN where the table has no such column or frame."""
        out = np.full((len(time), len(names)), np.nan)
        if len(self.values):
            rows = nearest_rows(self.values[:, 0], time)
            matches = np.abs(self.values[rows, 0] - time) < SAME_TIME
            for i, name in enumerate(names):
                if name in self.names:
                    out[matches, i] = self.values[rows[matches], self.names.index(name)]
        return out


def read_number_table(path: str | Path) -> NumberTable:
    """Read a table of numbers by frame, as `write_angles_csv` writes it."""
    rows = csv.reader(read_text(path).splitlines(keepends=True))
    try:
        header = next(rows, [])
        numbers = [np.array([float(cell) if cell else np.nan for cell in row]) for row in rows]
        values = np.array(numbers) if numbers else np.zeros((0, len(header)))
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a table of numbers: {error}") from error
    if header[:1] != ["time"] or values.shape[1:] != (len(header),):
        raise InputError(f"{path}: the first column must be 'time' and every row have {len(header)} values")
    check_times(values[:, 0], path)
    return NumberTable(tuple(header), values)


def write_bones_csv(motion: Motion, path: str | Path) -> None:
    """Write the length of every long bone with its statistics, and the scale factors of its body.

    Columns are `name`, `length_m`, `length_sd_m` (posterior standard deviation), `percentile` (share of adults with a
    shorter one, from 0 to 100), `scale_x`, `scale_y`, `scale_z` along the axes of the body that carries the bone (x
    forward, y up, z right), and `seen`, 0 where nobody saw that body. What was not estimated is an empty cell. Which
    points a length joins is in `SPANS` and `EXTENTS` of `pase.anatomy.lengths`.
    """
    skeleton, rows = motion.skeleton, []
    for bone in bone_table(motion):
        scale = skeleton.scale[skeleton.body_index(CARRIERS[bone.name])]
        numbers = [bone.length_m, bone.sd_m, bone.percentile, *scale]
        rows.append([bone.name, *_cells(np.array(numbers, float)), str(int(bone.seen))])
    write_rows(path, BONE_COLUMNS, rows)


def read_bone_statistics(path: str | Path) -> dict[str, BoneStatistics]:
    """Read the statistics of each bone's length from a table written by `write_bones_csv`."""
    rows = read_rows(path, ("name",))
    try:
        return {
            row["name"]: BoneStatistics(_number(row, "length_sd_m"), _number(row, "percentile"))
            for row in rows
        }
    except ValueError as error:
        raise InputError(f"{path}: not a table of bones: {error}") from error


def _number(row: dict[str, str], column: str) -> float | None:
    cell = row.get(column)
    number = float(cell) if cell else np.nan
    return number if np.isfinite(number) else None


def _cells(numbers: Array) -> list[float | None]:
    """Numbers (k,) with seven decimals; None where one is unknown."""
    finite, rounded = np.isfinite(numbers).tolist(), np.round(numbers, 7).tolist()
    return [number if is_known else None for number, is_known in zip(rounded, finite, strict=True)]


def read_rows(path: str | Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table with a header as CSV; refuse one that lacks any of the columns."""
    rows = csv.DictReader(read_text(path).splitlines(keepends=True))
    try:
        content = list(rows)
    except csv.Error as error:
        raise InputError(f"{path}: no valid CSV: {error}") from error
    missing = [column for column in columns if column not in (rows.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path}: the column '{missing[0]}' is missing; the columns are: {', '.join(columns)}"
        )
    return content


def write_rows(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV; None is an empty cell."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
