import numpy as np
import pytest

from analysis.motions import posed
from pase.analysis.analyse import analyse
from pase.analysis.angle_table import angle_keys, angle_tables, angles_deg
from pase.analysis.angles import ANGLES, all_angles, angle_of
from pase.analysis.body import BodyMotion
from pase.anatomy.kinematics import Kinematics
from pase.data import Draws, Motion
from pase.errors import InputError


def at(key: str, **degrees: float) -> float:
    body = BodyMotion.of(posed(np.zeros(1), **degrees))
    return float(np.degrees(all_angles(body)[key][0]))


@pytest.mark.parametrize(
    ("key", "coordinate", "posed_deg", "expected"),
    [
        ("hip_flexion_r", "hip_flexion_r", 40, 40),
        ("hip_adduction_l", "hip_adduction_l", 15, 15),
        ("hip_rotation_l", "hip_rotation_l", 20, 20),
        ("knee_flexion_l", "knee_angle_l", 60, 60),
        ("ankle_dorsiflexion_r", "ankle_angle_r", 15, 15),
        ("pelvis_tilt_forward", "pelvis_tilt", -20, 20),
        ("pelvis_obliquity", "pelvis_list", 10, 10),
        ("pelvis_heading", "pelvis_rotation", 30, 30),
        ("trunk_flexion", "L5_S1_Flex_Ext", -5, 5 * 7.14),
        ("trunk_bending", "L5_S1_Lat_Bending", 2, 2 * 10.78),
        ("trunk_rotation", "L5_S1_axial_rotation", 4, 4 * 5.56),
        ("head_flexion", "lower_neck_flexion", -20, 20),
        ("head_flexion", "upper_neck_flexion", -20, 20),
        ("head_bending", "lower_neck_bending", 15, 15),
        ("head_bending", "upper_neck_bending", 10, 10),
        ("head_rotation", "neck_rotation", 25, 25),
        ("elbow_flexion_r", "elbow_flex_r", 80, 80),
        ("foot_progression_r", "hip_rotation_r", -20, 20),
        ("foot_progression_l", "hip_rotation_l", -20, 20),
    ],
)
def test_angles_mean_what_people_mean(key: str, coordinate: str, posed_deg: float, expected: float) -> None:
    assert at(key, **{coordinate: posed_deg}) == pytest.approx(expected, abs=2.0)


def test_an_angle_in_a_plane_is_unknown_where_the_segment_points_out_of_it() -> None:
    assert at("knee_valgus_r", hip_flexion_r=10, knee_angle_r=30) == pytest.approx(0, abs=8)
    assert np.isnan(at("knee_valgus_r", knee_angle_r=88))  # the shank points backward
    assert np.isnan(at("knee_valgus_r", knee_angle_r=120))  # it points up
    outward = {"hip_flexion_r": 80, "hip_adduction_r": -30, "hip_rotation_r": -30}
    assert np.isfinite(at("knee_valgus_r", **outward, knee_angle_r=80))
    assert np.isnan(at("knee_valgus_r", **outward, knee_angle_r=110))  # a deep squat is no bow leg
    assert np.isnan(at("foot_progression_r", hip_flexion_r=-10, knee_angle_r=75, ankle_angle_r=-10))
    assert np.isfinite(at("foot_progression_r", hip_flexion_r=30, knee_angle_r=30))


def test_trunk_leans_with_pelvis_and_spine_together() -> None:
    straight = at("trunk_lean_forward")
    assert at("trunk_lean_forward", pelvis_tilt=-20) == pytest.approx(straight + 20, abs=1e-6)
    # Of a bend of 36° that begins above the hips and ends below the shoulders, the line between them leans by a part.
    bent = at("trunk_lean_forward", L5_S1_Flex_Ext=-5)
    assert straight + 0.5 * 5 * 7.14 < bent < straight + 0.95 * 5 * 7.14


def test_the_trunk_leans_as_the_shoulders_are_beside_the_hips() -> None:
    still = np.eye(3)[None]
    places = {
        "femur_r": [0, 0.9, 0.1],
        "femur_l": [0, 0.9, -0.1],
        "humerus_r": [0.3, 1.3, 0.3],
        "humerus_l": [0.3, 1.3, -0.1],
    }
    body = BodyMotion(
        np.zeros(1), {"torso": still}, {name: np.array([place]) for name, place in places.items()}
    )
    angles = {key: float(np.degrees(value[0])) for key, value in all_angles(body).items() if "lean" in key}
    assert angles["trunk_lean_forward"] == pytest.approx(np.degrees(np.arctan(0.3 / 0.4)))
    assert angles["trunk_lean_side"] == pytest.approx(np.degrees(np.arcsin(0.1 / np.sqrt(0.26))))


def test_a_trunk_without_shoulders_does_not_lean() -> None:
    body = BodyMotion(
        np.zeros(1), {"torso": np.eye(3)[None]}, {"femur_r": np.zeros((1, 3)), "femur_l": np.zeros((1, 3))}
    )
    assert not [key for key in all_angles(body) if "lean" in key]


