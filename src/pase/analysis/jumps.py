"""Jumps: flights of the whole body, and what is measured of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pase.analysis.body import SIDES
from pase.analysis.measure import Key, Values
from pase.analysis.stretch import SAME_EVENT_S, Stretch
from pase.findings import Event
from pase.series import stretches_of
from pase.types import Array

GRAVITY_M_S2 = 9.81
LEAST_FLIGHT_S, LEAST_RISE_M, LEAST_FEET_M = 0.15, 0.03, 0.05
CLEAR_M = 0.025
"""A foot whose lowest point is so far above its ground has left it: set on nine drop jumps with force plates."""
GROUND_WITHIN_S = 0.7
LEAST_STEP_DOWN_M = 0.12
"""A person who comes down by more than this drops from a box: the floor does not show where the feet left it."""
FREE_FALL_M_S2 = (-15.0, -5.0)
"""A smooth estimate rounds a short flight off; the feet of someone who lies and lifts them do not fall at all."""
VALGUS_WITHIN_S = 0.2


@dataclass(frozen=True)
class Flight:
    """A time in the air; seconds."""

    stretch: Stretch
    start: float
    landing: float

    def events(self) -> list[Event]:
        """Start and landing."""
        return [Event(self.start, "flight_start"), Event(self.landing, "landing")]

    def retimed(self, stretch: Stretch) -> Flight:
        """The same flight in another estimate of the motion, at its own times where it has it."""
        near = [flight for flight in find_flights(stretch) if abs(flight.start - self.start) < SAME_EVENT_S]
        return near[0] if near else replace(self, stretch=stretch)


def find_flights(stretch: Stretch) -> list[Flight]:
    """Times in which both feet are above the ground that they left and come down to, and the body falls freely.

    Feet slide while they push off, so their height gives the moments better here than their speed does.
    """
    feet = stretch.feet
    if feet is None or stretch.center is None:
        return []
    time = feet.tracks[0].time
    low = np.minimum(feet.tracks[0].lowest, feet.tracks[1].lowest)
    about = round(GROUND_WITHIN_S / (time[1] - time[0]))
    padded = np.pad(low, about, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, about + 1).min(axis=1)
    before, after = windows[: len(low)], windows[about:]
    ground = np.maximum(before, after)
    above = low - ground - CLEAR_M
    flights = []
    for first, last in stretches_of(above > 0):
        step = abs(before[first] - after[last - 1]) if last < len(low) else np.inf
        if first == 0 or step > LEAST_STEP_DOWN_M or above[first:last].max() + CLEAR_M < LEAST_FEET_M:
            continue
        start, landing = _zero(time, above, first - 1), _zero(time, above, last - 1)
        seen = all(track.seen_at(end) for track in feet.tracks for end in (start, landing))
        if seen and landing - start >= LEAST_FLIGHT_S and _falls_freely(stretch, start, landing):
            flights.append(Flight(stretch, start, landing))
    return flights


def _zero(time: Array, values: Array, i: int) -> float:
    """Time between grid points i and i + 1 at which values pass zero."""
    share = values[i] / (values[i] - values[i + 1])
    return float(time[i] + share * (time[i + 1] - time[i]))


def _falls_freely(stretch: Stretch, start: float, landing: float) -> bool:
    """Whether the centre of mass rises and is accelerated about as gravity does."""
    assert stretch.center is not None
    inside = (stretch.time >= start) & (stretch.time <= landing)
    if inside.sum() < 4:
        return False
    acceleration = 2 * np.polyfit(stretch.time[inside] - start, stretch.center[inside, 1], 2)[0]
    low, high = FREE_FALL_M_S2
    return low < acceleration < high and _rise(stretch, start, landing) > LEAST_RISE_M


def _parabola(stretch: Stretch, start: float, landing: float) -> tuple[float, float] | None:
    """Upward velocity and height at the start of the free fall through a flight's middle; None for few frames.

    Only place and velocity are unknown: gravity is not fitted.
    """
    assert stretch.center is not None
    margin = 0.15 * (landing - start)
    inside = (stretch.time >= start + margin) & (stretch.time <= landing - margin)
    if inside.sum() < 3:
        return None
    since = stretch.time[inside] - start
    height = stretch.center[inside, 1] + 0.5 * GRAVITY_M_S2 * since**2
    velocity, place = np.polyfit(since, height, 1)
    return float(velocity), float(place)


def _rise(stretch: Stretch, start: float, landing: float) -> float:
    """Rise of the centre of mass after the start, metres; 0 where it does not rise or its flight was not seen."""
    fitted = _parabola(stretch, start, landing)
    return 0.0 if fitted is None or fitted[0] <= 0 else fitted[0] ** 2 / (2 * GRAVITY_M_S2)


def measure_flights(flights: list[Flight]) -> Values:
    """Everything measured of jumps, one repetition each."""
    values: Values = {Key("repetitions", "", 0): float(len(flights))}
    for number, flight in enumerate(flights, 1):
        stretch, duration = flight.stretch, flight.landing - flight.start
        values[Key("jump_height", "", number)] = _rise(stretch, flight.start, flight.landing)
        values[Key("jump_height_flight_time", "", number)] = GRAVITY_M_S2 * duration**2 / 8
        values[Key("flight_time", "", number)] = duration
        for side in SIDES:
            knee = stretch.angle_at("knee_flexion", side, flight.landing)
            values[Key("knee_flexion_at_landing", side, number)] = knee
            valgus = stretch.largest_angle(
                "knee_valgus", side, flight.landing, flight.landing + VALGUS_WITHIN_S
            )
            if np.isfinite(valgus):
                values[Key("knee_valgus_at_landing", side, number)] = valgus
    return values
