"""What pip gets: the archive of sources, the wheel made of it, and the program in it."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from pase.models import cache_dir
from pase.version import DISTRIBUTION, __version__
from places import REPOSITORY

STEM = f"{DISTRIBUTION.replace('-', '_')}-{__version__}"

pytest.importorskip("hatchling", reason="hatchling builds the package")


def build(folder: Path, output: Path, kind: str) -> Path:
    """Build a `wheel` or `sdist` of the sources in a folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(output)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = output.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the archive of sources alone, as pip does where it finds no wheel."""
    if not (REPOSITORY / "pyproject.toml").is_file():
        pytest.skip("the sources are not here")
    folder = tmp_path_factory.mktemp("package")
    archive = build(REPOSITORY, folder / "sdist", "sdist")
    with tarfile.open(archive) as opened:
        # Python 3.11.2, as in Debian 12, has no filters yet; the archive is our own.
        opened.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return build(folder / STEM, folder / "wheel", "wheel")


def test_the_wheel_holds_every_file_of_the_package_under_its_own_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        metadata = opened.read(f"{STEM}.dist-info/METADATA").decode("utf-8")
    sources = {
        path.relative_to(REPOSITORY / "src").as_posix()
        for path in (REPOSITORY / "src" / "pase").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= names and "pase/py.typed" in names
    assert f"Name: {DISTRIBUTION}\n" in metadata and f"Version: {__version__}\n" in metadata
    assert {f"{STEM}.dist-info/licenses/{name}" for name in ("LICENSE", "NOTICE")} <= names


def test_the_program_in_the_wheel_runs(
    wheel: Path, empty_photo: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "site")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "PASE_CACHE": str(cache_dir())}
    question = [sys.executable, "-c", "import pase; print(pase.__file__)"]
    run = [sys.executable, "-m", "pase", "run", str(empty_photo), "-o", "out", "--offline"]
    for command, expected in ((question, str(tmp_path / "site")), (run, "nobody was found")):
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and expected in done.stdout, done.stderr


@pytest.mark.network
@pytest.mark.skipif(
    "PASE_TEST_INSTALL" not in os.environ, reason="PASE_TEST_INSTALL=1 installs some hundred MB"
)
def test_the_wheel_installs_and_runs_in_an_empty_environment(
    wheel: Path, short_clip: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    place = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PASE_CACHE"] = str(cache_dir())
    install = [str(place / "python"), "-m", "pip", "install", "--quiet", f"{wheel}[app]"]
    run = [str(place / "pase"), "run", str(short_clip), "-o", "out", "--offline"]
    for command in (install, [str(place / "pase"), "doctor"], run):
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "person_1" / "skeleton.osim").is_file()
