"""Events and measures against the truth: synthetic films, films with markers, motion of a lab at the rates of films.

    python -m benchmarks.measures [--people 20] [--exercises 10] [--processes 2]
    python -m benchmarks.measures --walk RESULT --squat RESULT [--bench DIR]

Without results: people of random build walk before two random phones each, run, and exercise
(`benchmarks/measure_films.py`). Printed are the agreement of cadence, speed and lengths with the truth and between
the two films (ICC(2,1)), the errors of the events at 30, 60 and 120 Hz, and for every measure how often its 95 %
interval holds the truth. `RESULT` is a finished `pase run` of the bench's lab_walk or lab_squat; its reference is the
analysis of the marker-based bodies, that of the lab's motion the analysis at its full rate.
"""

import argparse
import pickle
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.common import header, line, make_parser
from benchmarks.measure_films import (
    Film,
    Outcome,
    exercise_film,
    gait_film,
    icc,
    outcome,
    usual_gait,
    usual_run,
)
from benchmarks.synthetic_gait import Gait
from numpy.typing import NDArray
from tools.train_lifter.people import Body

import pase
from pase.analysis.analyse import Segmentation, segment
from pase.analysis.body import BodyMotion
from pase.anatomy.osim import read_osim
from pase.data import Motion
from pase.formats.mot import read_mot
from pase.series import spline
from pase.view.answers import of_angle

Array = NDArray[np.float64]

RATES_HZ = (30.0, 60.0, 120.0)
TRIALS = ("walk_curved", "run_3p5ms", "double_leg_squat")
EXERCISES = ("squat", "lunge", "jump", "arms up")
WALKS_M_S, RUNS_M_S = (0.6, 1.0, 1.4, 2.0), (2.5, 3.5, 5.0)


def main() -> int:
    """Print the tables."""
    parser = make_parser(__doc__)
    parser.add_argument("--walk", type=Path, help="result of lab_walk")
    parser.add_argument("--squat", type=Path, help="result of lab_squat")
    parser.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--people", type=int, default=20, help="who walk before two phones each")
    parser.add_argument("--exercises", type=int, default=10, help="people in each exercise")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the outcomes here, as a pickle")
    options = parser.parse_args()
    if options.walk is None and options.squat is None:
        synthetic(options)
        return 0
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


def synthetic(options: argparse.Namespace) -> None:
    """Agreement, events and coverage on synthetic films."""
    films = [*walks(options.people), *gaits(), *exercises(options.exercises)]
    with ProcessPoolExecutor(options.processes) as pool:
        outcomes = [case for case in pool.map(outcome, films) if case is not None]
    if options.keep is not None:
        options.keep.write_bytes(pickle.dumps(outcomes))
    twice = [case for case in outcomes if case.film.person < options.people and case.film.gait is not None]
    print(agreement_table(twice))
    print(event_table(case for case in outcomes if case.film.gait is not None))
    print(coverage_table(outcomes))


def walks(people: int) -> Iterator[Film]:
    """Every person walks once, before two phones."""
    for person in range(people):
        rng = np.random.default_rng([1, person])
        body = Body.adult(rng)
        gait = usual_gait(rng, body.stature)
        for phone in range(2):
            yield gait_film(np.random.default_rng([2, person, phone]), person, body, gait)


def gaits() -> Iterator[Film]:
    """Walks and runs at many speeds and rates, by other people."""
    for number, speed in enumerate((*WALKS_M_S, *RUNS_M_S)):
        rng = np.random.default_rng([5, number])
        body = Body.adult(rng)
        gait = (usual_gait if speed in WALKS_M_S else usual_run)(rng, body.stature, speed)
        for rate in RATES_HZ:
            rng = np.random.default_rng([6, number])
            yield gait_film(rng, 1000 + number, body, gait, rate_hz=rate, seconds=3.0, tag=f", {rate:.0f} Hz")


def exercises(people: int) -> Iterator[Film]:
    """Squats, lunges, jumps and arm raises."""
    from benchmarks.posture_films import MOVEMENTS, RATE_HZ, Stage

    stage = Stage()
    for number, title in enumerate(EXERCISES):
        for person in range(people):
            rng = np.random.default_rng([3, number, person])
            body = Body.adult(rng)
            q = MOVEMENTS[title](stage, rng)
            film_rng = np.random.default_rng([4, number, person])
            yield exercise_film(film_rng, 2000 + 100 * number + person, title, body, q, RATE_HZ)


def agreement_table(outcomes: Sequence[Outcome]) -> str:
    """ICC with the truth and between the films of a person, and root mean square errors."""
    people: dict[int, list[Outcome]] = {}
    for case in outcomes:
        people.setdefault(case.film.person, []).append(case)
    pairs = [pair for pair in people.values() if len(pair) == 2]
    lines = [
        "",
        header("measure", "people", "ICC with the truth (each film)", "between the films", "rms error"),
    ]
    pair_of_sides, middle = ("right", "left"), ("",)
    for name, sides in {
        "cadence": middle,
        "walking_speed": middle,
        "stride_length": pair_of_sides,
        "step_width": pair_of_sides,
    }.items():
        truth = [np.mean([known(pair[0], name, side) for side in sides]) for pair in pairs]
        first, second = ([_both_sides(pair[i], name) for pair in pairs] for i in (0, 1))
        error = np.concatenate([np.subtract(first, truth), np.subtract(second, truth)])
        cells = (
            f"{icc(truth, first):.3f}, {icc(truth, second):.3f}",
            f"{icc(first, second):.3f}",
            f"{np.sqrt(np.nanmean(error**2)):.3f}",
        )
        lines.append(line([name, len(pairs), *cells]))
    return "\n".join(lines)


