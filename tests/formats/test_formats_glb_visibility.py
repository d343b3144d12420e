"""Bones that nobody saw for a stretch of the film are not drawn meanwhile in the glTF scene."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from gltf import Gltf

from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.formats.glb import write_glb


def test_bones_shrink_to_nothing_while_their_body_is_not_seen(
    person: Skeleton, motion_of: Callable[..., Motion], tmp_path: Path
) -> None:
    motion = motion_of(person, frames=9)
    hidden, lost = person.body_index("femur_l"), slice(7, None)
    visible = np.ones((9, len(person.bodies)), bool)
    visible[2:5, hidden] = False
    q = motion.q.copy()
    q[lost] = np.nan
    write_glb(replace(motion, q=q, seen=visible), tmp_path / "a.glb")
    scene, time = Gltf(tmp_path / "a.glb"), motion.time
    left = scene.steps_of(scene.names.index("femur_l_mesh_0"), "scale")
    right = scene.steps_of(scene.names.index("femur_r_mesh_0"), "scale")
    wanted = [(time[0], 1.0), (time[2], 0.0), (time[5], 1.0), (time[7], 0.0)]
    np.testing.assert_allclose(left, wanted, atol=1e-6)
    np.testing.assert_allclose(right, [(time[0], 1.0), (time[7], 0.0)], atol=1e-6)


def test_a_body_that_is_always_seen_has_no_such_channel(
    person: Skeleton, motion_of: Callable[..., Motion], tmp_path: Path
) -> None:
    write_glb(motion_of(person), tmp_path / "a.glb")
    channels = Gltf(tmp_path / "a.glb").content["animations"][0]["channels"]
    assert channels and all(channel["target"]["path"] != "scale" for channel in channels)
