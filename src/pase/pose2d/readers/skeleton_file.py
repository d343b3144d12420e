"""The names of a keypoint file's points or columns as a user gives them: a set's name, or a small TOML file."""

from collections.abc import Mapping
from pathlib import Path

from pase.errors import InputError
from pase.files import read_toml
from pase.keypoint_sets import keypoint_set
from pase.point_names import halpe_names

_EXAMPLE = 'points = ["nose", "left_knee", …], or [columns] with left_knee = ["lk_x", "lk_y", "lk_score"]'


def is_skeleton_file(skeleton: str | None) -> bool:
    """Whether what the user calls the skeleton is a TOML file rather than the name of a set."""
    return skeleton is not None and skeleton.lower().endswith(".toml")


def names_of_skeleton_file(skeleton: str | None, count: int, path: Path) -> tuple[str, ...] | None:
    """Halpe's names of a file's points in order, by what the user says; None where nothing is said.

    Parameters
    ----------
    skeleton
        Name of a set, or a TOML file with a list `points`.
    count
        Points a person in the file.
    path
        The keypoint file, for messages.
    """
    if skeleton is None:
        return None
    if not is_skeleton_file(skeleton):
        names = keypoint_set(skeleton)
    else:
        points = read_toml(skeleton).get("points")
        if not isinstance(points, list) or not all(isinstance(name, str) for name in points):
            raise InputError(f"{skeleton} should hold {_EXAMPLE}")
        names = halpe_names(points, skeleton)
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
