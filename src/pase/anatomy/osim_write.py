"""Writes a personalised skeleton as a whole OpenSim 4 model, its bones beside it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from pase.anatomy.bones import load_bones
from pase.anatomy.functions import (
    Constant,
    Function,
    Linear,
    Multiplier,
    PiecewiseLinear,
    Polynomial,
    SimmSpline,
)
from pase.anatomy.joints import (
    is_free_displacement,
    is_simple,
    joint_coordinates,
    rotation_xyz,
    translation_scale,
)
from pase.anatomy.model import Body, BoneMesh, Coordinate, Coupler, Frame, Joint, Skeleton, TransformAxis
from pase.anatomy.surfaces import BoneSurface, vtp_text
from pase.errors import InputError
from pase.files import write_text
from pase.types import Array

FORMAT_VERSION = "40600"
"""Document version of OpenSim 4.6, which therefore converts nothing. Earlier OpenSim 4 reads it too: the elements are
those of 4.0, and a newer number is no error."""

GEOMETRY_FOLDER = "Geometry"
"""Where OpenSim looks for meshes beside a model."""

BONE_COLOR = "0.93 0.9 0.82"

CREDITS = (
    "Made by PASE. Its default skeleton has the kinematics and inertia of the full-body model of Pose2Sim by "
    "D. Pagnon (BSD-3-Clause), after Beaucage-Gauvreau et al. 2019 and Rajagopal et al. 2016, and bones "
    "under CC BY 3.0."
)


def write_osim(
    skeleton: Skeleton, path: str | Path, *, mass_kg: float | None = None, with_geometry: bool = True
) -> None:
    """Write a skeleton as an OpenSim 4 model in its own size.

    The skeleton's scale is put into frames, joint functions, meshes, markers and inertias, so the written
    model has scale one. Every body is stretched with its mass kept; with `mass_kg` all masses grow by one
    factor. The file is written beside its place and renamed when it is whole.

    Parameters
    ----------
    mass_kg
        Mass of the whole person in kilograms, or None to keep the masses of the skeleton.
    with_geometry
        Also write the known bones as ASCII `.vtp` files into the folder `Geometry` beside the file, where
        OpenSim's program finds them.

    Raises
    ------
    InputError
        `mass_kg` is not positive, or the skeleton has no mass to share it out by.
    """
    path = Path(path)
    factor = _mass_factor(skeleton, mass_kg)
    bones = load_bones(skeleton) if with_geometry else {}
    root = Element("OpenSimDocument", Version=FORMAT_VERSION)
    root.append(_model(_with_written_meshes(skeleton, bones), factor))
    ElementTree.indent(root, "\t")
    text = '<?xml version="1.0" encoding="UTF-8" ?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    for file, bone in bones.items():
        write_text(path.parent / GEOMETRY_FOLDER / geometry_file(file), vtp_text(bone))
    write_text(path, text)


def geometry_file(file: str) -> str:
    """Name of the written `.vtp` file of a bone mesh, without folders."""
    return Path(file.replace("\\", "/")).stem + ".vtp"


def _with_written_meshes(skeleton: Skeleton, bones: dict[str, BoneSurface]) -> Skeleton:
    """The skeleton with the names of the mesh files that are written; meshes that PASE lacks keep theirs."""

    def with_file_name(mesh: BoneMesh) -> BoneMesh:
        return replace(mesh, file=geometry_file(mesh.file)) if mesh.file in bones else mesh

    bodies = tuple(replace(b, meshes=tuple(with_file_name(m) for m in b.meshes)) for b in skeleton.bodies)
    return replace(skeleton, bodies=bodies)


def _mass_factor(skeleton: Skeleton, mass_kg: float | None) -> float:
    if mass_kg is None:
        return 1.0
    total = sum(body.mass for body in skeleton.bodies)
    if not (np.isfinite(mass_kg) and mass_kg > 0):
        raise InputError(f"the mass must be a positive number of kilograms, not {mass_kg}")
    if total <= 0:
        raise InputError("the skeleton has no masses, so a mass cannot be shared out among its bodies")
    return mass_kg / total


def _model(skeleton: Skeleton, mass_factor: float) -> Element:
    model = Element("Model", name=skeleton.name)
    scale = {"ground": np.ones(3)} | dict(zip(skeleton.body_names, skeleton.scale, strict=True))
    SubElement(model, "Ground", name="ground")
    _text(model, "gravity", "0 -9.80665 0")
    _text(model, "credits", CREDITS)
    _text(model, "length_units", "meters")
    _text(model, "force_units", "N")
    bodies = _set(model, "BodySet")
    for body in skeleton.bodies:
        bodies.append(_body(body, scale[body.name], mass_factor))
    coordinates = {c.name: c for c in skeleton.coordinates}
    joints = _set(model, "JointSet")
    for joint in skeleton.joints:
        joints.append(_joint(joint, coordinates, scale[joint.parent], scale[joint.child]))
    constraints = _set(model, "ConstraintSet")
    for coupler in skeleton.couplers:
        constraints.append(_coupler(coupler))
    markers = _set(model, "MarkerSet")
    for landmark in skeleton.landmarks:
        marker = SubElement(markers, "Marker", name=landmark.name)
        _text(marker, "socket_parent_frame", f"/bodyset/{landmark.body}")
        _text(marker, "location", _numbers(np.asarray(landmark.location) * scale[landmark.body]))
        _text(marker, "fixed", _flag(landmark.fixed))
    return model


def _set(model: Element, kind: str) -> Element:
    element = SubElement(model, kind, name=kind.lower())
    objects = SubElement(element, "objects")
    SubElement(element, "groups")
    return objects


def _text(parent: Element, tag: str, text: str) -> Element:
    element = SubElement(parent, tag)
    element.text = text
    return element


def _number(value: float) -> str:
    if np.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return repr(float(value))


def _numbers(values: Sequence[float] | Array) -> str:
    return " ".join(_number(v) for v in values)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _body(body: Body, scale: Array, mass_factor: float) -> Element:
    element = Element("Body", name=body.name)
    offset = [(i, m) for i, m in enumerate(body.meshes) if m.frame != Frame()]
    if offset:
        components = SubElement(element, "components")
        for i, mesh in offset:
            frame = _offset_frame(components, f"{body.name}_geometry_{i}", "..", mesh.frame, scale)
            _mesh(SubElement(frame, "attached_geometry"), f"{body.name}_mesh_{i}", mesh, scale)
    attached = SubElement(element, "attached_geometry")
    for i, mesh in enumerate(body.meshes):
        if mesh.frame == Frame():
            _mesh(attached, f"{body.name}_mesh_{i}", mesh, scale)
    _text(element, "mass", _number(body.mass * mass_factor))
    _text(element, "mass_center", _numbers(np.asarray(body.mass_center) * scale))
    _text(element, "inertia", _numbers(stretched_inertia(body.inertia, scale) * mass_factor))
    return element


def stretched_inertia(inertia: Sequence[float], scale: Array) -> Array:
    """Inertia (xx, yy, zz, xy, xz, yz) about the mass centre of a body stretched along its axes.

    The mass is kept; every second moment Σ m rᵢ rⱼ grows by sᵢ sⱼ.
    """
    xx, yy, zz, xy, xz, yz = inertia
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    moments = (0.5 * np.trace(tensor) * np.eye(3) - tensor) * np.outer(scale, scale)
    t = np.trace(moments) * np.eye(3) - moments
    return np.array([t[0, 0], t[1, 1], t[2, 2], t[0, 1], t[0, 2], t[1, 2]])


def _mesh(attached: Element, name: str, mesh: BoneMesh, scale: Array) -> None:
    element = SubElement(attached, "Mesh", name=name)
    _text(element, "socket_frame", "..")
    along_mesh_axes = np.linalg.norm(scale[:, None] * rotation_xyz(mesh.frame.orientation), axis=0)
    _text(element, "scale_factors", _numbers(np.asarray(mesh.scale) * along_mesh_axes))
    appearance = SubElement(element, "Appearance")
    _text(appearance, "opacity", "1")
    _text(appearance, "color", BONE_COLOR)
    _text(element, "mesh_file", mesh.file)


def _offset_frame(parent: Element, name: str, socket: str, frame: Frame, scale: Array) -> Element:
    element = SubElement(parent, "PhysicalOffsetFrame", name=name)
    _text(element, "socket_parent", socket)
    _text(element, "translation", _numbers(np.asarray(frame.translation) * scale))
    _text(element, "orientation", _numbers(frame.orientation))
    return element


def _joint(
    joint: Joint, coordinates: dict[str, Coordinate], parent_scale: Array, child_scale: Array
) -> Element:
    names = joint_coordinates(joint)
    simple = is_simple(joint)
    kind = joint.kind if simple else "CustomJoint" if names else "WeldJoint"
    if kind == "WeldJoint" and any(
        axis.function.value(np.zeros(())) != 0 for axis in joint.rotations + joint.translations
    ):
        raise InputError(
            f"joint '{joint.name}' moves its child but has no coordinate; OpenSim cannot hold that"
        )
    element = Element(kind, name=joint.name)
    parent_offset, child_offset = f"{joint.parent}_offset", f"{joint.child}_offset"
    _text(element, "socket_parent_frame", parent_offset)
    _text(element, "socket_child_frame", child_offset)
    if names:
        coordinate_set = SubElement(element, "coordinates")
        for name in names:
            coordinate_set.append(_coordinate(coordinates[name]))
    frames = SubElement(element, "frames")
    parent = "/ground" if joint.parent == "ground" else f"/bodyset/{joint.parent}"
    _offset_frame(frames, parent_offset, parent, joint.parent_frame, parent_scale)
    _offset_frame(frames, child_offset, f"/bodyset/{joint.child}", joint.child_frame, child_scale)
    if kind == "CustomJoint":
        element.append(_spatial_transform(joint, translation_scale(joint, parent_scale)))
    return element


def _coordinate(coordinate: Coordinate) -> Element:
    element = Element("Coordinate", name=coordinate.name)
    _text(element, "default_value", _number(coordinate.default))
    _text(element, "default_speed_value", "0")
    _text(element, "range", _numbers(coordinate.range))
    _text(element, "clamped", _flag(coordinate.clamped))
    _text(element, "locked", _flag(coordinate.locked))
    return element


def _spatial_transform(joint: Joint, factors: Array) -> Element:
    element = Element("SpatialTransform")
    for i, axis in enumerate(joint.rotations):
        _axis(element, f"rotation{i + 1}", axis, axis.function)
    for i, (axis, factor) in enumerate(zip(joint.translations, factors, strict=True)):
        _axis(element, f"translation{i + 1}", axis, scaled_function(axis.function, float(factor)))
    return element


def _axis(parent: Element, name: str, axis: TransformAxis, function: Function) -> None:
    element = SubElement(parent, "TransformAxis", name=name)
    _text(element, "coordinates", axis.coordinate or "")
    _text(element, "axis", _numbers(axis.axis))
    element.append(_function(function, "function"))


def scaled_function(function: Function, factor: float) -> Function:
    """A joint translation multiplied by a factor, in the simplest form."""
    if factor == 1.0 or is_free_displacement(function):
        return function
    if isinstance(function, Constant):
        return Constant(function.constant * factor)
    if isinstance(function, Multiplier):
        return Multiplier(function.function, function.scale * factor)
    return Multiplier(function, factor)


def _function(function: Function, name: str | None = None) -> Element:
    attributes = {} if name is None else {"name": name}
    match function:
        case Constant(constant):
            element = Element("Constant", attributes)
            _text(element, "value", _number(constant))
        case Linear(slope, intercept):
            element = Element("LinearFunction", attributes)
            _text(element, "coefficients", _numbers((slope, intercept)))
        case Polynomial(coefficients):
            element = Element("PolynomialFunction", attributes)
            _text(element, "coefficients", _numbers(coefficients))
        case Multiplier(inner, scale):
            element = Element("MultiplierFunction", attributes)
            SubElement(element, "function").append(_function(inner))
            _text(element, "scale", _number(scale))
        case SimmSpline(x, y) | PiecewiseLinear(x, y):
            kind = "SimmSpline" if isinstance(function, SimmSpline) else "PiecewiseLinearFunction"
            element = Element(kind, attributes)
            _text(element, "x", _numbers(x))
            _text(element, "y", _numbers(y))
        case _:
            raise InputError(
                f"a function of type {type(function).__name__} cannot be written to an .osim file"
            )
    return element


def _coupler(coupler: Coupler) -> Element:
    element = Element("CoordinateCouplerConstraint", name=coupler.name)
    _text(element, "isEnforced", "true")
    SubElement(element, "coupled_coordinates_function").append(_function(coupler.function))
    _text(element, "independent_coordinate_names", coupler.independent)
    _text(element, "dependent_coordinate_name", coupler.dependent)
    _text(element, "scale_factor", _number(coupler.scale))
    return element
