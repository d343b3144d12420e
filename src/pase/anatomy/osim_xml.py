"""The elements of an `.osim` file: safely parsed XML, names, numbers and functions."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from pase.anatomy.functions import (
    Constant,
    Function,
    Linear,
    Multiplier,
    PiecewiseLinear,
    Polynomial,
    SimmSpline,
)
from pase.errors import InputError
from pase.files import read_bytes

_LARGEST = 1e15
"""Larger than any real length, mass or angle; above it, squares overflow."""

_COLONS = re.compile(rb"</?[A-Za-z_][\w.\-]*(?:::[\w.\-]+)+")
"""Names of elements with two colons, as OpenSim writes `<HuntCrossleyForce::ContactParameters>`; XML allows none."""

Vector = tuple[float, float, float]


class _Doctype(Exception):  # noqa: N818
    pass


class _StrictBuilder(ElementTree.TreeBuilder):
    """Refuses document types, and with them every kind of entity."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _Doctype


def parse(path: Path) -> Element:
    """The first element of an XML file without document type; every other file is an `InputError`."""
    content = _COLONS.sub(lambda name: name[0].replace(b"::", b"__"), read_bytes(path))
    try:
        return ElementTree.fromstring(content, ElementTree.XMLParser(target=_StrictBuilder()))
    except (ElementTree.ParseError, UnicodeError, ValueError, LookupError) as error:
        raise InputError(f"cannot read '{path}': it is not valid XML ({error})") from error
    except _Doctype:
        raise InputError(f"cannot read '{path}': it has a DOCTYPE, which OpenSim models never have") from None


def model_element(root: Element) -> tuple[Element, int]:
    """The `<Model>` of an OpenSim document, and the version of the document's format."""
    if root.tag != "OpenSimDocument":
        raise InputError(f"it is not an OpenSim file (its first element is <{root.tag}>)")
    version = root.get("Version", "")
    if not version.isdecimal():
        raise InputError(f"its format version is '{version}': open it in OpenSim 4 and save it again")
    model = root.find("Model")
    if model is None:
        raise InputError("it has no <Model>")
    return model, int(version)


def objects(model: Element, set_name: str, tags: Iterable[str] | None = None) -> Iterator[Element]:
    """The members of one of the model's sets, of the given types only."""
    for element in model.iterfind(f"{set_name}/objects/*"):
        if tags is None or element.tag in tags:
            yield element


def name_of(element: Element) -> str:
    """The name of an element, which it must have."""
    name = element.get("name", "")
    if not name:
        raise InputError(f"a <{element.tag}> has no name")
    return name


def numbers(
    element: Element,
    tag: str,
    count: int | None = None,
    default: tuple[float, ...] | None = None,
    *,
    finite: bool = True,
) -> tuple[float, ...]:
    """The numbers of a child element, `default` where it is missing or empty."""
    words = (element.findtext(tag) or "").split()
    place = f"<{tag}> of {element.tag} '{element.get('name', '')}'"
    if not words and default is not None:
        return default
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        raise InputError(f"{place} is not made of numbers: '{' '.join(words)[:60]}'") from None
    if count is not None and len(values) != count:
        raise InputError(f"{place} must have {count} numbers, not {len(values)}")
    if np.isnan(values).any() or (finite and (np.abs(values) > _LARGEST).any()):
        raise InputError(f"{place} has a value that is not finite, or absurdly large")
    return values


def vector(element: Element, tag: str, default: Vector = (0.0, 0.0, 0.0)) -> Vector:
    """Three numbers of a child element."""
    x, y, z = numbers(element, tag, 3, default)
    return x, y, z


def scalar(element: Element, tag: str, default: float) -> float:
    """The number of a child element."""
    return numbers(element, tag, 1, (default,))[0]


def flag(element: Element, tag: str) -> bool:
    """Whether a child element says `true`."""
    return (element.findtext(tag) or "").strip().lower() == "true"


def read_function(element: Element) -> Function:
    """Read one OpenSim function; the error names the known types."""
    kind = element.tag
    if kind == "Constant":
        return Constant(scalar(element, "value", 0.0))
    if kind == "MultiplierFunction":
        inner = element.find("function/*")
        if inner is None:
            raise InputError("a MultiplierFunction has no function")
        return Multiplier(read_function(inner), scalar(element, "scale", 1.0))
    if kind in ("LinearFunction", "PolynomialFunction"):
        coefficients = numbers(element, "coefficients")
        if kind == "PolynomialFunction":
            return Polynomial(coefficients or (0.0,))
        if len(coefficients) != 2:
            raise InputError(f"a LinearFunction must have 2 coefficients, not {len(coefficients)}")
        return Linear(*coefficients)
    if kind in ("SimmSpline", "NaturalCubicSpline", "PiecewiseLinearFunction"):
        x, y = (numbers(element, tag) for tag in "xy")
        return PiecewiseLinear(x, y) if kind == "PiecewiseLinearFunction" else SimmSpline(x, y)
    raise InputError(
        f"function type {kind} is not supported; known are Constant, LinearFunction, PolynomialFunction, "
        "SimmSpline, PiecewiseLinearFunction and MultiplierFunction"
    )
