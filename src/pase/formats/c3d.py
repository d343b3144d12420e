"""C3D: the file of motion laboratories, with the landmarks as markers and the joint angles."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from pase.anatomy.joints import joint_coordinates
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.errors import MissingDependencyError, OutputError
from pase.files import atomic_path
from pase.formats.resample import even_motion
from pase.types import Array
from pase.version import __version__


def write_c3d(motion: Motion, path: str | Path) -> None:
    """Write the landmarks, in millimetres, and the joint angles, in degrees, as a `.c3d`.

    The angles are points of the group `POINT:ANGLES`, as laboratories' programs write them: `<joint>_angles`
    holds the joint's first three free rotations in X, Y and Z, and `POINT:DESCRIPTIONS` names them. X is forward,
    Y up. The format has one frame rate: uneven frames are interpolated at their mean rate. It starts at the first
    frame with a known pose; `PASE:START` is its time in seconds.

    Raises
    ------
    MissingDependencyError
        When ezc3d is not installed.
    """
    _ezc3d()
    skeleton, even = motion.skeleton, even_motion(motion)
    marks = 1000 * Kinematics(skeleton).positions(even.q)
    groups = angle_groups(skeleton)
    angles = np.zeros((len(even.q), len(groups), 3))
    for g, (_, names) in enumerate(groups):
        columns = [skeleton.coordinate_index(name) for name in names]
        angles[:, g, : len(names)] = np.degrees(even.q[:, columns])
    labels = [f"{joint}_angles" for joint, _ in groups]
    descriptions = [f"{m.name} on {m.body}" for m in skeleton.landmarks] + [
        ", ".join(names) for _, names in groups
    ]
    content = {
        "rate": even.rate,
        "start": even.start,
        "labels": [*skeleton.landmark_names, *labels],
        "angles": labels,
        "descriptions": descriptions,
        "events": _events(motion, even.start),
    }
    points = np.concatenate([marks, angles], axis=1)
    with atomic_path(path) as temporary:
        if "opensim" in sys.modules:
            _write_apart(points, content, temporary)
        else:
            _write(points, content, temporary)


def _write(points: Array, content: dict[str, Any], path: Path) -> None:
    file = _ezc3d().c3d()
    point = file["parameters"]["POINT"]
    point["UNITS"]["value"] = ["mm"]
    point["RATE"]["value"] = [content["rate"]]
    point["LABELS"]["value"] = content["labels"]
    point["DESCRIPTIONS"]["value"] = content["descriptions"]
    for name, value in (
        ("ANGLES", content["angles"]),
        ("ANGLE_UNITS", ["deg"]),
        ("X_SCREEN", ["+X"]),
        ("Y_SCREEN", ["+Y"]),
    ):
        file.add_parameter("POINT", name, value)
    _add_events(file, content["events"])
    file.add_parameter("PASE", "VERSION", [__version__])
    file.add_parameter("PASE", "START", [content["start"]])
    ones = np.ones((*points.shape[:2], 1))
    file["data"]["points"] = np.concatenate([points, ones], axis=2).transpose(2, 1, 0)
    file.write(str(path))


EVENT_LABELS = {"foot_strike": "Foot Strike", "toe_off": "Foot Off"}
"""What laboratories' programs call these events; others keep their name."""


def _events(motion: Motion, start_s: float) -> list[tuple[float, str, str]]:
    """Time from the start of the file in seconds, context and label of every event."""
    if motion.findings is None:
        return []
    return [
        (
            event.time_s - start_s,
            event.side.capitalize() or "General",
            EVENT_LABELS.get(event.event, event.event),
        )
        for event in motion.findings.events
        if event.time_s >= start_s
    ]


def _add_events(file: Any, events: list[tuple[float, str, str]]) -> None:
    """The group EVENT as other programs write it: its times are minutes and seconds."""
    file.add_parameter("EVENT", "USED", [len(events)])
    if not events:
        return
    file.add_parameter("EVENT", "CONTEXTS", [context for _, context, _ in events])
    file.add_parameter("EVENT", "LABELS", [label for _, _, label in events])
    minutes, seconds = zip(*(divmod(time, 60.0) for time, _, _ in events), strict=True)
    file.add_parameter("EVENT", "TIMES", np.array([minutes, seconds]))
    for name, value in (("SUBJECTS", ""), ("DESCRIPTIONS", ""), ("ICON_IDS", 0), ("GENERIC_FLAGS", 0)):
        file.add_parameter("EVENT", name, [value] * len(events))


def _write_apart(points: Array, content: dict[str, Any], path: Path) -> None:
    """Write in a process of its own: in one that has imported opensim, ezc3d cannot take lists of words.

    Both are made by SWIG, which shares its types between packages.
    """
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "points.npy", points)
        (Path(folder) / "content.json").write_text(json.dumps(content), encoding="utf-8")
        words = [sys.executable, "-m", "pase.formats.c3d", folder, str(path.resolve())]
        process = subprocess.run(words, capture_output=True, text=True)
    if process.returncode:
        reason = process.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise OutputError(f"cannot write {path}: {reason[0]}")


def angle_groups(skeleton: Skeleton) -> list[tuple[str, list[str]]]:
    """Joints that turn freely, each with the names of its first three free rotations."""
    free = {name for name, turns in zip(skeleton.free_names, skeleton.rotational, strict=True) if turns}
    groups = (
        (joint.name, [name for name in joint_coordinates(joint) if name in free]) for joint in skeleton.joints
    )
    return [(name, names[:3]) for name, names in groups if names]


def _ezc3d() -> Any:
    try:
        import ezc3d
    except ImportError as error:
        raise MissingDependencyError("writing .c3d needs ezc3d: pip install 'pase-skeleton[c3d]'") from error
    return ezc3d


if __name__ == "__main__":
    source = Path(sys.argv[1])
    content = json.loads((source / "content.json").read_text(encoding="utf-8"))
    _write(np.load(source / "points.npy"), content, Path(sys.argv[2]))
