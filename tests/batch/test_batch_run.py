"""Whole batches: one skeleton per subject, failures that stop nothing, and going on where one stopped."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pase.batch.run import run_batch
from pase.cli import main
from pase.config import make_settings
from runs import QUICK, QUICK_FLAGS, own_environment, pase_command, wait_until

TABLE = "file,subject,height,condition,session\nfrüh.png,anna,1.7,slow,3\nlate.png,anna,,fast,\n"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def states(output: Path) -> dict[str, str]:
    """State of each trial, with a star where an earlier call had done it."""
    content = json.loads((output / "batch.json").read_text(encoding="utf-8"))
    return {
        entry["trial"]: entry["state"] + ("*" if entry.get("kept") else "") for entry in content["trials"]
    }


def test_a_folder_of_photos_gives_a_skeleton_each_and_goes_on_where_it_stopped(
    photos: Path, networks: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    assert main(["run", str(photos), "-o", str(output), *QUICK_FLAGS]) == 1
    text = capsys.readouterr().out
    assert "broken: failed: " in text and "trials   4   failed  1" in text
    assert "nobody: 1 frame, nobody was found" in text
    assert states(output) == {"broken": "failed", "früh": "done", "late": "done", "nobody": "done"}
    assert (output / "trials" / "früh" / "person_1" / "skeleton.osim").is_file()
    summary = {row["trial"]: row for row in rows(output / "summary.csv")}
    assert summary["nobody"]["persons"] == "0" and summary["nobody"]["stature_m"] == ""
    assert summary["broken"]["state"] == "failed" and "broken.jpg" in summary["broken"]["error"]
    assert 1.5 < float(summary["late"]["stature_m"]) < 1.9
    page = (output / "index.html").read_text(encoding="utf-8")
    assert "3 of 4 recordings done · 4 subjects" in page and "broken.jpg" in page
    log = (output / "batch.log").read_text(encoding="utf-8")
    assert sum(f" {name}: " in log for name in summary) == 4

    before = (output / "trials" / "late" / "report.json").stat().st_mtime_ns
    (photos / "broken.jpg").unlink()
    os.utime(photos / "früh.png", ns=(1, 1))
    assert main(["batch", str(photos), "-o", str(output), "--jobs", "1", *QUICK_FLAGS]) == 0
    assert states(output) == {"früh": "done", "late": "done*", "nobody": "done*"}
    assert (output / "trials" / "late" / "report.json").stat().st_mtime_ns == before


def test_trials_of_a_subject_share_one_skeleton(
    photos: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    output, settings = tmp_path / "out", make_settings(QUICK)
    (photos / "study.csv").write_text(TABLE, encoding="utf-8")
    result = run_batch(photos, output, settings)
    assert not result.failed and "2 files of the folder" in result.notes[0]
    first, last = (output / "trials" / name / "person_1" for name in ("früh", "late"))
    assert (first / "bones.csv").read_bytes() == (last / "bones.csv").read_bytes()
    bones = rows(output / "bones.csv")
    assert {row.pop("subject") for row in bones} == {"anna"} and bones == rows(first / "bones.csv")
    summary = rows(output / "summary.csv")
    assert [row["condition"] for row in summary] == ["slow", "fast"]
    assert [row["session"] for row in summary] == ["3", ""]
    assert summary[0]["stature_m"] == summary[1]["stature_m"]
    assert float(summary[0]["stature_m"]) == pytest.approx(1.7, abs=0.005)

    (photos / "study.csv").write_text(TABLE.replace("fast", "quick"), encoding="utf-8")
    assert all(entry.kept for entry in run_batch(photos, output, settings).entries)
    assert rows(output / "summary.csv")[1]["condition"] == "quick"
    measures = rows(output / "measures.csv")
    assert {(row["subject"], row["trial"], row["condition"]) for row in measures} == {
        ("anna", "früh", "slow"), ("anna", "late", "quick")
    }  # fmt: skip
    assert (output / "tables.xlsx").stat().st_size > 5000
    (photos / "study.csv").write_text(TABLE.replace("1.7", "1.75"), encoding="utf-8")
    shutil.copy(photos / "nobody.png", photos / "late.png")
    assert not any(entry.kept for entry in run_batch(photos, output, settings).entries)
    assert rows(output / "summary.csv")[0]["height_m"] == "1.75"
    resumed = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["resumed"]
        for path in output.glob("trials/*/report.json")
    }
    assert resumed["früh"] == ["pose2d"], "keypoints are not found again"
    assert rows(output / "summary.csv")[1]["persons"] == "0", "another file has other keypoints"
    assert not list((output / "trials").glob(".*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in", "-o", "in/out"], "lies in the folder of the recordings"),
        (["in", "-o", "out", "--jobs", "0"], "jobs must be at least 1"),
        (["in", "-o", "out", "--sizes", "anna.json"], "leave out --sizes"),
        (["in", "-o", "out", "--study", "none.csv"], "none.csv does not exist"),
        (["in", "-o", "out", "--formats", "exe"], "unknown format"),
        (["in", "-o", "out", "--height", "170"], "did you mean 1.7"),
        (["empty", "-o", "out"], "no video and no photo in empty"),
        (["in/früh.png", "-o", "out"], "'pase run' a single video or photo"),
    ],
)
def test_bad_words_are_answered_in_one_line_before_any_work(
    words: list[str], message: str, photos: Path, folder: Path, refused: Callable[..., str]
) -> None:
    (folder / "empty").mkdir()
    assert message in refused("batch", *words)
    assert sorted(p.name for p in folder.iterdir()) == ["empty", "in"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_stopped_batch_says_so_and_goes_on(
    photos: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = pase_command("batch", photos, "-o", output, "--jobs", "1", *QUICK_FLAGS)
    batch = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=own_environment(),
        # A shell's job in the background ignores it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    wait_until((output / "batch.log").exists)
    batch.send_signal(signal.SIGINT)
    _, messages = batch.communicate(timeout=60)
    assert batch.returncode == 130 and "the same command goes on" in messages, messages
    assert "waiting" in states(output).values()
    assert not list((output / "trials").glob(".*.lock"))
    assert main(command[3:]) == 1
    assert states(output)["late"].startswith("done")
