"""How well the shipped lifter lifts: held-out motion, other people, real clips; with its sigma's calibration.

    python -m benchmarks.lifter --cache FOLDER [--data MOTION] [--clips ../shared/bench/dev]

FOLDER is that of `tools.train_lifter.motion`, which keeps the converted motion. Keypoints of held-out motion are
synthetic, by random cameras and with noise like the detector's; those of the clips are
detected. Errors are for a person of 1.70 m, whose focal length is guessed with a spread of 12 %.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from benchmarks.common import CLIPS, JOINTS, REPOSITORY, header, line, make_parser, procrustes
from tools.train_lifter.bank import Bank
from tools.train_lifter.checks import UNKNOWN_FOV
from tools.train_lifter.corpus import Retargeter, Take
from tools.train_lifter.motion import SOURCES, captured, made
from tools.train_lifter.neck_shares import with_two_halves
from tools.train_lifter.noise import see_exactly
from tools.train_lifter.points import LIMBS, TEN_JOINTS
from tools.train_lifter.scenes import Scenes

from pase.camera.angle_of_view import LensPrior
from pase.data import Keypoints2D, Landmarks3D
from pase.lift.base import Lifter
from pase.lift.features import facing
from pase.lift.pase_lifter import RATE_HZ, PaseLifter
from pase.lift.points import POINTS
from pase.lift.segment_lengths import LENGTH_SPREAD, SEGMENTS
from pase.types import Array, Mask

STATURE_MM = 1700.0
FOCAL = 1000.0
SIZE = 40_000
JOINT_POINTS = slice(26, len(POINTS))
GIVEN_FOV, GIVEN_LENGTHS = 0.03, 0.3
"""Standard deviations of given lens and lengths: shares of the focal length and of the spread among people."""


class Sums:
    """Errors of one kind of window, frame by frame."""

    def __init__(self) -> None:
        self.rows: list[Array] = []
        self.signs: list[Array] = []

    def add(self, lifted: Landmarks3D, truth: Array, valid: Mask) -> None:
        """Compare one window (T, P, 3) in camera axes, from the root, in statures."""
        assert lifted.sigma is not None and lifted.sigma_along is not None and lifted.ray is not None
        use = valid & np.isfinite(lifted.xyz).all((1, 2))
        if not use.any():
            return
        error = (lifted.xyz - truth)[use]
        ray = lifted.ray[use]
        along = np.einsum("tpi,ti->tp", error, ray)
        across = np.sqrt(np.maximum(np.square(error).sum(-1) - along**2, 0))
        not_hip = [i for i, n in enumerate(POINTS) if n != "Hip"]
        z_along = np.square(along / lifted.sigma_along[use])[:, not_hip].mean(1)
        z_across = 0.5 * np.square(across / lifted.sigma[use])[:, not_hip].mean(1)
        length = np.linalg.norm(error, axis=-1)
        aligned = procrustes(truth[use][:, TEN_JOINTS], lifted.xyz[use][:, TEN_JOINTS])
        lean, turn = np.degrees(np.abs(whole_errors(along, truth[use], ray))).T
        errors = [length[:, JOINT_POINTS], across[:, JOINT_POINTS], np.abs(along[:, JOINT_POINTS])]
        columns = [*(p.mean(1) for p in errors), aligned, lean, turn, z_across, z_along]
        self.rows.append(np.stack(columns, axis=1))
        bone = np.einsum("tbi,ti->tb", (truth[:, LIMBS[:, 1]] - truth[:, LIMBS[:, 0]])[use], ray)
        size = np.linalg.norm((truth[:, LIMBS[:, 1]] - truth[:, LIMBS[:, 0]])[use], axis=-1)
        lifted_depth = np.einsum(
            "tbi,ti->tb", (lifted.xyz[:, LIMBS[:, 1]] - lifted.xyz[:, LIMBS[:, 0]])[use], ray
        )
        tilted = np.abs(bone) > np.sin(np.radians(20)) * size
        self.signs.append((bone * lifted_depth > 0)[tilted])

    def row(self) -> list[str]:
        """Cells of a line of the table."""
        rows = np.concatenate(self.rows)
        mean = rows.mean(0)
        mm = STATURE_MM * mean[:4]
        sign = 100 * np.concatenate(self.signs).mean()
        turns, ratios = f"{mean[4]:.1f} / {mean[5]:.1f}", f"{np.sqrt(mean[6]):.2f} / {np.sqrt(mean[7]):.2f}"
        return [*(f"{value:.0f}" for value in mm), f"{sign:.1f}", turns, ratios, str(len(rows))]


HEADER = (
    "", "joints, mm", "across", "along", "aligned (PA)", "depth sign right, %", "lean / turn, °",
    "error/sigma across / along", "frames",
)  # fmt: skip


def whole_errors(along: Array, truth: Array, ray: Array) -> Array:
    """(T, 2) lean and turn in rad of the whole person that come nearest to errors of depth (T, P)."""
    virtual = np.einsum("tij,tpj->tpi", facing(ray), truth)[..., [1, 0]]
    weight = np.square(virtual).sum(1) + 0.3
    return np.asarray(np.einsum("tp,tpi->ti", along, virtual) / weight)


def keypoints_of(rays: Array, score: Array) -> Keypoints2D:
    """Rays as keypoints of a very large picture."""
    xy = np.where(score[..., None] > 0, rays * FOCAL + SIZE / 2, np.nan)
    return Keypoints2D(xy, np.asarray(score, float), np.arange(len(rays)) / RATE_HZ, (SIZE, SIZE))


@dataclass(frozen=True)
class Shown:
    """Windows of motion as a detector sees them, with the truth, as arrays."""

    rays: Array
    """(N, T, 26, 2)"""
    score: Array
    """(N, T, 26)"""
    truth: Array
    """(N, T, P, 3) from the hip in camera axes, statures."""
    valid: Mask
    """(N, T)"""
    kind: list[str]
    azimuth: Array
    lengths: Array
    """(N, segments) in statures."""


def film(takes: Sequence[Take], count: int, frames: int, *, fov_sigma: float, exact: bool = False) -> Shown:
    """Random windows of some takes, the same in every call."""
    bank = Bank.of(takes, "cpu")
    scenes = Scenes(bank, 17, varied=False, **({"detector": see_exactly} if exact else {}))
    batch = scenes.draw(count, frames, fov_sigma=fov_sigma)
    arrays = (batch.rays, batch.score, batch.relative, batch.valid, batch.azimuth, batch.lengths)
    rays, score, truth, valid, azimuth, lengths = (x.double().numpy() for x in arrays)
    kinds = [bank.kinds[i] for i in batch.take.tolist()]
    return Shown(rays, score, truth, valid > 0, kinds, azimuth, lengths)


MakeLifter = Callable[[dict[str, float]], Lifter]
"""A lifter for a person whose lengths of segments are these; none when unknown."""


def tables(name: str, shown: Shown, lifter: MakeLifter, *, with_facts: bool = False) -> None:
    """Print the errors by kind of movement, azimuth and share of points unseen."""
    groups: dict[str, dict[str, Sums]] = {"movement": {}, "seen from": {}, "points unseen": {}, "": {}}
    for i, valid in enumerate(shown.valid):
        lengths = dict(zip(SEGMENTS, shown.lengths[i].tolist(), strict=True)) if with_facts else {}
        lifted = lifter(lengths)(keypoints_of(shown.rays[i], shown.score[i]))
        hidden = float((shown.score[i][valid] == 0).mean())
        labels = {
            "": "all", "movement": shown.kind[i], "seen from": side(float(shown.azimuth[i])),
            "points unseen": "under 2 %" if hidden < 0.02 else "2-15 %" if hidden < 0.15 else "over 15 %",
        }  # fmt: skip
        for group, label in labels.items():
            groups[group].setdefault(label, Sums()).add(lifted, shown.truth[i], valid)
    print(f"\n{name}\n")
    print(header(*HEADER))
    for rows in reversed(groups.values()):
        for label in sorted(rows):
            if rows[label].rows:
                print(line([label, *rows[label].row()]), flush=True)


def side(azimuth: float) -> str:
    """From where the camera looks at the person."""
    turn = abs(np.degrees(azimuth))
    return "front" if turn < 45 else "side" if turn < 135 else "back"


def bandai(data: Path, cache: Path, count: int) -> list[Take]:
    """Some clips of the Bandai-Namco dataset, to test on only, as motion of the default skeleton."""
    if not cache.exists():
        rng = np.random.default_rng(8)
        with np.load(data) as z:
            chosen = rng.choice(len(z["start"]), count, replace=False)
            retarget = Retargeter(tuple(str(j) for j in z["joints"]))
            root, relative, missing = z["root"], z["rel_halfmm"], z["joint_is_missing"]
            kinds, motions = [], []
            for i in chosen:
                frames = slice(z["start"][i], z["start"][i] + z["length"][i])
                position = root[frames][:, None] + relative[frames] / 2000.0
                position[:, missing] = np.nan
                motions.append(retarget.solve(position.astype(float))[0].astype(np.float32))
                kinds.append(str(z["name"][i]).split("_")[2])
        lengths = np.array([len(q) for q in motions])
        np.savez(
            cache, q=np.concatenate(motions), length=lengths, start=np.cumsum(lengths) - lengths, kind=kinds
        )
    with np.load(cache) as z:
        q, kinds, starts, lengths = (z[name] for name in ("q", "kind", "start", "length"))
    return [
        Take(f"bandai_{i}", "bandai", str(k), "test", with_two_halves(q[a : a + n].astype(float)))
        for i, (k, a, n) in enumerate(zip(kinds, starts, lengths, strict=True))
    ]


def clip_errors(keypoints: Keypoints2D, truth: Path, lifter: PaseLifter) -> str:
    """PA-MPJPE of ten joints, and how much of the knee's excursion the lifter alone shows."""
    with np.load(truth) as z:
        names, time, origins = [str(b) for b in z["bodies"]], z["time"], z["origins"]
    joints = [s + j + "Joint" for s in "RL" for j in ("Hip", "Knee", "Ankle", "Shoulder", "Elbow")]
    lifted = lifter(keypoints).xyz[:, [POINTS.index(n) for n in joints]]
    true = np.stack(
        [
            np.stack([np.interp(keypoints.time, time, origins[:, names.index(b), a]) for a in range(3)], -1)
            for b in JOINTS
        ],
        1,
    )
    inside = (keypoints.time >= time[0]) & (keypoints.time <= time[-1]) & np.isfinite(lifted).all((1, 2))
    true, lifted = true[inside], lifted[inside]
    out = f"PA-MPJPE {1e3 * procrustes(true, lifted).mean():.1f} mm"
    for side, first in (("right", 0), ("left", 5)):
        lifted_bend, true_bend = (bend(x[:, first : first + 3]) for x in (lifted, true))
        error, excursion = np.abs(lifted_bend - true_bend).mean(), np.ptp(lifted_bend) / np.ptp(true_bend)
        out += f"; {side} knee {error:.1f}°, excursion {excursion:.2f} of the true one"
    return out


