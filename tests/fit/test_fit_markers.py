"""The fit of markers: motion and sizes found again, gaps bridged, axes mended, sets and weights read."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from pase.anatomy.body_groups import body_groups, body_prior
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.marker_set import H36M_JOINTS, h36m_landmarks, read_marker_set
from pase.anatomy.model import Skeleton
from pase.data import Landmarks3D, Motion
from pase.diagnostics import MarkerDiagnostics
from pase.errors import InputError
from pase.fit.inputs import h36m_markers, keypoint_set, stuck_on_markers
from pase.fit.markers import MarkerOptions, fit_markers
from pase.fit.markers.up_axis import find_up, turned_up
from pase.fit.markers.weights import read_marker_weights, relative_sigma
from pase.fit.root import find_root, place_root, rigid_fit, with_open_root
from pase.fit.schedule import fading_windows
from pase.types import Array

HIDDEN = ("wrist_", "pro_sup")


def markers_of(motion: Motion) -> MarkerDiagnostics:
    """How well the skeleton follows the markers."""
    assert motion.diagnostics.markers is not None
    return motion.diagnostics.markers


def walk(skeleton: Skeleton, frames: int = 90, rate: float = 60.0) -> tuple[Array, Array]:
    """Times and coordinates of somebody who swings arms and legs and turns."""
    time = np.arange(frames) / rate
    q = np.tile(skeleton.default_q, (frames, 1))
    phase = 2 * np.pi * time

    def move(name: str, middle: float, reach: float, shift: float = 0.0) -> None:
        q[:, skeleton.coordinate_index(name)] = np.radians(middle + reach * np.sin(phase + shift))

    for side, shift in (("r", 0.0), ("l", np.pi)):
        move(f"hip_flexion_{side}", 10, 25, shift)
        move(f"knee_angle_{side}", 35, 25, shift + 1)
        move(f"ankle_angle_{side}", 0, 10, shift)
        move(f"arm_elevation_{side}", 15, 20, shift + np.pi)
        move(f"elbow_flex_{side}", 40, 15, shift)
    move("pelvis_rotation", 170, 20)
    q[:, skeleton.coordinate_index("pelvis_tx")] = 1.2 * time
    return time, q


def shown(skeleton: Skeleton) -> NDArray[np.bool_]:
    """Rotations that the landmarks tell."""
    return np.array(
        [c.motion == "rotational" and not c.name.startswith(HIDDEN) for c in skeleton.free_coordinates]
    )


@pytest.fixture(scope="module")
def person() -> Skeleton:
    return default_skeleton()


@pytest.fixture(scope="module")
def data(person: Skeleton) -> Landmarks3D:
    time, q = walk(person)
    return Landmarks3D(Kinematics(person).positions(q), time, person.landmark_names)


def test_exact_markers_give_the_exact_motion(person: Skeleton, data: Landmarks3D) -> None:
    _, q = walk(person)
    motion = fit_markers(data, person, stuck_on_markers(person.landmarks), MarkerOptions(scale=False))
    off = np.degrees(np.abs(motion.q - q)[:, shown(person)])
    assert off.mean() < 0.05
    np.testing.assert_allclose(Kinematics(motion.skeleton).positions(motion.q), data.xyz, atol=5e-5)
    np.testing.assert_array_equal(motion.skeleton.scale, person.scale)
    assert markers_of(motion).guessed_frames == ()
    assert motion.warnings == ()


def test_noisy_markers_with_a_gap_and_a_swap(person: Skeleton, data: Landmarks3D) -> None:
    _, q = walk(person)
    rng = np.random.default_rng(0)
    xyz = data.xyz + rng.normal(0, 0.010, data.xyz.shape)
    xyz[40:48] = np.nan
    xyz[:, data.names.index("LBigToe")] = np.nan
    left, right = data.names.index("LKnee"), data.names.index("RKnee")
    xyz[20, [left, right]] = xyz[20, [right, left]]
    motion = fit_markers(
        replace(data, xyz=xyz), person, stuck_on_markers(person.landmarks), MarkerOptions(scale=False)
    )
    low, high = motion.skeleton.bounds
    assert ((motion.q >= low) & (motion.q <= high)).all()
    off = np.abs(motion.q - q)[:, shown(person)]
    assert np.degrees(off).mean() < 2.5
    inside = off <= 1.96 * motion.q_std[:, shown(person)]
    assert inside.mean() > 0.85
    assert markers_of(motion).guessed_frames == ((40, 47),)
    assert any("bridged" in sentence for sentence in motion.warnings)
    assert 7 < markers_of(motion).noise_mm < 13
    knee = person.coordinate_index("knee_angle_r")
    assert motion.q_std[44, knee] > 1.5 * motion.q_std[60, knee]


def test_size_of_a_smaller_person_is_found(person: Skeleton) -> None:
    small = person.scaled(0.9 * np.ones_like(person.scale))
    time, q = walk(small)
    data = Landmarks3D(Kinematics(small).positions(q), time, small.landmark_names)
    motion = fit_markers(data, person, stuck_on_markers(person.landmarks), MarkerOptions(move_markers=False))
    scale = motion.skeleton.scale
    for body in ("femur_r", "tibia_l", "humerus_r"):
        assert scale[person.body_index(body), 1] == pytest.approx(0.9, abs=0.03)
    np.testing.assert_allclose(
        scale[person.body_index("femur_r")], scale[person.body_index("femur_l")], rtol=1e-12
    )
    assert markers_of(motion).rms_mm < 10


def test_static_trial_tells_sizes_with_the_motion(person: Skeleton) -> None:
    large = person.scaled(1.08 * np.ones_like(person.scale))
    time, q = walk(large, 30)
    data = Landmarks3D(Kinematics(large).positions(q), time, large.landmark_names)
    still = replace(data, xyz=np.repeat(data.xyz[:1], 30, axis=0))
    options = MarkerOptions(move_markers=False)
    motion = fit_markers(data, person, stuck_on_markers(person.landmarks), options, static=still)
    assert len(motion) == 30
    assert motion.skeleton.scale[person.body_index("femur_r"), 1] == pytest.approx(1.08, abs=0.04)
    with pytest.raises(InputError, match="static trial has only 0"):
        strange = replace(still, names=tuple(f"m{i}" for i in range(len(still.names))))
        fit_markers(data, person, stuck_on_markers(person.landmarks), options, static=strange)


@pytest.mark.parametrize("up", ["y", "z", "-y"])
def test_axes_are_found_and_mended(person: Skeleton, data: Landmarks3D, up: Literal["y", "z", "-y"]) -> None:
    xyz = data.xyz @ turned_up(np.eye(3), up).T  # turned_up gives x Rᵀ, so this is its inverse
    np.testing.assert_allclose(turned_up(xyz, up), data.xyz, atol=1e-12)
    markers = stuck_on_markers(person.landmarks).markers
    assert find_up(xyz, person, markers) == up


def test_markers_that_do_not_match_are_refused(person: Skeleton, data: Landmarks3D) -> None:
    strange = replace(data, names=tuple(f"m{i}" for i in range(len(data.names))))
    with pytest.raises(InputError, match="only 0 of the markers"):
        fit_markers(strange, person, stuck_on_markers(person.landmarks))
    unseen = replace(data, xyz=np.full_like(data.xyz, np.nan))
    with pytest.raises(InputError, match="no marker has a position"):
        fit_markers(unseen, person, stuck_on_markers(person.landmarks))


def test_root_is_placed_rigidly(person: Skeleton) -> None:
    _, q = walk(person, 5)
    kinematics = Kinematics(with_open_root(person))
    angle = 2.0
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    turn, shift = np.tile(turn, (5, 1, 1)), np.full((5, 3), 0.3)
    before = kinematics.positions(q)
    after = kinematics.positions(place_root(kinematics, person.scale, q, turn, shift))
    np.testing.assert_allclose(after, before @ turn[0].T + 0.3, atol=1e-12)
    again, back = rigid_fit(before, after, np.ones(before.shape[:2]))
    np.testing.assert_allclose(again, turn, atol=1e-10)
    np.testing.assert_allclose(back, shift, atol=1e-10)
    assert len(set(find_root(person).columns)) == 6


def test_body_groups_tie_both_sides(person: Skeleton) -> None:
    groups = body_groups(person)
    matrix = groups.matrix(person.body_names)
    np.testing.assert_array_equal(matrix[person.body_index("tibia_r")], matrix[person.body_index("tibia_l")])
    assert (matrix.sum(-1) == 1).all()
    assert np.linalg.eigvalsh(body_prior(groups).covariance).min() > 0


def test_built_in_sets_sit_on_the_default_skeleton(person: Skeleton) -> None:
    assert len(keypoint_set().markers) == 26
    assert tuple(m.landmark.name for m in h36m_markers().markers) == H36M_JOINTS
    places = Kinematics(person, h36m_landmarks()).positions(person.default_q[None])[0]
    assert (
        places[H36M_JOINTS.index("Head"), 1]
        > places[H36M_JOINTS.index("Thorax"), 1]
        > places[H36M_JOINTS.index("Hip"), 1]
    )
    assert places[H36M_JOINTS.index("RKnee"), 2] > 0 > places[H36M_JOINTS.index("LKnee"), 2]


MARKER_FILES = {
    "set.xml": """<OpenSimDocument Version="40000"><MarkerSet name="s"><objects><Marker name="A">
        <socket_parent_frame>/bodyset/femur_r</socket_parent_frame><location>0.1 -0.2 0.3</location></Marker>
        </objects></MarkerSet></OpenSimDocument>""",
    "set.json": '{"markers": {"A": {"body": "femur_r", "location": [0.1, -0.2, 0.3]}}}',
    "set.toml": '[A]\nbody = "femur_r"\nlocation = [0.1, -0.2, 0.3]\n',
}


@pytest.mark.parametrize("name", MARKER_FILES)
def test_marker_files_are_read(name: str, person: Skeleton, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(MARKER_FILES[name])
    (marker,) = read_marker_set(path, person)
    assert (marker.name, marker.body, marker.location) == ("A", "femur_r", (0.1, -0.2, 0.3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "holds no markers"),
        ("[1]", "must hold one object"),
        ("{", "is not JSON"),
        ('{"A": {"body": "femur_r"}}', "must have a 'body' and a 'location'"),
        ('{"A": {"body": "wing", "location": [0, 0, 0]}}', "on a body 'wing'"),
        ('{"A": {"body": "femur_r", "location": [0, 0, NaN]}}', "not finite"),
    ],
)
def test_bad_marker_files_are_refused(text: str, message: str, person: Skeleton, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_marker_set(path, person)


def test_weights_become_standard_deviations(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ik.xml"
    path.write_text(
        """<OpenSimDocument><InverseKinematicsTool><IKTaskSet><objects>
        <IKMarkerTask name="A"><apply>true</apply><weight>4</weight></IKMarkerTask>
        <IKMarkerTask name="B"><weight>1</weight></IKMarkerTask>
        <IKMarkerTask name="C"><weight>1</weight></IKMarkerTask>
        <IKMarkerTask name="D"><apply>false</apply><weight>9</weight></IKMarkerTask>
        <IKCoordinateTask name="knee_angle_r"><apply>true</apply><weight>1</weight></IKCoordinateTask>
        </objects></IKTaskSet></InverseKinematicsTool></OpenSimDocument>"""
    )
    weights = read_marker_weights(path)
    assert weights == {"A": 4.0, "B": 1.0, "C": 1.0, "D": 0.0}
    assert "knee_angle_r" in caplog.text
    np.testing.assert_allclose(relative_sigma(["A", "B", "C", "D"], weights), [0.5, 1, 1, np.inf])
    bad = tmp_path / "w.json"
    bad.write_text('{"A": -1}')
    with pytest.raises(InputError, match="must be 0 or more"):
        read_marker_weights(bad)


@pytest.mark.parametrize("frames", [1, 899, 900, 901, 2500])
def test_windows_hold_every_frame_and_fade_into_one_another(frames: int) -> None:
    total = np.zeros(frames)
    for window, weight in fading_windows(frames):
        total[window] += weight
        assert (weight > 0).all()
    np.testing.assert_allclose(total, 1.0)
