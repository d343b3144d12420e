"""The names of a keypoint file's points or columns as a user gives them: a set's name, or a small TOML file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pase.errors import InputError
from pase.files import read_toml
from pase.keypoint_sets import guess_set, keypoint_set
from pase.point_names import halpe_names
from pase.types import Array

_EXAMPLE = 'points = ["nose", "left_knee", …], or [columns] with left_knee = ["lk_x", "lk_y", "lk_score"]'


def is_skeleton_file(skeleton: str | None) -> bool:
    """Whether what the user calls the skeleton is a TOML file rather than the name of a set."""
    return skeleton is not None and skeleton.lower().endswith(".toml")


def names_of_points(
    points: Array, skeleton: str | None, names_in_file: Sequence[str] | None, path: Path
) -> tuple[str, ...]:
    """Halpe's names of a file's points in order: as the user says, else the file, else by their number and places.

    Parameters
    ----------
    points
        (N, K, 3) x, y, score of N poses.
    skeleton
        Name of a set, or a TOML file with a list `points`, by the user.
    names_in_file
        What the file calls the points; left aside where they are not K.
    path
        The keypoint file, for messages.
    """
    count = points.shape[1]
    if skeleton is None:
        if names_in_file is not None and len(names_in_file) == count:
            return halpe_names(names_in_file, str(path))
        return guess_set(points, str(path))
    if not is_skeleton_file(skeleton):
        names = keypoint_set(skeleton)
    else:
        entries = read_toml(skeleton).get("points")
        if not isinstance(entries, list) or not all(isinstance(name, str) for name in entries):
            raise InputError(f"{skeleton} should hold {_EXAMPLE}")
        names = halpe_names(entries, skeleton)
    if len(names) != count:
        raise InputError(f"{path} has {count} points a person, but {skeleton} has {len(names)}")
    return names


def columns_of_skeleton_file(skeleton: str) -> dict[str, list[str]]:
    """Columns of x, y and perhaps score of each point, by a TOML file with a table `columns`."""
    columns = read_toml(skeleton).get("columns")
    if not isinstance(columns, Mapping) or not columns:
        raise InputError(f"{skeleton} should hold {_EXAMPLE}")
    for name, value in columns.items():
        if (
            not isinstance(value, list)
            or len(value) not in (2, 3)
            or not all(isinstance(v, str) for v in value)
        ):
            raise InputError(f"{skeleton}: {name} should name its columns of x, y and perhaps score")
    return {str(name): list(value) for name, value in columns.items()}
