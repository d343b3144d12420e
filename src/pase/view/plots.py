"""Plots of a motion for papers and reports, in colours for the colour-blind (Okabe and Ito, 2008)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import split_side
from pase.files import atomic_path
from pase.formats.tables import BoneLength
from pase.types import Array
from pase.view.names import coordinate_name, region_name
from pase.view.subject import Subject, has_range, in_display_units, step_to

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LEFT, RIGHT, MIDDLE, SOFT, LIMIT = "#0072B2", "#D55E00", "#009E73", "#6b6b6b", "#E69F00"
COLORS = {"l": LEFT, "r": RIGHT, "": MIDDLE}
SIDE_NAMES = {"l": "left", "r": "right", "": ""}
DPI = 130
MOST_FRAMES, MOST_IN_BAND = 6000, 1500
"""Frames that are drawn, and those that make the edges of a band; of a long recording it is every second, third …
frame: an hour fills no page with what is finer than its pixels."""
COLUMNS = 3
ANGLE_PLOTS = {
    "angles_legs": ("Right leg", "Left leg"),
    "angles_trunk": ("Pelvis", "Spine and chest", "Head and neck"),
    "angles_arms": ("Right arm", "Left arm"),
    "angles_other": ("Other",),
}
"""Pictures of joint angles, with the regions of the body they show."""

PLOT_NAMES = (*ANGLE_PLOTS, "bones", "path", "error")


def write_plots(
    subject: Subject, folder: str | Path, names: Sequence[str] = PLOT_NAMES, *, png: bool = False
) -> list[Path]:
    """Write plots of a person as SVG, without what is not known; the files written.

    `angles_legs`, `angles_trunk`, `angles_arms` (bands: two standard deviations; shaded: beyond the range of
    motion), `bones` (against the population, where percentiles are known), `path` (from above) and `error`
    (reprojection error by frame). A photo has the bones alone: a table says more about one frame than curves do.

    Parameters
    ----------
    png
        As PNG, too.
    """
    written = []
    for name, figure in make_plots(subject, names):
        path = Path(folder) / f"{name}.svg"
        with atomic_path(path) as temporary:
            temporary.write_bytes(svg(figure))
        if png:
            with atomic_path(path.with_suffix(".png")) as temporary, _style():
                figure.savefig(temporary, dpi=DPI)
        written.append(path)
    return written


def warm_up() -> None:
    """Draw an empty picture: the first one loads the fonts, and much else."""
    figure = _figure(1.0, 1.0)
    figure.add_subplot()
    svg(figure)


def _style() -> AbstractContextManager[None]:
    """In the block axes and ticks are made to look like this: to change those that there are takes longer."""
    import matplotlib

    return matplotlib.rc_context(
        {
            "svg.hashsalt": "pase",
            "axes.titlelocation": "left",
            "axes.titley": 1.0,  # a title that looks for its own place measures every label first
            "axes.titlesize": 9.5,
            "axes.titleweight": "bold",
            "axes.labelsize": 8,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "axes.grid": True,
            "grid.color": "0.9",
            "grid.linewidth": 0.6,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "0.7",
            "xtick.bottom": False,  # the grid shows where the ticks are
            "ytick.left": False,
        }
    )


def svg(figure: Figure) -> bytes:
    """A figure as SVG, the same bytes every time."""
    stream = io.BytesIO()
    with _style():
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def make_plots(subject: Subject, names: Sequence[str] = PLOT_NAMES) -> list[tuple[str, Figure]]:
    """Plots of a person by name; without those that would be empty."""
    subject = subject.thinned(MOST_FRAMES)
    with _style():
        figures = [(name, _plot(subject, name)) for name in names]
    return [(name, figure) for name, figure in figures if figure is not None]


def _plot(subject: Subject, name: str) -> Figure | None:
    match name:
        case "bones":
            return plot_bones(subject.bones)
        case "path":
            return plot_path(subject)
        case "error":
            return plot_error(subject)
        case _:
            return plot_angles(subject, ANGLE_PLOTS[name])


def plot_angles(subject: Subject, regions: Sequence[str]) -> Figure | None:
    """Joint angles of some regions of the body over time, left and right in one field."""
    motion = subject.motion
    fields: dict[str, list[int]] = {}
    for column in np.flatnonzero(motion.skeleton.rotational).tolist():
        name = motion.skeleton.free_names[column]
        if region_name(name) in regions:
            fields.setdefault(coordinate_name(name)[0], []).append(column)
    if not fields or not motion.known.any() or len(motion) < 2:
        return None
    rows = -(-len(fields) // COLUMNS)
    figure = _figure(3.1 * COLUMNS, 1.75 * rows + 0.45, left=0.5, bottom=0.8)
    values, deviations, ranges, _ = in_display_units(motion)
    for number, (name, columns) in enumerate(fields.items(), 1):
        axes = figure.add_subplot(rows, COLUMNS, number)
        for i in columns:
            _curve(
                axes,
                motion.time,
                values[:, i],
                deviations[:, i],
                coordinate_name(motion.skeleton.free_names[i])[1],
            )
        _limits(axes, ranges[columns[0]])
        axes.locator_params(nbins=5)
        lowest = number > len(fields) - COLUMNS
        axes.tick_params(axis="x", labelbottom=lowest)  # all fields show the same time
        _dress(axes, name, "s" if lowest else "", "°")
    _legend(figure, {coordinate_name(motion.skeleton.free_names[i])[1] for i in sum(fields.values(), [])})
    return figure


def _curve(axes: Axes, time: Array, value: Array, deviation: Array, side: str) -> None:
    color = COLORS[side]
    if np.isfinite(deviation).any():
        step = slice(None, None, step_to(len(time), MOST_IN_BAND))
        low, high = (value + way * 2 * deviation for way in (-1, 1))
        axes.fill_between(time[step], low[step], high[step], color=color, alpha=0.2, linewidth=0)
    axes.plot(time, value, color=color, linewidth=1.4, linestyle="--" if side == "l" else "-")


def _limits(axes: Axes, ends: Array) -> None:
    """Shade what lies beyond the range of motion, as far as the curves come near it."""
    low, high = axes.get_ylim()
    if high - low < 10:
        low, high = (low + high) / 2 - 5, (low + high) / 2 + 5
    if has_range(ends[0], ends[1], "°"):
        for start, end in ((-1e4, ends[0]), (ends[1], 1e4)):
            axes.axhspan(start, end, color=LIMIT, alpha=0.18, linewidth=0)
    axes.set_ylim(low, high)


def plot_bones(bones: Sequence[BoneLength]) -> Figure | None:
    """Where the person's bones lie in the population; plain lengths where that is not known."""
    ranked = [bone for bone in bones if bone.percentile is not None]
    names = ranked or list(bones)
    if not names:
        return None
    figure = _figure(6.2, 0.27 * len(names) + 0.9, left=1.35, right=0.85)
    axes = figure.add_subplot()
    for row, bone in enumerate(reversed(names)):
        side = split_side(bone.name)[1]
        size = f"{1000 * bone.length_m:.0f}" + (f" ± {1000 * bone.sd_m:.0f}" if bone.sd_m else "") + " mm"
        place = bone.percentile if bone.percentile is not None else 1000 * bone.length_m
        axes.hlines(row, 0, place, color=COLORS[side], alpha=0.35, linewidth=5)
        axes.plot(place, row, "o", color=COLORS[side], markersize=7)
        axes.annotate(size, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axes.set_yticks(range(len(names)), [bone_label(bone.name) for bone in reversed(names)])
    if ranked:
        axes.axvspan(5, 95, color="0.5", alpha=0.1, linewidth=0)
        axes.axvline(50, color="0.5", linewidth=0.8)
        axes.set_xlim(0, 100)
        _dress(axes, "Bones in the population", "percentile (grey: 5th to 95th)", "")
    else:
        axes.set_xlim(0, None)
        _dress(axes, "Bone lengths", "mm", "")
    return figure


def bone_label(name: str) -> str:
    """A length's plain name: `femur_r` → `Femur, right`."""
    core, side = split_side(name)
    plain = core.replace("_", " ").capitalize()
    return f"{plain}, {SIDE_NAMES[side]}" if side else plain


def plot_path(subject: Subject) -> Figure | None:
    """Path of the pelvis and the heels from above, at equal scale along both axes."""
    motion = subject.motion
    frames = motion.known
    if frames.sum() < 2:
        return None
    names = motion.skeleton.body_names
    places = Kinematics(motion.skeleton, ()).pose(motion.q[frames]).origin
    figure = _figure(5.2, 4.2)
    axes = figure.add_subplot()
    for body, label, color in (
        ("pelvis", "pelvis", "#000000"),
        ("calcn_r", "right heel", RIGHT),
        ("calcn_l", "left heel", LEFT),
    ):
        if body in names:
            way = places[:, names.index(body)]
            axes.plot(way[:, 2], way[:, 0], color=color, linewidth=1.4, label=label)
            axes.plot(way[0, 2], way[0, 0], "o", color=color, markersize=5)
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend(frameon=False, fontsize=8)
    _dress(axes, "From above (dot: start)", "to the right, m", "forwards, m")
    return figure


def plot_error(subject: Subject) -> Figure | None:
    """Distance between the skeleton and what was measured, frame by frame: mean, and the middle half."""
    motion = subject.motion
    if motion.residual is None or not np.isfinite(motion.residual).any() or len(motion) < 2:
        return None
    measured = np.isfinite(motion.residual).any(axis=1)
    rows, time = motion.residual[measured], motion.time[measured]
    figure = _figure(6.2, 2.3)
    axes = figure.add_subplot()
    low, high = np.nanpercentile(rows, (25, 75), axis=1)
    step = slice(None, None, step_to(len(time), MOST_IN_BAND))
    label = "middle half of the points"
    axes.fill_between(time[step], low[step], high[step], color=LEFT, alpha=0.2, linewidth=0, label=label)
    axes.plot(time, np.nanmean(rows, axis=1), color=LEFT, linewidth=1.4, label="mean")
    axes.set_ylim(0, None)
    axes.legend(frameon=False, fontsize=8)
    _dress(axes, "Reprojection error", "s", "px" if motion.camera is not None else "m")
    return figure


def _figure(
    width: float, height: float, *, left: float = 0.6, right: float = 0.12, bottom: float = 0.5
) -> Figure:
    """An empty picture; its size and margins in inches, as matplotlib's own layout takes half a second each."""
    from matplotlib.figure import Figure

    figure = Figure((width, height))
    figure.subplots_adjust(
        left / width, bottom / height, 1 - right / width, 1 - 0.32 / height, wspace=0.24, hspace=0.52
    )
    return figure


def _dress(axes: Axes, title: str, x: str, y: str) -> None:
    from matplotlib.transforms import ScaledTranslation

    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y, rotation=0 if len(y) == 1 else 90)
    inches = axes.figure.dpi_scale_trans
    axes.xaxis.set_label_coords(0.5, 0.0, axes.transAxes + ScaledTranslation(0.0, -0.3, inches))
    axes.yaxis.set_label_coords(0.0, 0.5, axes.transAxes + ScaledTranslation(-0.42, 0.0, inches))


def _legend(figure: Figure, sides: set[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=COLORS[side], linestyle="--" if side == "l" else "-", label=SIDE_NAMES[side])
        for side in ("l", "r")
        if side in sides
    ]
    handles += [
        Patch(color=SOFT, alpha=0.3, label="± 2 standard deviations"),
        Patch(color=LIMIT, alpha=0.3, label="beyond the range of motion"),
    ]
    figure.legend(handles=handles, loc="lower right", ncols=5, frameon=False, fontsize=8)
