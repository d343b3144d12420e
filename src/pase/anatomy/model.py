"""The anatomical skeleton as data: bodies, joints, coordinates, couplers, landmarks and bone meshes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np

from pase.anatomy.functions import Constant, Function
from pase.errors import InputError
from pase.types import Array, Mask


@dataclass(frozen=True)
class Frame:
    """A frame fixed to a body: x_body = rotation(orientation) x + translation, of the unscaled body."""

    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Metres, in the axes of the body."""
    orientation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Body-fixed X-Y-Z Euler angles in radians, as OpenSim writes them."""


@dataclass(frozen=True)
class BoneMesh:
    """One bone's surface, attached to a body."""

    file: str
    """Name of the mesh file, for instance `femur_r.vtp`."""
    frame: Frame = field(default_factory=Frame)
    """Where the mesh is attached on the unscaled body."""
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Scale of the mesh on the unscaled body, before the body's own scale."""


@dataclass(frozen=True)
class Body:
    """A rigid segment."""

    name: str
    mass: float = 0.0
    """Kilograms."""
    mass_center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Metres, unscaled."""
    inertia: tuple[float, float, float, float, float, float] = (0.0,) * 6
    """xx, yy, zz, xy, xz, yz about the mass centre in kg m², unscaled."""
    meshes: tuple[BoneMesh, ...] = ()


@dataclass(frozen=True)
class TransformAxis:
    """One of the six axes of a joint: a rotation about, or a translation along, `axis` by `function`."""

    axis: tuple[float, float, float]
    """Unit vector in the joint's parent frame."""
    function: Function = field(default_factory=lambda: Constant(0.0))
    """Angle in radians or displacement in metres, as a function of `coordinate`."""
    coordinate: str | None = None
    """Name of the coordinate that drives the axis; None when the function is constant."""


@dataclass(frozen=True)
class Joint:
    """Where a child body moves on its parent: rotations about three axes in turn, then three translations.

    The child's joint frame is at `R1 R2 R3` and `Σ tᵢ aᵢ` in the parent's joint frame (OpenSim's spatial
    transform); every OpenSim joint type is read into this one form.
    """

    name: str
    kind: str
    """The OpenSim class it came from, for instance `PinJoint`."""
    parent: str
    """Name of the parent body, `ground` for the root."""
    child: str
    parent_frame: Frame
    child_frame: Frame
    rotations: tuple[TransformAxis, TransformAxis, TransformAxis]
    translations: tuple[TransformAxis, TransformAxis, TransformAxis]


@dataclass(frozen=True)
class Coordinate:
    """A generalised coordinate and its range of motion."""

    name: str
    default: float
    """rad or m."""
    range: tuple[float, float]
    """rad or m."""
    motion: Literal["rotational", "translational", "coupled"] = "rotational"
    clamped: bool = True
    """Whether OpenSim holds the coordinate in its range; our solver always does."""
    locked: bool = False
    """A locked coordinate keeps its default and is not free."""


@dataclass(frozen=True)
class Coupler:
    """A coordinate that follows another one: `dependent = scale · function(independent)`."""

    name: str
    dependent: str
    independent: str
    function: Function
    scale: float = 1.0


@dataclass(frozen=True)
class Landmark:
    """A named point of a body: a marker, or a keypoint of a detector."""

    name: str
    body: str
    location: tuple[float, float, float]
    """Metres on the unscaled body."""
    fixed: bool = False
    """Whether its place on the body is known, as OpenSim's `fixed`: then a fit of markers does not move it."""


