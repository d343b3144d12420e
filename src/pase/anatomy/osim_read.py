"""Reads the skeleton of any OpenSim model: bodies, joints, couplers, markers and bone meshes."""

import logging
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np

from pase.anatomy.coordinates import ordered_couplers
from pase.anatomy.functions import Constant, Linear
from pase.anatomy.joints import (
    JOINT_KINDS,
    Axes,
    X,
    Y,
    Z,
    compose,
    coordinate_count,
    joint_coordinates,
    simple_axes,
)
from pase.anatomy.model import (
    Body,
    BoneMesh,
    Coordinate,
    Coupler,
    Frame,
    Joint,
    Landmark,
    Skeleton,
    TransformAxis,
)
from pase.anatomy.osim_older import FRAMES_VERSION, OLDEST_VERSION, rewrite
from pase.anatomy.osim_xml import (
    Vector,
    flag,
    model_element,
    name_of,
    numbers,
    objects,
    parse,
    read_function,
    scalar,
    vector,
)
from pase.errors import InputError

log = logging.getLogger(__name__)


def read_osim(path: str | Path) -> Skeleton:
    """Read the skeleton of an OpenSim model.

    Muscles, forces, contacts, wraps and controllers are left out. Enforced coordinate couplers are kept;
    other constraints are left out with a warning in the log. The scale of the skeleton is one.

    Parameters
    ----------
    path
        An `.osim` file of OpenSim 4, 3 or 2.

    Raises
    ------
    InputError
        The file is missing, is not an OpenSim model, or has a part that the skeleton cannot represent.
    """
    root = parse(Path(path))
    try:
        return _ModelReader(_in_current_form(root)).skeleton()
    except InputError as error:
        raise InputError(f"cannot read '{path}': {error}") from error
    except RecursionError:
        raise InputError(f"cannot read '{path}': its frames or functions are nested too deeply") from None


def _in_current_form(root: Element) -> Element:
    """The model of a document, as OpenSim 4 writes it."""
    model, version = model_element(root)
    if version < OLDEST_VERSION:
        raise InputError(
            f"its format version is '{version}', older than OpenSim 2; open it in OpenSim and save it"
        )
    if version < FRAMES_VERSION:
        rewrite(model)
    gravity = vector(model, "gravity", (0.0, -9.80665, 0.0))
    if gravity[1] >= 0 or abs(gravity[1]) < max(abs(gravity[0]), abs(gravity[2])):
        log.warning("gravity in the model is %g %g %g: it is not followed, and Y is taken as up", *gravity)
    return model