def bend(chain: Array) -> Array:
    """(T,) degrees by which the middle of three joints (T, 3, 3) is bent."""
    a, b = chain[:, 1] - chain[:, 0], chain[:, 2] - chain[:, 1]
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def detected(video: Path) -> Keypoints2D:
    """The main person's keypoints in a film."""
    from pase.media import open_media
    from pase.pose2d.detect import detect_keypoints

    with open_media(video) as media:
        detections = detect_keypoints(media.frames(), media.image_size)
    return detections.people[0].over(detections.time)


def main(read: Callable[[Path], Keypoints2D] = detected) -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data" / "motion")
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--only", choices=[*SOURCES, "made", "bandai", "clips"], default=None)
    o = parser.parse_args()

    def is_chosen(name: str) -> bool:
        return o.only in (None, name)

    for source in filter(is_chosen, SOURCES):
        takes = [t for t in captured(o.data, o.cache, source) if t.split == "val"]
        if takes:
            show(f"Held-out subjects: {source}", takes, o.windows, o.weights)
    if is_chosen("made"):
        takes = [t for t in made(o.cache) if t.split == "val"]
        show("Held-out episodes of made motion", takes, o.windows, o.weights)
    if is_chosen("bandai"):
        bandai_clips = bandai(o.data / "validation_bandai.npz", o.cache / "bandai_q.npz", 60)
        show("Bandai-Namco (other people, never trained on)", bandai_clips, o.windows, o.weights)
    if is_chosen("clips"):
        for clip in sorted(o.clips.glob("*/truth.npz")):
            errors = clip_errors(read(clip.parent / "video.mp4"), clip, PaseLifter(o.weights))
            print(f"{clip.parent.name}: {errors}")


