"""The verdict on a result, from figures that separate good results from wrong ones."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pase.analysis.body import SIDES, BodyMotion
from pase.analysis.jumps import GRAVITY_M_S2
from pase.analysis.stretch import Stretch
from pase.anatomy.kinematics import Kinematics, pieces
from pase.data import Camera, Motion
from pase.findings import Measure, Quality, Verdict
from pase.movements import Movement
from pase.series import interpolated, stretches_of
from pase.types import Array, Mask

CHECK_ERROR, WRONG_ERROR = 0.0125, 0.019
"""Mean error by the person's size in the picture: set on 12 photos and 4 clips, where most results that look
right have up to 1.2 %, and the bones of those with 1.9 % and more are visibly beside the body."""
CHECK_SEEN, WRONG_SEEN = 0.75, 0.35
"""Share of the body's landmarks that was seen while the person was in the picture."""
UNSEEN_SHARE = 0.3
"""With fewer landmarks than this a frame shows no posture but a guess."""
SHORTEST_ABSENCE_S = 0.3
"""Shorter times without sight are bridged by the movement before and after."""
CHECK_ANGLE_DEG = 12.0
LEAST_RUNNING_CADENCE, LONGEST_JUMP_S, LONGEST_SWING_S = 110.0, 0.95, 1.0
"""Hardly anybody runs with fewer steps a minute (joggers take 150 to 180), stays in the air for longer, or swings a
leg for longer: it is a pendulum, and slow walkers stand longer instead (swings of 0.4 to 0.7 s)."""
LARGEST_WALK_RATIO = 0.009
"""Step length over cadence, metres a step a minute. People keep it at 0.0065 ± 0.0008 at any speed (Sekiya & Nagasaki
1998), patients below that; in a film slowed down it grows as the factor does."""
FASTEST_CADENCE, FASTEST_RUN_CADENCE, SPRINT_M_S = 180.0, 220.0, 5.0
"""Hardly anybody walks with more steps a minute than the first, not even toddlers (176 at one year, Sutherland 1980),
or runs with more than the second (160 to 200) below the third, a sprint."""
FALL_S, MOST_FALL = 0.15, 1.35
"""Over so many seconds before and after, the centre of mass accelerates downwards by at most gravity; of 60 people
filmed, whose sizes were a guess, some of them jumping, nobody exceeded 1.32 times as much."""
LEAP_S, MOST_LEAP = 0.07, 3.0
"""Nobody's centre of mass is accelerated sideways or downwards by more than so many times gravity, over so many
seconds before and after: sprinters and hard stops reach 1.5 times, and none of the good results of 60 films 2.9."""
HIGHEST_JUMP_M = 1.0
"""Nobody jumps with the feet higher over the ground from which the jump is made."""
LEAST_ZOOM = 0.05
"""Change of the logarithm of the focal length; below it a way taken for a zoom would be short."""
MOST_UNSEEN_FEET = 0.25
"""Share of the time in which a foot may be out of sight before the steps and flights in it are missed."""
STANDING_DEG, CROUCHING_DEG, MOST_LEAN_DEG, HELD_DEG_S, UNSEEN_DEG = 10.0, 30.0, 40.0, 30.0, 60.0
"""Most flexion of the knees of who stands, least of who crouches, most tilt or list of the pelvis of either, most
speed of knees that hold a posture, and errors beyond which the legs are not seen at all."""
HALF_CROUCH_DEG, UNSURE_DEG, MOST_SITTING_LEAN_DEG = (20.0, 75.0), 15.0, 60.0
"""Flexion of knees that hardly anybody holds upright for long, errors from which on they are not seen from the side,
and most tilt or list of the pelvis of who sits."""
MOST_SLIDING_M, MOST_SLIDING_SHARE = 0.3, 0.25
"""Feet that stand still in the world slide by less, both together, and by less than this share of their steps."""


