"""Size parameters for any skeleton: which bodies are scaled together, and how far sizes may vary."""

import numpy as np

from pase.anatomy.model import Skeleton, split_side
from pase.anatomy.proportions import Prior, Proportions

TOGETHER = {
    "foot": ("talus", "calcn", "toes"),
    "forearm": ("ulna", "radius"),
    "shank": ("tibia", "patella"),
    "trunk": (
        "torso",
        "thorax",
        "lumbar1",
        "lumbar2",
        "lumbar3",
        "lumbar4",
        "lumbar5",
        "abdomen",
        "clavicle",
        "scapula",
        *(f"cerv{number}" for number in range(1, 8)),
    ),
}
"""Bodies of common OpenSim models, without their side, that are parts of one segment of the person."""

_AXES = (("depth", "x"), ("length", "y"), ("width", "z"))
_OWN_SPREAD, _COMMON_SPREAD = 0.06, 0.08
"""Standard deviations of a log scale factor: about the body as a whole, and of the body as a whole."""


def body_groups(skeleton: Skeleton) -> Proportions:
    """Depth, length and width of every segment of a skeleton; left and right, paired by their names, together.

    Only groups, axes and bodies are known of it: a skeleton at large has no stature and no population.
    """
    members: dict[str, list[str]] = {}
    for body in skeleton.body_names:
        members.setdefault(_segment(body, skeleton.body_names), []).append(body)
    groups = [
        (f"{name}_{label}", axis, tuple(bodies)) for name, bodies in members.items() for label, axis in _AXES
    ]
    names, axes, bodies = (tuple(column) for column in zip(*groups, strict=True))
    return Proportions(names, axes, bodies, {})


def body_prior(groups: Proportions) -> Prior:
    """Log scale factors about 0, with 10 % standard deviation in all, most of it common to the whole body."""
    n = len(groups.groups)
    covariance = np.full((n, n), _COMMON_SPREAD**2) + _OWN_SPREAD**2 * np.eye(n)
    return Prior(np.zeros(n), covariance, "any person of about the model's size")


def _segment(body: str, names: tuple[str, ...]) -> str:
    stem = split_side(body)[0]
    stem = stem if {f"{stem}_r", f"{stem}_l"} <= set(names) else body
    return next((segment for segment, bodies in TOGETHER.items() if stem in bodies), stem)
