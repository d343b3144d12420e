"""From 3D markers of one person to their personalised skeleton in motion: scaling and inverse kinematics in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.proportions import PersonFacts
from pase.data import Landmarks3D, Motion
from pase.diagnostics import FitDiagnostics, MarkerDiagnostics, SolverDiagnostics
from pase.errors import InputError
from pase.fit.draws import drawn_motions
from pase.fit.inputs import BodyPoint, PointSet
from pase.fit.markers.guess import MarkerTrial, continue_motion, key_frames
from pase.fit.markers.handedness import is_mirrored
from pase.fit.markers.names import FEWEST_MARKERS, named_as_model
from pase.fit.markers.noise import Noise, learn_noise, with_noise
from pase.fit.markers.sizes import estimate_sizes
from pase.fit.markers.units import unit_factor
from pase.fit.markers.up_axis import Axis, Up, find_up, heads_along, turned_up
from pase.fit.markers.weights import relative_sigma
from pase.fit.measurements import PointMeasurements
from pase.fit.root import with_open_root
from pase.fit.schedule import SequenceEstimate, SharedEstimate, solve_windows
from pase.fit.subject import SubjectOptions, prepare_subject
from pase.fit.threads import on_one_thread
from pase.fit.trial import Trial
from pase.parallel import Helpers
from pase.series import evenly_spread, interpolated, stretches_of
from pase.types import Array, ShareProgress

STATIC_FRAMES, STATIC_GAP_S = 100, 10.0
"""Most frames of a static trial that are used, and how long before the motion they are put: not to be tied to it."""

FIRST_SIGMA_M = 0.010
"""Noise of a marker that the fit starts from."""

ILL_FIT_M = 0.040
"""Root mean square distance between skeleton and markers above which the user is warned."""

ABSURD_FIT_M = 0.30
"""Root mean square distance above which the markers are no body with these names."""

LARGEST_LOG_SIZE = 0.7
"""Sizes stay within half and twice the model's."""

STRAY_M, STRAY_TIMES = 0.06, 4.0
"""Distance of a single marker from the skeleton, and its ratio to the others', beyond which its name must be
wrong."""


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
    mirrored: bool = False
    """The data's axes are left-handed."""
    subject: str | None = None
    """Whose markers, where the data have those of several people, called `subject:marker`."""
    facts: PersonFacts = PersonFacts()
    """Facts about the person; for the default skeleton."""

    def __post_init__(self) -> None:
        if self.sigma_m is not None and not 0 < self.sigma_m <= 1:
            raise InputError(f"sigma must be more than 0 and at most 1000 mm, not {1000 * self.sigma_m:g}")


