from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from analysis.motions import squats
from pase.analysis import analysed
from pase.data import Motion
from pase.formats.findings import TrialLabels
from pase.formats.person import load_motion, write_person


@pytest.fixture(scope="module")
def motion() -> Motion:
    raw = squats([90.0, 85.0])
    raw.q_std[:] = np.radians(3)
    return analysed(raw)


def test_findings_come_back_from_a_persons_folder(motion: Motion, tmp_path: Path) -> None:
    write_person(motion, tmp_path, labels=TrialLabels("anna", "trial 1", "barefoot"))
    again = load_motion(tmp_path).findings
    assert motion.findings is not None and again is not None
    assert again.movement == "squat"
    assert [e.event for e in again.events] == [e.event for e in motion.findings.events]
    for measure in motion.findings.measures:
        read_back = again.measure(measure.measure, measure.side, measure.repetition)
        assert read_back is not None
        assert read_back.value == pytest.approx(measure.value, rel=1e-5)
        assert read_back.count == measure.count
    old, new = motion.findings.angles, again.angles
    assert new.keys == old.keys
    assert new.values == pytest.approx(old.values, abs=0.02, nan_ok=True)
    assert (new.sure == old.sure).all()


def test_the_table_of_measures_is_tidy(motion: Motion, tmp_path: Path) -> None:
    write_person(motion, tmp_path, labels=TrialLabels("anna", "trial 1", "barefoot"))
    header, *rows = (tmp_path / "measures.csv").read_text(encoding="utf-8").splitlines()
    assert header == "subject,trial,condition,movement,side,repetition,measure,value,sd,unit"
    assert all(row.startswith("anna,trial 1,barefoot,squat,") and row.count(",") == 9 for row in rows)
    assert sum(",squat_depth," in row for row in rows) == 3
    first = (tmp_path / "events.csv").read_text(encoding="utf-8").splitlines()[:2]
    assert first[0] == "time_s,event,side"
    assert first[1].endswith(",repetition_start,")


def test_a_spreadsheet_holds_measures_events_and_bones(motion: Motion, tmp_path: Path) -> None:
    seen = np.ones((len(motion), len(motion.skeleton.bodies)), bool)
    seen[:, motion.skeleton.body_index("femur_l")] = False
    write_person(replace(motion, seen=seen), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert book.sheetnames == ["measures", "events", "bones"]
    assert isinstance(book["measures"]["H2"].value, float)
    header, *rows = book["bones"].iter_rows(values_only=True)
    assert {row[0]: row[header.index("seen")] for row in rows if "femur" in row[0]} == {
        "femur_r": 1,
        "femur_l": 0,
    }


def test_events_are_in_the_c3d_file(motion: Motion, tmp_path: Path) -> None:
    ezc3d = pytest.importorskip("ezc3d")
    from pase.formats.c3d import write_c3d

    write_c3d(motion, tmp_path / "motion.c3d")
    group = ezc3d.c3d(str(tmp_path / "motion.c3d"))["parameters"]["EVENT"]
    assert group["USED"]["value"][0] == 6
    assert group["LABELS"]["value"][0] == "repetition_start"
    assert motion.findings is not None
    assert group["TIMES"]["value"][1, 0] == pytest.approx(
        motion.findings.events[0].time_s - motion.time[0], abs=1e-3
    )
