"""Events and measures against references: films with markers, and motion of a lab at the rates of films.

    python benchmarks/measures.py [--walk RESULT] [--squat RESULT] [--bench DIR]

`RESULT` is a finished `pase run` of the bench's lab_walk or lab_squat. The reference of the films is the analysis of
the marker-based bodies; that of the lab's motion, the analysis at its full rate.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import pase
from pase.analysis.analyse import Segmentation, segment
from pase.analysis.body import BodyMotion
from pase.analysis.signals import spline
from pase.anatomy.osim import read_osim
from pase.data import Motion
from pase.formats.mot import read_mot

RATES_HZ = (30.0, 60.0, 120.0)
TRIALS = ("walk_curved", "run_3p5ms", "double_leg_squat")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--walk", type=Path, help="result of lab_walk")
    parser.add_argument("--squat", type=Path, help="result of lab_squat")
    parser.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    options = parser.parse_args()
    for clip, result in (("lab_walk", options.walk), ("lab_squat", options.squat)):
        if result is not None:
            reference = segment(reference_body(options.bench / "dev" / clip / "truth.npz"))
            compare(f"{clip}, film against markers", reference, pase.load(result)[0])
    for name in TRIALS:
        folder = options.bench / "marker_fit" / name
        skeleton = read_osim(folder / "scaled.osim")
        time, q = read_mot(folder / "ik.mot", skeleton)
        body = BodyMotion.of(Motion(skeleton, q, np.full_like(q, np.nan), time))
        reference = segment(body)
        for rate in RATES_HZ:
            events(f"{name} at {rate:.0f} Hz", reference, segment(sampled(body, rate)))
    return 0


def reference_body(path: Path) -> BodyMotion:
    """The bodies of a marker-based reference."""
    content = np.load(path)
    names = [str(name) for name in content["bodies"]]
    turns, places = content["R"].astype(float), content["origins"].astype(float)
    return BodyMotion(
        content["time"],
        {name: turns[:, i] for i, name in enumerate(names)},
        {name: places[:, i] for i, name in enumerate(names)},
    )


def sampled(body: BodyMotion, rate_hz: float) -> BodyMotion:
    """The same motion at another rate."""
    time = np.arange(body.time[0], body.time[-1], 1 / rate_hz)
    nearest = np.clip(np.searchsorted(body.time, time - 1e-9), 0, len(body) - 1)
    return replace(
        body,
        time=time,
        origin={name: spline(body.time, place, time) for name, place in body.origin.items()},
        rotation={name: turn[nearest] for name, turn in body.rotation.items()},
        mass_center=None if body.mass_center is None else spline(body.time, body.mass_center, time),
    )


def events(title: str, reference: Segmentation, other: Segmentation) -> None:
    """Differences of the times of like events, milliseconds."""
    parts = [f"{title}: {reference.movement} → {other.movement}"]
    for name in dict.fromkeys(one.event for one in reference.events()):
        truth = [e for e in reference.events() if e.event == name]
        found = [e for e in other.events() if e.event == name]
        away = [
            1000 * min((f.time_s - t.time_s for f in found if f.side == t.side), key=abs, default=np.inf)
            for t in truth
        ]
        near = np.array([d for d in away if abs(d) < 200])
        if len(near):
            worst, middle = np.abs(near).max(), np.median(np.abs(near))
            parts.append(f"{name} {len(near)}/{len(truth)} median {middle:.0f} worst {worst:.0f} ms")
    print("; ".join(parts))


def compare(title: str, reference: Segmentation, motion: Motion) -> None:
    """Events and measures of a film beside those of the reference."""
    events(title, reference, segment(BodyMotion.of(motion)))
    truth = reference.values()
    for one in motion.findings.summary() if motion.findings else ():
        for key, value in truth.items():
            if key == (one.measure, one.side, 0):
                apart = (one.value - value) / one.sd if one.sd > 0 else np.nan
                print(
                    f"  {one.measure:<22} {one.side:<5} {one.value:8.3f} ± {one.sd:6.3f} {one.unit:<9} "
                    f"reference {value:8.3f}  {apart:+5.1f} sd"
                )


if __name__ == "__main__":
    raise SystemExit(main())
