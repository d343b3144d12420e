"""Squats, standing up, lunges, arm raises and anything else that repeats: their repetitions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pase.analysis.body import SIDES
from pase.analysis.repetitions import Repetition, find_repetitions, periodicity
from pase.analysis.stretch import SAME_EVENT_S, Stretch
from pase.findings import Event
from pase.movements import Movement

LEAST_DROP, CLEAR_DROP = 0.08, 0.12
"""The hips go down in a squat or lunge by at least the first share of the leg's length; less than the second over two
moving feet, as in a stroke of tennis, is not a lunge."""
LEAST_KNEE_DEG = 35.0
"""Bending over does not bend the knees; a squat of 35° is a shallow one."""
SEAT_BEHIND_HEELS_M = 0.03
"""With the centre of mass so far behind the heels a person sits; nobody can stand so."""
LEAST_SEAT_HEIGHT, LEAST_SEAT_KNEE_DEG = 0.3, 60.0
"""The hips on a seat are this share of the leg's length above the ankles, and the knees so far bent; who gets up from
the floor was not sitting."""
LEAST_RISE_S = 0.35
"""Nobody stands up from a seat in less: the fastest do it five times in five seconds, there and back."""
LUNGE_AHEAD = 0.4
"""In a lunge one foot is ahead of the other by at least this share of the leg's length."""
STANDS_M_S = 0.5
"""At the turn of a lunge the slowest point of each foot is slower than this."""
IN_AIR_M = 0.15
"""With both feet so far above their lowest place nobody squats."""
FEET_STAY, FEET_STAY_SHARE = 0.25, 0.75
"""While somebody squats, each foot is no farther from its usual place than this share of the leg's length for this
share of the time, and the feet come no farther apart by as much, most of the time; in a jumping jack they do."""
SIDE_LUNGE_APART, SIDE_LUNGE_UNEVEN_DEG = 0.45, 25.0
"""Or the feet are so far apart, as in many squats, and the knees bent unevenly, as in none. These limits lie between
the squats, lunges and stand-ups of ten people (public motion of a lab, Vakanski et al. 2018)."""
KNEES_TAKE_TURNS = -0.5
"""With a correlation below this one knee straightens as the other bends, as on a bicycle; in a squat both bend."""
MOST_LEAN_BACK_DEG = 20.0
LIFTING_LEAN_DEG, HANGING_DEG = 45.0, 30.0
"""Who leans more over arms that hang as plumb lifts something, as in a deadlift; none of those 787 is like that."""
LEAST_ARM_DEG, LEAST_OTHER_DEG = 50.0, 25.0
MOST_ELBOW_DEG = 60.0
"""The elbow of an arm that is raised is bent by less, by the median."""
LEAST_PERIODS, LEAST_LIKENESS = 3, 0.6


@dataclass(frozen=True)
class Exercise:
    """Repetitions of one kind in a stretch."""

    movement: Movement
    stretch: Stretch
    repetitions: tuple[Repetition, ...]
    signal: str = ""
    """Key of the angle that repeats, for `arm_raise` and `periodic`."""

    def events(self) -> list[Event]:
        """Start, turn and end of every repetition."""
        events = []
        for repetition in self.repetitions:
            events.append(Event(repetition.start, "repetition_start"))
            if repetition.whole:
                events.append(Event(repetition.turn, "repetition_turn"))
                events.append(Event(repetition.end, "repetition_end"))
        return events

    def retimed(self, stretch: Stretch) -> Self:
        """The same repetitions in another estimate of the motion, at its own times where it has them."""
        repetitions = _repetitions(stretch, self.movement, self.signal)
        moved = []
        for repetition in self.repetitions:
            near = [r for r in repetitions if abs(r.turn - repetition.turn) < 2 * SAME_EVENT_S]
            moved.append(min(near, key=lambda r: abs(r.turn - repetition.turn)) if near else repetition)
        return replace(self, stretch=stretch, repetitions=tuple(moved))


