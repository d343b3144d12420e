"""The system's faults, for real: names, permissions, full disks, kills, closed pipes, clocks."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pase.cli import main
from pase.errors import ModelFileError, PaseError
from pase.files import write_text
from runs import pase_command

CLIP_LINE = "pase: error: "

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def pase(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*_bound_by_permissions(), *pase_command(*words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)  # type: ignore[call-overload]


def _bound_by_permissions() -> list[str]:
    """What makes the permission bits bind the superuser too."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("the superuser passes all permissions, and setpriv is not here to bind him")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(CLIP_LINE) and done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@contextmanager
def full_disk(free: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def photo(empty_photo: Path, networks: tuple[Path, Path], tmp_path: Path) -> Path:
    """A photo with nobody in it, in a folder of its own."""
    (tmp_path / "in").mkdir()
    return Path(shutil.copy(empty_photo, tmp_path / "in" / "photo.png"))


@linux
@pytest.mark.parametrize(
    "name",
    [
        "with blanks and 'quotes\".png", "new\nline.png", "-o.png", "--help.png", "äöü 走路 🚶.png",
        "走" * 83 + ".png",
        "a:b.png", "100%d.png", "$(touch x).png", b"\xff\xfe no text.png", "." * 20 + ".png", "x" * 251 + ".png",
    ],
)  # fmt: skip
def test_any_name_goes_in_and_out(
    name: str | bytes, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = os.fsdecode(name)
    source = photo.rename(photo.with_name(odd))
    output = tmp_path / "out" / odd.removesuffix(".png")
    assert main(["run", str(source), "-o", str(output)]) == 0
    assert names(output) == ["keypoints.json", "report.json"]
    assert names(output.parent) == [output.name]
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert report["source"]["path"] == str(source.resolve())
    capsys.readouterr()


@linux
def test_a_path_of_a_thousand_letters(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path.joinpath(*["folder " + "f" * 90] * 10)
    deep.mkdir(parents=True)
    source = photo.rename(deep / "p.png")
    assert main(["run", str(source), "-o", str(deep / "out")]) == 0
    assert names(deep) == ["out", "p.png"]
    capsys.readouterr()


@pytest.mark.parametrize("output", ["x" * 300, "y" * 5000, "a/" * 3000])
def test_names_that_no_system_takes(
    output: str, photo: Path, folder: Path, refused: Callable[..., str]
) -> None:
    refused("run", photo, "-o", output)
    refused("run", output, "-o", "out")
    refused("pose2d", photo, "-o", output + ".json")
    assert names(folder) == ["in"]


@linux
@pytest.mark.parametrize("free", [0, 500, 3000])
def test_a_full_disk_is_one_line_and_the_next_run_goes_on(
    free: int, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with full_disk(free):
        code = main(["run", str(photo), "-o", str(tmp_path / "out")])
    streams = capsys.readouterr()
    if free < 3000:
        assert (
            code == 2 and streams.err.startswith("pase: error: cannot write") and streams.err.count("\n") == 1
        )
    assert names(tmp_path) in (["in"], ["in", "out"] if code == 0 else [".out.partial", "in"])
    assert (
        main(["run", str(photo), "-o", str(tmp_path / "out"), *(["--overwrite"] if code == 0 else [])]) == 0
    )
    assert names(tmp_path) == ["in", "out"]
    capsys.readouterr()


@linux
@pytest.mark.parametrize("free", [0, 1000, 30_000])
def test_every_writer_tells_a_full_disk(free: int, tmp_path: Path) -> None:
    import numpy as np
    from fault_motions import small_motion

    from pase.formats.person import write_person
    from pase.formats.registry import write_formats
    from pase.media import VideoWriter, write_image

    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)

    def video() -> None:
        with VideoWriter(tmp_path / "v.mp4", (640, 480)) as writer:
            for number in range(30):
                writer.write(np.roll(image, number, 1), number / 30)

    writers = {
        "text": lambda: write_text(tmp_path / "t.txt", "x" * 100_000),
        "person": lambda: write_person(small_motion(), tmp_path / "person"),
        "formats": lambda: write_formats(small_motion(), tmp_path / "person", ("glb", "bvh", "npz")),
        "picture": lambda: write_image(tmp_path / "p.png", image),
        "video": video,
    }
    for name, write in writers.items():
        with full_disk(free), pytest.raises(PaseError, match="cannot write"):
            write()
        assert not [p for p in tmp_path.rglob("*") if ".part" in p.name], name
    assert not (tmp_path / "v.mp4").exists()


@linux
def test_a_kill_at_any_moment_leaves_all_or_nothing(
    short_clip: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    from fault_kill import kill_at

    seconds = kill_at(short_clip, tmp_path, None)
    for share in (0.4, 0.8):
        kill_at(short_clip, tmp_path, share * seconds)


@linux
def test_folders_without_permission(photo: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    assert "Permission denied" in refusal(pase("run", photo, "-o", closed / "out"))
    assert "no permission" in refusal(pase("pose2d", photo, "-o", closed / "k.json"))
    photo.chmod(0)
    assert "may not be read" in refusal(pase("run", photo, "-o", tmp_path / "out"))
    clip = tmp_path / "in" / "clip.mp4"
    clip.write_bytes(b"x" * 100)
    clip.chmod(0)
    assert "may not be read" in refusal(pase("run", clip, "-o", tmp_path / "out"))
    photo.parent.chmod(0)
    assert "Permission denied" in refusal(pase("run", photo, "-o", tmp_path / "out"))
    photo.parent.chmod(0o755)
    assert names(tmp_path) == ["closed", "in"]


@linux
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o555)
    around = os.environ | {"PASE_CACHE": str(tmp_path / "cache")}
    assert "PASE_CACHE" in refusal(pase("models", "fetch", "demo", env=around))
    around = os.environ | {"PASE_MODELS": str(tmp_path / "nothing")}
    assert "does not exist" in refusal(pase("models", "path", "demo", env=around))


def test_nobody_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    from pase.models import cache_dir

    for name in ("PASE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ModelFileError, match="PASE_CACHE"):
        cache_dir()


@linux
def test_no_network_and_no_proxy(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    around = os.environ | {"PASE_CACHE": str(tmp_path / "cache"), "http_proxy": nowhere, "https_proxy": nowhere,
                           "PIP_PROXY": nowhere, "PIP_RETRIES": "0", "PIP_INDEX_URL": nowhere}  # fmt: skip
    line = refusal(pase("models", "fetch", "yolox-tiny", env=around))
    assert "cannot get" in line and "--models" in line
    assert names(tmp_path / "cache" / "models") == []


@linux
def test_closed_streams(tmp_path: Path) -> None:
    command = pase_command("models", "list")
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        command, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False, timeout=120
    )
    os.close(write_end)
    assert done.returncode == 141 and done.stderr == ""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120, env=buffered
        )
    assert "No space left" in refusal(done)
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        shell = f'"$0" -m pase models list {closed}'
        done = subprocess.run(
            ["bash", "-c", shell, sys.executable], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0 and done.stderr == "", closed


@linux
@pytest.mark.parametrize("term", ["dumb", "xterm-256color", ""])
def test_terminals(term: str, photo: Path, tmp_path: Path) -> None:
    import pty

    master, terminal = pty.openpty()
    command = pase_command("pose2d", photo, "-o", tmp_path / "k.json")
    done = subprocess.run(command, stderr=terminal, stdout=subprocess.PIPE, env=os.environ | {"TERM": term},
                          check=False, timeout=200)  # fmt: skip
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(master, 65536):
            shown += piece
    except OSError:
        pass  # the other end is closed
    os.close(master)
    assert done.returncode == 0 and b"Traceback" not in shown
    assert term != "dumb" or b"\x1b[2K" not in shown


@pytest.mark.parametrize("years", [-30, 30])
def test_clocks_that_jump(years: int, tmp_path: Path) -> None:
    """Work is taken over by what the files hold, not by whose clock says it is newer."""
    from pase.pipeline.workspace import Workspace, fingerprint, source_identity

    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x" * 100)
    moment = time.time() + years * 365 * 86400
    os.utime(clip, (moment, moment))
    key = fingerprint(source_identity(clip))
    with Workspace(tmp_path / "out") as space:
        (space.folder / "keypoints.json").write_text("[]")
        space.note_stage("pose2d", key, ["keypoints.json"], {"frames": 1})
        for file in space.folder.iterdir():
            os.utime(file, (-moment, moment))
    with Workspace(tmp_path / "out") as space:
        assert space.stage_facts("pose2d", key) == {"frames": 1}


@linux
@pytest.mark.parametrize("kind", ["fifo", "device", "socket", "loop", "dangling", "folder"])
@pytest.mark.parametrize("name", ["x.mp4", "x.png", "x.json", "x.trc"])
def test_what_is_no_file_is_not_waited_for(
    kind: str, name: str, tmp_path: Path, refused: Callable[..., str]
) -> None:
    import socket

    path = tmp_path / name
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind in ("loop", "dangling"):
        path.symlink_to(name if kind == "loop" else "nowhere")
    else:
        path.mkdir()
    signal.alarm(60)
    for command in ("run", "pose2d", "fit"):
        if command == "pose2d" and name[-4:] not in (".mp4", ".png"):
            continue
        refused(command, path, "-o", tmp_path / "out")
    signal.alarm(0)
    assert names(tmp_path) == [name]
