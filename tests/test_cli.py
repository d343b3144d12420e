"""The command line in this process: what it answers to good and bad words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pase.cli import COMMANDS, main
from pase.errors import InputError


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["batch", "folder"], "-o/--output"),
        (["rum", "clip.mp4"], "'rum' is no command, and no file of that name exists, did you mean 'run'"),
        (["run", "https://example.org/a.mp4", "-o", "out"], "https://example.org/a.mp4 is an address"),
        (["run", "-o", "out"], "VIDEO_OR_PHOTO"),
        (["run", "clip.mp4", "-o", "out", "--heigth", "1.7"], "did you mean '--height'"),
        (["pose2d", "clip.mp4", "-o", "points.csv"], "name a .json file"),
        (["run", "clip.mp4", "-o", "out", "--height", "-1.75"], "height must be in metres"),
        (["run", "clip.mp4", "-o", "out", "--height=-1.75"], "height must be in metres"),
        (["run", "clip.mp4", "-o", "out", "--height", "0"], "height must be in metres"),
        (["run", "clip.mp4", "-o", "out", "--height", "175"], "did you mean 1.75?"),
        (["run", "clip.mp4", "-o", "out", "--height", "tall"], "height must be a number, not 'tall'"),
        (["run", "clip.mp4", "-o", "out", "--height", "nan"], "height must be in metres"),
        (["run", "clip.mp4", "-o", "out", "--height"], "expected one argument"),
        (["run", "clip.mp4", "-o", "out", "--mass", "-3"], "mass must be in kilograms"),
        (["run", "clip.mp4", "-o", "out", "--fov", "400"], "fov must be at least 5 and at most 170"),
        (["run", "clip.mp4", "-o", "out", "--view.opacity", "2"], "view.opacity must be"),
        (["run", "clip.mp4", "-o", "out", "--config", "none.toml"], "none.toml does not exist"),
        (["run", "clip.mp4", "-o", "out"], "clip.mp4"),
        (["pose2d", "clip.mp4", "-o", "keypoints.json"], "clip.mp4"),
        (["fit", "keypoints.json", "-o", "out"], "keypoints.json"),
        (["render", "nowhere"], "not a finished result"),
        (["models", "path", "yolo-huge"], "there are: "),
        (["models", "fetch", "yolo-huge"], "there are: "),
    ],
)
def test_bad_words_are_answered_in_one_line(
    words: list[str], message: str, folder: Path, refused: Callable[..., str]
) -> None:
    assert message in refused(*words)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("command", "more"), [([], True), (["run"], True), (["view"], False)])
def test_several_files_are_named_one_at_a_time(
    command: list[str], more: bool, tmp_path: Path, refused: Callable[..., str]
) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "b.jpg"
    for path in (first, second):
        path.write_bytes(b"")
    answer = refused(*command, first, second)
    assert f"takes one, and {second} is another: name one at a time" in answer
    assert ("'pase batch'" in answer) == more


def _no_media(folder: Path) -> dict[str, Path]:
    """Files that are neither video nor photo, by what is wrong with them."""
    for name, content in {
        "text.mp4": b"this is a text, whatever its name says\n" * 20,
        "zero.mp4": b"",
        "zero.jpg": b"",
        "corrupt.png": b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(range(200)),
        "cut.mp4": b"\x00\x00\x00 ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\xff\xffmdat"
        + b"\x17" * 999,
    }.items():
        (folder / name).write_bytes(content)
    (folder / "folder.mp4").mkdir()
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize(
    "name", ["missing.mp4", "folder.mp4", "text.mp4", "zero.mp4", "zero.jpg", "corrupt.png", "cut.mp4"]
)
@pytest.mark.parametrize("command", ["run", "pose2d"])
def test_what_is_no_footage_is_refused_and_leaves_nothing(
    command: str, name: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    _no_media(tmp_path / "in")
    assert name in refused(command, tmp_path / "in" / name, "-o", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_an_unwritable_output_is_refused_before_any_work(
    empty_photo: Path, refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot" in refused("run", empty_photo, "-o", tmp_path / "file" / "out")
    assert "cannot" in refused("pose2d", empty_photo, "-o", tmp_path / "file" / "k.json")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_existing_output_needs_overwrite(
    empty_photo: Path, refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "report.json").write_text('{"files": []}', encoding="utf-8")
    assert "--overwrite" in refused("run", empty_photo, "-o", tmp_path)
    (tmp_path / "mine.txt").write_text("", encoding="utf-8")
    assert "mine.txt" in refused("run", empty_photo, "-o", tmp_path, "--overwrite")


def test_a_model_file_with_a_wrong_checksum_is_refused(
    empty_photo: Path, refused: Callable[..., str], tmp_path: Path
) -> None:
    from pase.models import MODEL_FILES

    models = tmp_path / "models"
    models.mkdir()
    for file in MODEL_FILES.values():
        (models / file.file_name).write_bytes(b"not a network")
    line = refused("run", empty_photo, "-o", tmp_path / "out", "--models", models)
    assert "sha256" in line
    assert any(file.sha256 in line for file in MODEL_FILES.values())
    assert [p.name for p in tmp_path.iterdir()] == ["models"]


def test_ctrl_c_while_a_module_is_loaded_stops_like_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped_in_an_import(_: object) -> int:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setitem(COMMANDS, "doctor", stopped_in_an_import)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err == "pase: stopped; the same command goes on where it can\n"


def test_models_are_listed_with_licence_and_credit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "rtmpose-s" in listed
    assert "Apache-2.0" in listed


def test_doctor_tells_what_computes_and_draws(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor"])
    text = capsys.readouterr().out
    assert code == (1 if "missing: " in text else 0)
    for word in ("numpy", "onnxruntime", "CPUExecutionProvider", "drawing", "model rtmpose-s"):
        assert word in text


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    import pase

    assert main(["version"]) == 0
    assert capsys.readouterr().out.strip() == pase.__version__


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    from pase.config import leaves

    with pytest.raises(SystemExit) as ended:
        main(["run", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(f"--{leaf.flag}" in text for leaf in leaves())


def test_nobody_in_the_picture_is_a_result_of_its_own(
    empty_photo: Path, networks: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    assert main(["run", str(empty_photo), "-o", str(output)]) == 0
    assert "nobody was found" in capsys.readouterr().out
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert report["persons"] == []
    assert report["source"]["frames"] == 1
    assert sorted(p.name for p in output.iterdir()) == ["keypoints.json", "report.json"]
    assert main(["render", str(output)]) == 0
    assert main(["fit", str(output / "keypoints.json"), "-o", str(tmp_path / "again")]) == 0


def test_a_picture_of_one_pixel_has_nobody_in_it(
    networks: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    assert main(["run", str(tmp_path / "dot.png"), "-o", str(tmp_path / "out")]) == 0
    assert "nobody was found" in capsys.readouterr().out


def test_a_file_alone_is_run_and_the_result_named_after_it(folder: Path) -> None:
    from pase.cli_parser import parse

    (folder / "my walk.mp4").write_bytes(b"")
    parsed = parse(["my walk.mp4", "--height", "1,75"])
    assert (parsed.command, parsed.output) == ("run", Path("my walk_pase"))
    assert parse(["fit", "a.trc"]).output == Path("a_pase")
    assert parse(["run", "a.mp4", "-o", "b"]).output == Path("b")


def test_an_address_is_told_to_be_downloaded() -> None:
    from pase.cli_parser import parse

    for words in (
        ["run", "https://example.org/a.mp4"],
        ["rtsp://camera/1"],
        ["fit", "a.json", "--video", "http://b"],
    ):
        with pytest.raises(InputError, match="is an address: download the file first"):
            parse(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], "usage: pase COMMAND"), (["help"], "usage: pase COMMAND"), (["help", "run"], "usage: pase run")],
)
def test_no_words_and_help_show_the_help(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert capsys.readouterr().out.startswith(expected)


def test_help_has_a_short_usage_and_flags_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    assert shown.startswith("usage: pase run VIDEO_OR_PHOTO [options]\n\n")
    person = shown.split("\nperson:\n")[1].split("\nfootage:\n")[0]
    assert "--height M" in person and "--rotate" not in person
    assert "--style bones|xray|lines" in shown


def test_summary_ranks_and_ends_with_what_to_open() -> None:
    from pase.pipeline.report import Report, summary_lines

    person = {"folder": "person_1", "quality": "fair", "quality_reasons": ["far away"], "movement": "walking"}
    report = Report(
        source={"frames": 40},
        persons=[person],
        warnings=[f"sentence {number}" for number in range(5)],
        files=["overlay.mp4", "report.html", "report.json"],
    )
    lines = summary_lines(report, Path("walk.mp4"), Path("out"))
    assert lines[0] == "result   out   1 person, 40 frames"
    assert lines[1] == "quality  person_1  fair: far away   walking"
    assert [line for line in lines if line.startswith("warning")] == [
        f"warning  sentence {number}" for number in range(3)
    ]
    assert "         2 more warnings in report.html" in lines
    assert lines[-1] == f"open     {Path('out/report.html')}   {Path('out/overlay.mp4')}"


def test_markers_are_sent_to_fit(tmp_path: Path, refused: Callable[..., str]) -> None:
    header = "PathFileType\t4\t(X/Y/Z)\ta.trc\nDataRate\tNumMarkers\tUnits\n100\t1\tmm\nFrame#\tTime\tA\n"
    (tmp_path / "a.trc").write_text(header + "\t\tX1\tY1\tZ1\n1\t0\t1\t2\t3\n2\t0.01\t2\t3\t4\n")
    assert "give it to 'pase fit'" in refused("run", tmp_path / "a.trc", "-o", tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", "k.json", "--model", "m.osim"], "--model: for points in space alone, and k.json holds none"),
        (["fit", "k.json", "--no-scale", "--up", "z"], "--no-scale, --up: for points in space alone"),
        (["fit", "a.trc", "--skeleton", "coco17"], "a.trc holds markers"),
        (["run", "done"], "done is a result of PASE: give it to 'pase view'"),
        (["batch", "done", "-o", "out"], "done is a result of PASE"),
        (["run", ""], "the name is empty"),
        (["app", "--port", "65536", "--no-browser"], "port must be from 0 to 65535"),
    ],
)
def test_options_and_files_of_another_kind_are_refused(
    words: list[str], message: str, folder: Path, refused: Callable[..., str]
) -> None:
    (folder / "k.json").write_text("[]")
    (folder / "a.trc").write_text("PathFileType\t4\t(X/Y/Z)\ta.trc\nFrame#\tTime\tA\n")
    (folder / "done").mkdir()
    (folder / "done/report.json").write_text('{\n  "pase": "0.2.0"\n}')
    before = sorted(folder.iterdir())
    assert message in refused(*words)
    assert [path for path in sorted(folder.iterdir()) if path.name != "pase-app"] == before
