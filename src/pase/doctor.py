"""What `pase doctor` tells: versions, what the networks run on, what draws, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pase
from pase.errors import PaseError


@dataclass(frozen=True)
class Finding:
    """One line of the doctor."""

    name: str
    """What was looked at."""
    value: str
    """What was found, or what is missing and how to get it."""
    good: bool = True
    """Whether PASE works with it as it is."""


def examine() -> list[Finding]:
    """Look at everything a run needs."""
    from pase.report import versions

    found = [Finding("pase", pase.__version__)]
    for name, version in versions().items():
        found.append(Finding(name, version, version != "not installed"))
    found.append(_tried("execution providers", _providers))
    found.append(_tried("video decoder", _decoder))
    found.append(_tried("drawing", _drawing))
    found.extend(_model_files())
    return found


def _tried(name: str, look: Callable[[], str]) -> Finding:
    """A finding from a look that may fail: the doctor must report whatever is wrong, not stop at it."""
    try:
        return Finding(name, look())
    except (PaseError, ImportError, OSError, RuntimeError) as error:
        return Finding(name, " ".join(str(error).split()) or type(error).__name__, good=False)


def _providers() -> str:
    import onnxruntime

    return ", ".join(onnxruntime.get_available_providers())


def _decoder() -> str:
    import av

    return "FFmpeg libavcodec " + ".".join(map(str, av.library_versions["libavcodec"]))


def _drawing() -> str:
    from pase.view.backend import require_drawing

    return require_drawing().message


def _model_files() -> list[Finding]:
    return []
