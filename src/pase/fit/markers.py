"""From 3D markers of one person to their personalised skeleton in motion: scaling and inverse kinematics in one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.keypoints import keypoint_place
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.marker_set import h36m_landmarks
from pase.anatomy.model import Landmark, Skeleton
from pase.data import HALPE26, Landmarks3D, Motion
from pase.diagnostics import FitDiagnostics, MarkerDiagnostics, SolverDiagnostics
from pase.errors import InputError
from pase.fit.marker_names import FEWEST_MARKERS, named_as_model
from pase.fit.marker_person import Marker, MarkerPerson, prepare_marker_person
from pase.fit.marker_sequence import MarkerEstimate, SizeEstimate, estimate_size, solve_markers
from pase.fit.marker_units import unit_factor
from pase.fit.marker_weights import relative_sigma
from pase.fit.threads import on_one_thread
from pase.fit.upright import Up, find_up, turned_up

Array = NDArray[np.float64]
Progress = Callable[[float], None]

log = logging.getLogger(__name__)


STUCK_ON_SPREAD_M = 0.010
"""How far a marker is stuck on off the place that the model has for it, along each axis."""

FIXED_SPREAD_M = 0.0001
"""The same for a marker that the model calls fixed: it stays where it is."""

JOINT_CENTRE_SPREAD_M = 0.015
"""How far a lifting network's joint is off the anatomical joint centre, the same in all frames."""

FIRST_SIGMA_M = 0.010
"""Noise of a marker that the fit starts from."""

ILL_FIT_M = 0.040
"""Root mean square distance between skeleton and markers above which the user is warned."""

ABSURD_FIT_M = 0.30
"""Root mean square distance above which the markers are no body with these names."""

STRAY_M, STRAY_TIMES = 0.06, 4.0
"""How far a single marker is off, and how many times as far as the others, when its name must be wrong."""


@dataclass(frozen=True)
class MarkerSet:
    """The markers that the data may have."""

    markers: tuple[Marker, ...]
    mirrored: bool
    """Whether left and right ones sit at mirrored places, as points of a network do."""


@dataclass(frozen=True)
class MarkerOptions:
    """How markers are fitted."""

    scale: bool = True
    """Estimate sizes; else those of the model are kept."""
    move_markers: bool = True
    """Together with sizes, estimate where the markers sit."""
    weights: Mapping[str, float] | None = None
    """Weights of the markers by name; all alike when None."""
    sigma_m: float | None = None
    """Noise of a marker along each axis; learned from the data when None."""
    up: Up = "auto"
    """Axis of the data that points up."""
    subject: str | None = None
    """Whose markers, where the data have those of several people, called `subject:marker`."""
    height_m: float | None = None
    """Standing height, when known; for the default skeleton."""
    mass_kg: float | None = None
    """Body mass, when known; for the default skeleton."""


def halpe26_markers() -> MarkerSet:
    """The 26 Halpe keypoints where detectors put them on the default skeleton."""
    places = [keypoint_place(name) for name in HALPE26]
    return MarkerSet(
        tuple(
            Marker(Landmark(name, p.body, p.location), p.spread_m)
            for name, p in zip(HALPE26, places, strict=True)
        ),
        mirrored=True,
    )


def h36m_markers() -> MarkerSet:
    """The 17 joints of Human3.6M on the default skeleton."""
    return MarkerSet(tuple(Marker(m, JOINT_CENTRE_SPREAD_M) for m in h36m_landmarks()), mirrored=True)


def stuck_on_markers(landmarks: Sequence[Landmark]) -> MarkerSet:
    """Markers of a model or of a marker file."""
    return MarkerSet(
        tuple(Marker(m, FIXED_SPREAD_M if m.fixed else STUCK_ON_SPREAD_M) for m in landmarks), mirrored=False
    )


