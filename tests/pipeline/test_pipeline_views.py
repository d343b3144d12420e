"""Viewer and formats of a result that is there already, from Python and the command line."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.motions import squats
from pase.analysis import analysed
from pase.anatomy.default import default_skeleton
from pase.anatomy.proportions import PersonFacts
from pase.cli import main
from pase.config import AnalysisSettings, OutputSettings
from pase.data import Motion
from pase.diagnostics import FitDiagnostics
from pase.errors import InputError
from pase.findings import Quality
from pase.formats.findings import TrialLabels
from pase.parallel import Helpers
from pase.pipeline.outputs import begin_analysis, body_masses, write_people
from pase.pipeline.report import Report
from pase.pipeline.results import export, viewer_of
from pase.pipeline.views import write_views


def motion(number: int) -> Motion:
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (4, 1))
    return Motion(skeleton, q, np.full_like(q, 0.02), np.arange(4) / 30, track_id=number)


@pytest.mark.parametrize("busy", [False, True])
def test_an_analysis_by_another_process_finds_the_same(busy: bool) -> None:
    motions, settings = [motion(1), motion(2)], AnalysisSettings(movement="standing")
    alone = begin_analysis(motions, settings, Helpers(0))()
    with Helpers(1) as helpers:
        shared = begin_analysis(motions, settings, helpers, busy=busy)()
    assert [m.track_id for m in shared] == [1, 2]
    for first, second in zip(alone, shared, strict=True):
        assert first.findings is not None and second.findings is not None
        assert first.findings.movement == second.findings.movement
        np.testing.assert_array_equal(first.findings.angles.values, second.findings.angles.values)
    assert shared[0].findings is not None and shared[0].findings.movement == "standing"


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A finished result of two persons, with a photo as its footage."""
    Image.fromarray(np.full((48, 64, 3), 99, np.uint8)).save(tmp_path / "me & you.png")
    folder, report = tmp_path / "result", Report()
    report.source = {"path": str(tmp_path / "me & you.png"), "frames": 4, "image_size": [64, 48]}
    motions = [motion(1), motion(2)]
    write_people(motions, folder, [None, None], TrialLabels())
    report.add_persons(motions)
    report.write(folder / "report.json")
    return folder


def test_a_model_has_the_mass_that_was_given_or_an_average_one() -> None:
    tall = replace(motion(1), diagnostics=FitDiagnostics(stature_m=1.8))
    assert body_masses([tall, tall, motion(3)], PersonFacts(1.8, 61.0))[::2] == [61.0, None]
    main, second = body_masses([tall, tall], PersonFacts(1.8, sex="female"))
    assert main is not None and second is not None and 75 < main < second < 92
    report = Report(settings={"person": {"mass_kg": 61.0}})
    report.add_masses([61.0, 88.2])
    assert report.assumptions == [
        "person 2: no mass was given: skeleton.osim has 88 kg, the average for the height"
    ]


def listed(result: Path) -> set[str]:
    return set(json.loads((result / "report.json").read_text(encoding="utf-8"))["files"])


def test_export_writes_every_person_and_notes_it(
    result: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]
) -> None:
    assert main(["export", str(result), "--format", "glb", "npz"]) == 0
    wanted = {f"person_{k}/{name}" for k in (1, 2) for name in ("skeleton.glb", "motion.npz")}
    assert all((result / name).is_file() for name in wanted) and wanted <= listed(result)
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert "the formats are: glb, rig, bvh, c3d, npz, openpose, coco, all" in refused(
        "export", result, "--format", "fbx"
    )
    with pytest.raises(InputError, match="not a finished result"):
        export(result / "person_1", "glb")


def test_a_comparison_is_not_written_into_a_file(result: Path, refused: Callable[..., str]) -> None:
    page = result / "report.json"
    assert "name a folder for the page" in refused("compare", result, result, "-o", page)


def test_a_comparison_warns_of_results_that_are_not_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [tmp_path / "before", tmp_path / "after"]
    for folder, depth, reasons in zip(folders, (80.0, 95.0), ((), ("the bones miss the body",)), strict=True):
        report, person = Report(), analysed(squats([depth, depth]))
        assert person.findings is not None
        verdict = Quality("do not use" if reasons else "good", reasons)
        person = replace(person, findings=person.findings.judged(verdict))
        write_people([person], folder, [None], TrialLabels())
        report.add_persons([person])
        report.write(folder / "report.json")
    assert main(["compare", *map(str, folders)]) == 0
    first, warning, *lines = capsys.readouterr().out.splitlines()
    assert "95 % interval" in first
    assert warning == "  warning: after is marked 'do not use': the bones miss the body"
    assert any("Squat depth: " in line for line in lines)


def test_the_viewer_is_made_once_and_again_when_asked(result: Path) -> None:
    path = viewer_of(result)
    page = path.read_text(encoding="utf-8")
    assert "<title>me &amp; you.png</title>" in page and "viewer.html" in listed(result)
    path.write_text("mine")
    assert viewer_of(result).read_text() == "mine"
    assert "image/jpeg" not in viewer_of(result, rebuild=True, video=False).read_text(encoding="utf-8")
    assert "image/jpeg" in viewer_of(result, rebuild=True).read_text(encoding="utf-8")


def test_footage_that_has_gone_is_told(result: Path, caplog: pytest.LogCaptureFixture) -> None:
    (result.parent / "me & you.png").unlink()
    assert viewer_of(result).is_file()
    assert "the footage is not at" in caplog.text


def test_view_prints_where_it_is(
    result: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]
) -> None:
    assert main(["view", str(result), "--print", "--no-video"]) == 0
    assert capsys.readouterr().out.strip() == str(result / "viewer.html")
    assert "not a finished result" in refused("view", result.parent, "--print")


def test_only_what_is_wanted_is_written(result: Path) -> None:
    before = {path.name for path in result.rglob("*")}
    empty = OutputSettings(viewer=False, plots=False, formats="")
    write_views([motion(1), motion(2)], result, empty, "clip.mp4")
    assert {path.name for path in result.rglob("*")} == before
    write_views([motion(1), motion(2)], result, OutputSettings(film=False), "clip.mp4")
    assert (result / "viewer.html").is_file() and (result / "person_2" / "plots" / "path.svg").is_file()
    assert (result / "person_2" / "motion.bvh").is_file()


def test_an_unknown_format_is_refused_before_the_work(tmp_path: Path, refused: Callable[..., str]) -> None:
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(tmp_path / "a.png")
    words = ["run", tmp_path / "a.png", "-o", tmp_path / "out", "--formats", "fbx", "--no-overlay"]
    assert "unknown format 'fbx'" in refused(*words)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
