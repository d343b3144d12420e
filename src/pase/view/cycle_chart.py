"""Curves over the cycle, left over right, as small drawings for a page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pase.analysis.angles import BY_NAME
from pase.analysis.cycles import PERCENT, CycleCurve, cycle_curve, cycles
from pase.findings import Findings
from pase.types import Array

WIDTH, HEIGHT, MARGIN_LEFT, MARGIN_BOTTOM, MARGIN_TOP = 300.0, 170.0, 30.0, 22.0, 8.0
CHARTED = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")


@dataclass(frozen=True)
class Band:
    """One curve in the coordinates of the drawing."""

    kind: str
    """Its side, or `of-1`, `of-2` … for those of several recordings."""
    line: str
    """Points of the mean."""
    band: str
    """Points around two standard deviations; empty where they are not known."""
    count: int


@dataclass(frozen=True)
class CycleChart:
    """A drawing: an angle over the cycle, of both sides or of several recordings."""

    title: str
    begins: str
    """What the cycle begins with."""
    bands: tuple[Band, ...]
    ticks: tuple[tuple[float, str], ...]
    """Heights and labels of the axis."""
    zero: float | None
    """Height of 0°, where it is inside."""


def cycle_charts(findings: Findings) -> list[CycleChart]:
    """The legs' angles over the cycle; none for a movement without cycles."""
    charts = []
    for name in CHARTED:
        curves = {
            side: curve
            for side in ("right", "left")
            if (curve := cycle_curve(findings, f"{name}_{side[0]}", side)) is not None
        }
        if curves:
            side = next(iter(curves))
            charts.append(_chart(BY_NAME[name].plain, cycles(findings, side)[1], curves))
    return charts


def compared_charts(recordings: Sequence[Findings]) -> list[CycleChart]:
    """The legs' angles over the cycle, of several recordings in one drawing for each side."""
    charts = []
    for name in CHARTED:
        for side in ("left", "right"):
            curves = {
                f"of-{number}": curve
                for number, findings in enumerate(recordings, 1)
                if (curve := cycle_curve(findings, f"{name}_{side[0]}", side)) is not None
            }
            if len(curves) > 1:
                begins = cycles(recordings[0], side)[1]
                charts.append(_chart(f"{BY_NAME[name].plain}, {side}", begins, curves))
    return charts


def _chart(title: str, begins: str, curves: dict[str, CycleCurve]) -> CycleChart:
    reach = {kind: 2 * np.hypot(np.nan_to_num(curve.sd), curve.spread) for kind, curve in curves.items()}
    low = min(float((curve.mean - reach[kind]).min()) for kind, curve in curves.items())
    high = max(float((curve.mean + reach[kind]).max()) for kind, curve in curves.items())
    step = next(step for step in (5, 10, 20, 30, 45, 90, 180) if (high - low) / step <= 6)
    low, high = step * np.floor(low / step), step * np.ceil(high / step)

    def y(values: Array | float) -> Array:
        usable = HEIGHT - MARGIN_BOTTOM - MARGIN_TOP
        return np.asarray(MARGIN_TOP + usable * (high - np.asarray(values)) / max(high - low, 1e-9))

    bands = tuple(
        Band(
            kind,
            _points(PERCENT, y(curve.mean)),
            _around(y(curve.mean - reach[kind]), y(curve.mean + reach[kind])) if reach[kind].any() else "",
            curve.count,
        )
        for kind, curve in curves.items()
    )
    ticks = tuple(
        (float(y(value)), f"{value:.0f}".replace("-", "−")) for value in np.arange(low, high + 1, step)
    )
    return CycleChart(title, begins, bands, ticks, float(y(0.0)) if low < 0 < high else None)


def _points(percent: Array, heights: Array) -> str:
    x = MARGIN_LEFT + (WIDTH - MARGIN_LEFT - 8) * percent / 100
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, heights, strict=True))


def _around(low: Array, high: Array) -> str:
    return f"{_points(PERCENT, high)} {_points(PERCENT[::-1], low[::-1])}"
