"""The workbook over all trials: a row a trial, numbers as numbers."""

from pathlib import Path

import pytest

from pase.batch.summary import write_batch_workbook


def test_a_trial_has_one_row_with_its_measures_in_the_order_of_the_report(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    labels = ("P01", "walk", "before", "walking")
    measures = {
        "walk": [
            [*labels, "right", "", "step_length", "0.7", "0.05", "m"],
            [*labels, "right", "1", "step_length", "0.6", "0.05", "m"],
            [*labels, "left", "", "step_length", "0.8", "", "m"],
            [*labels, "right", "", "knee_flexion_range", "61", "5", "deg"],
            [*labels, "right", "", "knee_flexion_max", "63", "4", "deg"],
            [*labels, "", "", "walking_speed", "1.2", "0.1", "m/s"],
        ]
    }
    entries = [
        {"trial": "walk", "state": "done", "persons": 1, "knee_angle_r_range_deg": 60.0},
        {"trial": "broken", "state": "failed", "error": "cut off"},
    ]
    write_batch_workbook(tmp_path / "tables.xlsx", entries, measures)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    header, walk, broken = book["trials"].iter_rows(values_only=True)
    assert header == (
        "trial", "state", "persons", "error", "Speed, m/s", "Speed, m/s, sd", "Step length, left, m",
        "Step length, left, m, sd", "Step length, right, m", "Step length, right, m, sd",
        "Knee flexion, range, right, °", "Knee flexion, range, right, °, sd",
    )  # fmt: skip
    assert walk == ("walk", "done", 1, None, 1.2, 0.1, 0.8, None, 0.7, 0.05, 61, 5)
    assert broken[:4] == ("broken", "failed", None, "cut off") and not any(broken[4:])
    tidy = list(book["measures"].iter_rows(values_only=True))
    assert len(tidy) == 7 and tidy[2][5:9] == (1, "step_length", 0.6, 0.05)