@on_one_thread
def fit_markers(
    data: Landmarks3D,
    skeleton: Skeleton,
    markers: MarkerSet,
    options: MarkerOptions | None = None,
    *,
    static: Landmarks3D | None = None,
    progress: Progress | None = None,
) -> Motion:
    """Estimate one person's sizes, marker places and motion from markers.

    Parameters
    ----------
    data
        Measured markers; NaN where unseen.
    skeleton
        The model to fit.
    markers
        Where the markers sit on it.
    options
        What is known, and what to estimate.
    static
        A second recording of the same person, whose frames help to tell the sizes.
    progress
        Called with the share of the work done, 0 to 1.

    Returns
    -------
    Motion
        In the data's own world, turned to Y up; one row a frame of `data`.

    Raises
    ------
    InputError
        When fewer than four markers of the data are in the marker set, or none is seen.
    """
    options, report = options or MarkerOptions(), progress or (lambda _: None)
    data, warnings = named_as_model(data, _names(markers), options.subject)
    used = _common(data, markers, options, warnings)
    xyz, up = _upright(data, skeleton, used, options.up, warnings)
    person, shared = prepare_marker_person(
        skeleton,
        used,
        xyz,
        data.time,
        sigma=options.sigma_m or FIRST_SIGMA_M,
        relative=relative_sigma([m.landmark.name for m in used], options.weights),
        mirrored=markers.mirrored,
        move_markers=options.scale and options.move_markers,
        height_m=options.height_m,
        mass_kg=options.mass_kg,
    )
    fixed = options.sigma_m is not None
    if static is not None:
        static, _ = named_as_model(static, _names(markers), options.subject)
    sizing = person if static is None else _with_static(person, static, used, options.up, warnings)
    found = estimate_size(sizing, shared, free=options.scale, fixed_sigma=fixed)
    found = found.without_first(len(sizing.time) - len(person.time))
    report(0.3)
    estimate = solve_markers(
        person, found, fixed_sigma=fixed, progress=lambda share: report(0.3 + 0.7 * share)
    )
    return _motion(data, person, found, estimate, up, warnings)


def _names(markers: MarkerSet) -> list[str]:
    return [m.landmark.name for m in markers.markers]


def _common(
    data: Landmarks3D, markers: MarkerSet, options: MarkerOptions, warnings: list[str]
) -> tuple[Marker, ...]:
    """Markers that the data have and that are seen and weighted; the user is told of the others."""
    seen = np.flatnonzero(np.isfinite(data.xyz).all(axis=2).sum(axis=0))
    weighted = {n for n in data.names if options.weights is None or options.weights.get(n, 0.0) > 0}
    measured = {data.names[k] for k in seen}
    used = tuple(m for m in markers.markers if m.landmark.name in measured & weighted)
    if len(used) < FEWEST_MARKERS:
        raise InputError(
            f"only {len(used)} of the markers are in both the data and the model (with a weight); the data have: "
            f"{', '.join(data.names)}; the model has: {', '.join(_names(markers))}"
        )
    unknown = [n for n in data.names if n not in _names(markers)]
    if unknown:
        warnings.append(f"markers that the model does not have were left out: {', '.join(unknown)}")
    return used


def _upright(
    data: Landmarks3D, skeleton: Skeleton, used: tuple[Marker, ...], up: Up, warnings: list[str]
) -> tuple[Array, str]:
    xyz = data.xyz[:, [data.names.index(m.landmark.name) for m in used]]
    factor = unit_factor(xyz, skeleton, used)
    if factor != 1.0:
        xyz = xyz * factor
        warnings.append(
            f"the file's unit of length makes no person: its positions were multiplied by {factor:g}; "
            "mend the unit in its header"
        )
    axis = find_up(xyz, skeleton, used) if up == "auto" else up
    if axis != "y" and up == "auto":
        warnings.append(
            f"the data's {axis.upper()} axis points up, as heads over feet tell: they were turned to Y up; "
            "give --up y if the person lies"
        )
    return turned_up(xyz, axis), axis


def _with_static(
    person: MarkerPerson, static: Landmarks3D, used: tuple[Marker, ...], up: Up, warnings: list[str]
) -> MarkerPerson:
    """The person with frames of a static trial before those of the motion, for the sizes alone."""
    names = [m.landmark.name for m in used]
    common = [k for k, name in enumerate(names) if name in static.names]
    if len(common) < FEWEST_MARKERS:
        raise InputError(
            f"the static trial has only {len(common)} of the markers of the motion; it has: {', '.join(static.names)}"
        )
    frames = np.unique(np.linspace(0, len(static) - 1, 100).astype(int))
    xyz = np.full((len(frames), len(names), 3), np.nan)
    own = static.xyz[frames][:, [static.names.index(names[k]) for k in common]]
    own = own * unit_factor(own, person.model.skeleton, [used[k] for k in common])
    axis = find_up(own, person.model.skeleton, tuple(used[k] for k in common)) if up == "auto" else up
    xyz[:, common] = turned_up(own, axis)
    time = static.time[frames] - static.time[frames[-1]] + person.time[0] - 10.0
    return replace(person, xyz=np.concatenate([xyz, person.xyz]), time=np.concatenate([time, person.time]))