def find_exercises(stretch: Stretch, movement: Movement | None = None) -> list[Exercise]:
    """Exercises in a stretch: those of the hips' height, else of the arms, else of any angle.

    Parameters
    ----------
    movement
        Look for this one only; None finds out which.
    """
    if movement in ("squat", "sit_to_stand", "lunge"):
        return _with_repetitions(stretch, movement)
    if movement is None:
        for drops in _with_repetitions(stretch, "squat"):
            kind = _kind_of_drop(stretch, drops.repetitions)
            if kind == "sit_to_stand":
                return _rises(stretch)
            if kind is not None:
                return _with_repetitions(stretch, kind)
        rises = _rises(stretch)
        if rises and _sits(stretch, [repetition.start for repetition in rises[0].repetitions]):
            return rises
    if movement in (None, "arm_raise"):
        raises = _best_signal(stretch, [f"shoulder_elevation_{side[0]}" for side in SIDES], LEAST_ARM_DEG, 1)
        if raises is not None and (
            movement is not None or (_legs_rest(stretch) and _arm_is_straight(raises))
        ):
            return [replace(raises, movement="arm_raise")]
    if movement in (None, "periodic"):
        periodic = _best_signal(stretch, list(stretch.angles), LEAST_OTHER_DEG, LEAST_PERIODS)
        if periodic is not None:
            return [periodic]
    return []


def _legs_rest(stretch: Stretch) -> bool:
    """Whether the legs do little, as where the arms alone exercise."""
    ranges = [np.ptp(np.degrees(v)) for key, v in stretch.angles.items() if key.startswith("knee_flexion")]
    return max(ranges, default=0.0) < LEAST_KNEE_DEG


def _arm_is_straight(raises: Exercise) -> bool:
    """Whether the arm that is raised is about straight most of the time, as it is not in a punch or a press."""
    side = next(side for side in SIDES if raises.signal.endswith(f"_{side[0]}"))
    courses = [
        raises.stretch.angle_between("elbow_flexion", side, r.start, r.end) for r in raises.repetitions
    ]
    bends = [float(np.median(course)) for course in courses if len(course)]
    return not bends or float(np.median(bends)) < MOST_ELBOW_DEG


def _with_repetitions(stretch: Stretch, movement: Movement) -> list[Exercise]:
    repetitions = _repetitions(stretch, movement, "")
    if movement != "sit_to_stand":
        repetitions = [r for r in repetitions if _knee_at(stretch, r.turn) >= LEAST_KNEE_DEG]
    return [Exercise(movement, stretch, tuple(repetitions))] if repetitions else []


def _rises(stretch: Stretch) -> list[Exercise]:
    """Standing up as fast as people can, over feet that stand, as those of a cyclist in the saddle do not."""
    rises = _with_repetitions(stretch, "sit_to_stand")
    over_feet = [
        repetition
        for rise in rises
        for repetition in rise.repetitions
        if repetition.reached - repetition.start > LEAST_RISE_S
        and np.mean([_stands_at(stretch, t) for t in np.linspace(repetition.start, repetition.reached, 9)])
        >= FEET_STAY_SHARE
    ]
    return [replace(rises[0], repetitions=tuple(over_feet))] if over_feet else []


def _repetitions(stretch: Stretch, movement: Movement, signal: str) -> list[Repetition]:
    """Repetitions of a movement's signal: how low the hips are, how high for standing up, or an angle."""
    if movement in ("squat", "lunge", "sit_to_stand"):
        height = stretch.hip_height
        if height is None:
            return []
        way = height if movement == "sit_to_stand" else -height
        # The last one to stand up often stays standing.
        least_m, open_end = LEAST_DROP * stretch.body.leg_length, movement == "sit_to_stand"
        return find_repetitions(stretch.time, way, least_m, open_end)
    values = stretch.angles.get(signal)
    if values is None:
        return []
    least_deg = LEAST_ARM_DEG if movement == "arm_raise" else LEAST_OTHER_DEG
    return find_repetitions(stretch.time, np.degrees(values), least_deg)


def _knee_at(stretch: Stretch, moment: float) -> float:
    """The larger knee flexion of the two, degrees."""
    return max(stretch.angle_at("knee_flexion", side, moment) for side in SIDES)


