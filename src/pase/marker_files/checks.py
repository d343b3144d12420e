"""What marker files leave to be checked: units of length, numbers that stand for nothing, and impossible times."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from pase.data import LARGEST, Landmarks3D
from pase.errors import InputError
from pase.formats.mot import check_times
from pase.types import Array

log = logging.getLogger(__name__)

METRES = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
    "dm": 0.1, "cm": 0.01, "centimeter": 0.01, "centimeters": 0.01, "centimetres": 0.01,
    "mm": 0.001, "millimeter": 0.001, "millimeters": 0.001, "millimetres": 0.001,
    "um": 1e-6, "µm": 1e-6, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, "ft": 0.3048, "feet": 0.3048,
}  # fmt: skip
"""Metres in a unit."""
PIXELS = ("px", "pixel", "pixels")

DEFAULT_RATE_HZ = 30.0
"""Frames a second of files without times."""
_AGREE = 0.05
"""Share by which times and rate of a file may differ."""
_USUAL_HZ = (5.0, 5000.0)
"""Rates at which people are recorded."""
_SURE_HZ = (10.0, 500.0)
"""Rates that speak for another unit of the times where the file has no rate."""
_CLOCKS = {"milliseconds": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9}
_CLOCK_S = 1e7
"""Seconds after which nobody still films: such times count from 1970."""
_NAMED = 6
"""Markers that a message names."""


def metres_in(unit: str, path: Path | str) -> float:
    """Metres in a unit of a file's header.

    Raises
    ------
    InputError
        When the unit is not known, or pixels.
    """
    key = unit.strip(" []()").lower()
    if key in PIXELS:
        raise InputError(f"{path}: positions are in pixels, not in space; give the file in metres")
    if key not in METRES:
        raise InputError(f"{path}: unit '{unit}' in the header; it must be m, cm or mm")
    return METRES[key]


def at_rate(data: Landmarks3D, rate_hz: float) -> Landmarks3D:
    """The same markers at an even rate that the user gave."""
    return replace(data, time=np.arange(len(data)) / rate_hz)


def clear_impossible(xyz: Array) -> None:
    """Make points (T, K, 3) unknown, in place, that have no place, or one where nothing can be."""
    xyz[~(np.abs(xyz) <= LARGEST).all(axis=2)] = np.nan


def without_gaps(data: Landmarks3D, path: Path) -> Landmarks3D:
    """Markers with NaN in place of the numbers that programs write for a gap, and a warning that says so.

    A gap is a position whose three coordinates are all the same number: 0 as Vicon, Qualisys and Nimble write
    it, or one that comes twice or more, as 9999.999 or -1. No marker is exactly there, frame after frame.
    """
    with np.errstate(invalid="ignore"):
        alike = (data.xyz == data.xyz[..., :1]).all(axis=2)
    values, counts = np.unique(data.xyz[alike][:, 0], return_counts=True)
    gaps = alike & np.isin(data.xyz[..., 0], values[(values == 0) | (counts > 1)])
    if not gaps.any():
        return data
    frames = gaps.sum(axis=0)
    gap_counts = [f"{data.names[k]} ({frames[k]} frames)" for k in np.flatnonzero(frames)]
    log.warning(
        "%s: positions of three equal numbers, as 0 0 0, were taken as gaps: %s%s",
        path.name, ", ".join(gap_counts[:_NAMED]), " …" if len(gap_counts) > _NAMED else "",
    )  # fmt: skip
    return replace(data, xyz=np.where(gaps[..., None], np.nan, data.xyz))


def times_of(times: Array, rate_hz: float | None, path: Path) -> Array:
    """Times (T,) of a file: by the user's rate, by its column, or at 30 frames a second, with a warning.

    Parameters
    ----------
    times
        (T,) as they stand in the file; NaN, or all alike, where it has none.
    rate_hz
        Frames a second that the user gave.
    path
        The file, for messages.
    """
    if rate_hz is not None:
        return np.arange(len(times)) / rate_hz
    if np.isfinite(times).any() and np.ptp(times) != 0:
        return checked_times(times, None, path)
    log.warning("%s has no times: %g frames a second were assumed; give --rate", path.name, DEFAULT_RATE_HZ)
    return np.arange(len(times)) / DEFAULT_RATE_HZ


def checked_times(time: Array, rate_hz: float | None, path: Path) -> Array:
    """Times in seconds, once they agree with the rate in the file's header or a sentence says why they do not.

    Parameters
    ----------
    time
        (T,) as they stand in the file; NaN or all alike where it has none.
    rate_hz
        Frames a second by the header; None where it does not say.
    path
        The file, for messages.

    Raises
    ------
    InputError
        When times do not increase, or neither times nor rate can be those of a recording.
    """
    checked = _checked(time, rate_hz, path)
    if not len(checked) or checked[0] < _CLOCK_S:
        return checked
    log.warning("%s: its times are those of a clock: they are counted from the first", path.name)
    return np.asarray(checked - checked[0])


def _checked(time: Array, rate_hz: float | None, path: Path) -> Array:
    rate = rate_hz if rate_hz and np.isfinite(rate_hz) and rate_hz > 0 else None
    if len(time) > 1 and rate and (np.isnan(time).all() or np.ptp(time) == 0):
        log.warning("%s has no times: its rate of %g frames a second was taken", path.name, rate)
        return np.arange(len(time)) / rate
    check_times(time, path)
    if len(time) < 2:
        return time
    step = float(np.median(np.diff(time)))
    if rate is None and not _is_usual(1 / step):
        rates = [1 / (step * seconds) for seconds in _CLOCKS.values()]
        rate = next((rate for rate in rates if _SURE_HZ[0] <= rate <= _SURE_HZ[1]), None)
    if rate is None or abs(step * rate - 1) < _AGREE:
        if not _is_usual(1 / step):
            log.warning(
                "%s has a frame every %g s: if its times are not seconds, give --rate with frames a second",
                path.name, step,
            )  # fmt: skip
        return time
    return _agreed(time, step, rate, path)


def _agreed(time: Array, step: float, rate: float, path: Path) -> Array:
    """Times where header and column contradict each other: another unit, frame numbers, or one of the two."""
    for unit, seconds in _CLOCKS.items():
        if abs(step * seconds * rate - 1) < _AGREE:
            log.warning(
                "%s: its times are %s, by its %g frames a second; they were taken so", path.name, unit, rate
            )
            return time * seconds
    if abs(step - 1) < _AGREE and _is_usual(rate):
        log.warning(
            "%s: its times count frames; they were divided by its %g frames a second", path.name, rate
        )
        return time / rate
    by_time, by_rate = _is_usual(1 / step), _is_usual(rate)
    if not by_time and not by_rate:
        raise InputError(
            f"{path}: a frame every {step:g} s and {rate:g} frames a second in its header cannot both be: "
            "give --rate with frames a second"
        )
    source = "times were" if by_time else "rate was"
    log.warning(
        "%s: by its times there are %.4g frames a second, by its header %g: the %s taken; "
        "if that is wrong, give --rate", path.name, 1 / step, rate, source,
    )  # fmt: skip
    return time if by_time else np.arange(len(time)) / rate


def _is_usual(rate: float) -> bool:
    return _USUAL_HZ[0] <= rate <= _USUAL_HZ[1]