class _ModelReader:
    """Collects the frames of a model first, so that every socket can be resolved to a body."""

    def __init__(self, model: Element) -> None:
        self.model = model
        self.bodies = _by_name(objects(model, "BodySet", ("Body",)))
        self.paths = {"/ground": "ground"} | {f"/bodyset/{name}": name for name in self.bodies}
        self.offsets: dict[str, Element] = {}
        self.resolved: dict[str, tuple[str, Frame]] = {}
        self.joints = list(_by_name(objects(model, "JointSet")).values())
        for element, path in self._frame_owners():
            self._collect_offsets(element, path)

    def skeleton(self) -> Skeleton:
        joints = self._ordered([self._joint(e) for e in self.joints])
        meshes = self._meshes()
        bodies = tuple(_body(self.bodies[j.child], meshes.get(j.child, ())) for j in joints)
        coordinates = self._coordinates(joints)
        return Skeleton(
            name=self.model.get("name", "") or "model",
            bodies=bodies,
            joints=tuple(joints),
            coordinates=coordinates,
            couplers=self._couplers({c.name for c in coordinates}),
            landmarks=self._landmarks(),
        )

    def _frame_owners(self) -> Iterator[tuple[Element, str]]:
        ground = self.model.find("Ground")
        if ground is not None:
            yield ground, "/ground"
        yield from ((e, f"/bodyset/{name}") for name, e in self.bodies.items())
        yield from ((e, f"/jointset/{name_of(e)}") for e in self.joints)
        yield self.model, ""
        component_set = self.model.find("ComponentSet")
        if component_set is not None:
            yield component_set, "/componentset"

    def _collect_offsets(self, owner: Element, path: str) -> None:
        for group in ("components", "frames", "objects"):
            for element in owner.iterfind(f"{group}/PhysicalOffsetFrame"):
                child = f"{path}/{name_of(element)}"
                self.offsets[child] = element
                self._collect_offsets(element, child)

    def _resolve(self, socket: str | None, owner: str) -> tuple[str, Frame]:
        """Body and frame on it of a socket's path, relative to the component that has the socket."""
        socket = (socket or "").strip()
        path = posixpath.normpath(posixpath.join(owner, socket)) if socket else ""
        if path not in self.paths and path not in self.offsets:
            path = self._last_name(socket, path)
        if path in self.paths:
            return self.paths[path], Frame()
        if path not in self.resolved:
            element = self.offsets.pop(path, None)
            if element is None:
                raise InputError(f"frame '{path}' is fixed to itself in a circle")
            body, parent = self._resolve(element.findtext("socket_parent"), path)
            inner = Frame(vector(element, "translation"), vector(element, "orientation"))
            self.resolved[path] = body, compose(parent, inner)
            self.offsets[path] = element
        return self.resolved[path]

    def _last_name(self, socket: str, path: str) -> str:
        """Path of the only frame with the last name of an unknown path."""
        matches = [
            p for p in (*self.paths, *self.offsets) if p.rpartition("/")[2] == socket.rpartition("/")[2]
        ]
        if len(matches) != 1:
            raise InputError(f"no frame '{path or socket}'; the bodies are: {', '.join(self.bodies)}")
        return matches[0]

    def _joint(self, element: Element) -> Joint:
        name, kind = name_of(element), element.tag
        if kind not in JOINT_KINDS:
            raise InputError(f"joint '{name}' is a {kind}; the known joints are: {', '.join(JOINT_KINDS)}")
        path = f"/jointset/{name}"
        parent, parent_frame = self._resolve(element.findtext("socket_parent_frame"), path)
        child, child_frame = self._resolve(element.findtext("socket_child_frame"), path)
        if child == "ground":
            raise InputError(f"joint '{name}' has the ground as its child; swap its frames in OpenSim")
        if kind == "CustomJoint":
            rotations, translations = _spatial_transform(element)
        else:
            names = [name_of(c) for c in element.iterfind("coordinates/Coordinate")]
            names += [f"{name}_coord_{i}" for i in range(len(names), coordinate_count(kind))]
            rotations, translations = simple_axes(kind, names[: coordinate_count(kind)])
        return Joint(name, kind, parent, child, parent_frame, child_frame, rotations, translations)

    def _ordered(self, joints: list[Joint]) -> list[Joint]:
        """Joints with parents before their children, otherwise in the order of the file."""
        by_child: dict[str, Joint] = {}
        for joint in joints:
            if joint.child in by_child:
                raise InputError(
                    f"body '{joint.child}' is the child of two joints, '{by_child[joint.child].name}' and "
                    f"'{joint.name}'; closed loops of joints are not supported"
                )
            by_child[joint.child] = joint
        if not self.bodies:
            raise InputError("it has no bodies")
        joints = joints + [_free_joint(name) for name in self.bodies if name not in by_child]
        ordered: list[Joint] = []
        parents = {"ground"}
        while len(ordered) < len(joints):
            ready = [j for j in joints if j.parent in parents and j.child not in parents]
            if not ready:
                raise InputError("its joints form a circle that does not reach the ground")
            ordered.append(ready[0])
            parents.add(ready[0].child)
        return ordered

    def _coordinates(self, joints: list[Joint]) -> tuple[Coordinate, ...]:
        elements = {name_of(c): c for e in self.joints for c in e.iterfind("coordinates/Coordinate")}
        coordinates = [_coordinate(n, elements.get(n), j) for j in joints for n in joint_coordinates(j)]
        names = [c.name for c in coordinates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"coordinates must have different names; twice: {', '.join(twice)}")
        return tuple(coordinates)

    def _couplers(self, coordinates: set[str]) -> tuple[Coupler, ...]:
        couplers = []
        for element in objects(self.model, "ConstraintSet"):
            name = element.get("name", "")
            if element.findtext("isEnforced", "true").strip() == "false":
                continue
            if element.tag != "CoordinateCouplerConstraint":
                log.warning("constraint '%s' (%s) is left out", name, element.tag)
                continue
            couplers.append(_coupler(name, element, coordinates))
        dependent = [c.dependent for c in couplers]
        twice = sorted({d for d in dependent if dependent.count(d) > 1})
        if twice:
            raise InputError(f"two couplers drive the same coordinate: {', '.join(twice)}")
        ordered_couplers(couplers)
        return tuple(couplers)

    def _landmarks(self) -> tuple[Landmark, ...]:
        landmarks: dict[str, Landmark] = {}
        for element in objects(self.model, "MarkerSet", ("Marker",)):
            name = name_of(element)
            body, frame = self._resolve(element.findtext("socket_parent_frame"), f"/markerset/{name}")
            if body == "ground" or name in landmarks:
                why = "is fixed to the ground" if body == "ground" else "has the name of another one"
                log.warning("marker '%s' %s and is left out", name, why)
                continue
            location = compose(frame, Frame(vector(element, "location"))).translation
            landmarks[name] = Landmark(name, body, location, flag(element, "fixed"))
        return tuple(landmarks.values())

    def _meshes(self) -> dict[str, tuple[BoneMesh, ...]]:
        meshes: dict[str, tuple[BoneMesh, ...]] = {}
        owners = [(e, f"/bodyset/{name}") for name, e in self.bodies.items()]
        owners += [(e, path) for path, e in self.offsets.items()]
        for element, path in owners:
            for mesh in element.iterfind("attached_geometry/Mesh"):
                body, frame = self._resolve(path, "/")
                file = (mesh.findtext("mesh_file") or "").strip()
                if file:
                    bone = BoneMesh(file, frame, vector(mesh, "scale_factors", (1.0, 1.0, 1.0)))
                    meshes[body] = (*meshes.get(body, ()), bone)
        return meshes


