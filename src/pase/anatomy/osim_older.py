"""Models of OpenSim 2 and 3 rewritten in the form of OpenSim 4, as OpenSim itself does when it opens one."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from pase.anatomy.osim_xml import flag, name_of
from pase.errors import InputError

FRAMES_VERSION = 40000
"""Document version from which on joints are written with frames and sockets."""

OLDEST_VERSION = 20000
"""Document version from which on bodies carry their joints as they did until OpenSim 3.3."""

_INERTIA = ("xx", "yy", "zz", "xy", "xz", "yz")
_CONNECTEE = re.compile(r"(?:socket_)?(\w+?)_connectee_name")
_GROUND = "ground"


def rewrite(model: Element) -> None:
    """Bring a `<Model>` of a document version before 40000 to the form of 40000, in place.

    Bodies hand their joints over to the model's set of joints, places of joints become offset frames, `<body>` of a
    marker becomes a socket, `isDisabled` of a constraint becomes `isEnforced`, and shown files become meshes. Between
    3.3 and 4.0 sockets were called connectors.

    Raises
    ------
    InputError
        For a joint that is reversed, which OpenSim 4 has no form for.
    """
    for element in list(model.iter()):
        _sockets(element)
    joints = _set_objects(model, "JointSet")
    for body in list(_members(model, "BodySet")):
        if body.get("name") == _GROUND:
            model.findall("BodySet/objects")[0].remove(body)
            continue
        _rewrite_body(body)
        for joint in body.findall("Joint/*"):
            _set_text(joint, "socket_child_frame", name_of(body))
            if any(namesake.get("name") == joint.get("name") for namesake in joints):
                joint.set(
                    "name", f"{joint.get('name', '')}_{name_of(body)}"
                )  # Below a body they were told apart.
            joints.append(joint)
    for joint in joints:
        _rewrite_joint(joint)
    for marker in _members(model, "MarkerSet"):
        _rename(marker, "body", "socket_parent_frame")
    for constraint in _members(model, "ConstraintSet"):
        if constraint.find("isDisabled") is not None:
            _set_text(constraint, "isEnforced", "false" if flag(constraint, "isDisabled") else "true")


def _sockets(element: Element) -> None:
    """Connectors of the versions between 3.3 and 4.0 under the names of sockets."""
    for connector in element.findall("connectors/*"):
        _set_text(element, f"socket_{connector.get('name', '')}", connector.findtext("connectee_name") or "")
    for child in list(element):
        match = _CONNECTEE.fullmatch(child.tag) if isinstance(child.tag, str) else None
        if match is not None:
            child.tag = f"socket_{match[1]}"
    for end in ("parent", "child"):
        _rename(element, f"socket_{end}_body", f"socket_{end}_frame")


def _rewrite_body(body: Element) -> None:
    if body.find("inertia") is None:
        _set_text(body, "inertia", " ".join(body.findtext(f"inertia_{axes}") or "0" for axes in _INERTIA))
    if body.find("attached_geometry") is not None:
        return
    geometry = SubElement(body, "attached_geometry")
    for shown in body.findall("VisibleObject"):
        factors = shown.findtext("scale_factors")
        for display in shown.findall("GeometrySet/objects/DisplayGeometry"):
            _add_mesh(geometry, display.findtext("geometry_file"), display.findtext("scale_factors"), factors)
        for file in (shown.findtext("geometry_files") or "").split():
            _add_mesh(geometry, file, None, factors)


def _add_mesh(geometry: Element, file: str | None, file_scale: str | None, display_scale: str | None) -> None:
    """A mesh whose scale is that of the file and that of the body's whole display."""
    if not file or not file.strip():
        return
    mesh = SubElement(geometry, "Mesh", name=file.strip())
    _set_text(mesh, "mesh_file", file)
    words = [(text or "1 1 1").split() for text in (file_scale, display_scale)]
    try:
        factors = [float(a) * float(b) for a, b in zip(*words, strict=True)]
    except ValueError:
        raise InputError(f"the scale factors of '{file.strip()}' are not made of three numbers") from None
    _set_text(mesh, "scale_factors", " ".join(map(str, factors)))


def _rewrite_joint(joint: Element) -> None:
    if flag(joint, "reverse"):
        raise InputError(
            f"joint '{joint.get('name', '')}' is reversed, from child to parent; open the model in OpenSim 4 and "
            "save it"
        )
    _rename(joint, "parent_body", "socket_parent_frame")
    if joint.find("coordinates") is None:
        coordinates = SubElement(joint, "coordinates")
        coordinates.extend(joint.findall("CoordinateSet/objects/Coordinate"))
    if joint.find("frames") is not None:
        return
    frames = SubElement(joint, "frames")
    for end, places in (("parent", ("_in_parent",)), ("child", ("_in_child", ""))):
        socket = joint.findtext(f"socket_{end}_frame") or ""
        # A name of its own: a body may be called as its joint is.
        frame = SubElement(
            frames, "PhysicalOffsetFrame", name=f"{socket.strip().rpartition('/')[2]}_{end}_offset"
        )
        _set_text(frame, "socket_parent", _place_of(socket))
        for old, new in (("location", "translation"), ("orientation", "orientation")):
            text = next((t for place in places if (t := joint.findtext(old + place))), "0 0 0")
            _set_text(frame, new, text)
        _set_text(joint, f"socket_{end}_frame", frame.get("name", ""))


def _place_of(socket: str) -> str:
    """The path of a body in OpenSim 4 by its bare name or an older path."""
    name = socket.strip().rpartition("/")[2]
    return "/ground" if name == _GROUND else f"/bodyset/{name}"


def _members(model: Element, set_name: str) -> Iterator[Element]:
    return model.iterfind(f"{set_name}/objects/*")


def _set_objects(model: Element, name: str) -> Element:
    """The list of a set's members, made where it is missing."""
    members = model.find(name)
    members = SubElement(model, name) if members is None else members
    objects = members.find("objects")
    return SubElement(members, "objects") if objects is None else objects


def _rename(element: Element, old: str, new: str) -> None:
    child = element.find(old)
    if child is not None and element.find(new) is None:
        child.tag = new


def _set_text(element: Element, tag: str, text: str) -> None:
    child = element.find(tag)
    child = SubElement(element, tag) if child is None else child
    child.text = text