@on_one_thread
def fit_markers(
    data: Landmarks3D,
    skeleton: Skeleton,
    markers: PointSet,
    options: MarkerOptions | None = None,
    *,
    static: Landmarks3D | None = None,
    progress: ShareProgress | None = None,
) -> Motion:
    """Estimate one person's sizes, marker places and motion from markers.

    Parameters
    ----------
    data
        Measured markers; NaN where unseen.
    static
        A second recording of the same person, used for the sizes alone.

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
    data, warnings = named_as_model(data, markers.names, options.subject)
    used = _common(data, markers, options, warnings)
    xyz, up = _upright(data, skeleton, used, options, warnings)
    points = PointSet(used, markers.mirrored, movable=options.scale and options.move_markers)
    trial, shared = _marker_trial(skeleton, points, data.time, xyz, options)
    sizing, before = trial, 0
    if static is not None:
        static, _ = named_as_model(static, markers.names, options.subject)
        sizing = _with_static(trial, static, used, options)
        before = len(sizing.time) - len(trial.time)
    estimate, sigma = estimate_sizes(sizing, shared, free=options.scale)
    later = estimate.frames >= before
    estimate = replace(estimate, frames=estimate.frames[later] - before, q=estimate.q[later])
    report(0.3)
    sequence, noise = _solve_motion(
        with_noise(trial, sigma), estimate, lambda share: report(0.3 + 0.7 * share)
    )
    return _motion(trial, estimate, sequence, noise, up, warnings)


def _marker_trial(
    skeleton: Skeleton, points: PointSet, time: Array, xyz: Array, options: MarkerOptions
) -> tuple[MarkerTrial, Array]:
    """Markers (T, K, 3) of a person as a trial, and a first guess (m,) of sizes and marker places."""
    person = SubjectOptions(options.facts, largest_log_size=LARGEST_LOG_SIZE)
    subject, shared = prepare_subject(with_open_root(skeleton), [points], options=person)
    relative = relative_sigma(points.names, options.weights)
    fixed, sigma = options.sigma_m is not None, options.sigma_m or FIRST_SIGMA_M
    markers = PointMeasurements(points.names, time, xyz, relative, sigma, fixed)
    return Trial.of(subject, [markers]), shared


def _solve_motion(
    trial: MarkerTrial, estimate: SharedEstimate, progress: ShareProgress
) -> tuple[SequenceEstimate, Noise]:
    """Every frame, the shared unknowns held: key frames each for itself, then the noise, then all."""
    keys = key_frames(trial)
    q = continue_motion(trial, estimate.frames, estimate.q, estimate.shared, keys)
    start = interpolated(q, trial.time[keys], trial.time)
    noise = learn_noise(trial, start, estimate.shared)
    progress(0.3)
    trial = with_noise(trial, noise.sigma, noise.acceleration)
    informed = replace(trial.measurements[0], independent_share=noise.information)
    trial = replace(trial, measurements=(informed,))
    sequence = solve_windows(trial, start, estimate, lambda share: progress(0.3 + 0.7 * share), Helpers(0))
    return sequence, noise


def _common(
    data: Landmarks3D, markers: PointSet, options: MarkerOptions, warnings: list[str]
) -> tuple[BodyPoint, ...]:
    """Markers of the data that are visible and have a weight; others lead to a warning."""
    measured_columns = np.flatnonzero(np.isfinite(data.xyz).all(axis=2).sum(axis=0))
    weighted = {n for n in data.names if options.weights is None or options.weights.get(n, 0.0) > 0}
    measured = {data.names[k] for k in measured_columns}
    used = tuple(m for m in markers.markers if m.landmark.name in measured & weighted)
    if not len(measured_columns):
        raise InputError("no marker has a position in any frame: export the data again")
    if len(used) < FEWEST_MARKERS:
        raise InputError(
            f"only {len(used)} of the markers are in both the data and the model (with a weight); the data have: "
            f"{', '.join(data.names)}; the model has: {', '.join(markers.names)}"
        )
    unknown = [n for n in data.names if n not in markers.names]
    if unknown:
        warnings.append(f"markers that the model does not have were left out: {', '.join(unknown)}")
    return used


def _upright(
    data: Landmarks3D,
    skeleton: Skeleton,
    used: tuple[BodyPoint, ...],
    options: MarkerOptions,
    warnings: list[str],
) -> tuple[Array, Axis]:
    """Positions (T, K, 3) of the used markers in metres and right-handed axes, Y up; and which axis was up."""
    xyz = data.xyz[:, [data.names.index(m.landmark.name) for m in used]]
    factor = unit_factor(xyz, skeleton, used)
    if factor != 1.0:
        xyz = xyz * factor
        warnings.append(
            f"in the file's unit of length nobody is that size: its positions were multiplied by {factor:g}; "
            "correct the unit in its header"
        )
    xyz = _right_handed(xyz, skeleton, used, options.mirrored)
    if options.up != "auto":
        return turned_up(xyz, options.up), options.up
    axis = find_up(xyz, skeleton, used)
    along = axis if axis != "y" else heads_along(xyz, skeleton, used)
    if axis != "y":
        warnings.append(
            f"the data's {axis.upper()} axis points up, with the head over the feet: positions were turned to Y up; "
            "give --up y if the person lies"
        )
    elif along != "y":
        warnings.append(
            f"the person lies along the data's {along.upper()} axis; if that points up, give --up {along}"
        )
    return turned_up(xyz, axis), axis


def _right_handed(xyz: Array, skeleton: Skeleton, used: tuple[BodyPoint, ...], mirrored: bool) -> Array:
    """The same markers, of a body with its own left and right; mirrored where the user says that their axes are.

    A mirror image has one of two reasons, which positions cannot tell apart.
    """
    if mirrored:
        xyz = xyz * np.array([1.0, 1.0, -1.0])
    if is_mirrored(xyz, skeleton, used):
        if mirrored:
            raise InputError("mirrored, the markers make the mirror image of a body: leave out --mirrored")
        raise InputError(
            "the markers make the mirror image of a body: if the axes are left-handed, as in Unity, give --mirrored; "
            "otherwise left and right are exchanged in the names: correct these"
        )
    return xyz


def _with_static(
    trial: MarkerTrial, static: Landmarks3D, used: tuple[BodyPoint, ...], options: MarkerOptions
) -> MarkerTrial:
    """The trial with frames of a static trial before those of the motion, for the sizes alone."""
    skeleton, markers = trial.subject.model.skeleton, trial.measurements[0]
    common = [k for k, name in enumerate(markers.names) if name in static.names]
    if len(common) < FEWEST_MARKERS:
        raise InputError(
            f"the static trial has only {len(common)} of the markers of the motion; it has: {', '.join(static.names)}"
        )
    frames = evenly_spread(len(static), STATIC_FRAMES)
    xyz = np.full((len(frames), len(markers.names), 3), np.nan)
    places = static.xyz[frames][:, [static.names.index(markers.names[k]) for k in common]]
    points = tuple(used[k] for k in common)
    places = _right_handed(places * unit_factor(places, skeleton, points), skeleton, points, options.mirrored)
    axis = find_up(places, skeleton, points) if options.up == "auto" else options.up
    xyz[:, common] = turned_up(places, axis)
    time = static.time[frames] - static.time[frames[-1]] + markers.time[0] - STATIC_GAP_S
    combined = replace(
        markers, xyz=np.concatenate([xyz, markers.xyz]), time=np.concatenate([time, markers.time])
    )
    return Trial.of(trial.subject, [combined])


def _motion(
    trial: MarkerTrial,
    estimate: SharedEstimate,
    sequence: SequenceEstimate,
    noise: Noise,
    up: str,
    warnings: list[str],
) -> Motion:
    markers = trial.measurements[0]
    skeleton = trial.subject.model.personal_skeleton(estimate.shared)
    residual = np.linalg.norm(Kinematics(skeleton).positions(sequence.q) - markers.xyz, axis=-1)
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
    warnings.extend(_stray_markers(markers.names, residual))
    guessed = guessed_frames(markers)
    if len(guessed):
        warnings.append(
            f"{sum(b - a + 1 for a, b in guessed)} frames show too few markers and were bridged by the model"
        )
    return Motion(
        skeleton,
        sequence.q,
        sequence.q_std,
        markers.time,
        None,
        residual,
        warnings=tuple(warnings),
        diagnostics=_diagnostics(trial, estimate, sequence, noise, residual, up),
        draws=drawn_motions(trial.subject.model, estimate.shared, sequence),
    )


def _stray_markers(names: Sequence[str], residual: Array) -> list[str]:
    """A warning for single markers that are far off while the others fit: they are misplaced or misnamed."""
    off = np.sqrt(np.nanmean(np.square(residual), axis=0))
    limit = max(STRAY_M, STRAY_TIMES * float(np.median(off)))
    stray = [
        f"{name} ({1000 * value:.0f} mm)" for name, value in zip(names, off, strict=True) if value > limit
    ]
    if not stray:
        return []
    return [f"markers far from where the model has them: {', '.join(stray)}; check their names and places"]


def guessed_frames(markers: PointMeasurements) -> tuple[tuple[int, int], ...]:
    """First and last frame of every stretch in which less than half of the usual markers are seen."""
    count = markers.visible.sum(1)
    sparse = count < 0.5 * np.median(count[count > 0])
    return tuple((int(a), int(b) - 1) for a, b in stretches_of(sparse))


def _diagnostics(
    trial: MarkerTrial,
    estimate: SharedEstimate,
    sequence: SequenceEstimate,
    noise: Noise,
    residual: Array,
    up: str,
) -> FitDiagnostics:
    """Figures for the report."""
    model, solution = trial.subject.model, estimate.solution
    factors = None
    if estimate.covariance is not None:
        size = model.layout.size
        deviation = np.sqrt(np.diag(estimate.covariance))[size]
        values = zip(np.exp(estimate.shared[size]).tolist(), deviation.tolist(), strict=True)
        factors = dict(zip(model.proportions.groups, values, strict=True))
    rms_mm = 1000 * np.sqrt(np.nanmean(np.square(residual), axis=0))
    return FitDiagnostics(
        SolverDiagnostics(
            frames_for_size=len(estimate.frames) if solution else 0,
            cost_trace=solution.cost_trace if solution else (),
            gradient_norm=solution.gradient_norm if solution else None,
            windows=len(sequence.windows),
            windows_converged=sum(end.converged for end in sequence.windows),
            window_iterations=tuple(end.iterations for end in sequence.windows),
        ),
        markers=MarkerDiagnostics(
            up,
            1000 * float(np.sqrt(np.nanmean(np.square(residual)))),
            dict(zip(trial.measurements[0].names, rms_mm.tolist(), strict=True)),
            1000 * noise.sigma,
            noise.information,
            factors,
            guessed_frames(trial.measurements[0]),
        ),
    )
