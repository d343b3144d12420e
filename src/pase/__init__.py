"""PASE: personalised anatomical skeletons in motion, from a photo or a video of one ordinary camera.

Examples
--------
>>> import pase
>>> motions = pase.estimate("walk.mp4", height_m=1.75)  # doctest: +SKIP
>>> motions[0].skeleton.free_names  # doctest: +SKIP
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pase.errors import PaseError
from pase.version import __version__ as __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pase.anatomy.model import Skeleton
    from pase.config import Settings
    from pase.data import Keypoints2D, Motion
    from pase.movements import Movement

# ONNX Runtime reports to its maker unless it finds this when it is imported; processes of ours inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = ["Motion", "PaseError", "Skeleton", "analyse", "estimate", "load"]


def estimate(
    source: str | Path | Keypoints2D | Sequence[Keypoints2D],
    *,
    height_m: float | None = None,
    mass_kg: float | None = None,
    fov_deg: float | None = None,
    settings: Settings | None = None,
) -> list[Motion]:
    """Estimate the personalised skeleton and its motion of every person in a video, a photo, or their keypoints.

    Parameters
    ----------
    source
        Video, photo or file of keypoints; or keypoints from Python, one `pase.data.Keypoints2D` a person.
    height_m
        Standing height of the person in metres; without it the scale is assumed from the population.
    mass_kg
        Body mass in kilograms; decides how wide and deep the body is for its height.
    fov_deg
        Angle of view along the longer side of the picture in degrees; estimated when None.
    settings
        Everything else; the values above go before those in it.

    Returns
    -------
    list of Motion
        One a person, the main person first; empty when nobody is in the picture.

    Raises
    ------
    PaseError
        When the source cannot be read or a value cannot be.
    """
    from pase.config import make_settings
    from pase.pipeline import estimate_motions

    values = {"person.height_m": height_m, "person.mass_kg": mass_kg, "camera.fov_deg": fov_deg}
    return estimate_motions(
        source, make_settings({path: value for path, value in values.items() if value is not None}, settings)
    )


def analyse(motion: Motion, movement: Movement | None = None) -> Motion:
    """Find out what a motion says: which movement, what happened when, what was measured, whether to believe it.

    Parameters
    ----------
    motion
        One of PASE, or of any `.osim` and `.mot` whose bodies have the names of OpenSim's full-body models.
    movement
        What the person does, as `walking` or `squat`; found out when None.

    Returns
    -------
    Motion
        The same with `findings`, and without a posture in frames in which most of the body was out of sight.
    """
    from pase.analysis import analysed

    return analysed(motion, movement)


def load(folder: str | Path) -> list[Motion]:
    """Load the persons of a finished run from its result folder.

    Parameters
    ----------
    folder
        What `pase run` was given as `-o`.

    Returns
    -------
    list of Motion
        One a person, in the order of the folders `person_1`, `person_2`, …

    Raises
    ------
    PaseError
        When the folder is no finished result.
    """
    from pase.pipeline import load_motions

    return load_motions(folder)


def __getattr__(name: str) -> Any:
    if name == "Motion":
        from pase.data import Motion

        return Motion
    if name == "Skeleton":
        from pase.anatomy.model import Skeleton

        return Skeleton
    raise AttributeError(f"module 'pase' has no attribute '{name}'")
