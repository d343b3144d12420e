"""The skinned armature: skinned by hand it is where our kinematics put the bones, and it rests in a T-pose."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pase.anatomy.bones import load_bones
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.placement import place_bone
from pase.data import Camera, Motion
from pase.formats.rig import standard_name, t_pose, write_rig


@pytest.fixture(scope="module")
def motion() -> Motion:
    skeleton, rng = default_skeleton(), np.random.default_rng(5)
    skeleton = skeleton.scaled(rng.uniform(0.9, 1.1, (len(skeleton.bodies), 3)))
    low, high = (np.clip(ends, -1.0, 1.0) for ends in skeleton.bounds)
    q = (low + high) / 2 + 0.3 * (high - low) * rng.uniform(-1, 1, (3, len(low)))
    camera = Camera(900.0, (320.0, 240.0), np.diag([1.0, -1.0, -1.0]), np.array([0.0, 1.0, 4.0]), (640, 480))
    return Motion(skeleton, q, np.full_like(q, np.nan), np.array([0.0, 0.04, 0.09]), camera)


@pytest.fixture(scope="module")
def rig(motion: Motion, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], bytes]:
    """JSON and binary part of the file."""
    path = tmp_path_factory.mktemp("rig") / "a.glb"
    write_rig(motion, path)
    return parts(path)


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def array(rig: tuple[dict[str, Any], bytes], accessor: int) -> np.ndarray:
    content, data = rig
    one = content["accessors"][accessor]
    view = content["bufferViews"][one["bufferView"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[one["type"]]
    kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[one["componentType"]]
    return np.frombuffer(data, kind, one["count"] * width, view["byteOffset"]).reshape(one["count"], width)


def world_matrices(rig: tuple[dict[str, Any], bytes], key: int | None) -> dict[int, np.ndarray]:
    """(4, 4) of every node, at rest or at a key of the animation."""
    content, _ = rig
    local = {}
    for number, node in enumerate(content["nodes"]):
        local[number] = [node.get("rotation", [0, 0, 0, 1]), node.get("translation", [0, 0, 0])]
    animation = content["animations"][0]
    for channel in animation["channels"] if key is not None else []:
        values = array(rig, animation["samplers"][channel["sampler"]]["output"])
        local[channel["target"]["node"]][channel["target"]["path"] == "translation"] = values[key]
    world: dict[int, np.ndarray] = {}

    def place(number: int, above: np.ndarray) -> None:
        matrix = np.eye(4)
        matrix[:3, :3] = Rotation.from_quat(local[number][0]).as_matrix()
        matrix[:3, 3] = local[number][1]
        world[number] = above @ matrix
        for child in content["nodes"][number].get("children", []):
            place(child, world[number])

    for root in content["scenes"][0]["nodes"]:
        place(root, np.eye(4))
    return world


def test_the_skin_follows_the_motion(motion: Motion, rig: tuple[dict[str, Any], bytes]) -> None:
    content, _ = rig
    attributes = content["meshes"][0]["primitives"][0]["attributes"]
    rest = array(rig, attributes["POSITION"])
    joints = array(rig, attributes["JOINTS_0"])[:, 0]
    assert (array(rig, attributes["WEIGHTS_0"]) == [1, 0, 0, 0]).all()
    inverse = array(rig, content["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    skeleton, surfaces = motion.skeleton, load_bones(motion.skeleton)
    for key in (0, 2):
        world = world_matrices(rig, key)
        matrices = np.array([world[j] for j in content["skins"][0]["joints"]]) @ inverse
        skinned = np.einsum("vij,vj->vi", matrices[joints], np.column_stack([rest, np.ones(len(rest))]))[
            :, :3
        ]
        pose = Kinematics(skeleton, ()).pose(motion.q[key][None])
        wanted = np.concatenate(
            [
                place_bone(surfaces[mesh.file], mesh, skeleton.scale[b]).vertices @ pose.rotation[0, b].T
                + pose.origin[0, b]
                for b, body in enumerate(skeleton.bodies)
                for mesh in body.meshes
            ]
        )
        np.testing.assert_allclose(skinned, wanted, atol=1e-5)


def test_it_rests_in_a_t_pose_with_standard_names(motion: Motion, rig: tuple[dict[str, Any], bytes]) -> None:
    content, _ = rig
    names = [node["name"] for node in content["nodes"]]
    wanted = {"Hips", "Spine", "Spine1", "Spine2", "Head"} | {
        f"{side}{bone}"
        for side in ("Left", "Right")
        for bone in ("UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand")
    }
    assert wanted <= set(names) and len(names) == len(set(names))
    world = world_matrices(rig, None)
    at = {name: world[number][:3, 3] for number, name in enumerate(names) if number in world}
    for side, sign in (("Right", 1), ("Left", -1)):
        arm = at[f"{side}ForeArm"] - at[f"{side}Arm"]
        np.testing.assert_allclose(arm / np.linalg.norm(arm), [0, 0, sign], atol=0.08)
        assert content["nodes"][names.index(f"{side}Shoulder")]["children"] == [names.index(f"{side}Arm")]
    rest = array(rig, content["meshes"][0]["primitives"][0]["attributes"]["POSITION"])
    assert abs(rest[:, 1].min()) < 1e-6
    assert standard_name("patella_l") == "patella_l"
    assert t_pose(motion.skeleton).shape == motion.skeleton.default_q.shape


def test_camera_and_floor_are_in_it(rig: tuple[dict[str, Any], bytes]) -> None:
    content, _ = rig
    camera = next(node for node in content["nodes"] if "camera" in node)
    np.testing.assert_allclose(camera["translation"], [0, 1, 4], atol=1e-6)
    assert content["cameras"][0]["perspective"]["yfov"] == pytest.approx(2 * np.arctan(240 / 900))
    floor = array(rig, content["meshes"][1]["primitives"][0]["attributes"]["POSITION"])
    assert (floor[:, 1] == 0).all()
