"""Figures of a fit: what the estimator reports beside the motion, for everything that reads a motion."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class BoneStatistics:
    """How well the length of a bone is known, and how it compares with other people's."""

    length_sd_m: float | None = None
    """Posterior standard deviation in metres."""
    percentile: float | None = None
    """Share of adults with a shorter bone, from 0 to 100."""


@dataclass(frozen=True, slots=True)
class SolverDiagnostics:
    """Convergence of the estimator."""

    frames_for_size: int = 0
    """Number of frames from which the unknowns shared by all frames were estimated; 0 when they were given."""
    converged: bool | None = None
    """Whether the shared unknowns converged."""
    iterations: int | None = None
    """Iterations for the shared unknowns."""
    cost_trace: tuple[float, ...] = ()
    """Cost after each of these iterations."""
    gradient_norm: float | None = None
    """Norm of the cost's gradient at their end."""
    windows: int = 0
    """Number of windows of time in which the motion was estimated."""
    windows_converged: int = 0
    window_iterations: tuple[int, ...] = ()

    def content(self) -> dict[str, Any]:
        """The figures as JSON values, rounded for people."""
        return asdict(self) | {"cost_trace": [round(cost, 4) for cost in self.cost_trace]}


@dataclass(frozen=True, slots=True)
class CameraDiagnostics:
    """The camera as it was estimated, in the terms of somebody who sets one up."""

    pitch_deg: float
    """Tilt downwards."""
    roll_deg: float
    """Tilt sideways."""
    height_m: float
    focal_length_px: float

    def content(self) -> dict[str, Any]:
        """The figures as JSON values, rounded for people."""
        return {
            "camera_pitch_deg": round(self.pitch_deg, 2),
            "camera_roll_deg": round(self.roll_deg, 2),
            "camera_height_m": round(self.height_m, 3),
            "focal_length_px": round(self.focal_length_px, 1),
        }


@dataclass(frozen=True, slots=True)
class MarkerDiagnostics:
    """How well the skeleton follows markers."""

    up: str
    """Axis of the marker file that points up."""
    rms_mm: float
    """Root mean square distance of the markers from their places on the skeleton."""
    rms_mm_by_name: Mapping[str, float]
    """The same for each marker."""
    noise_mm: float
    """Standard deviation of the markers' noise along each axis."""
    independent_information: float
    """Share of the frames that count as independent looks at the person."""
    size_factors: Mapping[str, tuple[float, float]] | None = None
    """Scale factor of each group of bones, and its relative standard deviation; None when they were given."""
    guessed_frames: tuple[tuple[int, int], ...] = ()
    """First and last frame of every stretch with too few markers."""

    def content(self) -> dict[str, Any]:
        """The figures as JSON values, rounded for people."""
        factors = self.size_factors
        return {
            "up": self.up,
            "marker_rms_mm": round(self.rms_mm, 3),
            "marker_rms_mm_by_name": {name: round(value, 2) for name, value in self.rms_mm_by_name.items()},
            "marker_noise_mm": round(self.noise_mm, 4),
            "independent_information": round(self.independent_information, 4),
            "size_factors": None
            if factors is None
            else {group: [round(value, 4) for value in pair] for group, pair in factors.items()},
            "guessed_frames": [list(stretch) for stretch in self.guessed_frames],
        }


@dataclass(frozen=True, slots=True)
class FloorDiagnostics:
    """How the floor moves under the person, in the world that the camera carries along."""

    speed_m_s: float
    """Mean speed."""
    speed_sd_m_s: float
    treadmill: bool
    """Whether it is a treadmill's belt: speeds over it are those of the motion plus the belt's. Else the camera was
    carried along, which the motion already accounts for."""

    def content(self) -> dict[str, Any]:
        """The figures as JSON values, rounded for people."""
        name = "belt" if self.treadmill else "camera"
        return {
            f"{name}_speed_m_s": round(self.speed_m_s, 3),
            f"{name}_speed_sd_m_s": round(self.speed_sd_m_s, 3),
        }


@dataclass(frozen=True, slots=True)
class FitDiagnostics:
    """Figures of one person's fit; what was not measured is absent."""

    solver: SolverDiagnostics = SolverDiagnostics()
    stature_m: float | None = None
    scale_sd: float = 0.0
    """Relative standard deviation of the size, and with it of every length and speed, where no height was given."""
    child_stature_m: float | None = None
    """Likely standing height of a person who looks like a child but, without a height, was taken for an adult."""
    bones: Mapping[str, BoneStatistics] = field(default_factory=dict)
    """Statistics of each bone length of `pase.anatomy.lengths`."""
    cost_by_term: Mapping[str, float] = field(default_factory=dict)
    """Share of each term in the cost of the shared unknowns."""
    camera: CameraDiagnostics | None = None
    markers: MarkerDiagnostics | None = None
    floor: FloorDiagnostics | None = None
    """Where the floor moves; None where it stands still."""
    off_floor_m: float | None = None
    """Height above the floor of feet that stay off it for longer than any leap; None where they do not."""

    def content(self) -> dict[str, Any]:
        """The figures as JSON values, rounded for people: `details` of a person in `report.json`."""
        figures: dict[str, Any] = {"solver": self.solver.content()}
        if self.stature_m is not None:
            figures["stature_m"] = round(self.stature_m, 4)
        if self.scale_sd:
            figures["scale_sd"] = round(self.scale_sd, 3)
        if self.child_stature_m is not None:
            figures["child_stature_m"] = round(self.child_stature_m, 2)
        if self.off_floor_m is not None:
            figures["off_floor_m"] = round(self.off_floor_m, 2)
        if self.bones:
            figures["bones"] = {name: asdict(bone) for name, bone in self.bones.items()}
        if self.cost_by_term:
            figures["cost_by_term"] = {name: round(cost, 3) for name, cost in self.cost_by_term.items()}
        for section in (self.camera, self.markers, self.floor):
            if section is not None:
                figures |= section.content()
        return figures