def judge(motion: Motion, doubts: Sequence[str] = ()) -> Quality:
    """Judge one person's result.

    Parameters
    ----------
    doubts
        What else speaks against it, one sentence each.
    """
    error, seen = error_share(motion), seen_landmarks(motion)
    visible = float(np.nan if seen is None or not len(seen) else np.mean(seen))
    wrong, doubts = [], list(doubts)
    if error > WRONG_ERROR:
        wrong.append(f"the bones miss the body by {100 * error:.1f} % of its size")
    elif error > CHECK_ERROR:
        doubts.append(f"the bones miss the body by {100 * error:.1f} % of its size")
    if visible < WRONG_SEEN:
        wrong.append(f"only {100 * visible:.0f} % of the body was seen")
    elif visible < CHECK_SEEN:
        doubts.append(f"only {100 * visible:.0f} % of the body was seen")
    child_m, solver = motion.diagnostics.child_stature_m, motion.diagnostics.solver
    if child_m is not None:
        doubts.append(
            f"sizes and speeds are those of an adult, but this looks like a child of {child_m:.1f} m"
        )
    if motion.diagnostics.off_floor_m is not None:
        doubts.append(f"the feet stay off the floor, by up to {motion.diagnostics.off_floor_m:.1f} m")
    if solver.converged is False or solver.windows_converged < solver.windows:
        doubts.append("the fit ended before its solution settled")
    spread = _usual_spread(motion)
    if len(motion) > 1 and spread > CHECK_ANGLE_DEG:
        doubts.append(f"the angles are uncertain by {spread:.0f}°")
    doubts += _knee_doubts(motion)
    verdict: Verdict = "do not use" if wrong else "check" if doubts else "good"
    if not wrong and not doubts and not np.isfinite(error):
        verdict = "not known"
    return Quality(verdict, tuple(wrong + doubts), error, visible)


def slow_motion_doubts(movement: Movement, measures: Sequence[Measure]) -> list[str]:
    """People who run, jump, step or swing their legs more slowly than anybody can were filmed in slow motion.

    More slowly by two standard deviations: of many films, one short swing ends late by error alone.
    """

    def mean(name: str, sd_added: float = 0.0) -> float:
        values = _values(measures, name, sd_added)
        return float(np.mean(values)) if values else np.nan

    if movement == "running" and mean("cadence", 2.0) < LEAST_RUNNING_CADENCE:
        slowed = f"hardly anybody runs with {mean('cadence'):.0f} steps a minute"
    elif movement == "jump" and mean("flight_time", -2.0) > LONGEST_JUMP_S:
        slowed = f"hardly anybody stays in the air for {mean('flight_time'):.1f} s"
    elif movement == "walking" and mean("swing_time", -2.0) > LONGEST_SWING_S:
        slowed = f"hardly anybody swings a leg for {mean('swing_time'):.1f} s"
    elif movement == "walking" and 60 * mean("walking_speed") / mean("cadence") ** 2 > LARGEST_WALK_RATIO:
        step_m, cadence = 60 * mean("walking_speed") / mean("cadence"), mean("cadence")
        slowed = f"hardly anybody takes {cadence:.0f} steps a minute with steps of {step_m:.2f} m"
    else:
        return []
    return [
        f"{slowed}: times and speeds are wrong if this is slow motion (--slow-motion says how slow, or --rate)"
    ]


def fast_motion_doubts(movement: Movement, measures: Sequence[Measure], fall_m_s2: float) -> list[str]:
    """People who fall faster than gravity lets them, or walk with more steps than anybody, are in a film sped up.

    Parameters
    ----------
    movement, measures
        What the person does, and what was measured of it.
    fall_m_s2
        What `largest_fall` gives.
    """
    cadences, speeds = _values(measures, "cadence", -2.0), [*_values(measures, "running_speed", 0.0), 0.0]
    if fall_m_s2 > MOST_FALL * GRAVITY_M_S2:
        hurried = f"the body falls by {fall_m_s2:.0f} m/s², more than gravity"
    elif movement == "walking" and max(cadences, default=0.0) > FASTEST_CADENCE:
        hurried = f"hardly anybody walks with {max(cadences):.0f} steps a minute"
    elif (
        movement == "running"
        and max(cadences, default=0.0) > FASTEST_RUN_CADENCE
        and max(speeds) < SPRINT_M_S
    ):
        hurried = f"hardly anybody runs with {max(cadences):.0f} steps a minute at {max(speeds):.1f} m/s"
    else:
        return []
    return [
        f"{hurried}: times and speeds are wrong if the film was sped up (--slow-motion 0.5: twice as fast; or --rate)"
    ]


def _values(measures: Sequence[Measure], name: str, sd_added: float) -> list[float]:
    """A measure's values but those of single repetitions, each with so many standard deviations added."""
    return [
        m.value + sd_added * float(np.nan_to_num(m.sd))
        for m in measures
        if m.measure == name and not m.repetition
    ]


