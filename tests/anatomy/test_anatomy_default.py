import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from pase.anatomy.bones import load_bones, place_bone
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import BoneMesh, Skeleton
from pase.anatomy.osim import read_osim
from pase.data import HALPE26
from pase.errors import InputError
from pase.keypoint_sets import mirrored_order
from places import REPOSITORY

MIDLINE_FLIPS = {
    "pelvis_rotation", "pelvis_list", "pelvis_tz",
    "L5_S1_Lat_Bending", "L5_S1_axial_rotation", "lower_neck_bending", "upper_neck_bending",
    "neck_rotation",
}  # fmt: skip


def landmark(skeleton: Skeleton, name: str, q: np.ndarray | None = None) -> np.ndarray:
    q = skeleton.default_q if q is None else q
    return np.asarray(Kinematics(skeleton).positions(q[None])[0, skeleton.landmark_index(name)])


def posed(skeleton: Skeleton, **degrees: float) -> np.ndarray:
    q = skeleton.default_q
    for name, value in degrees.items():
        q[skeleton.coordinate_index(name)] = np.radians(value)
    return q


def test_the_default_skeleton_has_the_agreed_size() -> None:
    skeleton = default_skeleton()
    assert len(skeleton.bodies) == 41
    assert len(skeleton.free_names) == 42
    assert skeleton.landmark_names == HALPE26
    assert default_skeleton() is skeleton
    assert 60 < sum(b.mass for b in skeleton.bodies) < 90


def test_all_but_the_place_of_the_root_are_angles() -> None:
    skeleton = default_skeleton()
    lengths = [n for n, turns in zip(skeleton.free_names, skeleton.rotational, strict=True) if not turns]
    assert lengths == ["pelvis_tx", "pelvis_ty", "pelvis_tz"]


def test_it_stands_upright_on_the_floor_with_its_arms_hanging() -> None:
    skeleton = default_skeleton()
    at = {name: landmark(skeleton, name) for name in HALPE26}
    assert 1.6 < at["Head"][1] < 1.8
    order = ["RBigToe", "RAnkle", "RKnee", "RHip", "RShoulder", "REar", "Head"]
    heights = [at[name][1] for name in order]
    assert heights == sorted(heights)
    assert at["Nose"][0] > at["REar"][0]
    assert at["RShoulder"][2] > 0 > at["LShoulder"][2]
    assert at["RWrist"][1] < at["RElbow"][1] < at["RShoulder"][1]
    assert abs(at["RWrist"][2] - at["RShoulder"][2]) < 0.1
    lowest = min(v[:, 1].min() for v in _placed_bones(skeleton).values())
    assert lowest == pytest.approx(0.0, abs=2e-3)


def _placed_bones(skeleton: Skeleton) -> dict[str, np.ndarray]:
    poses = Kinematics(skeleton).pose(skeleton.default_q[None])
    bones = load_bones(skeleton)
    return {
        m.file: (bones[m.file].vertices * m.scale + m.frame.translation) @ poses.rotation[0, i].T
        + poses.origin[0, i]
        for i, body in enumerate(skeleton.bodies)
        for m in body.meshes
    }


def test_landmarks_lie_on_or_just_under_the_skin_of_their_bones() -> None:
    skeleton = default_skeleton()
    bones = np.concatenate(list(_placed_bones(skeleton).values()))
    for name in HALPE26:
        gap = np.linalg.norm(bones - landmark(skeleton, name), axis=1).min()
        assert gap < (0.08 if name == "Hip" else 0.05), name


@pytest.mark.parametrize(
    ("coordinate", "degrees", "point", "direction"),
    [
        ("hip_flexion_r", 30, "RKnee", (1, 0, 0)),
        ("hip_adduction_r", 20, "RKnee", (0, 0, -1)),
        ("hip_rotation_r", 30, "RBigToe", (0, 0, -1)),
        ("knee_angle_r", 30, "RAnkle", (-1, 0, 0)),
        ("ankle_angle_r", 20, "RBigToe", (0, 1, 0)),
        ("subtalar_angle_r", 20, "RSmallToe", (0, -1, 0)),
        ("mtp_angle_r", 30, "RBigToe", (0, -1, 0)),
        ("L5_S1_Flex_Ext", -5, "Head", (1, 0, 0)),
        ("L5_S1_Lat_Bending", 2, "Head", (0, 0, 1)),
        ("L5_S1_axial_rotation", 4, "RShoulder", (1, 0, 0)),
        ("lower_neck_flexion", 20, "Nose", (-0.5, 0.866, 0)),
        ("lower_neck_bending", 20, "Head", (0, 0, 1)),
        ("upper_neck_flexion", 20, "Nose", (0, 1, 0)),
        ("upper_neck_bending", 10, "Head", (0, 0, 1)),
        ("neck_rotation", 20, "Nose", (0, 0, -1)),
        ("arm_elevation_r", 40, "RElbow", (0.766, 0, 0.643)),
        ("arm_crossing_r", 40, "RElbow", (0.643, 0, -0.766)),
        ("elbow_flex_r", 60, "RWrist", (1, 0, 0)),
        ("pelvis_rotation", 30, "RShoulder", (1, 0, 0)),
    ],
)
def test_a_positive_coordinate_moves_the_body_as_documented(
    coordinate: str, degrees: float, point: str, direction: tuple[float, float, float]
) -> None:
    skeleton = default_skeleton()
    moved = landmark(skeleton, point, posed(skeleton, **{coordinate: degrees})) - landmark(skeleton, point)
    assert moved @ np.array(direction) > 0.005


