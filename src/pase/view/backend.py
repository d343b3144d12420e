"""Find which off-screen OpenGL this computer can draw with, without risk to the running process."""

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from pase.errors import MissingDependencyError

APT_LINE = "apt-get install libegl1 libgl1-mesa-dri"
"""Debian packages with which VTK draws off-screen on a computer without a graphics card."""

PROBE_SECONDS = 60
"""The first start of a freshly installed VTK reads some hundred megabytes from disk."""

_PROBE = """
import json, os, sys
sys.modules["numpy"] = None
from pase.view.backend import make_window
from vtkmodules.vtkRenderingCore import vtkRenderer
window = make_window(sys.argv[1])
window.SetSize(16, 16)
window.AddRenderer(vtkRenderer())
window.Render()
lines = window.ReportCapabilities().splitlines()
found = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("opengl renderer")]
json.dump({"name": window.GetClassName(), "renderer": found[0] if found else "unknown"}, sys.stdout)
sys.stdout.flush()
os._exit(0)
"""
"""VTK imports NumPy where it can, which a window does not need, and takes time to end: together half of the probe."""


@dataclass(frozen=True, slots=True)
class DrawingBackend:
    """What draws, or why nothing does."""

    name: str
    """VTK's window class, for instance `vtkEGLRenderWindow`; empty when nothing draws."""
    renderer: str
    """OpenGL's own name of the device, for instance `llvmpipe (LLVM 15.0.6, 256 bits)`."""
    ok: bool
    message: str
    """One line for the user: what draws, or what to install."""


@functools.cache
def probe_drawing() -> DrawingBackend:
    """Draw a tiny picture in another process, as VTK ends the process where OpenGL is missing.

    EGL is tried before OSMesa on Linux; other systems have one kind of window only. The answer is kept for
    the life of the process; asking takes about a fifth of a second.
    """
    reason = ""
    for kind in ("EGL", "OSMesa") if sys.platform.startswith("linux") else ("native",):
        try:
            answer = _ask(kind)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            reason = reason or _reason(error)
            continue
        message = f"draws off-screen with {answer['name']} on {answer['renderer']}"
        return DrawingBackend(answer["name"], answer["renderer"], True, message)
    return DrawingBackend(
        "", "", False, f"VTK cannot draw off-screen here ({reason}); install it: {APT_LINE}"
    )


def require_drawing() -> DrawingBackend:
    """The drawing back end.

    Raises
    ------
    MissingDependencyError
        When nothing draws off-screen; the message holds the line that installs it.
    """
    backend = probe_drawing()
    if not backend.ok:
        raise MissingDependencyError(backend.message)
    return backend


def make_window(kind: str) -> Any:
    """An off-screen VTK window with an alpha channel: `EGL`, `OSMesa`, `native`, or a class of VTK by name.

    VTK's own choice would try an X server first and warn about its absence.

    Parameters
    ----------
    kind
        One of these, or the name of a class.
    """
    from vtkmodules import vtkRenderingOpenGL2
    from vtkmodules.vtkCommonCore import vtkLogger
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    names = {"EGL": "vtkEGLRenderWindow", "OSMesa": "vtkOSOpenGLRenderWindow"}
    window = getattr(vtkRenderingOpenGL2, names.get(kind, kind), vtkRenderWindow)()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetAlphaBitPlanes(1)
    return window


def _ask(kind: str) -> dict[str, str]:
    folders = [path for path in sys.path if path]
    process = subprocess.run(
        [sys.executable, "-c", _PROBE, kind],
        capture_output=True,
        text=True,
        timeout=PROBE_SECONDS,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
    )
    answer: dict[str, str] = json.loads(process.stdout)
    return answer


def _reason(error: Exception) -> str:
    if not isinstance(error, subprocess.CalledProcessError):
        return str(error).splitlines()[0]
    last = (error.stderr or "").strip().splitlines()[-1:]
    return last[0] if last and "Error" in last[0] else "no EGL or OSMesa library works"
