"""Learn the kinds of human posture and write `src/pase/assets/posture_kinds.json`.

    PYTHONPATH=src:. python tools/build_posture_kinds.py MOTION CACHE [--processes 2]

MOTION holds `motion_corpus.npz`, `joint_angles.npz` and `more/`; CACHE keeps the converted motion, as for
`tools.train_lifter.motion`. Each frame is put to a kind of movement by what was recorded and by what the knees and
the pelvis do. Postures that nobody recorded (lying, kneeling, on the floor) are made from what joints allow. Each
kind is split into a few clusters of pelvis and legs; each cluster is summed up as a mean and a covariance, every
person counting alike, and so is its mirror image. What sources do not agree on is added as variance (`SLACK_DEG`).

Only the OpenSim fits to markers measure the pelvis' own tilt: of all others the lean of the trunk and the directions
of the thighs are kept, and pelvis and lumbar spine share the lean as they do there.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tools.train_lifter.chains import POSTURES
from tools.train_lifter.mirror import other_side, with_mirror_image
from tools.train_lifter.motion import SOURCES, captured

from pase.anatomy.default import default_skeleton
from pase.anatomy.model import Skeleton
from pase.fit.posture import stem
from pase.types import Array, Mask

Frames = dict[str, dict[str, list[Array]]]
"""Kind → person → (T, n) coordinates of stretches."""

SLACK_DEG = {
    "pelvis_list": 3.0, "pelvis_tilt": 2.5, "hip_flexion": 7.0, "hip_adduction": 4.0, "hip_rotation": 7.0,
    "knee_angle": 6.0, "ankle_angle": 6.0, "subtalar_angle": 8.0, "L5_S1_Flex_Ext": 0.3,
    "L5_S1_Lat_Bending": 0.35, "L5_S1_axial_rotation": 0.9,
}  # fmt: skip
"""Independent standard deviation added to each coordinate: joints are defined in many ways."""

TILT_SLACK_DEG = 5.0
"""The same for a pelvis that tilts while trunk and thighs keep their directions: of five people with markers it is −5
to +5° beside what thighs and lean let expect."""

KINDS = {
    "stand": 1, "walk": 6, "run": 6, "squat": 2, "lunge": 2, "one leg": 2, "rise": 2, "sit": 2, "bend": 1, "kneel": 3,
    "sit_on_floor": 3, "lie": 4, "on_hands": 2, "free": 3, "seated": 2,
}  # fmt: skip
"""Kinds of movement, and into how many clusters each is split; every cluster that is not symmetrical has its mirror
image beside it. `free` is dance, sport and play; `sit` is as recorded, before people get up, `seated` is at ease.

Strides are in six because a camera hardly sees some of what they do. Given hips, knees and tilt of people left out,
three explain 0.35 of the variance of walking ankles, six 0.51 (16 people); of runners' pelvic list 0.38 and 0.52, of
their trunk rotation 0.67 and 0.81 (24 people). Twelve explain no more, and neither do rates of hips and knees."""

STANDING_COUNT = 4
"""Gaussians that standing counts as, as many as squats: else keypoints of some who stand fit a crouch better."""

_MADE_DEG = {"pelvis_list": 8.0, "hip_adduction": 10.0, "hip_rotation": 12.0}
WIDER_DEG = {
    "free": {"pelvis_list": 12.0, "pelvis_tilt": 8.0},
    "lie": _MADE_DEG | {"pelvis_list": 15.0, "pelvis_tilt": 15.0},
} | dict.fromkeys(("kneel", "sit_on_floor", "on_hands", "bend", "sit", "seated"), _MADE_DEG)
"""Further deviation of kinds that few recordings or none show: people lean as a whole, and made postures are tidy."""

LEGS_APART_DEG = {"lie": {"hip_flexion": 20.0, "knee_angle": 30.0}}
"""Further deviation of each leg in a second Gaussian beside every one of these kinds: both legs were made alike, but
people who lie draw one up."""

ANYTHING_DEG = {
    "pelvis_list": (0.0, 45.0), "pelvis_tilt": (0.0, 60.0), "hip_flexion": (40.0, 50.0),
    "hip_adduction": (-7.0, 18.0), "hip_rotation": (0.0, 22.0), "knee_angle": (55.0, 50.0),
    "ankle_angle": (0.0, 22.0), "subtalar_angle": (0.0, 12.0), "L5_S1_Flex_Ext": (0.0, 1.5),
    "L5_S1_Lat_Bending": (0.0, 0.9), "L5_S1_axial_rotation": (0.0, 2.4),
}  # fmt: skip
"""Mean and standard deviation of the one kind that takes whatever joints allow, in whatever direction."""

INDEPENDENT_DEG = {
    "mtp_angle": (5.0, 10.0), "lower_neck_flexion": (0.0, 14.5), "upper_neck_flexion": (0.0, 10.5),
    "lower_neck_bending": (0.0, 11.0), "upper_neck_bending": (0.0, 5.0), "neck_rotation": (0.0, 25.0),
    "wrist_flex": (0.0, 15.0), "wrist_dev": (0.0, 8.0), "elbow_flex": (35.0, 50.0), "pro_sup": (80.0, 40.0),
}  # fmt: skip
"""Mean and standard deviation of the coordinates that no recording measures well, or in exercises held on purpose."""

STANDING_ANKLE_DEG = 4.0
"""Of somebody who stands straight; a source whose feet are defined otherwise is shifted to this."""

UNSEEN_DEG = {"hip_rotation": (-3.0, 8.0), "subtalar_angle": (0.0, 0.0)}
"""Mean and deviation drawn in place of what joint centres say of a leg bent by less than `TELLING_RAD`.

