"""Learn the pose prior from measured joint angles and write `src/pase/assets/pose_prior.json`.

    python tools/build_pose_prior.py PATH/joint_angles.npz

The angles (walking, running, sprinting, squatting, hip range of motion; OpenSim fits to markers) are converted
to the coordinates of the default skeleton, balanced by kind of movement, mirrored, and summed up as a mean and a
covariance. The movements measured are few, so each coordinate gets a further independent variance (`SLACK_DEG`):
the prior keeps how joints move together (hip with trunk, hip with knee) without forbidding what was not filmed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.default import default_skeleton
from pase.anatomy.model import Skeleton

Array = NDArray[np.float64]

WEIGHTS = {"walk": 1.0, "run": 1.0, "sprint": 0.5, "squat": 1.5, "hip range": 0.0}
"""Share of each kind of movement, by a word of its description; the first that fits counts. The range of motion
trial is left out: its trunk is bent by 35° all the time."""

SLACK_DEG = {
    "pelvis_list": 8.0, "pelvis_tilt": 10.0, "hip_flexion": 15.0, "hip_adduction": 7.0, "hip_rotation": 9.0,
    "knee_angle": 20.0, "ankle_angle": 7.0, "subtalar_angle": 5.0, "L5_S1_Flex_Ext": 0.7,
    "L5_S1_Lat_Bending": 0.5, "L5_S1_axial_rotation": 1.2,
}  # fmt: skip
"""Independent standard deviation added to each coordinate, degrees."""

UNMEASURED_DEG = {
    "mtp_angle": (5.0, 10.0), "neck_flexion": (0.0, 20.0), "neck_bending": (0.0, 15.0),
    "neck_rotation": (0.0, 27.0), "wrist_flex": (0.0, 15.0), "wrist_dev": (0.0, 8.0),
    "arm_elevation": (15.0, 60.0), "arm_crossing": (0.0, 35.0), "arm_rotation": (-5.0, 45.0),
    "elbow_flex": (35.0, 50.0), "pro_sup": (80.0, 40.0),
}  # fmt: skip
"""Mean and standard deviation of the coordinates that no recording measures, or too few people to learn from:
the arms of these recordings are those of four runners and one person squatting with the arms held out. The neck
reaches the ends of its range at three standard deviations."""

TRUNK = {
    "L5_S1_Flex_Ext": "lumbar_extension",
    "L5_S1_Lat_Bending": "lumbar_bending",
    "L5_S1_axial_rotation": "lumbar_rotation",
}
MIDLINE_SIGNS = {"pelvis_list": -1.0, "L5_S1_Lat_Bending": -1.0, "L5_S1_axial_rotation": -1.0}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("angles", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/pase/assets/pose_prior.json"))
    arguments = parser.parse_args()
    names, mean, covariance = learn(arguments.angles)
    document = {
        "source": "OpenSim fits to markers from the nimblephysics repository (BSD-2-Clause); see NOTICE",
        "unit": "rad",
        "coordinates": names,
        "mean": [round(float(x), 5) for x in mean],
        "covariance": [[round(float(x), 7) for x in row] for row in covariance],
    }
    arguments.out.write_text(json.dumps(document, indent=1) + "\n")
    for name, m, s in zip(names, np.degrees(mean), np.degrees(np.sqrt(np.diag(covariance))), strict=True):
        print(f"{name:24s} {m:7.1f} ± {s:5.1f}°")


def learn(path: Path) -> tuple[list[str], Array, Array]:
    """Names, mean (n,) and covariance (n, n) in radians of all free rotations but the heading."""
    skeleton = default_skeleton()
    names = [
        c.name for c in skeleton.free_coordinates if c.motion == "rotational" and c.name != "pelvis_rotation"
    ]
    with np.load(path) as data:
        clips = json.loads(str(data["meta"]))
        angles = [_converted(skeleton, names, clip, data[f"q_{i}"]) for i, clip in enumerate(clips)]
    weights = [_weights(clip, clips, len(x)) for clip, x in zip(clips, angles, strict=True)]
    X = np.concatenate([*angles, *(_mirrored(x, names) for x in angles)])
    w = np.concatenate(weights * 2)
    mean, covariance = _moments(X, w)
    mean = _anchored(mean, covariance, names)
    slack = np.zeros(len(names))
    for i, name in enumerate(names):
        stem = name[:-2] if name.endswith(("_r", "_l")) else name
        if stem in UNMEASURED_DEG:
            mean[i], slack[i] = np.radians(UNMEASURED_DEG[stem])
            covariance[i, :] = covariance[:, i] = 0.0
        else:
            slack[i] = np.radians(SLACK_DEG[stem])
    return names, mean, covariance + np.diag(slack**2)


def _anchored(mean: Array, covariance: Array, names: list[str]) -> Array:
    """The mean shifted so that somebody whose hips are at zero has a level pelvis.

    A standing pelvis is tilted forward by some 10° between its front and back spines (Levine and Whittle 1996);
    the model's pelvis at zero is drawn so. The few people measured differ by as much as their marker sets do.
    """
    hips = [names.index("hip_flexion_r"), names.index("hip_flexion_l")]
    tilt = names.index("pelvis_tilt")
    slope = np.linalg.solve(covariance[np.ix_(hips, hips)], covariance[hips, tilt])
    out = mean.copy()
    out[tilt] = slope @ mean[hips]
    return out


def _converted(skeleton: Skeleton, names: list[str], clip: dict[str, object], q: Array) -> Array:
    """(T, n) angles of one recording in our coordinates; NaN where it did not measure them."""
    coordinates, have = list(clip["coords"]), list(clip["have"])  # type: ignore[call-overload]
    known = {c: q[:, i] for i, c in enumerate(coordinates) if have[i] and np.ptp(q[:, i]) > 1e-3}
    knees = [np.median(known[k]) for k in known if k.startswith("knee_angle")]
    knee_sign = -1.0 if np.mean(knees) < 0 else 1.0
    out = np.full((len(q), len(names)), np.nan)
    for i, name in enumerate(names):
        if name in TRUNK and TRUNK[name] in known:
            out[:, i] = known[TRUNK[name]] / _trunk_gain(skeleton, name)
        elif name in known:
            out[:, i] = known[name] * (knee_sign if name.startswith("knee") else 1.0)
    return out


def _trunk_gain(skeleton: Skeleton, name: str) -> float:
    """Trunk angle from sacrum to thorax for one unit of an L5-S1 coordinate; the abdomen's own bend aside."""
    slopes = [
        c.scale * float(c.function.derivative(np.zeros(1))[0])
        for c in skeleton.couplers
        if c.independent == name and not c.dependent.startswith("Abs")
    ]
    return 1.0 + sum(slopes)


