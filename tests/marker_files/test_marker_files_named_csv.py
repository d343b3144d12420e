"""FreeMoCap's table is points in space; the same columns of a picture's points are none."""

import logging
from pathlib import Path

import numpy as np
import pytest

from pase.errors import InputError
from pase.marker_files import is_marker_file, read_markers

NAMES = (
    "nose",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "left_pinky",
)
MM = np.random.default_rng(2).uniform(-900, 900, (6, len(NAMES), 3))


def table(path: Path, values: np.ndarray) -> Path:
    header = ",".join(f"{name}_{axis}" for name in NAMES for axis in "xyz")
    rows = [",".join("" if np.isnan(x) else f"{x:.3f}" for x in row.ravel()) for row in values]
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def test_millimetres_around_an_origin_are_points_in_space(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = MM.copy()
    values[2, 3] = np.nan
    path = table(tmp_path / "body_3d_xyz.csv", values)
    assert is_marker_file(path)
    with caplog.at_level(logging.WARNING, "pase"):
        data = read_markers(path)
    assert "has no times" in caplog.text
    assert data.names == ("Nose", "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle")
    np.testing.assert_allclose(data.xyz, values[:, :7] / 1000, atol=1e-6)
    caplog.clear()
    assert read_markers(path, 60.0).time[1] == pytest.approx(1 / 60) and not caplog.messages


@pytest.mark.parametrize("values", [np.abs(MM), np.abs(MM) / 900])
def test_pixels_and_shares_of_a_picture_are_not(values: np.ndarray, tmp_path: Path) -> None:
    assert not is_marker_file(table(tmp_path / "a.csv", values))


def test_a_row_that_is_too_short_is_named(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", MM)
    path.write_text(path.read_text(encoding="utf-8") + "1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 7: 3 cells, not 24"):
        read_markers(path)


def test_freemocap_names_the_body_and_gives_cameras_their_times(tmp_path: Path) -> None:
    """As its by_trajectory.csv since 1.7: quoted dictionaries with commas, and points that are not of the body."""
    header = ",".join(
        ["timestamp", "timestamp_by_camera"]
        + [f"body_{name}_{axis}" for name in NAMES for axis in "xyz"]
        + [f"com_head_{axis}" for axis in "xyz"]
    )
    rows = [
        ",".join(
            [f"{k / 25:.3f}", "\"{'0': 1.5, '1': 1.6}\"", *(f"{x:.3f}" for x in (*row.ravel(), 1, 2, 3))]
        )
        for k, row in enumerate(MM)
    ]
    path = tmp_path / "recording_by_trajectory.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    data = read_markers(path)
    assert is_marker_file(path) and data.names[:2] == ("Nose", "LHip")
    np.testing.assert_allclose(data.xyz, MM[:, :7] / 1000, atol=1e-6)
    np.testing.assert_allclose(data.time, np.arange(6) / 25)
    path.write_text("\n".join([header, *(row.replace(row[:5], "", 1) for row in rows), ""]), encoding="utf-8")
    assert read_markers(path).time[1] == pytest.approx(1 / 30), "without timestamps"


@pytest.mark.parametrize("version", [1, 2])
def test_freemocap_with_a_row_a_point(version: int, tmp_path: Path) -> None:
    if version == 1:
        lines = ["frame,timestamp,timestamp_by_camera,model,keypoint,x,y,z,reprojection_error"]
        row, foreign_row = "{f},,{{}},mediapipe_body,{n},{x}", "{f},,{{}},mediapipe_com,head,1,2,3,"
    else:
        lines = ["frame,keypoint,x,y,z,model,trajectory,reprojection_error"]
        row, foreign_row = "{f},{n},{x},rtmpose.body,3d_xyz,", "{f},nose,1,2,3,rtmpose.body,rigid_3d_xyz,"
    for f, points in enumerate(MM):
        for n, point in zip(NAMES, points, strict=True):
            lines.append(row.format(f=f, n=n, x=",".join(f"{x:.3f}" for x in point)))
        lines.append(foreign_row.format(f=f))
    path = tmp_path / "freemocap_data_by_frame.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    data = read_markers(path, 60.0)
    assert is_marker_file(path) and data.names == (
        "Nose",
        "LHip",
        "RHip",
        "LKnee",
        "RKnee",
        "LAnkle",
        "RAnkle",
    )
    np.testing.assert_allclose(data.xyz, MM[:, :7] / 1000, atol=1e-6)
    path.write_text("\n".join([lines[0], lines[1].replace("0,", "x,", 1)]), encoding="utf-8")
    with pytest.raises(InputError, match="'x' is no frame number"):
        read_markers(path)