They show a femur's turn only by the way in which the shank is bent: a frontal angle of the leg that is wrong by ε
looks like a turn of ε / sin(knee), which the foot must undo. Means of 21 runners differ by 10° where the knee is bent
by less than 12°, by 4° at 30-45° and by 2° beyond; turns of straight legs and of their feet in exercises correlate by
−0.8; the turns of 16 walkers fall from +6° to +1° as the knee bends. Fits to markers on the epicondyles have runners'
thighs 0-3° outwards whatever the knee does; in gait the femur turns by 8° against the pelvis (Levens et al. 1948)."""

TRUNK = {
    f"L5_S1_{turn}": f"lumbar_{name}"
    for turn, name in (("Flex_Ext", "extension"), ("Lat_Bending", "bending"), ("axial_rotation", "rotation"))
}
MIDLINE_SIGNS = {"pelvis_list": -1.0, "L5_S1_Lat_Bending": -1.0, "L5_S1_axial_rotation": -1.0}
STRAIGHT_RAD, BENT_RAD, TELLING_RAD = np.radians([12.0, 25.0, 40.0])
STILL_M_S, WALKING_M_S, HIGH_M, LOW_M = 0.15, 0.4, 0.84, 0.62
"""Speeds and heights of the default skeleton's pelvis at rest, in walking, of who stands, and of who sits."""
FRAME_STEP, MADE_POSTURES, MOST_FRAMES, FULL_COUNT = 3, 600, 600, 100


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("motion", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("src/pase/assets/posture_kinds.json"))
    arguments = parser.parse_args()
    columns = Columns(default_skeleton())
    measured = list(_measured(columns, arguments.motion / "joint_angles.npz"))
    frames = _recorded(columns, arguments.motion, arguments.cache, arguments.processes)
    _anchor(columns, frames)
    _share_lean(columns, frames, measured)
    for kind, person, q in measured:
        frames.setdefault(kind, {}).setdefault(person, []).append(q)
    _add_made(columns, frames)
    gaussians = list(_gaussians(columns, frames))
    for kind, mean, covariance in gaussians:
        numbers = (f"{m:.0f}±{s:.0f}" for m, s in np.degrees([mean, np.sqrt(np.diag(covariance))]).T)
        print(f"{kind:12s}", *numbers)
    document = _document(columns, gaussians)
    count = np.array([STANDING_COUNT if kind == "stand" else 1 for kind in document["kinds"]])
    document["share"] = [round(float(share), 6) for share in count / count.sum()]
    arguments.out.write_text(json.dumps(document, indent=None) + "\n")


class Columns:
    """The coordinates of pelvis, legs and trunk but the heading, and where they are."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self.names = [n for n in skeleton.free_names if stem(n) in SLACK_DEG]
        self.free = [skeleton.coordinate_index(n) for n in self.names]
        self.legs = [i for i, n in enumerate(self.names) if n.startswith(("pelvis", "hip", "knee", "ankle"))]
        self.trunk_gain = trunk_gain(skeleton, "L5_S1_Flex_Ext")

    def of(self, name: str) -> list[int]:
        """Columns of a coordinate on both sides, or of that in the middle."""
        return [i for i, n in enumerate(self.names) if stem(n) == name]

    def spread(self, degrees: dict[str, float]) -> Array:
        """(n,) values by coordinate in radians, 0 where there is none."""
        return np.radians([degrees.get(stem(n), 0.0) for n in self.names])


def trunk_gain(skeleton: Skeleton, name: str) -> float:
    """Trunk angle from sacrum to thorax for one unit of an L5-S1 coordinate; the abdomen's own bend aside."""
    slopes = [
        c.scale * float(c.function.derivative(np.zeros(1))[0])
        for c in skeleton.couplers
        if c.independent == name and not c.dependent.startswith("Abs")
    ]
    return 1.0 + sum(slopes)


