"""Sizes and marker places of a person from markers, with the noise of the markers learned on the way.

With the noise unknown, sizes and noise are found in turn: a rough size from anchor frames, then well spread frames
solved together, twice; from how errors repeat in the next frame it follows how much independent information there is
in a frame, and with that they are solved again.
"""

from dataclasses import replace

import numpy as np

from pase.fit.markers.guess import (
    MarkerTrial,
    anchor_frames,
    continue_motion,
    rough_size,
    solve_anchors,
    usable_frames,
)
from pase.fit.markers.noise import independent_share, noise_stretches, with_learned_sigma
from pase.fit.problem import State
from pase.fit.schedule import SHARED_FRAMES, Pass, SharedEstimate, solve_passes, spread_frames
from pase.types import Array, Indices

FIRST_INDEPENDENT = 10.0
"""Independent frames assumed for the first estimate of the sizes, before the correlation of errors is measured."""

WHITE = 0.5
"""Share of independent information above which neighbouring frames are taken for the sizes: against white noise,
smoothness in time keeps postures from taking up noise and sizes from following."""

SIZE_RANGE = (0.4, 1.6)
"""Range of a rough guess of the person's size relative to the model's."""

_ROUGH = (Pass(20, width=20.0),)
"""A wide robust loss: with the sizes still wrong, all markers are some way off."""

_FINE = 2 * (Pass(25, 1e-5, learn=with_learned_sigma),)
"""Sizes come out of small differences: a tighter tolerance than for postures. Sizes and noise are found in turn."""


def estimate_sizes(trial: MarkerTrial, shared: Array, *, free: bool) -> tuple[SharedEstimate, float]:
    """Sizes and marker places with postures of well spread frames, and the noise of a usual marker, m.

    Parameters
    ----------
    trial
        The recording; a noise that is fixed is kept.
    shared
        (m,) sizes and marker places of the model.
    free
        False holds them: then only postures of anchor frames are found.
    """
    anchors, size = anchor_frames(trial), trial.subject.model.layout.size
    if free:
        shared = shared.copy()
        shared[size] += np.log(np.clip(rough_size(trial), *SIZE_RANGE))
    q = solve_anchors(trial, anchors, shared)
    if not free:
        sigma = with_learned_sigma(trial, anchors, State(q, shared)).measurements[0].sigma
        return SharedEstimate(shared, None, anchors, q), sigma
    loose = _counted(trial, FIRST_INDEPENDENT / len(anchors))
    rough = solve_passes(loose, anchors, State(q, shared), _ROUGH, sequence=False).solution.state.shared
    q = solve_anchors(trial, anchors, rough)
    frames = spread_frames(usable_frames(trial), SHARED_FRAMES, 1)
    q = continue_motion(trial, anchors, q, rough, frames)
    first = _counted(trial, FIRST_INDEPENDENT / len(frames), hidden=_hidden(0.0))
    solved = solve_passes(first, frames, State(q, rough), _FINE, sequence=False)
    state = solved.solution.state
    share = _independent_share(trial, frames, state)
    independent = share * trial.measurements[0].visible.any(1).sum() / len(frames)
    second = _counted(solved.trial, float(independent), hidden=_hidden(share))
    sequence = share > WHITE and len(trial.time) > SHARED_FRAMES
    if sequence:
        near = spread_frames(np.arange(len(trial.time)))
        frames, state = near, State(continue_motion(trial, frames, state.q, state.shared, near), state.shared)
    solved = solve_passes(second, frames, state, _FINE, sequence=sequence)
    return solved.estimate(), solved.trial.measurements[0].sigma


def _counted(trial: MarkerTrial, information: float, hidden: float = 1.0) -> MarkerTrial:
    """The trial whose frames count with a share of independent information, and errors as larger than they show."""
    markers = trial.measurements[0]
    hidden = 1.0 if markers.fixed else hidden
    return replace(trial, measurements=(replace(markers, information=min(1.0, information), hidden=hidden),))


def _hidden(share: float) -> float:
    """Ratio of real errors to residuals, from the share of independent information in a frame."""
    return 1 + 2 * (1 - share)


def _independent_share(trial: MarkerTrial, frames: Indices, state: State) -> float:
    """Share of independent information in a frame of the recording, from how errors repeat in the next one.

    200 frames of one walk determine a bone's length hardly better than a few of them.
    """
    stretches = noise_stretches(len(trial.time))
    q = continue_motion(trial, frames, state.q, state.shared, np.concatenate(stretches))
    by_stretch = np.split(q, np.cumsum([len(s) for s in stretches])[:-1])
    states = [State(q_stretch, state.shared) for q_stretch in by_stretch]
    return independent_share(trial, list(zip(stretches, states, strict=True)))