@pytest.mark.parametrize("side", ["r", "l"])
def test_a_knee_that_points_inward_is_in_valgus(side: str) -> None:
    bent = {f"hip_flexion_{side}": 30, f"knee_angle_{side}": 30}
    straight = at(f"knee_valgus_{side}", **bent)
    assert at(f"knee_valgus_{side}", **bent, **{f"hip_rotation_{side}": 25}) > straight + 10
    assert at(f"knee_valgus_{side}", **bent, **{f"hip_rotation_{side}": -25}) < straight - 10


def test_both_sides_agree_in_a_symmetric_posture() -> None:
    posture = {
        f"{name}_{side}": value
        for side in "rl"
        for name, value in (
            ("hip_flexion", 35),
            ("hip_adduction", 8),
            ("hip_rotation", 12),
            ("knee_angle", 50),
            ("ankle_angle", 10),
            ("arm_elevation", 70),
            ("elbow_flex", 40),
        )
    }
    angles = all_angles(BodyMotion.of(posed(np.zeros(1), **posture)))
    for angle in ANGLES:
        if angle.sided:
            assert angles[f"{angle.name}_r"][0] == pytest.approx(angles[f"{angle.name}_l"][0], abs=1e-9), (
                angle.name
            )


def test_an_angle_is_found_by_its_key() -> None:
    assert angle_of("knee_flexion_l") == (angle_of("knee_flexion_r")[0], "left")
    assert angle_of("trunk_flexion")[1] is None
    with pytest.raises(KeyError):
        angle_of("knee_flexionn_r")


def test_errors_of_one_joint_come_from_its_coordinate() -> None:
    motion = posed(np.arange(5) / 30, knee_angle_r=40)
    motion.q_std[:] = np.radians(3)
    motion.q_std[:, motion.skeleton.coordinate_index("L5_S1_Flex_Ext")] = np.radians(3) / 7.14
    keys = angle_keys(motion)
    table, _ = angle_tables(motion, keys, angles_deg(BodyMotion.of(motion), keys))
    assert table.sd[:, table.column("knee_flexion_r")] == pytest.approx(3.0, rel=0.1)
    # Pelvis and spine make the lean of the trunk together; how their errors are correlated is not known here.
    assert np.isnan(table.sd[:, table.column("trunk_lean_forward")]).all()
    with pytest.raises(InputError, match="knee_flexion_r"):
        table.column("knee_flexionn_r")


def test_correlated_errors_of_draws_cancel() -> None:
    rng = np.random.default_rng(0)
    motion = posed(np.arange(4) / 30)
    index = motion.skeleton.coordinate_index
    errors = np.radians(rng.normal(0, 5, 400))
    q = np.tile(motion.q, (400, 1, 1))
    q[:, :, index("pelvis_tilt")] += errors[:, None]
    q[:, :, index("L5_S1_Flex_Ext")] -= errors[:, None] / 7.14
    draws = Draws(q.astype(np.float32), np.ones((400, len(motion.skeleton.bodies), 3), np.float32))
    body = BodyMotion.of(motion)
    kinematics = Kinematics(motion.skeleton, ())
    keys = angle_keys(motion)
    drawn = (BodyMotion.placed(kinematics, drawn_q.astype(float), motion.time) for drawn_q in draws.q)
    table, of_drawn = angle_tables(
        motion, keys, angles_deg(body, keys), [angles_deg(sample, keys) for sample in drawn]
    )
    leans = np.stack([angles.values for angles in of_drawn])[:, 0, table.column("trunk_lean_forward")]
    assert leans.std() == pytest.approx(table.sd[0, table.column("trunk_lean_forward")], rel=0.01)
    assert table.sd[:, table.column("pelvis_tilt_forward")] == pytest.approx(5.0, rel=0.1)
    # Independent errors would add up to more than 5°; these take each other away, but not below the bend.
    share = (at("trunk_lean_forward", L5_S1_Flex_Ext=-1) - at("trunk_lean_forward")) / 7.14
    assert table.sd[:, table.column("trunk_lean_forward")] == pytest.approx(5 * (1 - share), rel=0.1)


def test_guessed_frames_never_count() -> None:
    time = np.arange(60) / 30
    knee = np.where(time > 1.5, 130.0, 20 + 20 * np.sin(2 * np.pi * time))
    motion = posed(time, knee_angle_r=knee)
    motion.q_std[:] = np.radians(4)
    motion.q_std[time > 1.45] = np.radians(25)
    largest = analyse(motion).measure("knee_flexion_max", "right")
    assert largest is not None
    assert largest.value == pytest.approx(40, abs=2)
    assert largest.sd == pytest.approx(4, rel=0.15)


def test_a_motion_without_errors_has_ranges_and_no_bars() -> None:
    motion = posed(np.arange(30) / 30, hip_flexion_l=np.linspace(0, 50, 30))
    measure = analyse(motion).measure("hip_flexion_range", "left")
    assert measure is not None
    assert measure.value == pytest.approx(50, abs=0.1)
    assert np.isnan(measure.sd)


def test_no_frames_and_one_frame_are_legal() -> None:
    motion = posed(np.zeros(1), knee_angle_r=90)
    assert analyse(motion).events == ()
    empty = Motion(motion.skeleton, motion.q[:0], motion.q_std[:0], np.zeros(0))
    assert analyse(empty).measures == ()