def _kind_of_drop(stretch: Stretch, down: Sequence[Repetition]) -> Movement | None:
    """What the hips go down for: a seat, one foot far ahead of the other, or over feet that stay; None for none."""
    turns = [repetition.turn for repetition in down]
    take_turns = _knees_alike(stretch, down[0].start, down[-1].end) < KNEES_TAKE_TURNS
    if take_turns or np.mean([_on_ground_at(stretch, turn) for turn in turns]) <= 0.5:
        return None
    if _sits(stretch, turns):
        return "sit_to_stand"
    ahead, apart = np.median([_feet_apart(stretch, turn) for turn in turns], axis=0) / stretch.body.leg_length
    uneven = np.median([abs(knee_difference_deg(stretch, turn)) for turn in turns])
    aside = apart > SIDE_LUNGE_APART and uneven > SIDE_LUNGE_UNEVEN_DEG
    leg = stretch.body.leg_length
    if ahead > LUNGE_AHEAD or aside:
        drop = np.median([drop_m(stretch, repetition) for repetition in down])
        moved = np.median([_least_moved(stretch, repetition) for repetition in down])
        stands = np.mean([_stands_at(stretch, turn) for turn in turns]) > 0.5
        return "lunge" if stands and (drop > CLEAR_DROP * leg or moved < FEET_STAY * leg) else None
    if not _feet_stay(stretch, down[0].start, down[-1].end):
        return None
    # Who leans more than the knees bend, as in a deadlift with straight legs, bends over; of 796 squats, lunges and
    # stand-ups of ten people (Vakanski et al. 2018) that is said of three.
    # Who leans back thrusts the hips from a bench.
    before, lean = np.nan_to_num(np.median([_trunk_leans(stretch, r) for r in down], axis=0))
    over = lean - before > np.median([_knee_at(stretch, turn) for turn in turns])
    plumb = np.median([[stretch.arm_from_plumb(side, turn) for side in SIDES] for turn in turns], axis=0)
    lifts = lean > LIFTING_LEAN_DEG and plumb.max() < HANGING_DEG
    return None if over or lifts or lean < -MOST_LEAN_BACK_DEG else "squat"


def _stands_at(stretch: Stretch, moment: float) -> bool:
    """Whether both feet are on the ground, as at the turn of a lunge; who runs or kicks swings one through."""
    feet = stretch.feet
    return feet is None or all(np.interp(moment, t.time, t.slowest) < STANDS_M_S for t in feet.tracks)


def _on_ground_at(stretch: Stretch, moment: float) -> bool:
    """Whether a foot is near the ground; else the knees bend in the air."""
    feet = stretch.feet
    if feet is None:
        return True
    low = np.minimum(*(track.lowest for track in feet.tracks))
    return float(np.interp(moment, feet.tracks[0].time, low) - np.percentile(low, 5)) < IN_AIR_M


def _least_moved(stretch: Stretch, repetition: Repetition) -> float:
    """The way from start to turn or turn to end of the foot that moves less, metres."""
    moments, ways = (repetition.start, repetition.turn, repetition.end), []
    for side in SIDES:
        ankle = stretch.body.joint("ankle", side)
        if ankle is not None:
            places = np.array([stretch.at(ankle, moment)[[0, 2]] for moment in moments])
            ways.append(float(np.linalg.norm(np.diff(places, axis=0), axis=1).max()))
    return min(ways, default=0.0)


def _feet_stay(stretch: Stretch, start: float, end: float) -> bool:
    """Whether both feet are near their usual places, and as far apart as usual, most of some time."""
    inside = (stretch.time >= start) & (stretch.time <= end)
    farthest = FEET_STAY * stretch.body.leg_length
    ankles = [stretch.body.joint("ankle", side) for side in SIDES]
    places = [ankle[inside][:, [0, 2]] for ankle in ankles if ankle is not None]
    for place in places:
        ways = place - np.median(place, axis=0)
        if (np.linalg.norm(ways, axis=1) < farthest).mean() < FEET_STAY_SHARE:
            return False
    if len(places) < 2:
        return True
    apart = np.linalg.norm(places[0] - places[1], axis=1)
    return bool(np.subtract(*np.percentile(apart, (87.5, 12.5))) < farthest)


