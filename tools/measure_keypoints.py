"""Measure where a detector's keypoints sit on the bones, on clips with a marker-based reference.

    python tools/measure_keypoints.py CLIP_FOLDER [CLIP_FOLDER ...]

Each folder holds `video.mp4` and `truth.npz` (orientation and origin of every body of the reference). The camera
of each clip and the places of the points are solved for together, so that the places, the same for all clips and
mirrored between the sides, project onto what the detector found. Printed are displacements from the joint centre in
the axes of the body, in millimetres; one clip alone tells how far persons differ. The camera takes up what all points
share, so that with few clips a common displacement along the line of sight stays unknown.

`PLACES` in `src/pase/anatomy/keypoints.py` was set from the two development clips taken together, rounded, and
checked by eye on footage of other people.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation, Slerp

from pase.config import Settings
from pase.media import open_media
from pase.pipeline.recording import choose, detect

Array = NDArray[np.float64]

ATTACHED = {
    "Shoulder": ("torso", "humerus"), "Elbow": ("humerus", "ulna"), "Wrist": ("radius", "hand"),
    "Hip": ("pelvis", "femur"), "Knee": ("femur", "tibia"), "Ankle": ("tibia", "talus"),
    "BigToe": ("toes", "toes"), "SmallToe": ("toes", "toes"), "Heel": ("calcn", "calcn"),
}  # fmt: skip
"""Keypoint → the body that carries it, and the body whose origin is the joint centre it is measured from."""

MIDLINE = ("torso", "pelvis")
NOISE_M, PRIOR_M = 0.02, 0.10
FOCAL_PX, FOCAL_SPREAD = 1050.0, 0.1
FRAMES = 80


@dataclass(frozen=True)
class Sighting:
    """One keypoint in the frames of a clip."""

    kind: str
    mirror: float
    """1 on the right, −1 on the left."""
    rotation: Array
    """(T, 3, 3) of the carrying body."""
    joint: Array
    """(T, 3) joint centre, metres."""
    xy: Array
    """(T, 2) from the middle of the picture, px; NaN where unseen."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    clips = [sightings(folder) for folder in parser.parse_args().clips]
    for kind, place in zip(ATTACHED, solve(clips), strict=True):
        x, y, z = 1000 * place
        print(f"{kind:9s} forward {x:+5.0f}   up {y:+5.0f}   outward {z:+5.0f} mm")


def sightings(folder: Path) -> list[Sighting]:
    """What the detector sees of a clip, with the reference at the same times."""
    with open_media(folder / "video.mp4") as media:
        person = choose(detect(media, Settings()), Settings()).people[0]
    with np.load(folder / "truth.npz") as data:
        truth = {key: data[key] for key in data.files}
    inside = np.flatnonzero((person.time >= truth["time"][0]) & (person.time <= truth["time"][-1]))
    frames = inside[:: max(1, len(inside) // FRAMES)]
    time, bodies = person.time[frames], [str(b) for b in truth["bodies"]]
    out = []
    for kind, (carrier, joint) in ATTACHED.items():
        for side, mirror in (("R", 1.0), ("L", -1.0)):
            name = carrier if carrier in MIDLINE else f"{carrier}_{side.lower()}"
            turns = Slerp(truth["time"], Rotation.from_matrix(truth["R"][:, bodies.index(name)]))(time)
            path = truth["origins"][:, bodies.index(f"{joint}_{side.lower()}")]
            centre = np.stack([np.interp(time, truth["time"], column) for column in path.T], axis=1)
            xy = person.xy[frames, person.names.index(side + kind)] - np.array(person.image_size) / 2
            out.append(Sighting(kind, mirror, turns.as_matrix(), centre, xy))
    return out


def solve(clips: list[list[Sighting]]) -> Array:
    """(kinds, 3) displacements from the joint centres, metres."""
    kinds = list(ATTACHED)

    def residual(x: Array) -> Array:
        cameras, places = x[: 7 * len(clips)].reshape(-1, 7), x[7 * len(clips) :].reshape(-1, 3)
        residuals = [places.ravel() / PRIOR_M, (cameras[:, 6] - np.log(FOCAL_PX)) / FOCAL_SPREAD]
        for clip, camera in zip(clips, cameras, strict=True):
            residuals += [_miss(s, camera, places[kinds.index(s.kind)]).ravel() for s in clip]
        return np.concatenate(residuals)

    start = np.concatenate([*(_first_camera(clip) for clip in clips), np.zeros(3 * len(kinds))])
    places: Array = least_squares(residual, start, loss="soft_l1").x[7 * len(clips) :].reshape(-1, 3)
    return places


def _miss(sighting: Sighting, camera: Array, place: Array) -> Array:
    """(T, 2) distance of the projected place from the keypoint at its depth, in standard deviations."""
    points = sighting.joint + sighting.rotation @ (place * [1.0, 1.0, sighting.mirror])
    local = points @ Rotation.from_rotvec(camera[:3]).as_matrix().T + camera[3:6]
    miss = local[:, :2] - sighting.xy * np.maximum(local[:, 2:], 0.3) / np.exp(camera[6])
    return np.nan_to_num(miss) / (NOISE_M * np.sqrt(len(miss)))


def _first_camera(clip: list[Sighting]) -> Array:
    """(7,) rotation vector, translation and log focal length: the best of eight level cameras about the person."""
    middle = np.mean([s.joint.mean(0) for s in clip], axis=0)
    fits = []
    for heading in np.arange(8) * np.pi / 4:
        level = np.diag([1.0, -1.0, -1.0]) @ Rotation.from_euler("y", heading).as_matrix()
        start = np.concatenate([Rotation.from_matrix(level).as_rotvec(), [0, 0, 4] - level @ middle])
        fits.append(least_squares(_first_residual, start, args=(clip,), loss="soft_l1", max_nfev=60))
    best = min(fits, key=lambda fit: fit.cost)
    return np.append(best.x, np.log(FOCAL_PX))


def _first_residual(pose: Array, clip: list[Sighting]) -> Array:
    camera = np.append(pose, np.log(FOCAL_PX))
    return np.concatenate([_miss(sighting, camera, np.zeros(3)).ravel() for sighting in clip])


if __name__ == "__main__":
    main()