def _mirrored(angles: Array, names: list[str]) -> Array:
    """The same postures with left and right exchanged."""
    out = np.empty_like(angles)
    for i, name in enumerate(names):
        twin = name[:-1] + {"r": "l", "l": "r"}[name[-1]] if name.endswith(("_r", "_l")) else name
        out[:, i] = angles[:, names.index(twin)] * MIDLINE_SIGNS.get(name, 1.0)
    return out


def _weights(clip: dict[str, object], clips: list[dict[str, object]], frames: int) -> Array:
    kind = _kind(clip)
    total = sum(1 for c in clips if _kind(c) == kind)
    return np.full(frames, WEIGHTS[kind] / (total * frames))


def _kind(clip: dict[str, object]) -> str:
    return next(kind for kind in WEIGHTS if kind in str(clip["desc"]))


def _moments(X: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted mean and covariance, pairwise over what is known."""
    known = np.isfinite(X)
    W = known * weights[:, None]
    filled = np.where(known, X, 0.0)
    mean = (W * filled).sum(0) / np.maximum(W.sum(0), 1e-12)
    centred = np.where(known, X - mean, 0.0)
    pairs = (known * weights[:, None]).T @ known.astype(float)
    covariance = (centred * weights[:, None]).T @ centred / np.maximum(pairs, 1e-12)
    return mean, covariance


if __name__ == "__main__":
    main()
