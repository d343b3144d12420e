"""Forward kinematics of the default skeleton in torch: many windows at once, each of another body.

The same joints in the same order as `pase.anatomy.kinematics`, whose results it gives to 1e-5 m
(`tests/lift/test_lift_training.py`); no derivatives, because training data need none.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from pase.anatomy.coordinates import CoordinateMap
from pase.anatomy.functions import Constant, Function, Linear, SimmSpline
from pase.anatomy.joints import rotation_xyz, translation_scale_matrix
from pase.anatomy.model import Landmark, Skeleton
from pase.errors import InputError


class TorchKinematics(nn.Module):
    """A skeleton compiled to tensors; `.to(device)` moves it.

    Parameters
    ----------
    skeleton
        The model.
    landmarks
        The K landmarks to place; only bodies that carry one are worked out.
    """

    def __init__(self, skeleton: Skeleton, landmarks: Sequence[Landmark]) -> None:
        super().__init__()
        names = skeleton.body_names
        parents = [names.index(j.parent) if j.parent in names else -1 for j in skeleton.joints]
        carried = [skeleton.body_index(m.body) for m in landmarks]
        bodies = _carriers(parents, carried)
        rows = {body: row for row, body in enumerate(bodies)}
        self._parents = [rows[parents[b]] if parents[b] >= 0 else -1 for b in bodies]
        joints = [skeleton.joints[b] for b in bodies]
        self._compile_coordinates(skeleton)
        J = len(joints)
        coordinate_names = [c.name for c in skeleton.coordinates]
        gain, offset = np.zeros((6 * J, len(coordinate_names))), np.zeros(6 * J)
        self._splines: list[tuple[int, int]] = []
        self.splines = nn.ModuleList()
        for j, joint in enumerate(joints):
            for i, axis in enumerate((*joint.rotations, *joint.translations)):
                row = 6 * j + i
                column = None if axis.coordinate is None else coordinate_names.index(axis.coordinate)
                slope, intercept, spline = _split(axis.function)
                offset[row] = intercept
                if spline is not None and column is not None:
                    self._splines.append((row, column))
                    self.splines.append(_Spline(spline))
                elif column is not None:
                    gain[row, column] = slope
        axes = np.array([[a.axis for a in j.rotations] for j in joints], float)
        axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
        weights = [translation_scale_matrix(j) for j in joints]
        arrays = {
            "gain": gain.T, "offset": offset, "axis": axes,
            "direction": [[a.axis for a in j.translations] for j in joints],
            "scale_weight": [w for w, _ in weights], "scale_offset": [c for _, c in weights],
            "from_parent": [j.parent_frame.translation for j in joints],
            "to_child": [j.child_frame.translation for j in joints],
            "before": [rotation_xyz(j.parent_frame.orientation) for j in joints],
            "after": [rotation_xyz(j.child_frame.orientation).T for j in joints],
            "location": [m.location for m in landmarks],
        }  # fmt: skip
        for name, values in arrays.items():
            self.register_buffer(name, torch.tensor(np.array(values), dtype=torch.float32))
        self._landmark_rows = [rows[b] for b in carried]
        ground = len(bodies)
        indices = {
            "bodies": bodies, "parents": [ground if p < 0 else p for p in self._parents],
            "landmark_rows": self._landmark_rows, "spline_rows": [r for r, _ in self._splines],
        }  # fmt: skip
        for name, index in indices.items():
            self.register_buffer(name, torch.tensor(index, dtype=torch.long))

    def _compile_coordinates(self, skeleton: Skeleton) -> None:
        """Free coordinates → all coordinates, as one matrix: every coupler of this skeleton is linear."""
        mapping = CoordinateMap(skeleton)
        n = len(skeleton.free_coordinates)
        base = mapping.values(np.zeros((1, n)))[0]
        slope = mapping.values(np.eye(n)) - base
        probe = np.random.default_rng(0).normal(size=(3, n))
        if not np.allclose(mapping.values(probe), base + probe @ slope):
            raise InputError("the skeleton has couplers that are not linear")
        self.register_buffer("coordinate_base", torch.tensor(base, dtype=torch.float32))
        self.register_buffer("coordinate_slope", torch.tensor(slope, dtype=torch.float32))

    def forward(self, q: Tensor, scale: Tensor, location: Tensor | None = None) -> Tensor:
        """World positions (N, T, K, 3) of the landmarks in metres.

        Parameters
        ----------
        q
            (N, T, n) free coordinates in rad and m.
        scale
            (N, B, 3) scale factors of all the skeleton's bodies.
        location
            (N, K, 3) places of the landmarks on their unscaled bodies; those of the skeleton when None.
        """
        scale = scale[:, self.bodies]
        values = self.coordinate_base + q @ self.coordinate_slope
        moved = self.offset + values @ self.gain
        if self._splines:
            bent = [f(values[..., c]) for f, (_, c) in zip(self.splines, self._splines, strict=True)]
            moved = moved.index_copy(-1, self.spline_rows, torch.stack(bent, dim=-1))
        moved = moved.unflatten(-1, (-1, 6))
        local, origin = self._local(moved, scale)
        drop = (scale * self.to_child)[:, None]
        rotations: list[Tensor] = []
        origins: list[Tensor] = []
        for j, parent in enumerate(self._parents):
            if parent < 0:
                rotation, place = local[..., j, :, :], origin[..., j, :]
            else:
                rotation = product(rotations[parent], local[..., j, :, :])
                place = origins[parent] + apply(rotations[parent], origin[..., j, :])
            rotations.append(rotation)
            origins.append(place - apply(rotation, drop[:, :, j].expand_as(place)))
        places = self.location if location is None else location
        on_body = (places * scale[:, self.landmark_rows])[:, None]
        turn = torch.stack([rotations[r] for r in self._landmark_rows], dim=2)
        base = torch.stack([origins[r] for r in self._landmark_rows], dim=2)
        return base + apply(turn, on_body.expand_as(base))

    def _local(self, moved: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        """Of every joint, the child's rotation (N, T, J, 3, 3) and the centre (N, T, J, 3) in the parent's axes."""
        turns = _rodrigues(self.axis, moved[..., :3])
        turned = product(product(turns[..., 0, :, :], turns[..., 1, :, :]), turns[..., 2, :, :])
        local = product(product(self.before, turned), self.after)
        ground = torch.ones_like(scale[:, :1])
        parent = torch.cat([scale, ground], dim=1)[:, self.parents]
        factor = torch.einsum("jab,njb->nja", self.scale_weight, parent) + self.scale_offset
        amount = moved[..., 3:] * factor[:, None]
        shift = apply(self.before, apply(self.direction.transpose(-1, -2), amount))
        return local, (parent * self.from_parent)[:, None] + shift


class _Spline(nn.Module):
    """A natural spline of a joint, evaluated as `SimmSpline` does."""

    def __init__(self, spline: SimmSpline) -> None:
        super().__init__()
        starts, coefficients = spline.pieces
        for name, values in {"starts": starts, "coefficients": coefficients}.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        piece = torch.bucketize(x.contiguous(), self.starts[1:], right=True)
        d, c = x - self.starts[piece], self.coefficients[piece]
        out: Tensor = c[..., 0] + d * (c[..., 1] + d * (c[..., 2] + d * c[..., 3]))
        return out


def _split(function: Function) -> tuple[float, float, SimmSpline | None]:
    """Slope and intercept of a linear function, or the spline that it is."""
    if isinstance(function, Constant):
        return 0.0, function.constant, None
    if isinstance(function, Linear):
        return function.slope, function.intercept, None
    if isinstance(function, SimmSpline):
        return 0.0, 0.0, function
    raise InputError(f"no torch version of a joint function {type(function).__name__}")


def _carriers(parents: Sequence[int], bodies: Sequence[int]) -> list[int]:
    """The bodies and all that carry them, parents first."""
    carriers: set[int] = set()
    for body in bodies:
        while body >= 0 and body not in carriers:
            carriers.add(body)
            body = parents[body]
    return sorted(carriers)


def apply(rotation: Tensor, vector: Tensor) -> Tensor:
    """Rotations (..., 3, 3) times vectors (..., 3)."""
    if vector.is_cuda:
        return (rotation * vector.unsqueeze(-2)).sum(-1)
    return (rotation @ vector.unsqueeze(-1)).squeeze(-1)


def product(a: Tensor, b: Tensor) -> Tensor:
    """Matrices (..., 3, 3) times matrices (..., 3, 3); graphics cards are slow at millions of tiny products."""
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2) if a.is_cuda else a @ b


def _rodrigues(axis: Tensor, angle: Tensor) -> Tensor:
    """(..., J, 3, 3, 3) rotations by `angle` (..., J, 3) about fixed unit axes (J, 3, 3)."""
    x, y, z = axis.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))
    sine, versine = angle.sin().unsqueeze(-1), (1 - angle.cos()).unsqueeze(-1)
    turned = torch.eye(3, device=axis.device).flatten() + sine * skew.flatten(-2)
    return torch.addcmul(turned, versine, (skew @ skew).flatten(-2)).unflatten(-1, (3, 3))