def largest_fall(stretches: Sequence[Stretch]) -> float:
    """Largest downward acceleration of the centre of mass in some stretches, m/s²; 0 where it is not known."""
    return max(map(_largest_fall, stretches), default=0.0)


def _largest_fall(stretch: Stretch) -> float:
    """Largest downward acceleration of the centre of mass, m/s², over `FALL_S` before and after; 0 if unknown.

    Moments beside a gap do not count, nor those in which both feet are higher than anybody jumps: nothing tells how
    far away somebody is who stands on a wall.
    """
    center, ankles = stretch.center, [stretch.body.joint("ankle", side) for side in SIDES]
    heights = [ankle[:, 1] for ankle in ankles if ankle is not None]
    if center is None or not heights:
        return 0.0
    time, low = stretch.time, np.minimum.reduce(heights) < HIGHEST_JUMP_M
    moments = time[low & (time >= time[0] + FALL_S) & (time <= time[-1] - FALL_S)]
    last = np.searchsorted(time, moments + FALL_S)
    first = np.searchsorted(time, moments - FALL_S, side="right") - 1
    longest = [np.diff(time[a : b + 1]).max() for a, b in zip(first, last, strict=True)]
    moments = moments[np.array(longest) <= FALL_S] if len(moments) else moments
    before, now, after = (np.interp(moments + shift, time, center[:, 1]) for shift in (-FALL_S, 0.0, FALL_S))
    return float(np.max(2 * now - before - after, initial=0.0) / FALL_S**2)


def missing_film_doubts(stretches: Sequence[Stretch]) -> list[str]:
    """People who are in another place at once: a piece of the film was cut out, and the scene goes on."""
    leaps = [moment for stretch in stretches for moment in _leaps(stretch)]
    if not leaps:
        return []
    return [
        f"the body is in another place at once at {leaps[0]:.2f} s: if a piece of the film is missing there, "
        "times, speeds and steps across it are wrong; cut the film there"
    ]


def _leaps(stretch: Stretch) -> list[float]:
    """Moments at which the centre of mass is accelerated sideways or downwards as nobody can be, seconds."""
    center, time = stretch.center, stretch.time
    if center is None:
        return []
    reach = max(LEAP_S, float(np.median(np.diff(time))))
    moments = time[(time >= time[0] + reach) & (time <= time[-1] - reach)]
    before, now, after = (interpolated(center, time, moments + shift) for shift in (-reach, 0.0, reach))
    acceleration = (before + after - 2 * now) / reach**2
    sideways, down = np.hypot(acceleration[:, 0], acceleration[:, 2]), -acceleration[:, 1]
    return list(moments[np.maximum(sideways, down) > MOST_LEAP * GRAVITY_M_S2])


def zoom_doubts(camera: Camera | None, stretches: Sequence[Stretch]) -> list[str]:
    """Feet that slide along the line of sight while the camera zooms: it was carried instead.

    Before a distant background both look the same. Only the person's distance depends on it, and the feet show
    that: on the true way they stand still between their steps.
    """
    if camera is None or camera.path is None:
        return []
    zoom = float(np.ptp(np.log(camera.path.focal_length_px)))
    sight = camera.path.rotation[:, 2].mean(axis=0) * np.array([1.0, 0.0, 1.0])
    sight /= max(float(np.linalg.norm(sight)), 1e-9)
    ways = [stretch.feet.sliding_and_stepping_m(sight) for stretch in stretches if stretch.feet is not None]
    sliding, stepping = np.sum(ways, axis=0) if ways else (0.0, 0.0)
    if zoom < LEAST_ZOOM or sliding < max(MOST_SLIDING_M, MOST_SLIDING_SHARE * stepping):
        return []
    return [
        f"the feet slide by {sliding:.1f} m during what was taken for a zoom of {100 * np.expm1(zoom):.0f} %"
    ]


def unseen_feet_doubts(body: BodyMotion) -> list[str]:
    """A foot that is out of sight for long, by the picture's edge or behind something: its steps are not counted."""
    shares = [float(np.mean(~seen[body.known])) for seen in body.feet_seen.values() if body.known.any()]
    if max(shares, default=0.0) <= MOST_UNSEEN_FEET or body.middle("heel") is None:
        return []
    return [
        f"a foot is out of sight for {100 * max(shares):.0f} % of the time: "
        "steps, contacts and flights count only where the feet are seen"
    ]


