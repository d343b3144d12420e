"""A run from footage to a result folder: whole, resumed, cut off, and taken apart into its stages."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pase
from pase import pipeline
from pase.cli import main
from pase.config import make_settings
from pase.errors import InputError
from runs import NUMBERS_FLAGS, own_environment, pase_command, wait_until

PERSON = (
    "skeleton.osim", "motion.mot", "landmarks.trc", "angles.csv", "bones.csv", "skeleton.glb", "motion.bvh",
)  # fmt: skip
SETTINGS = make_settings({"person.height_m": 1.75, "output.overlay": False})
NO_PICTURES = make_settings({"output.plots": False, "output.viewer": False, "output.page": False}, SETTINGS)


Reports = dict[str, list[tuple[int, int | None]]]


@pytest.fixture(scope="module")
def run_once(
    two_people_clip: Path, networks: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Reports]:
    """A finished result of the short clip, without an overlay, and the progress that was told meanwhile."""
    output, reports = tmp_path_factory.mktemp("run") / "result", Reports()

    def note(step: str, done: int, total: int | None) -> None:
        reports.setdefault(step, []).append((done, total))

    pipeline.run(two_people_clip, output, SETTINGS, progress=note)
    return output, reports


@pytest.fixture
def result(run_once: tuple[Path, Reports]) -> Path:
    """The finished result; tests must not change it."""
    return run_once[0]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a result but those that tell timings or carry the footage, if that is known."""
    differ = {"report.json", "report.html", "viewer.html"}
    files = [p for p in folder.rglob("*") if p.is_file() and p.name not in differ]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def numbers(folder: Path) -> dict[str, bytes]:
    """The contents of a result without its plots, which are the same when the numbers are, and take seconds."""
    return {name: data for name, data in contents(folder).items() if "/plots/" not in name}


