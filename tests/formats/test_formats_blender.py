"""What Blender itself makes of our files; needs the package `bpy` (the extra `blender`)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.bones import load_bones, place_bone
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.data import Motion
from pase.formats.bvh import write_bvh
from pase.formats.glb import write_glb
from pase.formats.resample import even_motion

bpy = pytest.importorskip("bpy", reason="Blender as a package (bpy) is not installed")

TENTH_OF_A_MILLIMETRE = 1e-4
FROM_BLENDER = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Blender's Z is up: this turns its world into ours."""


@pytest.fixture(scope="module")
def motion() -> Motion:
    """A person in a size of their own who bends everything; frames are uneven and the third is unknown."""
    skeleton = default_skeleton()
    random = np.random.default_rng(7)
    skeleton = skeleton.scaled(random.uniform(0.85, 1.2, (len(skeleton.bodies), 3)))
    lower, upper = (np.clip(ends, -1.5, 1.5) for ends in skeleton.bounds)
    middle, reach = (lower + upper) / 2, (upper - lower) / 2
    phase = random.uniform(0, 2 * np.pi, len(lower))
    time = np.array([0.0, 0.04, 0.075, 0.12, 0.16, 0.21, 0.24])
    q = middle + 0.7 * reach * np.sin(9 * time[:, None] + phase)
    q[2] = np.nan
    return Motion(skeleton, q, np.full_like(q, np.nan), time)


def show(time: float, frames_per_second: float) -> None:
    frame = time * frames_per_second
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))


def places(objects: dict[str, object], place: Callable[[object], object]) -> dict[str, np.ndarray]:
    return {name: FROM_BLENDER @ np.array(place(item)) for name, item in objects.items()}


def poses_at(motion: Motion, frame: int) -> BodyPoses:
    return Kinematics(motion.skeleton).pose(motion.q[frame][None])


def test_blender_shows_the_glb_where_our_kinematics_put_it(tmp_path: Path, motion: Motion) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    write_glb(motion, tmp_path / "skeleton.glb")
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 100, 1.0
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "skeleton.glb"))
    skeleton, surfaces = motion.skeleton, load_bones(motion.skeleton)
    bones = {f"{b.name}_mesh_{i}" for b in skeleton.bodies for i in range(len(b.meshes))}
    assert {o.name for o in bpy.data.objects if o.type == "MESH"} == bones and len(bones) == 108
    assert set(skeleton.body_names) <= {o.name for o in bpy.data.objects}
    for frame in (0, 3, 6):
        show(float(motion.time[frame]), 100)
        poses = poses_at(motion, frame)
        for b, body in enumerate(skeleton.bodies):
            item = bpy.data.objects[body.name]
            place = FROM_BLENDER @ np.array(item.matrix_world.translation)
            np.testing.assert_allclose(
                place, poses.origin[0, b], atol=TENTH_OF_A_MILLIMETRE, err_msg=body.name
            )
            for i, mesh in enumerate(body.meshes):
                shown = bpy.data.objects[f"{body.name}_mesh_{i}"]
                corner = np.array(shown.matrix_world @ shown.data.vertices[5].co)
                local = place_bone(surfaces[mesh.file], mesh, skeleton.scale[b]).vertices
                wanted = local @ poses.rotation[0, b].T + poses.origin[0, b]
                nearest = np.linalg.norm(wanted - FROM_BLENDER @ corner, axis=1).min()
                assert nearest < TENTH_OF_A_MILLIMETRE, (mesh.file, frame)


def test_blender_shows_the_bvh_where_our_kinematics_put_it(tmp_path: Path, motion: Motion) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    write_bvh(motion, tmp_path / "motion.bvh")
    scene = bpy.context.scene
    bpy.ops.import_anim.bvh(filepath=str(tmp_path / "motion.bvh"), frame_start=1)
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    even = even_motion(motion)
    poses = Kinematics(motion.skeleton).pose(even.q)
    assert {bone.name for bone in armature.pose.bones} == set(motion.skeleton.body_names)
    for frame in (0, 3, len(even.q) - 1):
        scene.frame_set(1 + frame)
        for b, name in enumerate(motion.skeleton.body_names):
            head = np.array(armature.matrix_world @ armature.pose.bones[name].head)
            np.testing.assert_allclose(
                FROM_BLENDER @ head,
                poses.origin[frame, b],
                atol=TENTH_OF_A_MILLIMETRE,
                err_msg=f"{name} {frame}",
            )
