"""What settings are made of: a group that checks its values, and values read from TOML or the command line."""

import ast
import functools
import math
import re
import types
import typing
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pase.errors import InputError

T = TypeVar("T")


def setting(default: T, *, low: float | None = None, high: float | None = None, flag: str | None = None) -> T:
    """One setting: its default, the range it must lie in, and the short name of its flag, if any.

    Parameters
    ----------
    default
        The value when neither file nor flag says otherwise.
    low, high
        Ends of the allowed range, both included; None leaves an end open.
    flag
        Name of the command-line flag without dashes; by default the dotted path, as `pose2d.detect-every`.
    """
    value: T = field(default=default, metadata={"low": low, "high": high, "flag": flag})
    return value


class SettingsGroup:
    """Base of one group of settings: checks every value against its range when it is made."""

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for item in fields(typing.cast(Any, self)):
            value, low, high = getattr(self, item.name), item.metadata.get("low"), item.metadata.get("high")
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            below, above = low is not None and value < low, high is not None and value > high
            if below or above or not math.isfinite(value):
                label = item.metadata.get("flag") or f"{self.name}.{item.name}"
                ends = ([f"at least {low:g}"] if low is not None else []) + (
                    [f"at most {high:g}"] if high is not None else []
                )
                raise InputError(f"{label} must be {' and '.join(ends) or 'a finite number'}, not {value:g}")


@dataclass(frozen=True)
class Leaf:
    """One setting as seen by the command line, the TOML reader and the reference page."""

    path: str
    """Dotted path, as `pose2d.detect_every`."""
    kind: Any
    default: Any
    doc: str
    """What it means, from the docstring under the field."""
    flag: str
    """Command-line flag without dashes."""
    low: float | None
    high: float | None

    @property
    def label(self) -> str:
        """How messages call it: its short flag where it has one."""
        return self.path if "." in self.flag else self.flag


@functools.cache
def field_docs(module: Path) -> dict[str, dict[str, str]]:
    """Docstrings under the fields of a module's classes, each on one line: by class, then by field."""
    docs: dict[str, dict[str, str]] = {}
    for group in ast.parse(module.read_bytes()).body:
        if not isinstance(group, ast.ClassDef):
            continue
        docs[group.name] = {
            line.target.id: " ".join(str(below.value.value).split())
            for line, below in pairwise(group.body)
            if isinstance(line, ast.AnnAssign)
            and isinstance(line.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        }
    return docs


def convert(kind: Any, value: Any, label: str) -> Any:
    """A value from TOML or text from the command line as the type of its setting."""
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        if value is None:
            return None
        kind = next(k for k in arguments if k is not type(None))
        arguments = typing.get_args(kind)
    if typing.get_origin(kind) is Literal:
        value = str(value) if type(value) is int else value
        if value not in arguments:
            raise InputError(f"{label} must be one of {', '.join(map(str, arguments))}, not '{value}'")
        return value
    if kind is float and isinstance(value, str):
        value = _plain_number(value, label)
    accepted, wording = _ACCEPTED[kind]
    if type(value) is kind or (isinstance(value, accepted) and not isinstance(value, bool)):
        try:
            return kind(value)
        except (ValueError, OverflowError):
            pass
    raise InputError(f"{label} must be {wording}, not '{value}'")


def _plain_number(text: str, label: str) -> str | float:
    """A number as people write it (`1,75`, `175cm`, `5'9"`, `1:02.5`); other text as it is."""
    parts = _FEET.fullmatch(text.strip()) if label == "height" else None
    if parts:
        return round(0.3048 * float(parts[1]) + 0.0254 * float((parts[2] or "0").replace(",", ".")), 4)
    clock = _CLOCK.fullmatch(text.strip()) if label in ("start", "end") else None
    if clock:
        return 3600 * float(clock[1] or 0) + 60 * float(clock[2]) + float(clock[3].replace(",", "."))
    match = _NUMBER.fullmatch(text.strip())
    factor = _UNITS.get(label, {}).get(match[2].lower(), None if match[2] else 1.0) if match else None
    return text if match is None or factor is None else round(float(match[1].replace(",", ".")) * factor, 9)


_NUMBER = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*([a-zA-Z]*)")
_FEET = re.compile(r"(\d)\s*(?:'|′|ft|feet)\s*(?:(\d+(?:[.,]\d+)?)\s*(?:\"|''|″|in|inches)?)?", re.I)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")
"""Feet and inches; hours, minutes and seconds."""
_UNITS: dict[str, dict[str, float]] = {
    "height": {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254},
    "mass": {"kg": 1.0, "lb": 0.45359237, "lbs": 0.45359237},
    "age": {"y": 1.0, "years": 1.0},
    "start": {"s": 1.0, "ms": 0.001},
    "end": {"s": 1.0, "ms": 0.001},
    "rate": {"hz": 1.0, "fps": 1.0},
    "fov": {"deg": 1.0},
}
"""Units that a setting may be given in, by its short flag."""

_ACCEPTED: dict[Any, tuple[tuple[type, ...], str]] = {
    bool: ((), "true or false"),
    int: ((str,), "a whole number"),
    float: ((str, int), "a number"),
    str: ((), "a text"),
    Path: ((str, Path), "a path"),
}
"""What each type of setting is read from besides itself, and how messages call it."""
