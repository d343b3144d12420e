"""Units of length that the headers of marker files name."""

from pathlib import Path

from pase.errors import InputError

METRES = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
    "dm": 0.1, "cm": 0.01, "centimeter": 0.01, "centimeters": 0.01, "centimetres": 0.01,
    "mm": 0.001, "millimeter": 0.001, "millimeters": 0.001, "millimetres": 0.001,
    "um": 1e-6, "µm": 1e-6, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, "ft": 0.3048, "feet": 0.3048,
}  # fmt: skip
"""Metres in a unit."""
PIXELS = ("px", "pixel", "pixels")


def metres_in(unit: str, path: Path | str) -> float:
    """Metres in a unit of a file's header.

    Raises
    ------
    InputError
        When the unit is not known, or pixels.
    """
    key = unit.strip(" []()").lower()
    if key in PIXELS:
        raise InputError(f"{path}: positions are in pixels, not in space; give the file in metres")
    if key not in METRES:
        raise InputError(f"{path}: unit '{unit}' in the header; it must be m, cm or mm")
    return METRES[key]