def _knees_alike(stretch: Stretch, start: float, end: float) -> float:
    """Correlation of the flexion of both knees from start to end; 0 where it is not known."""
    right, left = (stretch.angle_between("knee_flexion", side, start, end) for side in SIDES)
    if min(len(right), len(left)) < 3:
        return 0.0
    right, left = right - right.mean(), left - left.mean()
    return float(right @ left / max(float(np.linalg.norm(right) * np.linalg.norm(left)), 1e-9))


def _trunk_leans(stretch: Stretch, repetition: Repetition) -> list[float]:
    """Forward lean of the trunk at the start and at the turn, degrees."""
    return [stretch.angle_at("trunk_lean_forward", None, t) for t in (repetition.start, repetition.turn)]


def drop_m(stretch: Stretch, repetition: Repetition) -> float:
    """How far the hips go down from the start to the turn, metres; NaN without ankles."""
    height = stretch.hip_height
    if height is None:
        return np.nan
    return float(stretch.at(height, repetition.start) - stretch.at(height, repetition.turn))


def _sits(stretch: Stretch, moments: Sequence[float]) -> bool:
    """Whether a person sits on a seat at most of some moments."""
    height = stretch.hip_height
    if height is None:
        return False
    behind = np.median([_behind_heels(stretch, moment) for moment in moments])
    high = np.median([stretch.at(height, moment) for moment in moments]) / stretch.body.leg_length
    bent = np.median([_knee_at(stretch, moment) for moment in moments])
    return bool(behind > SEAT_BEHIND_HEELS_M and high > LEAST_SEAT_HEIGHT and bent > LEAST_SEAT_KNEE_DEG)


def _behind_heels(stretch: Stretch, moment: float) -> float:
    """How far the centre of mass is behind the heels, metres; negative over the feet."""
    center, heels, heading = stretch.body.center, stretch.body.middle("heel"), stretch.body.heading
    if center is None or heels is None or heading is None:
        return -np.inf
    return -float(stretch.at(center - heels, moment) @ stretch.at(heading, moment))


def _feet_apart(stretch: Stretch, moment: float) -> tuple[float, float]:
    """How far one foot is ahead of the other, and from it, metres."""
    right, left = (stretch.body.joint("ankle", side) for side in SIDES)
    heading = stretch.body.heading
    if right is None or left is None or heading is None:
        return 0.0, 0.0
    apart = stretch.at(right - left, moment)
    return abs(float(apart @ stretch.at(heading, moment))), float(np.hypot(apart[0], apart[2]))


def knee_difference_deg(stretch: Stretch, moment: float) -> float:
    """By how much the right knee is bent more than the left, degrees."""
    right, left = (stretch.angle_at("knee_flexion", side, moment) for side in SIDES)
    return right - left


def _best_signal(stretch: Stretch, keys: list[str], least_deg: float, fewest: int) -> Exercise | None:
    """The angle that repeats with the largest way, often enough and, from three times on, evenly.

    None where that angle has not repeated often enough: others, as the knees in jumping jacks, repeat twice as often.
    """
    best, largest = None, 0.0
    for key in keys:
        values = stretch.angles.get(key)
        if values is None or not np.isfinite(values).all():
            continue
        if key.startswith(("pelvis_heading", "foot_progression", "knee_valgus")):
            continue
        degrees = np.degrees(values)
        way = float(np.subtract(*np.percentile(degrees, (95, 5))))
        if way < max(least_deg, largest):
            continue
        repetitions = find_repetitions(stretch.time, degrees, least_deg)
        likeness = periodicity(stretch.time, degrees)[0] if fewest > 1 else 1.0
        if likeness < LEAST_LIKENESS or (fewest == 1 and not repetitions):
            continue
        repeats = len(repetitions) >= fewest
        best, largest = Exercise("periodic", stretch, tuple(repetitions), key) if repeats else None, way
    return best
