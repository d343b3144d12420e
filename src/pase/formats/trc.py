"""Write TRC files: named points in space, one row per frame; `pase.marker_files` reads them."""

from itertools import chain
from pathlib import Path

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.data import Landmarks3D, Motion
from pase.files import write_text
from pase.types import Array


def write_landmarks_trc(motion: Motion, path: str | Path) -> None:
    """Write where the skeleton's landmarks are in the world as a `.trc`; see `write_trc`."""
    xyz = np.full((len(motion), len(motion.skeleton.landmarks), 3), np.nan)
    xyz[motion.known] = Kinematics(motion.skeleton).positions(motion.q[motion.known])
    write_trc(Landmarks3D(xyz, motion.time, motion.skeleton.landmark_names), path)


def write_trc(landmarks: Landmarks3D, path: str | Path) -> None:
    """Write landmarks as a `.trc` in metres; unknown positions are empty cells.

    The time column holds the true frame times; `DataRate` is their mean rate, as the header has room for one.

    Parameters
    ----------
    landmarks
        In axes whose Y points up: programs that read `.trc` expect it.
    """
    names, count, frames = landmarks.names, len(landmarks.names), len(landmarks)
    rate = f"{mean_rate(landmarks.time):.6f}"
    axes = [f"{axis}{k + 1}" for k in range(count) for axis in "XYZ"]
    header = [
        f"PathFileType\t4\t(X/Y/Z)\t{Path(path).name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{count}\tm\t{rate}\t1\t{frames}",
        "\t".join(["Frame#", "Time", *(cell for name in names for cell in (name, "", ""))]),
        "\t".join(["", "", *axes]),
        "",
    ]
    table = landmarks.xyz.reshape(frames, 3 * count)
    rows = (
        f"{i + 1}\t{time:.9f}\t" + "\t".join("" if x != x else f"{x:.9f}" for x in row.tolist())
        for i, (time, row) in enumerate(zip(landmarks.time, table, strict=True))
    )
    write_text(path, (f"{line}\n" for line in chain(header, rows)))


def mean_rate(time: Array) -> float:
    """Mean frames a second of increasing times (T,); 1 where there are fewer than two."""
    return (len(time) - 1) / float(time[-1] - time[0]) if len(time) > 1 else 1.0