def _knee_doubts(motion: Motion) -> list[str]:
    """Knees that stand, crouch or sit: from the front and from behind they look alike, the more so with hidden feet.

    Either straight and bent ones are both inside their error bars for most of the time, or they stay half bent, as
    hardly anybody stands: between standing and sitting, where nothing tells which.
    """
    names = motion.skeleton.free_names
    wanted = ("knee_angle_r", "knee_angle_l", "pelvis_tilt", "pelvis_list")
    if not set(wanted) <= set(names) or not len(motion):
        return []
    columns = [names.index(name) for name in wanted]
    angle, error = np.degrees(motion.q[:, columns[:2]]), 1.96 * np.degrees(motion.q_std[:, columns[:2]])
    lean = np.abs(np.degrees(motion.q[:, columns[2:]])).max(axis=1)
    held = (error < UNSEEN_DEG).all(1)
    if len(motion) > 1:
        held &= (np.abs(np.gradient(angle, motion.time, axis=0)) < HELD_DEG_S).all(1)
    either = ((angle - error < STANDING_DEG) & (angle + error > CROUCHING_DEG)).all(1)
    either &= held & (lean < MOST_LEAN_DEG)
    if either.mean() > 0.5:
        most = float(np.median((angle + error)[either]))
        return [
            f"standing and crouching look alike from here: the knees may be straight or bent by up to {most:.0f}°; "
            "a film from the side that shows the feet would tell"
        ]
    low, high = HALF_CROUCH_DEG
    half = ((angle > low) & (angle < high) & (error > UNSURE_DEG)).all(1)
    half &= held & (lean < MOST_SITTING_LEAN_DEG)
    if half.mean() <= 0.5 or len(motion) == 1:  # in a photo anybody may be on the way down
        return []
    return [
        f"the knees stay bent by {np.median(angle[half]):.0f}°, as hardly anybody stands: standing, crouching and "
        "sitting look alike from here; a film from the side would tell"
    ]


def error_share(motion: Motion) -> float:
    """Mean distance between skeleton and measurement, by the person's size: of the picture in pixels, or metres."""
    frames = np.flatnonzero(motion.known)
    if motion.residual is None or not np.isfinite(motion.residual[frames]).any():
        return float("nan")
    kinematics, sizes = Kinematics(motion.skeleton), np.empty(len(frames))
    for piece in pieces(len(frames)):
        points = kinematics.positions(motion.q[frames[piece]])
        if motion.camera is not None:
            points = motion.camera.project(points, motion.time[frames[piece]])
        sizes[piece] = np.ptp(points, axis=1).max(axis=1)
    return float(np.nanmean(motion.residual[frames])) / float(np.median(sizes))


def seen_landmarks(motion: Motion) -> Array | None:
    """(T,) share of the landmarks that were seen in each frame; None where it is not known."""
    if motion.residual is None or motion.residual.shape[1] == 0:
        return None
    share: Array = np.isfinite(motion.residual).mean(axis=1)
    return share


def without_guesses(motion: Motion) -> Motion:
    """The motion without a posture in frames in which most of the body had left the picture."""
    share = seen_landmarks(motion)
    if share is None or len(motion) < 2:
        return motion
    absent = _long_runs(share < UNSEEN_SHARE, motion.time)
    if not absent.any() or absent.all():
        return motion
    q, q_std = motion.q.copy(), motion.q_std.copy()
    q[absent], q_std[absent] = np.nan, np.nan
    return replace(motion, q=q, q_std=q_std)


def _long_runs(flags: Mask, time: Array) -> Mask:
    """Flags without their shorter runs; those at the ends stay however short they are."""
    out = flags.copy()
    for first, last in stretches_of(flags):
        inside = first > 0 and last < len(flags)
        if inside and time[last] - time[first] < SHORTEST_ABSENCE_S:
            out[first:last] = False
    return out


def _usual_spread(motion: Motion) -> float:
    """Median standard deviation of the joint angles, degrees; NaN where it is not known."""
    turns = motion.skeleton.rotational
    spread = np.degrees(motion.q_std[:, np.array(turns, bool)])
    return float(np.nanmedian(spread)) if np.isfinite(spread).any() else float("nan")