def _motion(
    data: Landmarks3D,
    person: MarkerPerson,
    found: SizeEstimate,
    estimate: MarkerEstimate,
    up: str,
    warnings: list[str],
) -> Motion:
    skeleton = person.model.personal_skeleton(found.shared)
    residual = np.linalg.norm(Kinematics(skeleton).positions(estimate.q) - person.xyz, axis=-1)
    rms = float(np.sqrt(np.nanmean(np.square(residual))))
    if rms > ABSURD_FIT_M:
        raise InputError(
            f"the markers are no body with these names: the skeleton is {1000 * rms:.0f} mm off (root mean square); "
            "check names, units and axes of the markers"
        )
    if rms > ILL_FIT_M:
        warnings.append(
            f"the skeleton does not fit the markers well ({1000 * rms:.0f} mm root mean square); "
            "check names, units and axes of the markers"
        )
    warnings.extend(_stray_markers(person.model.points, residual))
    guessed = guessed_frames(person)
    if len(guessed):
        warnings.append(
            f"{sum(b - a + 1 for a, b in guessed)} frames show too few markers and were bridged by the model"
        )
    return Motion(
        skeleton,
        estimate.q,
        estimate.q_std,
        data.time,
        None,
        residual,
        warnings=tuple(warnings),
        diagnostics=_diagnostics(person, found, estimate, residual, up),
    )


def _stray_markers(names: Sequence[str], residual: Array) -> list[str]:
    """A warning where single markers are far off while the others fit: they sit elsewhere or are called wrongly."""
    off = np.sqrt(np.nanmean(np.square(residual), axis=0))
    limit = max(STRAY_M, STRAY_TIMES * float(np.median(off)))
    stray = [
        f"{name} ({1000 * value:.0f} mm)" for name, value in zip(names, off, strict=True) if value > limit
    ]
    if not stray:
        return []
    return [f"markers far from where the model has them: {', '.join(stray)}; check their names and places"]


def guessed_frames(person: MarkerPerson) -> tuple[tuple[int, int], ...]:
    """First and last frame of every stretch in which less than half of the usual markers are seen."""
    count = person.seen.sum(1)
    few = np.concatenate([[False], count < 0.5 * np.median(count[count > 0]), [False]])
    edges = np.flatnonzero(np.diff(few.astype(int)))
    return tuple((int(a), int(b) - 1) for a, b in edges.reshape(-1, 2))


def _diagnostics(
    person: MarkerPerson, found: SizeEstimate, estimate: MarkerEstimate, residual: Array, up: str
) -> FitDiagnostics:
    """Figures for the report."""
    size, solution = person.model.layout.size, found.solution
    deviation = np.sqrt(np.diag(found.covariance))[size]
    factors = zip(person.model.proportions.groups, found.shared[size], deviation, strict=True)
    rms_m = np.sqrt(np.nanmean(np.square(residual), axis=0))
    return FitDiagnostics(
        SolverDiagnostics(
            frames_for_size=len(found.frames) if solution else 0,
            cost_trace=tuple(solution.cost_trace) if solution else (),
            gradient_norm=solution.gradient_norm if solution else None,
            windows=len(estimate.windows),
            windows_converged=sum(s.converged for s in estimate.windows),
            window_iterations=tuple(s.iterations for s in estimate.windows),
        ),
        markers=MarkerDiagnostics(
            up,
            1000 * float(np.sqrt(np.nanmean(np.square(residual)))),
            {name: 1000 * float(value) for name, value in zip(person.model.points, rms_m, strict=True)},
            1000 * estimate.noise.sigma,
            estimate.noise.information,
            {group: (float(np.exp(s)), float(d)) for group, s, d in factors} if solution else None,
            guessed_frames(person),
        ),
    )