def _measured(columns: Columns, path: Path) -> Iterator[tuple[str, str, Array]]:
    """Kind, person and (T, n) angles of OpenSim fits to markers; NaN where a recording did not measure them.

    Held-out people are left out but for the only squat, and so is the range of motion trial, whose trunk is bent by
    35° all the time.
    """
    with np.load(path) as data:
        for i, clip in enumerate(json.loads(str(data["meta"]))):
            q = _converted(columns, clip, data[f"q_{i}"][::FRAME_STEP])
            name, description = str(clip["name"])[:12], str(clip["desc"])
            if clip["split"] == "val" and "squat" not in description:
                continue
            knee = q[:, columns.of("knee_angle")[0]]
            if "walk" in description:
                yield "walk", name, q
            elif "run" in description or "sprint" in description:
                yield "run", name, q
            elif "squat" in description:
                yield "squat", name, q[knee > BENT_RAD]
                yield "stand", name, q[knee < STRAIGHT_RAD]


def _converted(columns: Columns, clip: dict[str, list[object]], q: Array) -> Array:
    angles = {
        str(c): q[:, i] for i, c in enumerate(clip["coords"]) if clip["have"][i] and np.ptp(q[:, i]) > 1e-3
    }
    knees = [np.median(angles[k]) for k in angles if k.startswith("knee_angle")]
    knee_sign = -1.0 if np.mean(knees) < 0 else 1.0
    out = np.full((len(q), len(columns.names)), np.nan)
    for i, name in enumerate(columns.names):
        if name in TRUNK and TRUNK[name] in angles:
            out[:, i] = angles[TRUNK[name]] / trunk_gain(columns.skeleton, name)
        elif name in angles:
            out[:, i] = angles[name] * (knee_sign if name.startswith("knee") else 1.0)
    return out


def _recorded(columns: Columns, motion: Path, cache: Path, processes: int) -> Frames:
    """Frames of converted recordings by kind and person; those held out and those measured better are left out."""
    out: Frames = {}
    rng = np.random.default_rng(0)
    for source, (file, _) in SOURCES.items():
        with np.load(motion / file) as data:
            about = dict(zip(map(str, data["name"]), map(str, data["description"]), strict=True))
        for take in captured(motion, cache, source, processes):
            held_out = take.split == "val" or "lab" in take.category
            if held_out or len(take.q) < FRAME_STEP or not np.isfinite(take.q).all():
                continue
            for kind, mask in _kinds(columns.skeleton, take.q, source, take.category, about[take.name]):
                q = take.q[mask][::FRAME_STEP][:, columns.free]
                straight = q[:, columns.of("knee_angle")] < TELLING_RAD
                for name, (mean, deviation) in UNSEEN_DEG.items():
                    drawn = np.radians(rng.normal(mean, deviation, straight.shape))
                    q[:, columns.of(name)] = np.where(straight, drawn, q[:, columns.of(name)])
                if source != "exercises":
                    q[:, columns.of("subtalar_angle")] = np.nan
                if source == "running":
                    q[:, columns.of("ankle_angle")] = np.nan
                if len(q):
                    out.setdefault(kind, {}).setdefault(source + take.subject, []).append(q)
    return out


def _kinds(skeleton: Skeleton, q: Array, source: str, category: str, about: str) -> list[tuple[str, Mask]]:
    """Kinds of posture in a recording, and the frames (T,) of each."""
    knee = np.maximum(*(q[:, skeleton.coordinate_index(f"knee_angle_{s}")] for s in "rl"))
    speed = np.linalg.norm(np.gradient(q[:, 3:6], 1 / 30, axis=0), axis=1)
    upright = (np.abs(q[:, 1]) < np.radians(35)) & (np.abs(q[:, 2]) < np.radians(50))
    still = (speed < STILL_M_S) & (q[:, 4] > HIGH_M) & upright
    low = (q[:, 4] < LOW_M) & upright
    standing, everything = ("stand", still & (knee < STRAIGHT_RAD)), np.ones(len(q), bool)
    if source == "exercises":
        if "shoulder" in category:
            return [("stand", still)]
        if "sit to stand" in category:
            return [standing, ("sit", low), ("rise", ~low & (knee > np.radians(20)))]
        if "squat" in category or "lunge" in category:
            return [standing, ("squat" if "squat" in category else "lunge", knee > BENT_RAD)]
        return [standing, ("one leg", knee > STRAIGHT_RAD)]
    if "walk" in category or (source == "cmu" and "walk" in about.lower()):
        return [("walk", speed > WALKING_M_S)]
    if "run" in category or (source == "cmu" and about.startswith("run")):
        return [("run", everything)]
    if source == "cmu" and "sit" in about.lower():
        return [("sit", low), ("free", ~low)]
    return [("free", everything)]


