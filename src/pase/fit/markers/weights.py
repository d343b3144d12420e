"""How much each marker counts: from weights of other tools to standard deviations."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from pase.anatomy.marker_set import read_entries
from pase.anatomy.osim_xml import name_of, parse, scalar
from pase.errors import InputError
from pase.types import Array

log = logging.getLogger(__name__)


def read_marker_weights(path: str | Path) -> dict[str, float]:
    """Weights of markers by name.

    Parameters
    ----------
    path
        An OpenSim set-up of inverse kinematics or of a scaling (`.xml` with `IKMarkerTask`), or a `.json` or
        `.toml` file with `{name: weight}`. Tasks for coordinates are left out with a warning: beside squared
        metres they would pull joints by an arbitrary amount.

    Raises
    ------
    InputError
        When the file cannot be read or holds no weight, or one that is negative or no number.
    """
    path = Path(path)
    weights = _from_xml(path) if path.suffix.lower() == ".xml" else _from_table(path)
    if not weights:
        raise InputError(f"{path} holds no marker weights")
    for name, weight in weights.items():
        if not (np.isfinite(weight) and weight >= 0):
            raise InputError(f"{path}: the weight of '{name}' must be 0 or more, not {weight:g}")
    if not any(weights.values()):
        raise InputError(f"{path}: all weights are 0")
    return weights


def relative_sigma(names: Sequence[str], weights: Mapping[str, float] | None) -> Array:
    """(K,) standard deviation of each marker in units of a usual one's; infinite for weight 0.

    OpenSim minimises `Σ wₖ rₖ²`, so a weight is a precision: `σₖ ∝ 1/√wₖ`, with the median weight as 1. A
    marker that the weights do not name is left out, as OpenSim does.
    """
    if weights is None:
        return np.ones(len(names))
    values = np.array([weights.get(name, 0.0) for name in names])
    used = values > 0
    if not used.any():
        raise InputError(f"no marker of the data has a weight; the weights are for: {', '.join(weights)}")
    missing = [name for name in names if name not in weights]
    if missing:
        log.warning("no weight is given for %s: left out", ", ".join(missing))
    sigma = np.full(len(names), np.inf)
    sigma[used] = np.sqrt(np.median(values[used]) / values[used])
    return sigma


def _from_xml(path: Path) -> dict[str, float]:
    root = parse(path)
    coordinates = [name_of(task) for task in root.iter("IKCoordinateTask") if _applies(task)]
    if coordinates:
        log.warning("%s: tasks for coordinates are not used: %s", path.name, ", ".join(coordinates))
    _warn_of_ignored(root, path)
    return {
        name_of(task): scalar(task, "weight", 1.0) if _applies(task) else 0.0
        for task in root.iter("IKMarkerTask")
    }


_IGNORED = ("model_file", "marker_file", "coordinate_file", "time_range", "MeasurementSet", "ScaleSet")
"""Parts of a set-up that OpenSim heeds and that are not taken from it here."""


def _warn_of_ignored(root: Element, path: Path) -> None:
    """Say which parts of a set-up, other than its weights, have no effect."""
    tags = [tag for tag in _IGNORED for element in root.iter(tag) if _says_something(element)]
    if tags:
        log.warning(
            "%s: only its weights are used, not its %s; give the model and the markers on the command line",
            path.name, ", ".join(dict.fromkeys(tags)),
        )  # fmt: skip


def _says_something(element: Element) -> bool:
    words = (element.text or "").split()
    return bool(element.findall("objects/*")) or bool(
        words and words[0].lower() not in ("unassigned", "-inf")
    )


def _applies(task: Element) -> bool:
    return (task.findtext("apply") or "true").strip().lower() != "false"


def _from_table(path: Path) -> dict[str, float]:
    content = read_entries(path)
    table = content.get("weights", content)
    try:
        return {str(name): float(weight) for name, weight in table.items()}
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: must hold one number for every marker name") from None
