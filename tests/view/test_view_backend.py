import os
import subprocess
import sys
from pathlib import Path

import pytest

import pase.view.backend as backend
from pase.errors import MissingDependencyError

SOURCES = str(Path(backend.__file__).parents[2])

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is Linux's way")


def run(code: str, **env: str) -> str:
    """What a fresh Python prints."""
    environment = os.environ | {"PYTHONPATH": SOURCES} | env
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def test_probe_names_the_device() -> None:
    probed = backend.probe_drawing()
    assert probed.ok and probed.name.startswith("vtk") and probed.renderer
    assert probed.name in probed.message and probed.renderer in probed.message
    assert backend.require_drawing() is probed


@linux
def test_missing_egl_is_told_with_the_line_that_installs_it() -> None:
    """With no EGL vendor VTK would end the process by a segmentation fault."""
    code = "from pase.view.backend import probe_drawing as p; print(p().ok, p().message)"
    out = run(code, __EGL_VENDOR_LIBRARY_FILENAMES="/dev/null")
    if "OSOpenGL" in out:
        pytest.skip("OSMesa is installed and draws instead")
    assert out.startswith("False VTK cannot draw off-screen here")
    assert "apt-get install libegl1 libgl1-mesa-dri" in out and len(out.splitlines()) == 1


def test_missing_backend_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = backend.DrawingBackend("", "", False, "VTK cannot draw; install it: apt-get install x")
    monkeypatch.setattr(backend, "probe_drawing", lambda: broken)
    with pytest.raises(MissingDependencyError, match="apt-get install x"):
        backend.require_drawing()


def test_importing_the_room_loads_no_vtk() -> None:
    code = "import sys, pase.view.scene, pase.view.backend; print([m for m in sys.modules if 'vtk' in m])"
    assert run(code).strip() == "[]"