@dataclass(frozen=True)
class Skeleton:
    """An anatomical skeleton; the geometry is that of the generic model, `scale` makes it a person's own."""

    name: str
    bodies: tuple[Body, ...]
    """Parents before their children; ground is not among them."""
    joints: tuple[Joint, ...]
    """`joints[i]` carries `bodies[i]`."""
    coordinates: tuple[Coordinate, ...]
    couplers: tuple[Coupler, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    scale: Array = field(default_factory=lambda: np.ones((0, 3)))
    """(B, 3) scale factors along each body's own axes; empty stands for all ones."""

    def __post_init__(self) -> None:
        if self.scale.size == 0:
            object.__setattr__(self, "scale", np.ones((len(self.bodies), 3)))
        if self.scale.shape != (len(self.bodies), 3) or not np.all(self.scale > 0):
            raise InputError(
                f"scale must be {len(self.bodies)} × 3 positive factors, not an array of shape {self.scale.shape}"
            )

    @cached_property
    def free_coordinates(self) -> tuple[Coordinate, ...]:
        """Coordinates that are neither locked nor coupled, in the order of every `q`."""
        dependent = {c.dependent for c in self.couplers}
        return tuple(c for c in self.coordinates if not c.locked and c.name not in dependent)

    @cached_property
    def free_names(self) -> tuple[str, ...]:
        """Names of the free coordinates."""
        return tuple(c.name for c in self.free_coordinates)

    @cached_property
    def body_names(self) -> tuple[str, ...]:
        """Names of the bodies."""
        return tuple(b.name for b in self.bodies)

    @cached_property
    def landmark_names(self) -> tuple[str, ...]:
        """Names of the landmarks."""
        return tuple(m.name for m in self.landmarks)

    @property
    def default_q(self) -> Array:
        """(n,) default values of the free coordinates."""
        return np.array([c.default for c in self.free_coordinates])

    @property
    def standing_q(self) -> Array:
        """(n,) default values, moved into the ranges where they lie outside."""
        return np.clip(self.default_q, *self.bounds)

    @property
    def neutral_q(self) -> Array:
        """(n,) values nearest to 0 in the ranges: the posture in which bones are measured."""
        return np.clip(np.zeros(len(self.free_coordinates)), *self.bounds)

    @cached_property
    def rotational(self) -> Mask:
        """(n,) whether a free coordinate is an angle in radians; the others are metres.

        A coordinate that turns a joint by a share of itself, as the neck's do, is an angle as well, although
        OpenSim calls it coupled.
        """
        turning = {axis.coordinate for joint in self.joints for axis in joint.rotations}
        return np.array([c.motion == "rotational" or c.name in turning for c in self.free_coordinates], bool)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper ends (n,) of the ranges of the free coordinates."""
        ranges = np.array([c.range for c in self.free_coordinates]).reshape(-1, 2)
        return ranges[:, 0], ranges[:, 1]

    def body_index(self, name: str) -> int:
        """Index of a body; the error lists the valid names."""
        return _index("body", name, self.body_names)

    def coordinate_index(self, name: str) -> int:
        """Index of a free coordinate in `q`; the error lists the valid names."""
        return _index("free coordinate", name, self.free_names)

    def landmark_index(self, name: str) -> int:
        """Index of a landmark; the error lists the valid names."""
        return _index("landmark", name, self.landmark_names)

    def scaled(self, scale: Array | Mapping[str, Sequence[float]]) -> Self:
        """The same skeleton with other scale factors: (B, 3), or factors by body name."""
        if isinstance(scale, Mapping):
            factors = self.scale.copy()
            for name, value in scale.items():
                factors[self.body_index(name)] = value
        else:
            factors = np.asarray(scale, float)
        return replace(self, scale=factors)

    def with_landmarks(self, landmarks: Sequence[Landmark]) -> Self:
        """The same skeleton with other landmarks."""
        for landmark in landmarks:
            self.body_index(landmark.body)
        return replace(self, landmarks=tuple(landmarks))


def split_side(name: str) -> tuple[str, str]:
    """A body's, coordinate's or length's name without its side, and the side: `knee_angle_r` → (`knee_angle`, `r`).

    The side is empty for names on the midline.
    """
    return (name[:-2], name[-1]) if name.endswith(("_r", "_l")) else (name, "")


def _index(kind: str, name: str, names: tuple[str, ...]) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise InputError(f"no {kind} '{name}'; the model has: {', '.join(names)}") from None
