"""Recordings side by side: their persons on one time line and in one place, and the page `comparison.html`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from markupsafe import Markup

from pase.analysis.body import BodyMotion
from pase.analysis.compare import ComparedResult, Difference, differences
from pase.analysis.cycles import cycles
from pase.anatomy.joints import rotation_xyz
from pase.data import Motion
from pase.files import write_text
from pase.findings import AngleTable, Findings
from pase.formats.tables import bone_table
from pase.movements import MOVEMENTS
from pase.series import interpolated
from pase.types import Array, Mask
from pase.view.answers import KEY_MEASURES, difference_cells, meanings, of_angle
from pase.view.cycle_chart import compared_charts
from pase.view.page import page_style, page_template
from pase.view.subject import Placement, Subject
from pase.view.viewer import write_viewer

PAGE, SKELETONS = "comparison.html", "skeletons.html"
BESIDE_M = 1.0
"""Distance at which persons stand side by side."""


def write_comparison(recordings: Sequence[ComparedResult], folder: Path) -> Path:
    """Write the page of a comparison and, beside it, the skeletons that it shows; where the page is."""
    names, motions, findings = zip(*recordings, strict=True)
    motions_in_step = synchronised(motions, names)
    title = " and ".join(names)
    write_viewer(motions_in_step.subjects, folder / SKELETONS, title=title)
    text = page_template("comparison.html.j2").render(
        title=title,
        style=Markup(page_style()),
        skeletons=SKELETONS,
        on=motions_in_step.on,
        recordings=[
            (name, MOVEMENTS[own_findings.movement], own_findings.quality)
            for name, _, own_findings in recordings
        ],
        tables=[(name, _tables(findings[0], other)) for name, _, other in recordings[1:]],
        first=names[0],
        charts=compared_charts(findings),
        meanings=meanings(findings[0]),
    )
    write_text(folder / PAGE, text + "\n")
    return folder / PAGE


def _tables(first: Findings, other: Findings) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Titles and rows: the measures that answer what is asked of the movement, the others, and the angles' ranges."""
    keys = KEY_MEASURES.get(first.movement, "").split()
    groups: dict[str, list[Difference]] = {"": [], "Further measures": [], "Ranges of motion": []}
    for pair in differences(first, other):
        if pair.measure in keys:
            groups[""].append(pair)
        elif not of_angle(pair.measure):
            groups["Further measures"].append(pair)
        elif pair.measure.endswith("_range"):
            groups["Ranges of motion"].append(pair)
    return [(title, [difference_cells(pair) for pair in rows]) for title, rows in groups.items() if rows]


@dataclass(frozen=True)
class Synchronised:
    """Persons who move at the same time."""

    subjects: tuple[Subject, ...]
    on: str
    """`cycle` where strides or repetitions begin and end together, else `time`."""


def synchronised(motions: Sequence[Motion], names: Sequence[str]) -> Synchronised:
    """The persons of several recordings on the first one's time line.

    Where all recordings show strides or repetitions of the same movement, those begin and end together, as many as
    all have; else the recordings begin together. Each faces as the first does, and is at the same place whenever a
    stride or repetition begins.
    """
    marks = _common_marks([motion.findings for motion in motions])
    on = "time" if marks is None else "cycle"
    own_marks = [_ends(motion) for motion in motions] if marks is None else marks
    start, end = (own_marks[0][0], own_marks[0][-1]) if marks else (motions[0].time[0], np.inf)
    time = motions[0].time[(motions[0].time >= start) & (motions[0].time <= end)]
    moved = [
        _on_time_line(m, marks_of_motion, own_marks[0], time, on)
        for m, marks_of_motion in zip(motions, own_marks, strict=True)
    ]
    knots = own_marks[0] if on == "cycle" else time[:1]
    bodies = [BodyMotion.of(motion) for motion in moved]
    subjects = [
        Subject(
            name,
            replace(motion, track_id=number + 1),
            bone_table(motion),
            _placement(body, bodies[0], knots, number),
        )
        for number, (motion, name, body) in enumerate(zip(moved, names, bodies, strict=True))
    ]
    return Synchronised(tuple(subjects), on)


def _common_marks(findings: Sequence[Findings | None]) -> list[Array] | None:
    """Starts and ends of as many cycles as all recordings have; None where they do not share a movement."""
    analysed = [f for f in findings if f is not None]
    if len(analysed) < len(findings) or len({f.movement for f in analysed}) != 1:
        return None
    for side in ("right", "left"):
        cycle_spans = [cycles(f, side)[0] for f in analysed]
        count = min(len(spans) for spans in cycle_spans)
        if count:
            return [np.unique(np.ravel(spans[:count])) for spans in cycle_spans]
    return None


def _ends(motion: Motion) -> Array:
    return motion.time[[0, -1]]


def _on_time_line(motion: Motion, own_marks: Array, first_marks: Array, time: Array, on: str) -> Motion:
    """A motion at the times of the first one: mark by mark, or from both starts on."""
    moments = (
        np.interp(time, first_marks, own_marks) if on == "cycle" else own_marks[0] + time - first_marks[0]
    )
    inside = moments <= motion.time[-1]
    q, q_std = (interpolated(values, motion.time, moments) for values in (motion.q, motion.q_std))
    q[~inside] = np.nan
    findings = None if motion.findings is None else _findings_on(motion.findings, moments, inside, time)
    seen = motion.seen
    if seen is not None:
        seen = interpolated(seen.astype(float), motion.time, moments) > 0.5
    bare = replace(motion, camera=None, residual=None, seen=seen, draws=None)
    return replace(bare, q=q, q_std=q_std, time=time, findings=findings)


def _findings_on(findings: Findings, moments: Array, inside: Mask, time: Array) -> Findings:
    """Angles and events that happen at `moments`, on another time line."""
    table = findings.angles

    def moved(values: Array) -> Array:
        return np.where(inside[:, None], interpolated(values, table.time, moments), np.nan)

    angles = AngleTable(
        time, table.keys, moved(table.values), moved(table.sd), moved(table.speed), moved(table.speed_sd),
        moved(table.sure.astype(float)) > 0.5,
    )  # fmt: skip
    events = tuple(
        replace(event, time_s=float(np.interp(event.time_s, moments, time)))
        for event in findings.events
        if moments[0] <= event.time_s <= moments[-1]
    )
    return replace(findings, angles=angles, events=events)


def _placement(body: BodyMotion, first: BodyMotion, knots: Array, number: int) -> Placement:
    """How a person is turned and moved to face and stand as the first at every knot, and where they stand beside."""
    hips, first_hips = body.middle("hip"), first.middle("hip")
    heading, first_heading = body.heading, first.heading
    still = Placement(0.0, np.zeros((len(body), 3)), np.array([0.0, 0.0, number * BESIDE_M]))
    if hips is None or first_hips is None or heading is None or first_heading is None or not body.known.any():
        return still
    frames = np.flatnonzero(body.known & first.known)
    if not len(frames):
        return still
    a, b = heading[frames[0]], first_heading[frames[0]]
    yaw = float(np.arctan2(a[2] * b[0] - a[0] * b[2], a[0] * b[0] + a[2] * b[2]))
    R_world_own = rotation_xyz((0.0, yaw, 0.0))
    away = first_hips - hips @ R_world_own.T
    at_knots = np.array([frames[np.abs(body.time[frames] - knot).argmin()] for knot in knots])
    shift = interpolated(away[at_knots], body.time[at_knots], body.time) * np.array([1.0, 0.0, 1.0])
    aside = np.cross(b, [0.0, 1.0, 0.0])
    return Placement(yaw, shift, number * BESIDE_M * aside)
