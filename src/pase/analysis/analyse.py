"""From a motion to answers: which movement, what happened when, what was measured, and whether to believe it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from pase.analysis.angle_table import angle_keys, angle_tables, angles_deg
from pase.analysis.body import BodyMotion
from pase.analysis.exercise_measures import measure_exercises
from pase.analysis.exercises import Exercise, find_exercises
from pase.analysis.gait import Bout, find_bouts
from pase.analysis.gait_measures import measure_bouts
from pase.analysis.jumps import Flight, find_flights, measure_flights
from pase.analysis.measure import Values, as_measures, averaged
from pase.analysis.quality import (
    fast_motion_doubts,
    judge,
    largest_fall,
    missing_film_doubts,
    slow_motion_doubts,
    unseen_feet_doubts,
    without_guesses,
    zoom_doubts,
)
from pase.analysis.ranges import measure_ranges, measure_reach
from pase.analysis.stretch import Stretch, stretches
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.limbs import bodies_not_seen, with_seen_parts
from pase.data import Motion
from pase.findings import AngleTable, Event, Findings, Measure, angle_key
from pase.movements import MOVEMENTS, Movement

Happening = TypeVar("Happening", Bout, Flight, Exercise)

NAMED: tuple[Movement, ...] = ("walking", "running", "squat", "sit_to_stand", "lunge")
TAKES_A_WHILE_S = 2.0
"""A movement beside the one that is measured is worth a word if it lasts longer."""
STILL_M_S, LEAST_STANDING_HEIGHT, MOST_STANDING_KNEE_DEG = 0.15, 0.7, 40.0
"""A standing person's hips move more slowly than this, and are at least this share of the leg's length above the
ankles, unlike those of people who sit, kneel or lie; and one knee at least is bent by less."""


@dataclass(frozen=True)
class Segmentation:
    """What a recording consists of: its stretches, and the steps, flights and repetitions in them."""

    movement: Movement
    stretches: tuple[Stretch, ...]
    bouts: tuple[Bout, ...] = ()
    flights: tuple[Flight, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    other_movements: tuple[Movement, ...] = ()
    """Movements that take a while, too, and are not measured."""

    def events(self) -> list[Event]:
        """Everything that happened, in the order of time."""
        happenings: list[Bout | Flight | Exercise] = [*self.bouts, *self.flights, *self.exercises]
        return sorted(event for happening in happenings for event in happening.events())

    def outline(self) -> Segmentation:
        """What `events` and `retimed` need: the segments and the feet of an hour would take 0.3 GB."""
        outlines = {id(stretch): stretch.outline() for stretch in self.stretches}

        def over(happenings: tuple[Happening, ...]) -> tuple[Happening, ...]:
            return tuple(replace(of, stretch=outlines[id(of.stretch)]) for of in happenings)

        return replace(
            self,
            stretches=tuple(outlines.values()),
            bouts=over(self.bouts),
            flights=over(self.flights),
            exercises=over(self.exercises),
        )

    def retimed(self, body: BodyMotion) -> Segmentation:
        """The same steps, flights and repetitions in a motion drawn from the posterior, at its own times."""
        retimed = {
            id(stretch): sample.retimed(stretch.feet)
            for stretch, sample in zip(self.stretches, stretches(body), strict=True)
        }
        return Segmentation(
            self.movement,
            tuple(retimed.values()),
            tuple(bout.retimed(retimed[id(bout.stretch)]) for bout in self.bouts),
            tuple(flight.retimed(retimed[id(flight.stretch)]) for flight in self.flights),
            tuple(exercise.retimed(retimed[id(exercise.stretch)]) for exercise in self.exercises),
        )

    def values(self) -> Values:
        """Everything measured of the movement itself."""
        values: Values = {}
        if self.bouts:
            values |= measure_bouts(list(self.bouts))
        if self.flights:
            values |= measure_flights(list(self.flights))
        if self.exercises:
            values |= measure_exercises(list(self.exercises))
        return averaged(values)


def analyse(motion: Motion, movement: Movement | None = None) -> Findings:
    """Analyse one person's motion.

    Parameters
    ----------
    motion
        Of PASE or of any OpenSim model whose bodies have the names of OpenSim's full-body models. Frames without
        a pose (NaN) are skipped.
    movement
        What the person does; None finds out.

    Returns
    -------
    Findings
        With standard deviations of the measures where the motion has draws from its posterior.
    """
    body = BodyMotion.of(motion)
    segmentation, keys = segment(body, movement), angle_keys(motion)
    values, reach = segmentation.values(), _reach(body, segmentation.movement)
    angles = angles_deg(body, keys)
    # Who stands on something that the floor does not show is at an unsure distance, and falls at an unsure speed; so
    # does a child whose sizes are those of an adult.
    unsure = motion.diagnostics.off_floor_m is not None or motion.diagnostics.child_stature_m is not None
    on_floor = () if unsure else segmentation.stretches
    fall, doubts = largest_fall(on_floor), missing_film_doubts(on_floor)
    doubts += [*zoom_doubts(motion.camera, segmentation.stretches), *unseen_feet_doubts(body)]
    segmentation, on_floor = segmentation.outline(), ()
    del body  # before those of the draws are placed
    draws: list[Values] = []
    drawn_deg = []
    for sample in _drawn(motion):
        draws.append({**segmentation.retimed(sample).values(), **_reach(sample, segmentation.movement)})
        drawn_deg.append(angles_deg(sample, keys, np.float32))
        del sample  # before the next one is placed
    table, drawn_tables = angle_tables(motion, keys, angles, drawn_deg)
    values = {**values, **measure_ranges(table), **reach}
    for draw, drawn_table in zip(draws, drawn_tables, strict=True):
        draw |= measure_ranges(drawn_table)
    measures = tuple(_with_angle_sd(as_measures(values, draws, motion.diagnostics.scale_sd), table))
    hurry = fast_motion_doubts(segmentation.movement, measures, fall)
    doubts = [*slow_motion_doubts(segmentation.movement, measures), *hurry, *doubts]
    return Findings(
        segmentation.movement,
        movement is not None,
        tuple(segmentation.events()),
        measures,
        table,
        judge(motion, doubts),
        segmentation.exercises[0].signal if segmentation.movement == "periodic" else "",
        segmentation.other_movements,
    )


def _drawn(motion: Motion) -> Iterator[BodyMotion]:
    """The segments of the motions drawn from the posterior, in the frames whose posture is known.

    One after the other: together they would fill the memory.
    """
    if motion.draws is None:
        return
    kinematics, guessed = Kinematics(motion.skeleton, ()), bodies_not_seen(motion)
    frames = motion.known[:, None]
    for q, scale in zip(motion.draws.q, motion.draws.scale, strict=True):
        q_drawn = np.where(frames, q, np.float32(np.nan))
        yield BodyMotion.placed(kinematics, q_drawn, motion.time, scale.astype(float)).without(guessed)


def only_seen(motion: Motion) -> Motion:
    """The motion without postures, and with note of the parts of the body, that nobody saw."""
    return with_seen_parts(without_guesses(motion))


def analysed(motion: Motion, movement: Movement | None = None) -> Motion:
    """The motion with what an analysis finds in it, and without postures that nobody saw; see `analyse`."""
    motion = only_seen(motion)
    findings = analyse(motion, movement)
    warnings = [
        f"{MOVEMENTS[kind].lower()} can be measured in this recording, too: say --analysis.movement {kind}"
        for kind in findings.other_movements
    ]
    return replace(motion, findings=findings, draws=None, warnings=(*motion.warnings, *warnings))


def segment(body: BodyMotion, movement: Movement | None = None) -> Segmentation:
    """Find steps, flights and repetitions; what lasts longest is the movement.

    Parameters
    ----------
    movement
        What the person does; None finds out.
    """
    all_stretches = tuple(stretches(body))
    bouts = [bout for stretch in all_stretches for bout in find_bouts(stretch)]
    flights = [flight for stretch in all_stretches for flight in find_flights(stretch)]
    if movement in ("walking", "running"):
        bouts = [replace(bout, running=movement == "running") for bout in bouts]
        return Segmentation(movement, all_stretches, bouts=tuple(bouts))
    if movement == "jump":
        return Segmentation(movement, all_stretches, flights=tuple(flights))
    if movement in ("standing", "other"):
        return Segmentation(movement, all_stretches)
    if movement is not None:
        exercises = [exercise for stretch in all_stretches for exercise in find_exercises(stretch, movement)]
        return Segmentation(movement, all_stretches, exercises=tuple(exercises))
    exercises = [exercise for stretch in all_stretches for exercise in find_exercises(stretch)]
    seconds = _seconds(bouts, exercises)
    main = _found_out(all_stretches, bouts, flights, exercises, seconds)
    other_movements = [kind for kind in NAMED if kind != main.movement and seconds[kind] > TAKES_A_WHILE_S]
    return replace(main, other_movements=tuple(other_movements))


def _seconds(bouts: list[Bout], exercises: list[Exercise]) -> dict[Movement, float]:
    """How long each of the `NAMED` movements lasts in all."""
    lasting = [("running" if bout.running else "walking", *bout.span) for bout in bouts]
    lasting += [(e.movement, r.start, r.end) for e in exercises for r in e.repetitions]
    return {kind: sum(b - a for name, a, b in lasting if name == kind) for kind in NAMED}


def _found_out(
    all_stretches: tuple[Stretch, ...],
    bouts: list[Bout],
    flights: list[Flight],
    exercises: list[Exercise],
    seconds: dict[Movement, float],
) -> Segmentation:
    """The segmentation of a recording whose movement nobody named: what lasts longest."""
    longest, movement = max((lasts, kind) for kind, lasts in seconds.items())
    if flights and (longest == 0 or movement not in ("running", "walking")):
        return Segmentation("jump", all_stretches, flights=tuple(flights))
    if longest > 0 and movement in ("running", "walking"):
        return Segmentation(
            movement, all_stretches, tuple(b for b in bouts if b.running == (movement == "running"))
        )
    if longest > 0:
        return Segmentation(
            movement, all_stretches, exercises=tuple(e for e in exercises if e.movement == movement)
        )
    if exercises:
        first = exercises[0].movement
        alike = [e for e in exercises if (e.movement, e.signal) == (first, exercises[0].signal)]
        return Segmentation(first, all_stretches, exercises=tuple(alike))
    return Segmentation(
        "standing" if all_stretches and all(map(_stands, all_stretches)) else "other", all_stretches
    )


def _stands(stretch: Stretch) -> bool:
    """Whether a person is upright, stays where they are and moves little."""
    hips, height = stretch.hips, stretch.hip_height
    if hips is None or height is None or len(hips) < 5:
        return False
    if float(np.median(height)) < LEAST_STANDING_HEIGHT * stretch.body.leg_length:
        return False
    knees = [np.median(np.degrees(v)) for key, v in stretch.angles.items() if key.startswith("knee_flexion")]
    if min(knees, default=0.0) > MOST_STANDING_KNEE_DEG:
        return False
    speed = np.linalg.norm(np.gradient(hips, stretch.time, axis=0), axis=1)
    moving = ("knee_flexion", "hip_flexion", "shoulder_elevation")
    ranges = [np.ptp(np.degrees(v)) for key, v in stretch.angles.items() if key.startswith(moving)]
    return bool(np.percentile(speed, 90) < STILL_M_S and max(ranges, default=0.0) < 20.0)


def _reach(body: BodyMotion, movement: Movement) -> Values:
    """How far the hands reach; nothing in gait, where that says nothing."""
    return {} if movement in ("walking", "running") else measure_reach(body)


def _with_angle_sd(measures: Sequence[Measure], table: AngleTable) -> list[Measure]:
    """Least and largest angles with the standard deviation of their frame, where draws did not give one."""
    find: dict[str, Callable[..., np.intp]] = {"_min": np.nanargmin, "_max": np.nanargmax}
    out = []
    for measure in measures:
        name, ending = measure.measure[:-4], measure.measure[-4:]
        key = angle_key(name, measure.side)
        if ending in find and not np.isfinite(measure.sd) and key in table.keys:
            i = table.keys.index(key)
            values = np.where(table.sure[:, i], table.values[:, i], np.nan)
            measure = replace(measure, sd=float(table.sd[find[ending](values), i]))
        out.append(measure)
    return out
