import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gltf import Gltf
from opensim_poses import poses_in_opensim
from scipy.spatial.transform import Rotation

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.data import Camera, Motion
from pase.errors import InputError, OutputError
from pase.formats.glb import write_glb
from pase.formats.mot import write_mot
from pase.formats.npz import write_npz
from pase.formats.registry import FORMATS, parse_formats, write_formats
from pase.formats.resample import even_motion

MotionOf = Callable[..., Motion]
TENTH_OF_A_MILLIMETRE = 1e-4


def test_glb_opensim_and_kinematics_agree(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> None:
    """OpenSim with `skeleton.osim` and `motion.mot`, the GLB and the overlay put every bone in one place."""
    from pase.anatomy.osim import write_osim

    motion = motion_of(person, 3)
    write_osim(motion.skeleton, tmp_path / "skeleton.osim")
    write_mot(motion, tmp_path / "motion.mot")
    write_glb(motion, tmp_path / "skeleton.glb")
    glb = Gltf(tmp_path / "skeleton.glb")
    overlay = Kinematics(motion.skeleton, ()).pose(motion.q)
    _, opensim, _ = poses_in_opensim(tmp_path)
    for t in range(3):
        places = glb.world(t)
        for b, body in enumerate(motion.skeleton.body_names):
            for origin in (places[body][:3, 3], overlay.origin[t, b]):
                np.testing.assert_allclose(origin, opensim[body][t], atol=TENTH_OF_A_MILLIMETRE, err_msg=body)


def test_glb_has_a_node_a_bone_and_true_times(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> None:
    motion = motion_of(person, 5)
    q = motion.q.copy()
    q[2] = np.nan
    write_glb(replace(motion, q=q), tmp_path / "a.glb")
    glb = Gltf(tmp_path / "a.glb")
    names = glb.names
    bones = [f"{b.name}_mesh_{i}" for b in person.bodies for i in range(len(b.meshes))]
    assert len(names) == len(set(names)) and set(names) == {*person.body_names, *bones, person.name}
    times = glb.array(glb.content["animations"][0]["samplers"][0]["input"])[:, 0]
    np.testing.assert_allclose(times, np.delete(motion.time, 2), atol=1e-6)
    normals = glb.array(glb.content["meshes"][0]["primitives"][0]["attributes"]["NORMAL"])
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert "CC BY" in glb.content["asset"]["copyright"]


@pytest.mark.parametrize("frames", [0, 1])
def test_glb_of_a_photo_or_of_nobody_stands_still(
    tmp_path: Path, person: Skeleton, motion_of: MotionOf, frames: int
) -> None:
    write_glb(motion_of(person, frames), tmp_path / "a.glb")
    content = Gltf(tmp_path / "a.glb").content
    assert "animations" not in content and len(content["meshes"]) == 108


def test_glb_of_a_skeleton_without_bones(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    write_glb(motion_of(leg), tmp_path / "a.glb")
    glb = Gltf(tmp_path / "a.glb")
    assert "meshes" not in glb.content
    poses = Kinematics(leg, ()).pose(motion_of(leg).q)
    places = glb.world(4)
    for b, body in enumerate(leg.body_names):
        np.testing.assert_allclose(places[body][:3, 3], poses.origin[4, b], atol=1e-6)


def test_glb_passes_the_validator(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> None:
    """Khronos' own validator, where Node has it: `npm install gltf-validator`, found by NODE_PATH."""
    node = shutil.which("node")
    script = """
        const check = require('gltf-validator'), file = require('fs').readFileSync(process.argv[1]);
        check.validateBytes(new Uint8Array(file)).then(r => console.log(JSON.stringify(r.issues)));"""
    if (
        node is None
        or subprocess.run([node, "-e", "require('gltf-validator')"], capture_output=True).returncode
    ):
        pytest.skip("Node has no package gltf-validator here")
    write_glb(motion_of(person, 4), tmp_path / "a.glb")
    done = subprocess.run(
        [node, "-e", script, str(tmp_path / "a.glb")], capture_output=True, text=True, check=True
    )
    issues = json.loads(done.stdout)
    assert issues["numErrors"] == issues["numWarnings"] == 0, issues["messages"]


def test_joined_bodies_have_no_gap(person: Skeleton, motion_of: MotionOf) -> None:
    """Each joint's centre, fixed to its two bodies by the model, is one point in the world in every pose.

    The knees and kneecaps slide by the model's own curves, the pelvis and the abdomen float on purpose.
    """
    poses = Kinematics(person, ()).pose(motion_of(person, 20).q)
    names = person.body_names
    checked = 0
    for b, joint in enumerate(person.joints):
        moves = any(axis.coordinate is not None for axis in joint.translations)
        if joint.parent not in names or moves:
            continue
        p = names.index(joint.parent)
        on_parent = (
            poses.rotation[:, p] @ (person.scale[p] * joint.parent_frame.translation) + poses.origin[:, p]
        )
        on_child = (
            poses.rotation[:, b] @ (person.scale[b] * joint.child_frame.translation) + poses.origin[:, b]
        )
        assert np.linalg.norm(on_parent - on_child, axis=1).max() < 1e-3, joint.name
        checked += 1
    assert checked >= 22


def test_even_motion_keeps_even_frames_and_fills_gaps(person: Skeleton, motion_of: MotionOf) -> None:
    motion = motion_of(person, 6)
    time = np.round(np.arange(6) / 29.97, 3)
    even = even_motion(replace(motion, time=time))
    np.testing.assert_array_equal(even.q[:, 6:], motion.q[:, 6:])
    q = motion.q.copy()
    q[:1], q[3] = np.nan, np.nan
    gapped = even_motion(replace(motion, q=q, time=time))
    assert gapped.start == time[1] and len(gapped.q) == 5
    np.testing.assert_allclose(gapped.q[2, 6:], (motion.q[2, 6:] + motion.q[4, 6:]) / 2, atol=0.02)


def test_bvh_turns_back_into_the_same_places(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> None:
    """A reader of our own: offsets, channels and Z X Y rotations down the tree."""
    motion = replace(motion_of(person, 4), time=np.arange(4) / 25)
    path = write_formats(motion, tmp_path, ["bvh"])[0]
    poses = Kinematics(person, ()).pose(motion.q)
    for t in range(4):
        for name, place in bvh_places(path, t).items():
            b = person.body_index(name)
            np.testing.assert_allclose(place, poses.origin[t, b], atol=TENTH_OF_A_MILLIMETRE, err_msg=name)
    assert "Frame Time: 0.040000000" in path.read_text()


def bvh_places(path: Path, frame: int) -> dict[str, np.ndarray]:
    lines = [line.split() for line in path.read_text().splitlines()]
    motion = lines.index(["MOTION"])
    values = iter(float(x) for x in lines[motion + 3 + frame])
    stack: list[tuple[np.ndarray, np.ndarray]] = [(np.eye(3), np.zeros(3))]
    arrays: dict[str, np.ndarray] = {}
    name, offset = "", np.zeros(3)
    for words in lines[1:motion]:
        if words[0] in ("ROOT", "JOINT", "End"):
            name = words[1]
        elif words[0] == "{":
            stack.append(stack[-1])
        elif words[0] == "}":
            stack.pop()
        elif words[0] == "OFFSET":
            offset = np.array([float(x) for x in words[1:]])
        elif words[0] == "CHANNELS":
            channels = {channel: next(values) for channel in words[2:]}
            if "Xposition" in channels:
                offset = np.array([channels[f"{axis}position"] for axis in "XYZ"])
            turn = Rotation.from_euler("ZXY", [channels[f"{a}rotation"] for a in "ZXY"], degrees=True)
            rotation, place = stack[-2]
            stack[-1] = (rotation @ turn.as_matrix(), rotation @ offset + place)
            arrays[name] = stack[-1][1]
    return arrays


def test_c3d_reads_back(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> None:
    ezc3d = pytest.importorskip("ezc3d", reason="ezc3d is not installed")
    motion = replace(motion_of(person, 6), time=np.arange(6) / 60)
    file = ezc3d.c3d(str(write_formats(motion, tmp_path, ["c3d"])[0]))
    point = file["parameters"]["POINT"]
    assert point["UNITS"]["value"] == ["mm"]
    assert point["RATE"]["value"][0] == pytest.approx(60)
    labels, points = point["LABELS"]["value"], file["data"]["points"]
    marks = Kinematics(person).positions(motion.q)
    for k, name in enumerate(person.landmark_names):
        np.testing.assert_allclose(points[:3, labels.index(name)].T, 1000 * marks[:, k], atol=0.05)
    knee = points[0, labels.index("walker_knee_r_angles")]
    wanted = np.degrees(motion.q[:, person.coordinate_index("knee_angle_r")])
    np.testing.assert_allclose(knee, wanted, atol=1e-3)
    assert "hip_r_angles" in point["ANGLES"]["value"]
    description = point["DESCRIPTIONS"]["value"][labels.index("hip_r_angles")]
    assert description == "hip_flexion_r, hip_adduction_r, hip_rotation_r"


def test_npz_holds_everything(tmp_path: Path, person: Skeleton, motion_of: MotionOf) -> None:
    camera = Camera(900.0, (320.0, 240.0), np.eye(3), np.array([0, 0, 4.0]), (640, 480))
    motion = motion_of(person, 4, camera)
    motion.q[1] = np.nan
    write_npz(motion, tmp_path / "motion.npz")
    with np.load(tmp_path / "motion.npz", allow_pickle=False) as data:
        np.testing.assert_array_equal(data["q"], motion.q)
        assert list(data["body_names"]) == list(person.body_names)
        assert np.isnan(data["landmarks"][1]).all() and np.isfinite(data["landmarks"][0]).all()
        placed = camera.project(data["landmarks"][0])
        np.testing.assert_allclose(placed, camera.project(Kinematics(person).positions(motion.q[:1])[0]))
        assert data["camera_image_size"].tolist() == [640, 480]


def test_formats_by_name(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    assert parse_formats("glb, .BVH npz,glb") == ("glb", "bvh", "npz")
    assert parse_formats("all") == tuple(FORMATS) and parse_formats("") == ()
    with pytest.raises(
        InputError, match="unknown format 'fbx'; the formats are: glb, rig, bvh, c3d, npz, all"
    ):
        parse_formats("glb fbx")
    (tmp_path / "file").write_text("mine")
    for name in ("glb", "bvh", "npz"):
        with pytest.raises(OutputError, match="cannot write"):
            write_formats(motion_of(leg), tmp_path / "file", [name])
