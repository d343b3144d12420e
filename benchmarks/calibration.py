"""Do the error bars hold the truth? Angles of finished results against a marker-based reference.

    python -m benchmarks.calibration [CLIPS] [--results DIR]

Reads the results that `benchmarks/accuracy.py` has left in DIR, and `truth.npz` of each clip. Prints, for every
angle, its root mean square error, its bias, the mean standard deviation that PASE tells, and how often the
95 % interval holds the reference; wanted are 90-98 %.
"""

import sys
from pathlib import Path

import numpy as np
from benchmarks.common import CLIPS, RESULTS, header, line, make_parser
from scipy.spatial.transform import Rotation, Slerp

from pase.data import Motion
from pase.formats.person import load_motion
from pase.types import Array

TRUNK_SHARES = {"L5_S1_Flex_Ext": 7.1429, "L5_S1_Lat_Bending": 10.7808, "L5_S1_axial_rotation": 5.5625}
"""Trunk angle for one unit of the coordinate: sums of the coupler slopes."""


def main() -> int:
    """Print one table a clip."""
    parser = make_parser(__doc__)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    clips = sorted(path.parent for path in options.clips.glob("*/truth.npz"))
    done = [c for c in clips if (options.results / c.name / "person_1").is_dir()]
    if not done:
        print(f"no results of these clips in {options.results}: run accuracy.py first", file=sys.stderr)
        return 0
    for clip in done:
        motion = load_motion(options.results / clip.name / "person_1")
        print(table(clip.name, motion, reference(clip / "truth.npz")))
    return 0


class Reference:
    """Body orientations of the reference, interpolated to any time."""

    def __init__(self, time: Array, rotations: dict[str, Array]) -> None:
        self.time = time
        self._turns = {name: Slerp(time, Rotation.from_matrix(R)) for name, R in rotations.items()}

    def relative(self, parent: str, child: str, time: Array) -> Rotation:
        """Orientation of the child in the parent."""
        return self._turns[parent](time).inv() * self._turns[child](time)

    def angles(self, time: Array) -> dict[str, Array]:
        """Coordinates of the default skeleton (T,) in degrees, as far as body frames tell them."""
        out: dict[str, Array] = {}
        for side, sign in (("r", 1.0), ("l", -1.0)):
            hip = self.relative("pelvis", f"femur_{side}", time).as_euler("ZXY", degrees=True)
            out[f"hip_flexion_{side}"] = hip[:, 0]
            out[f"hip_adduction_{side}"] = sign * hip[:, 1]
            out[f"hip_rotation_{side}"] = sign * hip[:, 2]
            knee = self.relative(f"femur_{side}", f"tibia_{side}", time).as_euler("ZXY", degrees=True)
            out[f"knee_angle_{side}"] = -knee[:, 0]
            out[f"elbow_flex_{side}"] = np.degrees(
                self.relative(f"humerus_{side}", f"ulna_{side}", time).magnitude()
            )
        trunk = self.relative("pelvis", "torso", time).as_euler("ZXY", degrees=True)
        for column, (name, share) in enumerate(TRUNK_SHARES.items()):
            out[name] = trunk[:, column] / share
        return out


def reference(path: Path) -> Reference:
    """Read `truth.npz`."""
    with np.load(path) as data:
        names = [str(name) for name in data["bodies"]]
        return Reference(data["time"], {name: data["R"][:, i] for i, name in enumerate(names)})


def table(clip: str, motion: Motion, truth: Reference) -> str:
    """Rows of one clip as Markdown."""
    inside = (motion.time >= truth.time[0]) & (motion.time <= truth.time[-1])
    lines = [f"\n{clip}\n", header("angle", "RMSE, °", "bias, °", "stated SD, °", "in 95 % interval")]
    held = []
    for name, angle in truth.angles(motion.time[inside]).items():
        column = motion.skeleton.coordinate_index(name)
        error = np.degrees(motion.q[inside, column]) - angle
        stated_deg = np.degrees(motion.q_std[inside, column])
        within = np.abs(error) < 1.96 * stated_deg
        held.append(within)
        rms, bias = f"{np.sqrt(np.mean(error**2)):.1f}", f"{error.mean():+.1f}"
        sd = f"{stated_deg.mean():.1f}"
        lines.append(line([name, rms, bias, sd, f"{100 * within.mean():.0f} %"]))
    lines.append(f"| **all** | | | | **{100 * np.mean(held):.1f} %** |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
