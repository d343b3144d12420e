"""Tables of Vicon Nexus, OptiTrack Motive, OpenSim and scripts give the walk of a TRC; others say what they are."""
# ruff: noqa: E501

import logging
from pathlib import Path

import numpy as np
import pytest
from test_marker_files_dialects import RATE, trc, walk

from pase.errors import InputError
from pase.fit.markers.names import named_as_model
from pase.marker_files import is_marker_file, read_markers

NAMES, MM = walk()


def rows(before: list[list[str]], values: np.ndarray = MM) -> str:
    lines = [",".join([*head, *(f"{v:.5f}" for v in row)]) for head, row in zip(before, values.reshape(6, -1), strict=True)]  # fmt: skip
    return "\n".join(lines) + "\n"


def motive() -> str:
    kinds = ["Bone", *["Marker"] * len(NAMES)]
    heads = ["Format Version,1.23,Capture Frame Rate,50.0,Length Units,Millimeters", ""]
    for line in (kinds, ["hip", *NAMES], ["0"] * 27, ["Rotation", *["Position"] * 26]):
        heads.append(",," + ",".join(cell for cell in line for _ in "xyz"))
    heads.append("Frame,Time (Seconds)," + ",".join(["X,Y,Z"] * 27))
    return "\n".join(heads) + "\n" + rows([[str(k), f"{k / RATE:.3f}", "1", "2", "3"] for k in range(6)])


def nexus() -> str:
    heads = ["Devices", "1000", "Frame,Sub Frame,Fx", ",,N", "1,0,3.5", "", "Trajectories", "50"]
    heads.append(",," + ",".join(f"{name},," for name in NAMES))
    heads += ["Frame,Sub Frame," + ",".join(["X,Y,Z"] * 26), ",," + ",".join(["mm"] * 78)]
    return "\n".join(heads) + "\n" + rows([[str(k + 1), "0"] for k in range(6)]) + "\n"


def storage() -> str:
    body = ["\t".join([f"{k / RATE}", *(",".join(f"{v / 1000:.6f}" for v in p) for p in frame)]) for k, frame in enumerate(MM)]  # fmt: skip
    return "\n".join(
        ["markers", "DataRate=50", "DataType=Vec3", "endheader", "\t".join(["time", *NAMES]), *body]
    )


def table(columns: list[str], before: list[list[str]], scale: float = 1.0, axes: str = "_x _y _z") -> str:
    header = ",".join([*columns, *(name + axis for name in NAMES for axis in axes.split())])
    return header + "\n" + rows(before, MM * scale)


FRAMES = [[str(k), f"{k / RATE}"] for k in range(6)]
TABLES = {
    "motive": motive(),
    "nexus": nexus(),
    "storage": storage(),
    "frame and time": table(["frame", "time"], FRAMES),
    "metres": table(["", "Time (s)"], FRAMES, 0.001, "_X _Y _Z"),
    "units": table(["frame", "t"], FRAMES, 1.0, ".x(mm) .y(mm) .z(mm)"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_laboratories(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(TABLES[kind], encoding="utf-8")
    assert is_marker_file(path)
    data = read_markers(path)
    assert data.names == NAMES
    np.testing.assert_allclose(data.xyz, MM / 1000, atol=2e-6)
    np.testing.assert_allclose(data.time, np.arange(6) / RATE, atol=1e-9)


def test_pixels_of_somebody_who_stands_are_no_points_in_space(tmp_path: Path) -> None:
    in_picture = MM * [0.3, -0.3, 0.05] + [400, 700, 200]
    header = ",".join(f"{name}_{axis}" for name in NAMES for axis in "xyz")
    (tmp_path / "a.csv").write_text(header + "\n" + rows([[]] * 6, in_picture), encoding="utf-8")
    assert not is_marker_file(tmp_path / "a.csv")


def test_files_under_the_name_of_another(tmp_path: Path) -> None:
    (tmp_path / "a.trc").write_text(motive(), encoding="utf-8")
    assert read_markers(tmp_path / "a.trc").names == NAMES
    (tmp_path / "a.c3d").write_text(trc(NAMES, MM), encoding="utf-8")
    assert read_markers(tmp_path / "a.c3d").names == NAMES
    for content, words in (
        (b"<html>", "a web page"),
        (b"PK\x03\x04", "unpack it"),
        (b"HIERARCHY\n", "not a TRC"),
    ):
        (tmp_path / "b.trc").write_bytes(content)
        with pytest.raises(InputError, match=words):
            read_markers(tmp_path / "b.trc")


@pytest.mark.parametrize("unit", ["[mm]", "(mm)", "MM"])
def test_units_in_brackets(tmp_path: Path, unit: str) -> None:
    (tmp_path / "a.trc").write_text(trc(NAMES, MM, unit=unit), encoding="utf-8")
    np.testing.assert_allclose(read_markers(tmp_path / "a.trc").xyz, MM / 1000, atol=1e-6)


@pytest.mark.parametrize("prefix", ["S1:", "S1|", "walk.", "Anna_", "Skeleton 001:"])
def test_what_stands_before_all_names_is_left_out(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "a.trc").write_text(trc(tuple(prefix + name for name in NAMES), MM), encoding="utf-8")
    data, notes = named_as_model(read_markers(tmp_path / "a.trc"), NAMES)
    assert data.names == NAMES and notes == [f"'{prefix}' before the names of the markers was left out"]


def test_times_of_a_clock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.trc"
    path.write_text(trc(NAMES, MM, times=1.7e9 + np.arange(6) / RATE), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        np.testing.assert_allclose(read_markers(path).time, np.arange(6) / RATE, atol=1e-5)
    assert "those of a clock" in caplog.text
