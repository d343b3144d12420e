from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from opensim_poses import poses_in_opensim

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.data import Camera, Motion
from pase.errors import InputError, OutputError
from pase.formats.camera import write_camera
from pase.formats.findings import TrialLabels
from pase.formats.person import load_motion, model_name, write_person
from pase.marker_files.trc import read_trc

MotionOf = Callable[..., Motion]

FILES = {"Geometry", "skeleton.osim", "motion.mot", "landmarks.trc", "angles.csv", "bones.csv"}


@pytest.fixture
def written(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> tuple[Motion, Path]:
    motion = motion_of(person, 4, Camera(900.0, (320.0, 240.0), np.eye(3), np.array([0, 0, 4.0]), (640, 480)))
    write_person(motion, tmp_path / "person_3", mass_kg=61.5)
    assert motion.camera is not None
    write_camera(motion.camera, tmp_path / "camera.json")
    return motion, tmp_path / "person_3"


def test_round_trip(written: tuple[Motion, Path]) -> None:
    motion, folder = written
    assert {path.name for path in folder.iterdir()} == FILES
    loaded = load_motion(folder)
    assert loaded.track_id == 3
    assert loaded.camera is not None and loaded.camera.focal_length_px == 900.0
    assert loaded.skeleton.free_names == motion.skeleton.free_names
    np.testing.assert_allclose(loaded.time, motion.time, atol=1e-9)
    np.testing.assert_allclose(loaded.q, motion.q, atol=1e-9)
    np.testing.assert_allclose(loaded.q_std, motion.q_std, atol=1e-7)
    positions = Kinematics(motion.skeleton).positions(motion.q)
    np.testing.assert_allclose(Kinematics(loaded.skeleton).positions(loaded.q), positions, atol=1e-7)
    np.testing.assert_allclose(read_trc(folder / "landmarks.trc").xyz, positions, atol=1e-8)


def test_frames_unknown_in_the_middle(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    motion = motion_of(leg)
    q = motion.q.copy()
    q[2] = np.nan
    write_person(replace(motion, q=q), tmp_path)
    loaded = load_motion(tmp_path)
    rows = [0, 1, 3, 4, 5, 6]
    assert loaded.track_id == 1 and loaded.camera is None
    np.testing.assert_allclose(loaded.q, motion.q[rows], atol=1e-9)
    np.testing.assert_allclose(loaded.q_std, motion.q_std[rows], atol=1e-7)


def test_without_deviations(written: tuple[Motion, Path]) -> None:
    _, folder = written
    (folder / "angles.csv").unlink()
    assert np.isnan(load_motion(folder).q_std).all()


@pytest.mark.parametrize("name", ["skeleton.osim", "motion.mot"])
def test_missing_file(written: tuple[Motion, Path], name: str) -> None:
    _, folder = written
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"no {name} in .*; give the folder of a person"):
        load_motion(folder)


def test_unwritable(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot write"):
        write_person(motion_of(leg), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_opensim_shows_the_same_pose(written: tuple[Motion, Path]) -> None:
    motion, folder = written
    times, origins, mass = poses_in_opensim(folder)
    assert mass == pytest.approx(61.5)
    np.testing.assert_allclose(times, motion.time, atol=1e-9)
    poses = Kinematics(motion.skeleton).pose(motion.q)
    for b, body in enumerate(motion.skeleton.body_names):
        np.testing.assert_allclose(origins[body], poses.origin[:, b], atol=1e-8, err_msg=body)


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (TrialLabels("Anna B.", "walk 1"), "Anna_B."),
        (TrialLabels("", "walk 1"), "walk_1_person_2"),
        (TrialLabels(), "person_2"),
        (TrialLabels("/"), "person"),
    ],
)
def test_the_model_is_named_after_the_subject(labels: TrialLabels, name: str) -> None:
    assert model_name(labels, "person_2") == name
