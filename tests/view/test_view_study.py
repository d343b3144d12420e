"""The page over all trials of a study."""

import re
from pathlib import Path

from pictures import check_picture

from browser import screenshot
from pase.view.study import StudyTrial, write_study_page


def trial(name: str, subject: str, condition: str, speed: float) -> StudyTrial:
    page = f"trials/{name}/report.html"
    values = {("walking_speed", ""): speed, ("step_length", "right"): speed / 2}
    return StudyTrial(name, subject, condition, "done", "walking", "good", page, "", values)


def study(folder: Path) -> Path:
    """The page of four recordings of two subjects, and one that could not be read."""
    trials = [
        trial("a1", "anna", "barefoot", 1.0),
        trial("a2", "anna", "barefoot", 1.2),
        trial("a3", "anna", "shoes", 1.4),
        trial("b1", "ben", "barefoot", 1.5),
        StudyTrial("c1", "cleo", "shoes", "no such <file>"),
    ]
    write_study_page(trials, folder / "index.html", title="Shoes & feet")
    return folder / "index.html"


def test_groups_count_each_subject_once(tmp_path: Path) -> None:
    text = study(tmp_path).read_text(encoding="utf-8")
    # Anna's mean is 1.1, Ben's 1.5: their mean is 1.3, and 0.4 / sqrt(2) = 0.28 is between them.
    assert "<td>Speed, m/s</td><td>1.30 ± 0.28 (2)</td><td>1.40 (1)</td>" in text
    assert "<td>Step length, right, m</td><td>0.65 ± 0.14 (2)</td><td>0.70 (1)</td>" in text
    assert "4 of 5 recordings done · 3 subjects" in text
    assert "no such &lt;file&gt;" in text and "Shoes &amp; feet" in text
    assert re.findall(r'href="(trials[^"]*)"', text) == [
        f"trials/{n}/report.html" for n in ("a1", "a2", "a3", "b1")
    ]


def test_a_study_without_measures_lists_its_recordings(tmp_path: Path) -> None:
    write_study_page([StudyTrial("x", "x", "", "waiting")], tmp_path / "index.html", title="one")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "0 of 1 recordings done · 1 subject" in text and "waiting" in text


def test_the_page_looks_as_it_did(tmp_path: Path) -> None:
    check_picture("study", screenshot(study(tmp_path)))
