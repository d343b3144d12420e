"""The skinned armature: skinned by hand it is where our kinematics put the bones, and it rests in a T-pose."""

import numpy as np
import pytest
from gltf import Gltf

from pase.anatomy.bones import placed_bones
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
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
def rig(motion: Motion, tmp_path_factory: pytest.TempPathFactory) -> Gltf:
    path = tmp_path_factory.mktemp("rig") / "a.glb"
    write_rig(motion, path)
    return Gltf(path)


def test_the_skin_follows_the_motion(motion: Motion, rig: Gltf) -> None:
    content = rig.content
    attributes = content["meshes"][0]["primitives"][0]["attributes"]
    rest = rig.array(attributes["POSITION"])
    joints = rig.array(attributes["JOINTS_0"])[:, 0]
    assert (rig.array(attributes["WEIGHTS_0"]) == [1, 0, 0, 0]).all()
    inverse = rig.array(content["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    homogeneous = np.column_stack([rest, np.ones(len(rest))])
    for key in (0, 2):
        world = rig.world(key)
        matrices = np.array([world[rig.names[j]] for j in content["skins"][0]["joints"]]) @ inverse
        skinned = np.einsum("vij,vj->vi", matrices[joints], homogeneous)[:, :3]
        pose = Kinematics(motion.skeleton, ()).pose(motion.q[key][None])
        wanted = np.concatenate(
            [
                surface.vertices @ pose.rotation[0, b].T + pose.origin[0, b]
                for b, _, _, surface in placed_bones(motion.skeleton)
            ]
        )
        np.testing.assert_allclose(skinned, wanted, atol=1e-5)


def test_it_rests_in_a_t_pose_with_standard_names(motion: Motion, rig: Gltf) -> None:
    content = rig.content
    names = rig.names
    wanted = {"Hips", "Spine", "Spine1", "Spine2", "Head"} | {
        f"{side}{bone}"
        for side in ("Left", "Right")
        for bone in ("UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand")
    }
    assert wanted <= set(names) and len(names) == len(set(names))
    at = {name: T[:3, 3] for name, T in rig.world(None).items()}
    for side, sign in (("Right", 1), ("Left", -1)):
        arm = at[f"{side}ForeArm"] - at[f"{side}Arm"]
        np.testing.assert_allclose(arm / np.linalg.norm(arm), [0, 0, sign], atol=0.08)
        assert content["nodes"][names.index(f"{side}Shoulder")]["children"] == [names.index(f"{side}Arm")]
    rest = rig.array(content["meshes"][0]["primitives"][0]["attributes"]["POSITION"])
    assert abs(rest[:, 1].min()) < 1e-6
    assert standard_name("patella_l") == "patella_l"
    assert t_pose(motion.skeleton).shape == motion.skeleton.default_q.shape


def test_camera_and_floor_are_in_it(rig: Gltf) -> None:
    content = rig.content
    camera = next(node for node in content["nodes"] if "camera" in node)
    np.testing.assert_allclose(camera["translation"], [0, 1, 4], atol=1e-6)
    assert content["cameras"][0]["perspective"]["yfov"] == pytest.approx(2 * np.arctan(240 / 900))
    floor = rig.array(content["meshes"][1]["primitives"][0]["attributes"]["POSITION"])
    assert (floor[:, 1] == 0).all()