def test_every_free_coordinate_has_a_range_with_a_source(load_tool: Callable[[str], ModuleType]) -> None:
    skeleton, ranges = default_skeleton(), load_tool("ranges")
    for coordinate in skeleton.free_coordinates:
        limits = ranges.range_of(coordinate.name)
        assert limits.source
        assert limits.low <= 0 <= limits.high
        low, high = coordinate.range
        unit = 1.0 if coordinate.motion == "translational" else np.pi / 180
        assert (low, high) == pytest.approx((limits.low * unit, limits.high * unit))
        assert low <= coordinate.default <= high
        assert coordinate.clamped == (high - low < 10)
    sides = {n.removesuffix("_r").removesuffix("_l") for n in skeleton.free_names}
    assert sides == set(ranges.RANGES)
    with pytest.raises(InputError, match="no range for coordinate 'tail'; known are: pelvis_rotation"):
        ranges.range_of("tail")


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_a_mirrored_pose_is_the_mirror_image(mirror: ModuleType, seed: int) -> None:
    skeleton = default_skeleton()
    table = mirror.mirror_table(skeleton)
    low, high = skeleton.bounds
    q = np.random.default_rng(seed).uniform(np.maximum(low, -4), np.minimum(high, 4), (4, len(low)))
    kinematics = Kinematics(skeleton)
    image = kinematics.positions(q)[:, mirrored_order(HALPE26)] * (1, 1, -1)
    np.testing.assert_allclose(kinematics.positions(table(q)), image, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(table(table(q)), q)


def test_only_midline_turns_change_sign_in_the_mirror(mirror: ModuleType) -> None:
    skeleton = default_skeleton()
    table = mirror.mirror_table(skeleton)
    flipped = {n for n, sign in zip(skeleton.free_names, table.sign, strict=True) if sign < 0}
    assert flipped == MIDLINE_FLIPS
    assert [skeleton.free_names[i] for i in table.index] == [
        mirror.other_side(n) for n in skeleton.free_names
    ]
    low, high = skeleton.bounds
    assert np.array_equal(np.minimum(table(low), table(high)), low)


ARM_POSES = {
    # Upper arm, and where the forearm points with the elbow bent by 90 degrees, both in the torso's axes.
    "hanging": ((0, -1, 0), (1, 0, 0)),
    "T pose": ((0, 0, 1), (1, 0, 0)),
    "T pose, palms up": ((0, 0, 1), (0, 1, 0)),
    "throwing": ((-0.15, 0, 1), (-0.42, 0.9, 0)),
    "reaching forward": ((1, 0, 0), (0, 1, 0)),
    "reaching forward, elbow out": ((1, 0, 0), (0, 0, -1)),
    "overhead": ((0, 1, 0), (-1, 0, 0)),
    "overhead, elbow turned": ((0, 1, 0), (0, 0, -1)),
    "hand behind the back": ((-0.45, -0.85, 0), (-0.2, 0.2, -0.85)),
    "hand on the hip": ((-0.3, -0.75, 0.6), (0.4, -0.4, -0.8)),
    "hand on the other shoulder": ((0.75, -0.35, -0.55), (-0.2, 0.4, -0.9)),
    "hands behind the head": ((-0.2, 0.5, 0.85), (-0.3, 0.5, -0.4)),
    "folded arms": ((0.35, -0.9, -0.2), (0.4, 0, -0.9)),
    "running, arm behind": ((-0.7, -0.7, 0.15), (0.7, -0.7, 0)),
    "phone at the ear": ((0.5, -0.8, 0.3), (0.1, 1, -0.3)),
    "bottom of a push-up": ((-0.5, -0.3, 0.8), (1, 0, -0.1)),
    "rowing": ((-0.7, -0.5, 0.5), (1, 0, 0)),
}


@pytest.mark.parametrize("name", ARM_POSES)
def test_everyday_arm_poses_are_in_range_and_far_from_the_lock(name: str) -> None:
    skeleton = default_skeleton()
    kinematics = Kinematics(skeleton)
    columns = [skeleton.coordinate_index(f"arm_{c}_r") for c in ("elevation", "crossing", "rotation")]
    humerus = skeleton.body_index("humerus_r")
    down, forward = (np.asarray(v, float) for v in ARM_POSES[name])
    down /= np.linalg.norm(down)
    forward -= forward @ down * down
    forward /= np.linalg.norm(forward)

    def miss(angles: np.ndarray) -> np.ndarray:
        q = skeleton.default_q
        q[columns] = angles
        rotation = kinematics.pose(q[None]).rotation[0, humerus]
        return np.concatenate([-rotation[:, 1] - down, rotation[:, 0] - forward])

    low, high = (end[columns] for end in skeleton.bounds)
    starts = [(0.0, 0.0, 0.0), (1.5, 0.0, 0.5), (1.5, 0.0, 2.0), (2.8, 0.0, -0.5), (0.0, -0.5, 1.5)]
    best = min((least_squares(miss, s, bounds=(low, high)) for s in starts), key=lambda r: r.cost)
    assert best.cost < 1e-10
    assert abs(np.degrees(best.x[1])) < 75


def test_bones_are_few_enough_whole_and_wound_outwards() -> None:
    bones = load_bones()
    assert len(bones) == 108
    assert 20_000 < sum(len(b.faces) for b in bones.values()) < 32_000
    for file, bone in bones.items():
        assert np.isfinite(bone.vertices).all()
        assert bone.faces.min() == 0 and bone.faces.max() == len(bone.vertices) - 1, file
        np.testing.assert_allclose(np.linalg.norm(bone.normals, axis=1), 1.0, atol=1e-6, err_msg=file)
        corners = bone.vertices[bone.faces] - bone.vertices.mean(0)
        assert np.linalg.det(corners).sum() > 0, file
    assert set(load_bones(default_skeleton())) == set(bones)


def test_collarbones_reach_from_the_breastbone_to_the_shoulder_blades() -> None:
    skeleton = default_skeleton()
    poses = Kinematics(skeleton).pose(skeleton.default_q[None])

    def bone(name: str, file: str) -> np.ndarray:
        i = skeleton.body_index(name)
        mesh = next(mesh for mesh in skeleton.bodies[i].meshes if mesh.file == file)
        vertices = place_bone(load_bones()[file], mesh, np.ones(3)).vertices
        return np.asarray(vertices @ poses.rotation[0, i].T + poses.origin[0, i])

    ribs, clavicle, scapula = (
        bone(body, file)
        for body, file in (
            ("torso", "ribs.vtp"),
            ("clavicle_r", "clavicle_r.vtp"),
            ("scapula_r", "scapula_r.vtp"),
        )
    )
    in_front = ribs[:, 0] > poses.origin[0, skeleton.body_index("torso"), 0]
    breastbone = ribs[in_front & (np.abs(ribs[:, 2]) < 0.03)]
    notch = breastbone[breastbone[:, 1] > breastbone[:, 1].max() - 0.01].mean(0)
    sternal_end = clavicle[clavicle[:, 2] < clavicle[:, 2].min() + 0.01].mean(0)
    np.testing.assert_allclose(sternal_end[:2], notch[:2], atol=0.005)
    acromial_end = clavicle[clavicle[:, 2].argmax()]
    assert np.linalg.norm(scapula - acromial_end, axis=1).min() < 0.01


@pytest.mark.parametrize("elevation_deg", [-60.0, 0.0, 45.0, 90.0, 180.0])
@pytest.mark.parametrize("crossing_deg", [-70.0, 0.0, 60.0])
def test_the_arm_never_leaves_its_socket(elevation_deg: float, crossing_deg: float) -> None:
    skeleton = default_skeleton()
    arms = (("elevation", elevation_deg), ("crossing", crossing_deg))
    q = posed(skeleton, **{f"arm_{name}_{side}": value for side in "rl" for name, value in arms})
    poses = Kinematics(skeleton).pose(q[None])
    origin = {name: poses.origin[0, skeleton.body_index(name)] for name in skeleton.body_names}
    for side in "rl":
        np.testing.assert_allclose(origin[f"scapula_{side}"], origin[f"humerus_{side}"], atol=1e-12)
    np.testing.assert_allclose(origin["scapula_r"] * [1, 1, -1], origin["scapula_l"], atol=1e-12)


def test_shoulders_rise_with_the_arms_and_go_forwards_with_their_crossing() -> None:
    skeleton = default_skeleton()
    scapula = skeleton.body_index("scapula_r")

    def shoulder(**degrees: float) -> np.ndarray:
        return Kinematics(skeleton).pose(posed(skeleton, **degrees)[None]).origin[0, scapula]

    rest = shoulder()
    overhead, forwards = shoulder(arm_elevation_r=150.0) - rest, shoulder(arm_crossing_r=40.0) - rest
    assert 0.035 < overhead[1] < 0.055
    assert 0.015 < forwards[0] < 0.025 and abs(forwards[1]) < 1e-9
    assert abs(shoulder(arm_elevation_r=20.0)[1] - rest[1]) < 0.003


def test_unknown_bones_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    skeleton = default_skeleton()
    body = replace(skeleton.bodies[0], meshes=(BoneMesh("tail.vtp"), BoneMesh("Geometry/femur_r.stl")))
    surfaces = load_bones(replace(skeleton, bodies=(body, *skeleton.bodies[1:])))
    assert "Geometry/femur_r.stl" in surfaces
    assert "tail.vtp" not in surfaces
    assert "tail.vtp" in caplog.text


def test_other_models_names_of_bones_are_known() -> None:
    bones, skeleton = load_bones(), default_skeleton()
    synonyms = {
        "pelvis.vtp": "r_pelvis.vtp",
        "r_pelvis_raja.vtp": "r_pelvis.vtp",
        "l_femur.vtp": "femur_l.vtp",
        "fibula.vtp": "fibula_r.vtp",
        "l_talus.vtp": "talus_lv.vtp",
        "r_foot.vtp": "foot.vtp",
    }
    trunk = ("hat_spine.vtp", "hat_ribs_scap.vtp", "hat_skull.vtp")
    body = replace(skeleton.bodies[0], meshes=tuple(BoneMesh(name) for name in (*synonyms, *trunk)))
    named = load_bones(replace(skeleton, bodies=(body, *skeleton.bodies[1:])))
    for name, file in synonyms.items():
        assert np.array_equal(named[name].vertices, bones[file].vertices)
    spine, ribs, skull = (named[name].vertices for name in trunk)
    assert spine[:, 1].min() < 0 < spine[:, 1].max() < skull[:, 1].max() < 0.8
    assert np.abs(ribs[:, 2].max() + ribs[:, 2].min()) < 0.02 and 0.36 < ribs[:, 1].max() < 0.45


def test_sides_that_do_not_mirror_are_refused(mirror: ModuleType) -> None:
    skeleton = default_skeleton()
    hip = skeleton.joints[[j.name for j in skeleton.joints].index("hip_l")]
    turned = (replace(hip.rotations[0], axis=(0.6, 0.0, 0.8)), *hip.rotations[1:])
    joints = [replace(j, rotations=turned) if j is hip else j for j in skeleton.joints]
    with pytest.raises(InputError, match="'hip_flexion_r' and 'hip_flexion_l'"):
        mirror.mirror_table(replace(skeleton, joints=tuple(joints)))


@pytest.fixture
def builder(load_tool: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`tools/build_skeleton.py`, which is no part of the package."""
    monkeypatch.syspath_prepend(REPOSITORY / "tools")
    return load_tool("build_skeleton")


@pytest.mark.network
def test_the_assets_are_what_the_builder_makes(
    builder: ModuleType, pose2sim_wheel: Path, tmp_path: Path
) -> None:
    builder.check_wheel(pose2sim_wheel)
    with zipfile.ZipFile(pose2sim_wheel) as archive:
        archive.extractall(tmp_path, [n for n in archive.namelist() if n.startswith(builder.SETUP)])
    builder.build(tmp_path, tmp_path / "assets")
    built = read_osim(tmp_path / "assets" / "skeleton.osim")
    asset = default_skeleton()
    assert built.joints == asset.joints
    assert built.coordinates == asset.coordinates
    assert built.landmarks == asset.landmarks
    with np.load(tmp_path / "assets" / "bones.npz") as bones:
        assert set(bones["names"]) == set(load_bones())


def test_a_foreign_wheel_is_refused(builder: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"no wheel")
    with pytest.raises(SystemExit, match="sha256"):
        builder.check_wheel(tmp_path / "x.whl")


def test_a_trunk_of_other_bodies_has_no_width_of_the_shoulders() -> None:
    from pase.anatomy.lengths import CARRIERS, bone_lengths

    skeleton = default_skeleton()
    lengths = bone_lengths(skeleton)

    def renamed(name: str) -> str:
        return "thoracic12" if name == "torso" else name

    bodies = tuple(replace(b, name=renamed(b.name)) for b in skeleton.bodies)
    joints = tuple(replace(j, parent=renamed(j.parent), child=renamed(j.child)) for j in skeleton.joints)
    landmarks = tuple(replace(m, body=renamed(m.body)) for m in skeleton.landmarks)
    renamed_lengths = bone_lengths(replace(skeleton, bodies=bodies, joints=joints, landmarks=landmarks))
    assert set(lengths) - set(renamed_lengths) == {"shoulder_width"} and "torso" in CARRIERS.values()