def _by_name(elements: Iterable[Element]) -> dict[str, Element]:
    by_name: dict[str, Element] = {}
    for element in elements:
        name = name_of(element)
        if name in by_name:
            raise InputError(f"two of its parts are a {by_name[name].tag} and a {element.tag} named '{name}'")
        by_name[name] = element
    return by_name


def _free_joint(body: str) -> Joint:
    """The joint that OpenSim gives to a body that no joint carries."""
    log.warning("no joint carries body '%s'; it floats freely, as in OpenSim", body)
    name = f"free_{body}"
    axes = simple_axes("FreeJoint", [f"{name}_coord_{i}" for i in range(6)])
    return Joint(name, "FreeJoint", "ground", body, Frame(), Frame(), *axes)


def _body(element: Element, meshes: tuple[BoneMesh, ...]) -> Body:
    xx, yy, zz, xy, xz, yz = numbers(element, "inertia", 6, (0.0,) * 6)
    mass = scalar(element, "mass", 0.0)
    return Body(name_of(element), mass, vector(element, "mass_center"), (xx, yy, zz, xy, xz, yz), meshes)


def _spatial_transform(joint: Element) -> tuple[Axes, Axes]:
    elements = {e.get("name", ""): e for e in joint.iterfind("SpatialTransform/TransformAxis")}
    r1, r2, r3 = (_axis(joint, elements.get(f"rotation{i + 1}"), a) for i, a in enumerate((X, Y, Z)))
    t1, t2, t3 = (_axis(joint, elements.get(f"translation{i + 1}"), a) for i, a in enumerate((X, Y, Z)))
    return (r1, r2, r3), (t1, t2, t3)


def _axis(joint: Element, element: Element | None, default: Vector) -> TransformAxis:
    if element is None:
        return TransformAxis(default)
    axis = np.asarray(vector(element, "axis", default))
    length = np.linalg.norm(axis)
    if length < 1e-12:
        raise InputError(f"joint '{name_of(joint)}' has an axis without a direction")
    if abs(length - 1.0) > 1e-15:
        axis = axis / length
    names = (element.findtext("coordinates") or "").split()
    if len(names) > 1:
        raise InputError(
            f"joint '{name_of(joint)}' has an axis driven by several coordinates: {', '.join(names)}"
        )
    inner = [e for e in element if e.tag not in ("coordinates", "axis")]
    holder = inner[0] if inner and inner[0].tag == "function" else None
    functions = list(holder) if holder is not None else inner
    x, y, z = (float(a) for a in axis)
    function = read_function(functions[0]) if functions else Linear() if names else Constant(0.0)
    if not names and not isinstance(function, Constant):
        function = Constant(float(function.value(np.zeros(()))))
    return TransformAxis((x, y, z), function, names[0] if names else None)


def _coordinate(name: str, element: Element | None, joint: Joint) -> Coordinate:
    element = Element("Coordinate", name=name) if element is None else element
    if flag(element, "prescribed") and element.find("prescribed_function/*") is not None:
        log.warning(
            "coordinate '%s' is prescribed by a function of time in the model; that is not followed", name
        )
    low, high = numbers(element, "range", 2, (-10.0, 10.0), finite=False)
    if low > high:
        raise InputError(f"the range of coordinate '{name}' is upside down: {low} to {high}")
    return Coordinate(
        name,
        scalar(element, "default_value", 0.0),
        (low, high),
        motion_type(name, joint),
        clamped=flag(element, "clamped"),
        locked=flag(element, "locked"),
    )


def motion_type(name: str, joint: Joint) -> Literal["rotational", "translational", "coupled"]:
    """What a coordinate measures: an angle, a displacement, or neither directly, by OpenSim's rule."""
    if any(_measures(name, a) for a in joint.rotations):
        return "rotational"
    if any(_measures(name, a) for a in joint.translations):
        return "translational"
    return "coupled"


def _measures(name: str, axis: TransformAxis) -> bool:
    """Whether a coordinate is the very angle or displacement of an axis."""
    return axis.coordinate == name and isinstance(axis.function, Linear) and abs(axis.function.slope) == 1.0


def _coupler(name: str, element: Element, coordinates: set[str]) -> Coupler:
    dependent = (element.findtext("dependent_coordinate_name") or "").strip()
    independents = (element.findtext("independent_coordinate_names") or "").split()
    if len(independents) != 1:
        raise InputError(f"coupler '{name}' must follow one coordinate, not {len(independents)}")
    for coordinate in (dependent, *independents):
        if coordinate not in coordinates:
            raise InputError(f"coupler '{name}' names the unknown coordinate '{coordinate}'")
    function = element.find("coupled_coordinates_function/*")
    if function is None:
        raise InputError(f"coupler '{name}' has no function")
    return Coupler(
        name, dependent, independents[0], read_function(function), scalar(element, "scale_factor", 1.0)
    )