def _anchor(columns: Columns, frames: Frames) -> None:
    """Shift the people whose standing was recorded, so that they stand straight in the model's terms."""
    standing = {person: np.concatenate(q).mean(0) for person, q in frames["stand"].items()}
    tilt, flexion = columns.of("pelvis_tilt")[0], columns.of("hip_flexion")
    for people in frames.values():
        for person in set(people) & set(standing):
            usual = standing[person]
            shift = np.zeros(len(usual))
            shift[tilt], shift[flexion] = usual[tilt], -usual[tilt]
            shift[columns.of("L5_S1_Flex_Ext")] = usual[columns.of("L5_S1_Flex_Ext")]
            ankle = columns.of("ankle_angle")
            shift[ankle] = usual[ankle].mean() - np.radians(STANDING_ANKLE_DEG)
            people[person] = [q - shift for q in people[person]]


def _lean(columns: Columns, q: Array) -> tuple[Array, Array, Array]:
    """Tilt of the pelvis (T,), directions of both thighs (T, 2), and lean of the line from hips to shoulders (T,)."""
    tilt = q[:, columns.of("pelvis_tilt")[0]]
    thighs = q[:, columns.of("hip_flexion")] + tilt[:, None]
    return tilt, thighs, tilt + 0.5 * columns.trunk_gain * q[:, columns.of("L5_S1_Flex_Ext")[0]]


def _share_lean(columns: Columns, frames: Frames, measured: list[tuple[str, str, Array]]) -> None:
    """Give pelvis and lumbar spine the shares of the trunk's lean that they have in the marker-based recordings."""
    rows, weights = [], []
    for kind, _, q in measured:
        tilt, thighs, lean = _lean(columns, q)
        if len(q) and np.isfinite(lean).all():
            rows.append(np.stack([thighs.mean(1), lean, tilt], axis=1))
            weights.append(np.full(len(q), np.sqrt((1.0 if kind in ("squat", "stand") else 0.1) / len(q))))
    data = np.concatenate(rows) * np.concatenate(weights)[:, None]
    of_thighs, of_lean = np.linalg.lstsq(data[:, :2], data[:, 2], rcond=None)[0]
    print(f"tilt of the pelvis = {of_thighs:.2f} of the thighs + {of_lean:.2f} of the lean")
    for people in frames.values():
        for q in (q for takes in people.values() for q in takes):
            _, thighs, lean = _lean(columns, q)
            tilt = of_thighs * thighs.mean(1) + of_lean * lean
            q[:, columns.of("pelvis_tilt")[0]] = tilt
            q[:, columns.of("hip_flexion")] = thighs - tilt[:, None]
            q[:, columns.of("L5_S1_Flex_Ext")[0]] = 2 * (lean - tilt) / columns.trunk_gain


def _add_made(columns: Columns, frames: Frames) -> None:
    """Postures that were not recorded, or by few."""
    rng, names = np.random.default_rng(0), columns.names
    for kind in ("kneel", "sit_on_floor", "lie", "on_hands", "sit", "bend"):
        q = np.zeros((MADE_POSTURES, len(names)))
        for row in q:
            for name, degrees in POSTURES[kind](rng).angles.items():
                row[[i for i, n in enumerate(names) if name in (n, stem(n))]] = np.radians(degrees)
        frames.setdefault(kind, {}).setdefault("made", []).append(q)
    frames["seated"] = {"made": frames["sit"]["made"]}