def show(name: str, takes: Sequence[Take], count: int, weights: Path | None) -> None:
    """Film the takes and print the tables: windows, the same with lens and lengths given, exact ones, and photos."""

    def guessing(lengths: dict[str, float]) -> PaseLifter:
        return PaseLifter(weights, LensPrior(FOCAL, UNKNOWN_FOV), threads=1)

    unknowing = cache(lambda: guessing({}))
    takes = [t for t in takes if len(t.q) > 2 and np.isfinite(t.q).all()]
    tables(name, film(takes, count, 32, fov_sigma=UNKNOWN_FOV), lambda _: unknowing())
    with_facts = film(takes, count // 4, 32, fov_sigma=GIVEN_FOV)
    tables(f"{name}: lens and lengths given", with_facts, partial(knowing, weights), with_facts=True)
    exact = film(takes, count // 2, 32, fov_sigma=UNKNOWN_FOV, exact=True)
    tables(f"{name}: exact keypoints, all seen", exact, lambda _: unknowing())
    tables(f"{name}: photos", film(takes, count, 1, fov_sigma=UNKNOWN_FOV), lambda _: unknowing())


def knowing(weights: Path | None, lengths: dict[str, float]) -> PaseLifter:
    """A lifter that is given lens and lengths, about as well as a fit knows them."""
    sigma = {name: GIVEN_LENGTHS * s for name, s in zip(SEGMENTS, LENGTH_SPREAD, strict=True)}
    return PaseLifter(
        weights,
        LensPrior(FOCAL, GIVEN_FOV),
        lengths={name: (length, sigma[name]) for name, length in lengths.items()},
        threads=1,
    )


if __name__ == "__main__":
    main()
