"""Sizes and marker places of a person from markers, with the noise of the markers learned on the way.

With the noise unknown, sizes and noise are found in turn: a rough size from anchor frames, then well spread frames
solved together, twice; from how errors repeat in the next frame it follows how much independent information there is
in a frame, and with that they are solved again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pase.fit.marker_guess import (
    MarkerTrial,
    anchor_frames,
    continue_motion,
    rough_size,
    solve_anchors,
    usable_frames,
)
from pase.fit.marker_noise import independent_share, noise_stretches, single_frame_sigma, with_noise
from pase.fit.problem import State
from pase.fit.schedule import (
    SHARED_FRAMES,
    Pass,
    SharedEstimate,
    shared_estimate,
    solve_passes,
    spread_frames,
)
from pase.types import Array, Indices

FIRST_INDEPENDENT = 10.0
"""Independent frames that the first estimate of the sizes counts on, until it is known how errors repeat."""

WHITE = 0.5
"""Share of independent information above which neighbouring frames are taken for the sizes: against white noise,
smoothness in time keeps postures from taking up noise and sizes from following."""

SKIN_SIGMA_M = 0.010
"""Movement of skin over bone, along each axis."""

SIZE_RANGE = (0.4, 1.6)
"""Sizes of the person over that of the model that a rough guess may take."""

_ROUGH = (Pass(20, width=20.0),)
"""Robust in a wide sense: with the sizes still wrong, all markers are some way off."""

_FINE = (Pass(25, 1e-5),)
"""Sizes come out of small differences: a tighter tolerance than for postures."""


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
        markers = trial.measurements[0]
        sigma = markers.sigma if markers.fixed else single_frame_sigma(trial, anchors, State(q, shared))
        return SharedEstimate(shared, None, anchors, q), sigma
    loose = _informed(trial, FIRST_INDEPENDENT / len(anchors))
    rough = solve_passes(loose, anchors, State(q, shared), _ROUGH, sequence=False)[1].state.shared
    q = solve_anchors(trial, anchors, rough)
    frames = spread_frames(usable_frames(trial), SHARED_FRAMES, 1)
    q = continue_motion(trial, anchors, q, rough, frames)
    estimate, sigma = _refined(
        _informed(trial, FIRST_INDEPENDENT / len(frames)),
        frames,
        State(q, rough),
        trial.measurements[0].sigma,
    )
    share = _independent_share(trial, estimate)
    informed = _informed(trial, float(share * trial.measurements[0].visible.any(1).sum() / len(frames)))
    state, sequence = State(estimate.q, estimate.shared), share > WHITE and len(trial.time) > SHARED_FRAMES
    if sequence:
        near = spread_frames(np.arange(len(trial.time)))
        frames, state = near, State(continue_motion(trial, frames, state.q, state.shared, near), state.shared)
    return _refined(informed, frames, state, sigma, share, sequence=sequence)


def _refined(
    trial: MarkerTrial,
    frames: Indices,
    state: State,
    sigma: float,
    share: float = 0.0,
    *,
    sequence: bool = False,
) -> tuple[SharedEstimate, float]:
    """Sizes and noise in turn, twice, with a share of independent information in the frames of the recording."""
    fixed = trial.measurements[0].fixed
    for _ in range(2):
        doubted = with_noise(trial, sigma if fixed else _doubted(sigma, share))
        problem, solution = solve_passes(doubted, frames, state, _FINE, sequence=sequence)
        state = solution.state
        if not fixed:
            sigma = single_frame_sigma(with_noise(_informed(trial, 1.0), sigma), frames, state)
    return shared_estimate(problem, solution, frames), sigma


def _informed(trial: MarkerTrial, information: float) -> MarkerTrial:
    """The trial whose frames count with a share of independent information."""
    markers = replace(trial.measurements[0], information=min(1.0, information))
    return replace(trial, measurements=(markers,))


def _doubted(sigma: float, share: float) -> float:
    """Noise to assume for sizes and marker places, m, when residuals show `sigma` and repeat themselves.

    Errors that repeat are those of skin and model, of which postures and marker places take up most, so that
    little of them is left in the residuals: about 10 mm on thighs (Leardini et al. 2005).
    """
    return max(sigma, min(SKIN_SIGMA_M, (1 + 2 * (1 - share)) * sigma))


def _independent_share(trial: MarkerTrial, estimate: SharedEstimate) -> float:
    """Share of independent information in a frame of the recording, from how errors repeat in the next one.

    200 frames of one walk tell hardly more of a bone's length than some of them.
    """
    stretches = noise_stretches(len(trial.time))
    q = continue_motion(trial, estimate.frames, estimate.q, estimate.shared, np.concatenate(stretches))
    stretch_q = np.split(q, np.cumsum([len(s) for s in stretches])[:-1])
    states = [
        (f, State(q_stretch, estimate.shared)) for f, q_stretch in zip(stretches, stretch_q, strict=True)
    ]
    return independent_share(trial, states)
