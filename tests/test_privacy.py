"""Nothing leaves the computer: a run opens no connection and writes only its result and the caches of what draws."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pase.lift.mediapipe import without_reports
from pase.models import cache_dir, cached

DRAWING_CACHES = {".cache/matplotlib", ".config/matplotlib", ".cache/mesa_shader_cache"}
"""Where Matplotlib keeps its list of fonts and Mesa its compiled shaders."""


@pytest.fixture
def photo(short_clip: Path, tmp_path: Path) -> Path:
    """A photo of somebody."""
    from pase.media import Video

    with Video(short_clip) as video:
        Image.fromarray(next(video.frames()).image).save(tmp_path / "somebody.png")
    return tmp_path / "somebody.png"


def run(photo: Path, output: Path, home: Path, wrapper: list[str], command: str = "run", *flags: str) -> None:
    """A run with everything that is drawn, in a home folder of its own."""
    names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "ORT_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "PASE_CACHE": str(cache_dir())}
    environment |= {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["-m", "pase", command, str(photo), "-o", str(output), "--offline", *flags]
    done = subprocess.run(
        [*wrapper, sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_run_writes_nothing_outside_its_result_and_cache(
    photo: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    run(photo, tmp_path / "out", home, [])
    files = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert {name for name in files if not any(name.startswith(cache) for cache in DRAWING_CACHES)} == set()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out", "somebody.png"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_run_opens_no_connection(photo: Path, networks: tuple[Path, Path], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    wrapper = ["strace", "-f", "-e", "trace=socket,connect,sendto", "-o", str(trace)]
    (tmp_path / "home").mkdir()
    run(photo, tmp_path / "out", tmp_path / "home", wrapper)
    calls = trace.read_text(encoding="utf-8", errors="replace")
    assert "+++ exited with 0 +++" in calls, "strace has seen the run"
    assert re.findall(r"AF_INET6?\b.*", calls) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_mediapipe_reaches_nobody(photo: Path, tmp_path: Path) -> None:
    """It tries to report to its maker; the only address it reaches is one of this computer that refuses."""
    pytest.importorskip("mediapipe", reason="needs the extra 'mediapipe'")
    if cached("pose-landmarker-lite") is None:
        pytest.skip("the landmarker is not in the cache")
    trace = tmp_path / "trace"
    wrapper = ["strace", "-f", "-e", "trace=connect", "-o", str(trace)]
    (tmp_path / "home").mkdir()
    run(photo, tmp_path / "out.npz", tmp_path / "home", wrapper, "lift", "--backend", "mediapipe")
    addresses = set(
        re.findall(r'inet_addr\("([0-9.]+)"\)', trace.read_text(encoding="utf-8", errors="replace"))
    )
    assert addresses <= {"127.0.0.1"}


def test_the_proxy_of_the_user_is_there_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.delenv("all_proxy", raising=False)
    before = dict(os.environ)
    with without_reports():
        assert os.environ["https_proxy"] == "http://127.0.0.1:9"
        assert "no_proxy" not in os.environ
    assert dict(os.environ) == before
