"""Parts of the body that nobody saw, or that are not there: no bones, no angles, and said so in every file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pase.analysis import analysed
from pase.anatomy.default import default_skeleton
from pase.anatomy.limbs import (
    absent_parts,
    bodies_not_seen,
    feet_seen,
    in_short,
    parts_not_seen,
    points_of,
    with_seen_parts,
    without_parts,
)
from pase.data import HALPE26, Keypoints2D, Motion
from pase.errors import InputError


def motion(frames: int = 40, unseen: tuple[str, ...] = (), until: int = 40) -> Motion:
    """A standing person at 20 frames a second, some of whose keypoints are not seen in the first frames."""
    skeleton = default_skeleton()
    q = np.tile(skeleton.standing_q, (frames, 1))
    residual = np.ones((frames, len(skeleton.landmarks)))
    residual[:until, [skeleton.landmark_index(name) for name in unseen]] = np.nan
    time = 0.05 * np.arange(frames)
    return Motion(skeleton, q, np.full(q.shape, 0.1), time, residual=residual)


FOOT = ("LAnkle", "LHeel", "LBigToe", "LSmallToe")
LEFT_LEG = ("LKnee", *FOOT)


def test_a_leg_behind_a_table_has_no_bones_and_no_angles_and_comes_back_so(tmp_path: Path) -> None:
    from pase.formats.person import load_motion, write_person

    person = analysed(motion(unseen=LEFT_LEG))
    assert parts_not_seen(person) == ["left thigh", "left shank", "left foot"]
    assert person.findings is not None
    angles = person.findings.angles
    assert np.isfinite(angles.values[:, angles.keys.index("knee_flexion_r")]).all()
    assert np.isnan(angles.values[:, angles.keys.index("knee_flexion_l")]).all()
    write_person(person, tmp_path / "person_1")
    header, *rows = (tmp_path / "person_1/angles.csv").read_text(encoding="utf-8").splitlines()
    first = dict(zip(header.split(","), rows[0].split(","), strict=True))
    assert first["knee_angle_l"] == "" and first["knee_angle_l_sd"] != "" and first["knee_angle_r"] != ""
    bones = (tmp_path / "person_1/bones.csv").read_text(encoding="utf-8").splitlines()
    assert {row.split(",")[0] for row in bones if row.endswith(",0")} == {"femur_l", "tibia_l", "foot_l"}
    again = load_motion(tmp_path / "person_1")
    assert bodies_not_seen(again) == bodies_not_seen(person)
    assert np.isfinite(again.q).all(), "OpenSim wants every coordinate"


def test_short_gaps_are_bridged_and_long_ones_are_not() -> None:
    short, long = (with_seen_parts(motion(unseen=("RWrist",), until=n)) for n in (4, 20))
    hand = default_skeleton().body_index("hand_r")
    assert short.seen is not None and short.seen[:, hand].all()
    assert long.seen is not None
    assert not long.seen[:14, hand].any() and long.seen[16:, hand].all()


def test_a_foot_that_shows_a_point_now_and_then_was_not_seen() -> None:
    person, point = motion(unseen=FOOT, until=20), default_skeleton().landmark_index("LHeel")
    assert person.residual is not None
    person.residual[10, point] = 1.0
    feet = feet_seen(person)
    assert not feet["left"][:18].any() and feet["left"][22:].all()
    assert feet["right"].all()


def test_measurements_that_never_show_a_part_do_not_hide_it() -> None:
    person = motion()
    legs = tuple(m for m in person.skeleton.landmarks if m.name[1:] in ("Hip", "Knee", "Ankle"))
    skeleton = person.skeleton.with_landmarks(legs)
    assert (
        parts_not_seen(with_seen_parts(replace(person, skeleton=skeleton, residual=np.ones((40, 6))))) == []
    )


def test_an_amputated_shank_has_no_keypoints_no_bones_and_no_length(tmp_path: Path) -> None:
    from pase.formats.tables import bone_table

    absent = absent_parts("left_shank, right-forearm")
    assert absent == {"left shank", "left foot", "right forearm"}
    points = points_of(absent)
    assert points == {"LAnkle", "LHeel", "LBigToe", "LSmallToe", "RWrist"}
    shape = (3, len(HALPE26))
    person = Keypoints2D(np.ones((*shape, 2)), np.ones(shape), np.arange(3.0), (10, 10), names=HALPE26)
    hidden = person.without(points)
    assert {n for n, is_seen in zip(HALPE26, hidden.score[0] > 0, strict=True) if not is_seen} == points
    assert np.isnan(hidden.xy[:, HALPE26.index("LAnkle")]).all()

    lacking = without_parts(motion(), absent)
    names = {body.name for body in lacking.skeleton.bodies if not body.meshes}
    assert {"tibia_l", "calcn_l", "radius_r", "hand_r"} <= names and "femur_l" not in names
    lengths = {bone.name for bone in bone_table(with_seen_parts(lacking))}
    assert "tibia_l" not in lengths and "tibia_r" in lengths


def test_whole_limbs_have_short_names() -> None:
    legs = [f"{side} {part}" for part in ("thigh", "shank", "foot") for side in ("left", "right")]
    assert in_short(legs) == ["both legs"] and in_short(legs[::2]) == ["left leg"]
    assert in_short(["left shank", "left foot", "right foot", "head"]) == ["left shank", "both feet", "head"]
    assert in_short([]) == []


def test_a_limb_that_is_no_limb_is_refused() -> None:
    with pytest.raises(InputError, match="no limb 'left_wing' to be without; there are: left_leg"):
        absent_parts("left_wing")


def test_unseen_bones_are_not_drawn_and_not_in_the_scene(tmp_path: Path) -> None:
    from pase.formats.glb import write_glb

    person = with_seen_parts(motion(unseen=LEFT_LEG))
    write_glb(person, tmp_path / "a.glb")
    content = (tmp_path / "a.glb").read_bytes()
    assert b"femur_r_mesh_0" in content and b"femur_l_mesh_0" not in content
