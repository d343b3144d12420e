"""Marker sets: which named points sit where on which bodies, from files and those that come with PASE."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pase.anatomy.model import Landmark, Skeleton
from pase.anatomy.osim_xml import flag, name_of, parse, vector
from pase.errors import InputError
from pase.files import read_json, read_toml

_JOINT_CENTRES: Mapping[str, tuple[str, tuple[float, float, float]]] = {
    "Hip": ("pelvis", (-0.0639, -0.0813, 0.0)),
    "RHip": ("femur_r", (0.0, 0.0, 0.0)),
    "RKnee": ("tibia_r", (0.0, 0.0, 0.0)),
    "RAnkle": ("talus_r", (0.0, 0.0, 0.0)),
    "LHip": ("femur_l", (0.0, 0.0, 0.0)),
    "LKnee": ("tibia_l", (0.0, 0.0, 0.0)),
    "LAnkle": ("talus_l", (0.0, 0.0, 0.0)),
    "Spine": ("torso", (-0.02, 0.09, 0.0)),
    "Thorax": ("torso", (-0.001, 0.40, 0.0)),
    "Neck": ("head", (0.07, -0.015, 0.0)),
    "Head": ("head", (0.016, 0.150, 0.0)),
    "LShoulder": ("humerus_l", (0.0, 0.0, 0.0)),
    "LElbow": ("ulna_l", (0.0, 0.0, 0.0)),
    "LWrist": ("hand_l", (0.0, 0.0, 0.0)),
    "RShoulder": ("humerus_r", (0.0, 0.0, 0.0)),
    "RElbow": ("ulna_r", (0.0, 0.0, 0.0)),
    "RWrist": ("hand_r", (0.0, 0.0, 0.0)),
}

H36M_JOINTS = tuple(_JOINT_CENTRES)
"""The 17 joints of Human3.6M in its order, under its own names; `pase.keypoint_sets.H36M17` are the same columns
under the names of the Halpe keypoints that stand in for them.

`Neck` is the point between neck and nose, `Head` the vertex."""


def h36m_landmarks() -> tuple[Landmark, ...]:
    """The 17 joints on the default skeleton: limb joints at the joint centres, the rest along the spine."""
    return tuple(Landmark(name, body, place) for name, (body, place) in _JOINT_CENTRES.items())


def read_marker_set(path: str | Path, skeleton: Skeleton) -> tuple[Landmark, ...]:
    """Read markers on the bodies of a skeleton.

    Parameters
    ----------
    path
        An OpenSim MarkerSet (`.xml`, or the markers of an `.osim`), or a `.json` or `.toml` file with
        `{name: {"body": ..., "location": [x, y, z]}}`, metres on the unscaled body, if wanted under a key
        `markers`.
    """
    path = Path(path)
    markers = tuple(_from_xml(path) if path.suffix.lower() in (".xml", ".osim") else _from_table(path))
    if not markers:
        raise InputError(f"{path} holds no markers")
    names = [marker.name for marker in markers]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: the marker '{name}' is there twice; rename one of them")
    unknown = [m for m in markers if m.body not in skeleton.body_names]
    if unknown:
        raise InputError(
            f"{path}: marker '{unknown[0].name}' is on a body '{unknown[0].body}'; "
            f"the model has: {', '.join(skeleton.body_names)}"
        )
    return markers


def read_entries(path: Path) -> Mapping[str, Any]:
    """The content of a JSON or TOML file, an object by names."""
    content = read_toml(path) if path.suffix.lower() == ".toml" else read_json(path)
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: must hold one object with names, not a {type(content).__name__}")
    return content


def _from_xml(path: Path) -> Iterator[Landmark]:
    root = parse(path)
    for element in root.iter("Marker"):
        # Files of OpenSim 3 name a body, later ones the path of a frame, which ends in it.
        socket = element.findtext("socket_parent_frame") or element.findtext("body") or ""
        body = socket.strip().rpartition("/")[2]
        yield Landmark(name_of(element), body, vector(element, "location"), flag(element, "fixed"))


def _from_table(path: Path) -> Iterable[Landmark]:
    content = read_entries(path)
    markers = content.get("markers", content)
    if not isinstance(markers, Mapping):
        raise InputError(f"{path}: 'markers' must be an object with a body and a location for every name")
    for name, entry in markers.items():
        try:
            x, y, z = (float(value) for value in entry["location"])
            body = str(entry["body"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InputError(
                f"{path}: marker '{name}' must have a 'body' and a 'location' of three numbers"
            ) from None
        if not np.isfinite([x, y, z]).all():
            raise InputError(f"{path}: marker '{name}' has a location that is not finite")
        yield Landmark(name, body, (x, y, z))