def without_trial(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files without the name of the trial, which keypoints alone do not know; a workbook repeats the tables."""
    nameless = {name: data for name, data in files.items() if not name.endswith("tables.xlsx")}
    for name in nameless:
        if name.endswith("measures.csv"):
            nameless[name] = nameless[name].replace(b"\n,walk,", b"\n,,")
        if name.endswith("skeleton.osim"):
            nameless[name] = nameless[name].replace(b'<Model name="walk_', b'<Model name="')
    return nameless


def test_a_run_writes_every_file_and_says_so(result: Path) -> None:
    report = json.loads((result / "report.json").read_text(encoding="utf-8"))
    names = {
        "person_1",
        "person_2",
        "keypoints.json",
        "camera.json",
        "report.json",
        "report.html",
        "viewer.html",
    }
    assert {p.name for p in result.iterdir()} == names
    assert set(PERSON) <= {p.name for p in (result / "person_1").iterdir()}
    plots = {p.name for p in (result / "person_1" / "plots").iterdir()}
    assert {"angles_legs.svg", "bones.svg", "path.svg", "error.svg"} <= plots
    assert report["files"] == sorted(
        p.relative_to(result).as_posix() for p in result.rglob("*") if p.is_file()
    )
    assert report["source"]["frames"] == 12
    assert set(report["seconds"]) == {"pose2d", "lift", "fit", "analyse", "export", "views"}
    assert 0 < report["mean_reprojection_error_px"] < 15
    assert report["settings"]["person"]["height_m"] == 1.75
    assert [p.name for p in result.parent.iterdir()] == ["result"]


def test_the_person_is_upright_in_range_and_of_the_given_height(result: Path) -> None:
    from pase.anatomy.kinematics import Kinematics

    motion, second = pase.load(result)
    assert second.camera is not None and second.camera.same_as(motion.camera)
    lower, upper = motion.skeleton.bounds
    assert (motion.q >= lower - 1e-6).all() and (motion.q <= upper + 1e-6).all()
    points = Kinematics(motion.skeleton).positions(motion.q)
    head, heel = (motion.skeleton.landmark_index(name) for name in ("Head", "RHeel"))
    assert ((points[:, head, 1] - points[:, heel, 1]) > 1.2).all()
    assert points[..., 1].min() > -0.1
    assert motion.time[0] == 0.0 and (np.diff(motion.time) > 0).all()


def test_loading_gives_back_what_was_estimated(
    result: Path, two_people_clip: Path, networks: tuple[Path, Path]
) -> None:
    from pase.anatomy.kinematics import Kinematics

    loaded, _ = pase.load(result)
    fresh, _ = pase.estimate(two_people_clip, height_m=1.75)
    assert loaded.skeleton.free_names == fresh.skeleton.free_names
    np.testing.assert_allclose(loaded.q, fresh.q, atol=1e-8)
    positions = [Kinematics(m.skeleton).positions(m.q) for m in (loaded, fresh)]
    np.testing.assert_allclose(positions[0], positions[1], atol=1e-6)
    assert loaded.camera is not None and fresh.camera is not None
    np.testing.assert_allclose(loaded.camera.translation, fresh.camera.translation, atol=1e-9)


def test_the_stages_alone_give_the_same_as_the_run(
    result: Path, two_people_clip: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    keypoints, output = tmp_path / "keypoints.json", tmp_path / "out"
    assert main(["pose2d", str(two_people_clip), "-o", str(keypoints)]) == 0
    pipeline.fit(keypoints, output, NO_PICTURES)
    assert without_trial(contents(output)) == without_trial(numbers(result))


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_from_its_keypoints(
    result: Path,
    two_people_clip: Path,
    networks: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.stages, "fit_people", interrupted)
        words = ["run", str(two_people_clip), "-o", str(output), "--height", "1.75", "--no-overlay"]
        assert main(words) == 130
    assert not output.exists()
    with pytest.raises(InputError, match="not a finished result"):
        pase.load(tmp_path / ".out.partial")
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.stages, "find_people", None)
        report = pipeline.run(two_people_clip, output, NO_PICTURES)
    assert report.resumed == ["pose2d"]
    assert contents(output) == numbers(result)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("change", ["settings", "footage"])
def test_other_settings_or_footage_are_not_resumed(
    change: str,
    result: Path,
    two_people_clip: Path,
    networks: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = tmp_path / "clip.mp4"
    shutil.copyfile(two_people_clip, clip)
    monkeypatch.setattr(pipeline.stages, "fit_people", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(clip, tmp_path / "out", SETTINGS)
    assert (tmp_path / ".out.partial" / "keypoints.json").is_file()
    settings = SETTINGS
    if change == "settings":
        settings = make_settings({"pose2d.detect_every": 0.5}, SETTINGS)
    else:
        os.utime(clip, (1, 1))
    monkeypatch.setattr(pipeline.stages, "find_people", lambda *_: pytest.fail("asked again", pytrace=False))
    with pytest.raises(pytest.fail.Exception, match="asked again"):
        pipeline.run(clip, tmp_path / "out", settings)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_a_run_that_is_killed_leaves_nothing_that_looks_like_a_result(
    two_people_clip: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    output, state = tmp_path / "out", tmp_path / ".out.partial" / "state.json"
    command = pase_command("run", two_people_clip, "-o", output, *NUMBERS_FLAGS)
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: state.exists() or running.poll() is not None)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert state.exists()
    assert not output.exists()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "taken over from an interrupted run: pose2d" in done.stdout
    assert done.stderr == ""
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert len(pase.load(output)) == 2


def test_overwrite_replaces_a_result_and_a_failure_keeps_it(
    result: Path, empty_photo: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    output = tmp_path / "out"
    shutil.copytree(result, output)
    before = contents(output)
    assert "--overwrite" in refused("run", empty_photo, "-o", output)
    assert "none.mp4" in refused("run", tmp_path / "none.mp4", "-o", output, "--overwrite")
    assert contents(output) == before
    (output / "person_1" / "opensim.log").write_text("what OpenSim says", encoding="utf-8")
    assert main(["run", str(empty_photo), "-o", str(output), "--overwrite"]) == 0
    assert sorted(p.name for p in output.iterdir()) == ["keypoints.json", "report.json"]


def test_render_draws_a_result_afterwards(
    result: Path,
    two_people_clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    refused: Callable[..., str],
) -> None:
    from pase.media import Video
    from pase.view.backend import probe_drawing

    if not probe_drawing().ok:
        pytest.skip(probe_drawing().message)
    folder = tmp_path / "result"
    shutil.copytree(result, folder)
    assert main(["render", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "overlay.mp4")
    assert "overlay.mp4" in json.loads((folder / "report.json").read_text(encoding="utf-8"))["files"]
    with Video(folder / "overlay.mp4") as drawn, Video(two_people_clip) as filmed:
        differences = [
            float(np.abs(a.image.astype(int) - b.image).max(axis=2).mean())
            for a, b in zip(drawn.frames(), filmed.frames(), strict=True)
        ]
    assert min(differences) > 0.1, "every frame shows bones"
    assert main(["render", str(folder), "--style", "lines", "--layout", "alone"]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "overlay_lines_alone.mp4")
    assert "overlay.mp4" in refused("render", folder, "-o", folder / "overlay.mp4")


def test_progress_is_told_for_every_long_step(run_once: tuple[Path, Reports]) -> None:
    reports = run_once[1]
    assert {"2D keypoints", "skeleton"} <= set(reports)
    for steps in reports.values():
        done = [count for count, _ in steps]
        assert done == sorted(done)
        assert steps[-1][0] == steps[-1][1]


@pytest.mark.parametrize("content", ["", "{}", '{"persons": []}', "[1]"])
def test_a_folder_without_a_report_of_ours_is_no_result(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError):
        pase.load(tmp_path)


def test_importing_the_package_is_quick_and_brings_nothing_heavy() -> None:
    code = "import sys, time; t = time.process_time(); import pase, pase.cli; print(time.process_time() - t);"
    code += "print([m for m in ('numpy', 'scipy', 'cv2', 'av', 'vtk', 'onnxruntime') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    assert float(seconds) < 1.0, "0.1 s on an idle computer"


def test_the_public_names_are_those_of_the_design() -> None:
    assert set(pase.__all__) == {"analyse", "estimate", "load", "Motion", "Skeleton", "PaseError"}
    assert all(getattr(pase, name) is not None for name in pase.__all__)
    with pytest.raises(AttributeError, match="no attribute 'motion'"):
        _ = pase.motion


def test_the_readable_part_of_a_cut_off_video_is_used_and_the_report_says_so(
    short_clip: Path, networks: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pase.media import Video, VideoWriter

    intact, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    with Video(short_clip) as video, VideoWriter(intact, video.image_size, 10.0) as out:
        for frame in video.frames():
            out.write(frame.image, frame.index / 10.0)
    cut.write_bytes(intact.read_bytes()[: intact.stat().st_size * 9 // 10])
    assert main(["run", str(cut), "-o", str(tmp_path / "out"), *NUMBERS_FLAGS]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert 0 < report["source"]["frames"] < 12
    reports = [sentence for sentence in report["warnings"] if "cut.mkv" in sentence]
    assert len(reports) == 1
    assert reports[0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "none.mp4", "-o", "out"], "none.mp4"),
        (["run", "a.mp4", "-o", "b", "--hight", "2"], "--hight"),
    ],
)
def test_a_process_ends_with_code_2_and_one_line(words: list[str], message: str, tmp_path: Path) -> None:
    command, environment = pase_command(*words), own_environment()
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and message in done.stderr
    assert list(tmp_path.iterdir()) == []
