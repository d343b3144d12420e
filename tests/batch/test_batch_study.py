"""Trials of a folder, with and without a table, and what is refused before any work."""

import unicodedata
from pathlib import Path

import pytest

from pase.batch.plan import check_places
from pase.batch.study import read_study
from pase.batch.table import read_study_table
from pase.errors import InputError, OutputError


def fill(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_without_a_table_every_recording_is_a_trial_of_its_own_subject(tmp_path: Path) -> None:
    fill(tmp_path, "b.mp4", "a.JPG", "anna/walk.mov", "notes.txt", ".hidden.mp4", "._b.mp4", ".trash/c.mp4")
    study = read_study(tmp_path)
    assert [trial.name for trial in study.trials] == ["a", "anna_walk", "b"]
    assert [trial.subject for trial in study.trials] == ["a", "anna_walk", "b"]
    assert study.table is None
    assert study.notes == (
        "1 file of the folder is neither a video nor a photo that can be read, and left out: notes.txt",
    )


def test_results_of_earlier_runs_are_no_recordings(tmp_path: Path) -> None:
    fill(tmp_path, "b.mp4", "result/overlay.mp4", "old/trials/x/overlay.mp4")
    (tmp_path / "result" / "report.json").write_text('{"pase": "0.1.0", "persons": []}', encoding="utf-8")
    (tmp_path / "old" / "batch.json").write_text("{}", encoding="utf-8")
    assert [trial.name for trial in read_study(tmp_path).trials] == ["b"]


CSV = """\ufeffFile;Subject;height;mass;condition;session
walk 1.mp4;anna;1,68;60;barefoot;7

ä/lauf.mp4;anna;;;shoes;8
c.png;ben;1.8;;;
"""
TOML = """
[subject.anna]
height = 1.68
mass = 60

[subject.ben]
height = 1.8

[[trial]]
file = "walk 1.mp4"
subject = "anna"
condition = "barefoot"
session = 7

[[trial]]
file = "ä/lauf.mp4"
subject = "anna"
condition = "shoes"
session = 8

[[trial]]
file = "c.png"
subject = "ben"
"""


@pytest.mark.parametrize(("name", "text"), [("study.csv", CSV), ("study.toml", TOML)])
def test_a_table_tells_whose_the_trials_are(name: str, text: str, tmp_path: Path) -> None:
    fill(tmp_path, "walk 1.mp4", "ä/lauf.mp4", "c.png", "left.mp4")
    (tmp_path / name).write_text(text, encoding="utf-8")
    study = read_study(tmp_path)
    first, second, third = study.trials
    assert [trial.name for trial in study.trials] == ["walk 1", "ä_lauf", "c"]
    assert (first.subject, first.height_m, first.mass_kg, first.condition) == ("anna", 1.68, 60, "barefoot")
    assert (second.height_m, second.mass_kg) == (1.68, 60), "what one row tells holds for the subject"
    assert (third.subject, third.height_m, third.mass_kg) == ("ben", 1.8, None)
    assert first.further["session"] == "7"
    assert study.notes == (f"1 file of the folder is not in {name} and is left out: left.mp4",)


def test_a_file_name_is_found_however_its_letters_are_composed(tmp_path: Path) -> None:
    fill(tmp_path, unicodedata.normalize("NFD", "früh.mp4"))
    (tmp_path / "study.csv").write_text(unicodedata.normalize("NFC", "file\nfrüh.mp4\n"), encoding="utf-8")
    assert read_study(tmp_path).trials[0].file.is_file()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,heigth\na.mp4,1.7", "unknown column 'heigth', did you mean 'height'"),
        ("file,height_cm\na.mp4,170", "unknown column 'height_cm', did you mean 'height'"),
        ("file,weight\na.mp4,70", "unknown column 'weight', did you mean 'mass'"),
        ("file,subject,subject\na.mp4,x,y", "'subject' is there twice"),
        ("subject,height\nanna,1.7", "no column 'file'"),
        (
            "file,height\na.mp4,168",
            "line 2: height must be in metres, from 0.5 to 2.6, not 168; did you mean 1.68",
        ),
        ("file,height\na.mp4,tall", "line 2: height must be a number, not 'tall'"),
        ("file,mass\na.mp4,nan", "line 2: mass must be a number"),
        ("file,mass\na.mp4,7000", "line 2: mass must be in kilograms"),
        ("file\nnone.mp4", "line 2: no file 'none.mp4'"),
        ("file\na", "did you mean a.mp4?"),
        ("file,subject\n,anna", "line 2: no file is named"),
        ("file\nb", "line 2: 'b' is a folder"),
        ("file\na.mp4\na.mp4", "line 3: a.mp4 is named a second time, after"),
        ("file\na.mp4\n./a.mp4", "line 3: a.mp4 is named a second time"),
        ("file\na.mp4\na.mov", "would be one trial 'a'"),
        ("file,output\na.mp4,x\na.mov,X", "would be one trial 'X'"),
        ("file,output\na.mp4,../x", "output must be a plain name"),
        ("file,subject\na.mp4,an/na", "subject must be a plain name"),
        ("file,subject\na.mp4,Anna\nb/c.mp4,anna", "write them alike"),
        ("file,subject,height\na.mp4,anna,1.7\nb/c.mp4,anna,1.8", "several values of height: 1.7, 1.8"),
        ("file,subject,sex\na.mp4,anna,f\nb/c.mp4,anna,m", "several values of sex: female, male"),
        ("file,sex\na.mp4,robot", "sex must be female or male, not 'robot'"),
        ("file,age\na.mp4,300", "age must be at least 0 and at most 120"),
        ("file\na.mp4,1.7", "line 2: more cells (2) than columns (1)"),
        ("file\n", "has no trials"),
        ("", "has no trials"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(table: str, message: str, tmp_path: Path) -> None:
    fill(tmp_path, "a.mp4", "a.mov", "b/c.mp4")
    (tmp_path / "study.csv").write_text(table, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_study(tmp_path)
    assert message in str(refused.value)
    assert "study.csv" in str(refused.value) or "would be one" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[[trial]\n", "not TOML"),
        ("[[trials]]\nfile = 'a.mp4'", "unknown table 'trials'"),
        ("trial = 3", r"write \[\[trial\]\]"),
        (
            "[[trial]]\nfile = 'a.mp4'\nheihgt = 1.7",
            "trial 1: unknown column 'heihgt', did you mean 'height'",
        ),
        ("[[trial]]\nfile = ['a.mp4']", "trial 1: file must be a text or a number"),
        ("[[trial]]\nfile = 'a.mp4'\n[subject.anna]\nheight = 1.7", "subject 'anna' has no trial"),
        ("[[trial]]\nsubject = 'anna'", "trial 1: no file is named"),
    ],
)
def test_a_wrong_toml_table_is_refused_in_one_line(table: str, message: str, tmp_path: Path) -> None:
    fill(tmp_path, "a.mp4")
    (tmp_path / "study.toml").write_text(table, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_study(tmp_path)


def test_folders_and_tables_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    folder = fill(tmp_path, "in/readme.txt") / "in"
    with pytest.raises(InputError, match="no video and no photo in"):
        read_study(folder)
    with pytest.raises(InputError, match="no such folder"):
        read_study(tmp_path / "none")
    with pytest.raises(InputError, match="is a file; 'pase batch' takes a folder"):
        read_study(folder / "readme.txt")
    with pytest.raises(InputError, match=r"a \.csv or a \.toml"):
        read_study_table(folder / "readme.txt")
    with pytest.raises(InputError, match="does not exist"):
        read_study(folder, tmp_path / "none.csv")
    fill(folder, "study.csv", "study.toml")
    with pytest.raises(InputError, match="remove one, or name one with --study"):
        read_study(folder)
    (folder / "study.csv").write_bytes("file\nfrüh.mp4\n".encode("cp1252"))
    assert read_study_table(folder / "study.csv")[0].text("file") == "früh.mp4"


def test_a_batch_goes_into_a_new_or_empty_folder_or_one_of_its_own(tmp_path: Path) -> None:
    folder = fill(tmp_path, "in/a.mp4") / "in"
    assert check_places(folder, tmp_path / "new") == (tmp_path / "new").resolve()
    for inside in (folder, folder / "out"):
        with pytest.raises(OutputError, match="lies in the folder of the recordings"):
            check_places(folder, inside)
    with pytest.raises(OutputError, match="holds files, but no batch"):
        check_places(folder, tmp_path)
    fill(tmp_path, "x.txt")
    with pytest.raises(OutputError, match="is a file"):
        check_places(folder, tmp_path / "x.txt")
    fill(tmp_path, "old/trials/a/report.json")
    (tmp_path / "old" / "batch.json").write_text("{}", encoding="utf-8")
    assert check_places(folder, tmp_path / "old") == (tmp_path / "old").resolve()


def test_sex_and_age_of_one_row_hold_for_the_subject(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "study.csv").write_text(
        "file,subject,sex,age\na.mp4,anna,F,7\nb.mp4,anna,,\n", encoding="utf-8"
    )
    trials = read_study(tmp_path).trials
    assert [(t.sex, t.age_years) for t in trials] == [("female", 7.0)] * 2


def test_limbs_that_are_not_there_belong_to_the_trial(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"film")
    table = tmp_path / "study.csv"
    table.write_text("file,subject,without\na.mp4,anna,left_shank\nb.mp4,anna,\n", encoding="utf-8")
    assert [trial.without for trial in read_study(tmp_path).trials] == ["left_shank", ""]
    table.write_text("file,without\na.mp4,left_wing\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: no limb 'left_wing'"):
        read_study(tmp_path)


def test_a_table_that_excel_saved_on_windows(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"film")
    (tmp_path / "study.csv").write_bytes("file;subject\r\na.mp4;Jürgen\r\n".encode("cp1252"))
    assert read_study(tmp_path).trials[0].subject == "Jürgen"