def known(case: Outcome, name: str, side: str = "") -> float:
    """A measure of a gait as it was chosen; of other movements, that of the true motion. NaN where there is none."""
    chosen = {} if case.film.gait is None else chosen_values(case.film.gait, side)
    if name in chosen:
        return chosen[name]
    true = case.truth.measure(name, side)
    return np.nan if true is None else true.value


def chosen_values(gait: Gait, side: str) -> dict[str, float]:
    """What a synthetic gait was made with."""
    step, stance, stride = 60 * gait.speed / gait.cadence, gait.stance_share, gait.stride_s
    return {
        "cadence": gait.cadence, "walking_speed": gait.speed, "running_speed": gait.speed,
        "step_length": step + (1 if side == "right" else -1) * gait.unevenness_m, "stride_length": 2 * step,
        "stride_time": stride, "step_time": 0.5 * stride,
        "stance_time": stance * stride, "contact_time": stance * stride, "swing_time": (1 - stance) * stride,
        "stance_share": 100 * stance, "duty_factor": 100 * stance, "double_support": 100 * (2 * stance - 1),
        "flight_time": (0.5 - stance) * stride, "step_length_symmetry": 200 * gait.unevenness_m / step,
        "step_time_symmetry": 0.0, "stance_time_symmetry": 0.0,
    }  # fmt: skip


def _both_sides(case: Outcome, name: str) -> float:
    values = [measure.value for measure in case.findings.summary() if measure.measure == name]
    return float(np.mean(values)) if values else np.nan


def event_table(outcomes: Iterable[Outcome]) -> str:
    """Errors of foot strikes and toe-offs by gait, in milliseconds."""
    lines = ["", header("gait", "event", "events", "missed", "median", "worst")]
    groups: dict[str, list[Outcome]] = {}
    for case in outcomes:
        title = case.film.title if case.film.person >= 1000 else "walks of the table above, 30 Hz"
        groups.setdefault(title, []).append(case)
    for title, group in groups.items():
        for name in ("foot_strike", "toe_off"):
            errors = 1000 * np.array(
                [estimated - chosen for case in group for estimated, chosen in case.events(name)]
            )
            near = errors[np.isfinite(errors)]
            figures = (
                [f"{np.median(near):+.0f}", f"{near[np.abs(near).argmax()]:+.0f}"] if len(near) else "––"
            )
            lines.append(line([title, name, len(errors), len(errors) - len(near), *figures]))
    return "\n".join(lines)


def coverage_table(outcomes: Iterable[Outcome]) -> str:
    """For every measure: errors, stated deviations, and how often the 95 % interval holds the truth."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for case in outcomes:
        recognised = case.findings.movement == case.truth.movement
        for measure in case.findings.summary():
            value = known(case, measure.measure, measure.side)
            if np.isfinite(value) and measure.sd > 0 and (recognised or of_angle(measure.measure)):
                ending = measure.measure.rpartition("_")[2]
                kind = f"angles: {ending}" if of_angle(measure.measure) else measure.measure
                rows.setdefault(kind, []).append((measure.value - value, measure.sd))
    lines = ["", header("measure", "values", "bias", "rms error", "stated SD", "in 95 % interval")]
    pooled = {name: np.array(pairs) for name, pairs in rows.items()}
    named = np.concatenate([pairs for name, pairs in pooled.items() if not name.startswith("angles")])
    for name, pairs in {**pooled, "**all but the angles**": named}.items():
        error, sd = pairs.T
        inside = 100 * np.mean(np.abs(error) < 1.96 * sd)
        sizes = (error.mean(), np.sqrt(np.mean(error**2)), np.sqrt(np.mean(sd**2)))
        lines.append(line([name, len(error), *(f"{x:.3g}" for x in sizes), f"{inside:.0f} %"]))
    return "\n".join(lines)


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


def events(title: str, reference: Segmentation, estimate: Segmentation) -> None:
    """Differences of the times of like events, milliseconds."""
    words = [f"{title}: {reference.movement} → {estimate.movement}"]
    for name in dict.fromkeys(event.event for event in reference.events()):
        truth = [e for e in reference.events() if e.event == name]
        candidates = [e for e in estimate.events() if e.event == name]
        away = [
            1000 * min((f.time_s - t.time_s for f in candidates if f.side == t.side), key=abs, default=np.inf)
            for t in truth
        ]
        near = np.array([d for d in away if abs(d) < 200])
        if len(near):
            worst, middle = np.abs(near).max(), np.median(np.abs(near))
            words.append(f"{name} {len(near)}/{len(truth)} median {middle:.0f} worst {worst:.0f} ms")
    print("; ".join(words))


def compare(title: str, reference: Segmentation, motion: Motion) -> None:
    """Events and measures of a film beside those of the reference."""
    events(title, reference, segment(BodyMotion.of(motion)))
    truth = reference.values()
    for entry in motion.findings.summary() if motion.findings else ():
        value = truth.get((entry.measure, entry.side, 0))
        if value is not None:
            apart = (entry.value - value) / entry.sd if entry.sd > 0 else np.nan
            print(
                f"  {entry.measure:<22} {entry.side:<5} {entry.value:8.3f} ± {entry.sd:6.3f} {entry.unit:<9} "
                f"reference {value:8.3f}  {apart:+5.1f} sd"
            )


if __name__ == "__main__":
    raise SystemExit(main())
