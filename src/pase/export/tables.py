"""Tables that any spreadsheet, pandas or R opens: joint angles by frame, and the person's bones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.bones import BoneSurface, load_bones
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.placement import place_bone
from pase.data import Motion
from pase.errors import InputError
from pase.export.mot import check_times
from pase.files import write_text

Array = NDArray[np.float64]

SPANS = tuple(
    (f"{bone}_{side}", f"{start}_{side}", f"{end}_{side}")
    for bone, start, end in (
        ("femur", "femur", "tibia"),
        ("tibia", "tibia", "talus"),
        ("humerus", "humerus", "ulna"),
        ("ulna", "ulna", "hand"),
        ("radius", "radius", "hand"),
    )
    for side in "rl"
) + (("hip_width", "femur_l", "femur_r"), ("shoulder_width", "humerus_l", "humerus_r"))
"""Lengths from one body's origin, which is its joint centre, to another's: name, from, to."""

EXTENTS = (
    ("foot_r", ("calcn_r", "toes_r"), 0), ("foot_l", ("calcn_l", "toes_l"), 0),
    ("hand_r", ("hand_r",), 1), ("hand_l", ("hand_l",), 1),
    ("pelvis_width", ("pelvis",), 2), ("head_height", ("head",), 1),
)  # fmt: skip
"""Lengths from end to end of the bone surfaces: name, bodies, axis (0 x, 1 y, 2 z) of the first body."""


def write_angles_csv(motion: Motion, path: str | Path) -> None:
    """Write every free coordinate and its standard deviation in every frame.

    Columns are `time` in seconds, then `<coordinate>` and `<coordinate>_sd`: degrees for rotations, metres
    for translations. Unknown values are empty cells.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    coordinates = motion.skeleton.free_coordinates
    unit = np.array([180 / np.pi if c.motion == "rotational" else 1.0 for c in coordinates])
    columns = np.stack([motion.q * unit, motion.q_std * unit], axis=2).reshape(
        len(motion), 2 * len(coordinates)
    )
    header = ["time", *(name for c in coordinates for name in (c.name, f"{c.name}_sd"))]
    rows = np.column_stack([motion.time, columns]).tolist()
    _write(path, header, ([_cell(x) for x in row] for row in rows))


def read_angle_deviations(path: str | Path, skeleton: Skeleton) -> tuple[Array, Array]:
    """Read the standard deviations back from a table written by `write_angles_csv`.

    Returns
    -------
    time, q_std
        (T,) seconds and (T, n) rad or m, NaN where the table has none.

    Raises
    ------
    InputError
        When the file is missing or is not such a table.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            header, *rows = list(csv.reader(file)) or [[]]
        cells = [[float(cell) if cell else np.nan for cell in row] for row in rows]
        table = np.array(cells) if cells else np.zeros((0, len(header)))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a table of numbers: {error}") from error
    if header[:1] != ["time"] or table.shape[1] != len(header):
        raise InputError(f"{path}: the first column must be 'time' and every row have {len(header)} values")
    q_std = np.full((len(rows), len(skeleton.free_coordinates)), np.nan)
    for i, coordinate in enumerate(skeleton.free_coordinates):
        if f"{coordinate.name}_sd" in header:
            column = table[:, header.index(f"{coordinate.name}_sd")]
            q_std[:, i] = np.radians(column) if coordinate.motion == "rotational" else column
    check_times(table[:, 0], path)
    return table[:, 0], q_std


def write_bones_csv(skeleton: Skeleton, path: str | Path) -> None:
    """Write the length of every long bone and the scale factors of its body.

    Columns are `name`, `length_m`, and `scale_x`, `scale_y`, `scale_z` along the axes of the body that
    carries the bone (x forward, y up, z right). Which points a length joins is told by `SPANS` and
    `EXTENTS`.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    lengths = bone_lengths(skeleton)
    carriers = {name: start for name, start, _ in SPANS} | {name: bodies[0] for name, bodies, _ in EXTENTS}
    rows = [
        [name, _cell(length), *(_cell(s) for s in skeleton.scale[skeleton.body_index(carriers[name])])]
        for name, length in lengths.items()
    ]
    _write(path, ["name", "length_m", "scale_x", "scale_y", "scale_z"], rows)


def bone_lengths(skeleton: Skeleton) -> dict[str, float]:
    """Lengths in metres, by name, of the bones in `SPANS` and `EXTENTS` that the skeleton has.

    They are measured in the neutral pose, all coordinates at the value in their range nearest to 0, as the
    knee's centre moves a little when it bends.
    """
    lower, upper = skeleton.bounds
    poses = Kinematics(skeleton, ()).pose(np.clip(np.zeros_like(lower), lower, upper)[None])
    names = skeleton.body_names
    lengths = {}
    for name, start, end in SPANS:
        if start in names and end in names:
            ends = poses.origin[0, [names.index(start), names.index(end)]]
            lengths[name] = float(np.linalg.norm(ends[1] - ends[0]))
    surfaces = load_bones(skeleton)
    for name, bodies, axis in EXTENTS:
        if set(bodies) <= set(names):
            points = _surface_points(skeleton, bodies, poses, surfaces)
            if len(points):
                along = poses.rotation[0, names.index(bodies[0])][:, axis]
                lengths[name] = float(np.ptp(points @ along))
    return lengths


def _surface_points(
    skeleton: Skeleton, bodies: Sequence[str], poses: BodyPoses, surfaces: dict[str, BoneSurface]
) -> Array:
    """World positions (V, 3) of all surface points of some bodies in frame 0."""
    points = [np.zeros((0, 3))]
    for name in bodies:
        b = skeleton.body_index(name)
        for mesh in skeleton.bodies[b].meshes:
            if mesh.file in surfaces:
                local = place_bone(surfaces[mesh.file], mesh, skeleton.scale[b]).vertices
                points.append(local @ poses.rotation[0, b].T + poses.origin[0, b])
    return np.concatenate(points)


def _cell(value: float) -> str:
    return repr(round(float(value), 7)) if np.isfinite(value) else ""


def _write(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())
