"""Persons who were seen but are not in the result, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody in the picture who gets no skeleton."""

    why: str
    """One sentence."""
    frames: int
    """Number of frames in which the person was seen."""
    first_s: float
    """When the person was first seen, seconds."""
    last_s: float
    """When the person was last seen, seconds."""
    size_px: float
    """Longer side of the person in the picture, pixels, at its largest."""
    place_px: tuple[float, float]
    """Where the person was when first seen: x, y in pixels."""
