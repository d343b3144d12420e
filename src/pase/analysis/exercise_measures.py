"""What is measured of repetitions of an exercise."""

import numpy as np

from pase.analysis.angles import angle_of
from pase.analysis.body import SIDES
from pase.analysis.exercises import LEAST_ARM_DEG, Exercise, drop_m, knee_difference_deg
from pase.analysis.measure import Key, Values
from pase.analysis.repetitions import Repetition
from pase.analysis.stretch import Stretch


def measure_exercises(exercises: list[Exercise]) -> Values:
    """Everything measured of exercises of one kind; repetitions count on through all stretches."""
    numbered = [(exercise, repetition) for exercise in exercises for repetition in exercise.repetitions]
    values: Values = {Key("repetitions", "", 0): float(len(numbered))}
    for number, (exercise, repetition) in enumerate(numbered, 1):
        single = _MEASURES.get(exercise.movement, _of_signal)(exercise, repetition)
        values |= {Key(name, side, number): value for (name, side), value in single.items()}
    if exercises and exercises[0].movement == "sit_to_stand" and len(numbered) >= 5:
        first, fifth = numbered[0][1], numbered[4][1]
        values[Key("five_times_sit_to_stand", "", 0)] = fifth.reached - first.start
    return values


Single = dict[tuple[str, str], float]


def _of_squat(exercise: Exercise, repetition: Repetition) -> Single:
    stretch = exercise.stretch
    knees = [stretch.angle_between("knee_flexion", side, repetition.start, repetition.end) for side in SIDES]
    depth = float(np.max(np.mean(knees, axis=0)))
    return {("squat_depth", ""): depth, **_of_drop(stretch, repetition)}


def _of_lunge(exercise: Exercise, repetition: Repetition) -> Single:
    stretch = exercise.stretch
    heading = stretch.body.heading
    ahead = {}
    for side in SIDES:
        ankle = stretch.body.joint("ankle", side)
        if ankle is not None and heading is not None:
            ahead[side] = float(stretch.at(ankle, repetition.turn) @ stretch.at(heading, repetition.turn))
    front = max(ahead, key=lambda side: ahead[side]) if ahead else "right"
    depth = float(stretch.angle_between("knee_flexion", front, repetition.start, repetition.end).max())
    return {("lunge_depth", front): depth, **_of_drop(stretch, repetition)}


def _of_drop(stretch: Stretch, repetition: Repetition) -> Single:
    """What squats and lunges share."""
    values: Single = {
        ("time_down", ""): repetition.turn - repetition.start,
        ("time_up", ""): repetition.end - repetition.turn,
        ("repetition_time", ""): repetition.end - repetition.start,
    }
    if stretch.hip_height is not None:
        values["hip_drop", ""] = drop_m(stretch, repetition)
    values |= _of_trunk(stretch, repetition)
    values["knee_asymmetry", ""] = knee_difference_deg(stretch, repetition.turn)
    for side in SIDES:
        valgus = stretch.largest_angle("knee_valgus", side, repetition.start, repetition.end)
        if np.isfinite(valgus):
            values["knee_valgus_peak", side] = valgus
    return values


def _of_trunk(stretch: Stretch, repetition: Repetition) -> Single:
    lean = stretch.largest_angle("trunk_lean_forward", None, repetition.start, repetition.end)
    return {("trunk_lean", ""): lean} if np.isfinite(lean) else {}


def _of_standing_up(exercise: Exercise, repetition: Repetition) -> Single:
    values = {("stand_up_time", ""): repetition.reached - repetition.start}
    if repetition.whole:
        values["repetition_time", ""] = repetition.end - repetition.start
    return values | _of_trunk(exercise.stretch, repetition)


def _of_raise(exercise: Exercise, repetition: Repetition) -> Single:
    values: Single = {("repetition_time", ""): repetition.end - repetition.start}
    for side in SIDES:
        elevation = exercise.stretch.angle_between(
            "shoulder_elevation", side, repetition.start, repetition.end
        )
        if len(elevation) and np.ptp(elevation) > 0.5 * LEAST_ARM_DEG:
            values["arm_elevation_peak", side] = float(elevation.max())
    return values


def _of_signal(exercise: Exercise, repetition: Repetition) -> Single:
    measured: Single = {("repetition_time", ""): repetition.end - repetition.start}
    angle, side = angle_of(exercise.signal)
    values = exercise.stretch.angle_between(angle.name, side, repetition.start, repetition.end)
    if len(values):
        measured[f"{angle.name}_range", side or ""] = float(np.ptp(values))
    return measured


_MEASURES = {"squat": _of_squat, "lunge": _of_lunge, "sit_to_stand": _of_standing_up, "arm_raise": _of_raise}
