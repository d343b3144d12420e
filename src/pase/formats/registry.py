"""The file formats a person can be written in after a run, by name."""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pase.data import Motion
from pase.errors import InputError, MissingDependencyError

FORMATS = {
    "glb": ("skeleton.glb", "pase.formats.glb", "write_glb"),
    "rig": ("skeleton_rig.glb", "pase.formats.rig", "write_rig"),
    "bvh": ("motion.bvh", "pase.formats.bvh", "write_bvh"),
    "c3d": ("motion.c3d", "pase.formats.c3d", "write_c3d"),
    "npz": ("motion.npz", "pase.formats.npz", "write_npz"),
}
"""Name of the file in a person's folder, and the function that writes it, by format."""

NEEDED = {"c3d": "ezc3d"}
"""Packages of their own that formats need; the extra is called as the format."""


def parse_formats(text: str, further: str = "") -> tuple[str, ...]:
    """Names of formats from text like `glb, bvh`; `all` stands for all of them, nothing for none.

    The message about an unknown name also lists `further` ones, which the caller reads itself.

    Raises
    ------
    InputError
        For an unknown name; the message lists the valid ones.
    """
    names = [word.strip().lower().lstrip(".") for word in text.replace(",", " ").split()]
    if "all" in names:
        return tuple(FORMATS)
    for name in names:
        if name not in FORMATS:
            choices = ", ".join(FORMATS)
            raise InputError(f"unknown format '{name}'; the formats are: {choices}{further}, all")
    return tuple(dict.fromkeys(names))


def require_formats(text: str) -> None:
    """Refuse, before any long work, formats that are unknown or need a package that is not installed."""
    for name in parse_formats(text):
        needed = NEEDED.get(name)
        if needed is not None and find_spec(needed) is None:
            raise MissingDependencyError(
                f"writing .{name} needs {needed}: pip install 'pase-skeleton[{name}]'"
            )


def write_formats(motion: Motion, folder: str | Path, names: Iterable[str]) -> list[Path]:
    """Write a person in some formats into a folder.

    Raises
    ------
    MissingDependencyError
        When a format needs a package that is not installed.
    """
    written = []
    for name in names:
        file, module, function = FORMATS[name]
        write: Callable[[Motion, Path], None] = getattr(import_module(module), function)
        path = Path(folder) / file
        write(motion, path)
        written.append(path)
    return written