def _gaussians(columns: Columns, frames: Frames) -> Iterator[tuple[str, Array, Array]]:
    """Name, mean (n,) and covariance (n, n) of every cluster, and of the kind that takes anything."""
    n = len(columns.names)
    along = np.zeros(n)
    along[columns.of("pelvis_tilt")], along[columns.of("hip_flexion")] = 1.0, -1.0
    along[columns.of("L5_S1_Flex_Ext")] = -2.0 / columns.trunk_gain
    slack = np.diag(columns.spread(SLACK_DEG) ** 2) + np.radians(TILT_SLACK_DEG) ** 2 * np.outer(along, along)
    flip = _mirrored(columns, np.eye(n))
    for number, (kind, count) in enumerate(KINDS.items()):
        rng = np.random.default_rng([3, number])
        q, weight = _balanced(columns, frames[kind])
        wider = [np.diag(columns.spread(WIDER_DEG.get(kind, {})) ** 2)]
        if kind in LEGS_APART_DEG:
            wider.append(wider[0] + np.diag(columns.spread(LEGS_APART_DEG[kind]) ** 2))
        cluster = _clusters(np.nan_to_num(q[:, columns.legs]), weight, count, rng)
        for k in range(count):
            mean, covariance = _moments(q[cluster == k], weight[cluster == k])
            for further in wider:
                for each in with_mirror_image(flip, mean, covariance + slack + further):
                    yield kind, *each
    mean = columns.spread({name: m for name, (m, _) in ANYTHING_DEG.items()})
    yield "anything", mean, np.diag(columns.spread({name: s for name, (_, s) in ANYTHING_DEG.items()}) ** 2)


def _balanced(columns: Columns, people: dict[str, list[Array]]) -> tuple[Array, Array]:
    """(N, n) postures of a kind, the right thigh in front, and weights (N,) by which every person counts alike."""
    postures, weights = [], []
    ahead = np.zeros(len(columns.names))
    ahead[columns.of("hip_flexion")] = 1.0, -1.0
    ahead[columns.of("pelvis_list")] = 1.0
    for takes in people.values():
        q = np.concatenate(takes)
        q = q[:: max(1, len(q) // MOST_FRAMES)]
        postures.append(np.where((q @ ahead > 0)[:, None], q, _mirrored(columns, q)))
        weights.append(np.full(len(q), min(1.0, len(q) / FULL_COUNT) / len(q)))
    return np.concatenate(postures), np.concatenate(weights)


def _mirrored(columns: Columns, q: Array) -> Array:
    """The same postures with left and right exchanged."""
    out = np.empty_like(q)
    for i, name in enumerate(columns.names):
        out[:, i] = q[:, columns.names.index(other_side(name))] * MIDLINE_SIGNS.get(name, 1.0)
    return out


def _clusters(q: Array, weight: Array, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """(N,) cluster of each posture, by k-means."""
    centres = q[rng.choice(len(q), count, p=weight / weight.sum(), replace=False)]
    for _ in range(40):
        cluster = np.square(q[:, None] - centres).sum(-1).argmin(1)
        centres = np.array([np.average(q[cluster == k], 0, weight[cluster == k]) for k in range(count)])
    return cluster


def _moments(q: Array, weight: Array) -> tuple[Array, Array]:
    """Weighted mean and covariance, pairwise over what is known; nothing where nothing is."""
    finite = np.isfinite(q)
    W = finite * weight[:, None]
    mean = np.where(finite, q, 0.0).T @ weight / np.maximum(W.sum(0), 1e-12)
    centred = np.where(finite, q - mean, 0.0)
    covariance = (centred * weight[:, None]).T @ centred / np.maximum(W.T @ finite.astype(float), 1e-12)
    values, vectors = np.linalg.eigh(covariance)
    return mean, vectors * np.maximum(values, 0.0) @ vectors.T


def _document(columns: Columns, gaussians: list[tuple[str, Array, Array]]) -> dict[str, Any]:
    """What is written; of a covariance the lower triangle."""
    lower = np.tril_indices(len(columns.names))
    return {
        "source": "fits to markers from the nimblephysics repository (BSD-2-Clause), UI-PRMD (PDDL), "
        "Fukuchi et al. 2017 (CC BY) and the CMU motion capture database; see NOTICE",
        "unit": "rad",
        "coordinates": columns.names,
        "kinds": [kind for kind, *_ in gaussians],
        "mean": [[round(float(x), 4) for x in mean] for _, mean, _ in gaussians],
        "covariance": [[round(float(x), 6) for x in covariance[lower]] for *_, covariance in gaussians],
        "independent": {
            name: [round(float(np.radians(x)), 4) for x in INDEPENDENT_DEG[stem(name)]]
            for name in columns.skeleton.free_names
            if stem(name) in INDEPENDENT_DEG
        },
    }


if __name__ == "__main__":
    main()
