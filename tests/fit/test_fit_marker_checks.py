"""Markers are checked against a human body: names, units, single strays; what is no body is refused."""

from dataclasses import replace

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.data import Landmarks3D
from pase.errors import InputError
from pase.fit.inputs import stuck_on_markers
from pase.fit.markers import MarkerOptions, fit_markers
from pase.fit.markers.handedness import is_mirrored
from pase.fit.markers.names import named_as_model
from pase.fit.markers.units import size_ratio, unit_factor
from pase.fit.markers.up_axis import Axis, turned_up


@pytest.fixture(scope="module")
def person() -> Skeleton:
    return default_skeleton()


@pytest.fixture(scope="module")
def data(person: Skeleton) -> Landmarks3D:
    """Somebody who bends a knee."""
    q = np.tile(person.default_q, (10, 1))
    q[:, person.coordinate_index("knee_angle_r")] = np.linspace(0.1, 1.2, 10)
    return Landmarks3D(Kinematics(person).positions(q), np.arange(10) / 50, person.landmark_names)


@pytest.mark.parametrize("factor", [1000.0, 100.0, 10.0, 0.1, 0.01, 0.001, 39.37, 0.0254])
@pytest.mark.parametrize("size", [0.8, 1.0, 1.2])
def test_a_mistaken_unit_is_found(person: Skeleton, data: Landmarks3D, factor: float, size: float) -> None:
    markers = stuck_on_markers(person.landmarks).markers
    assert unit_factor(data.xyz * size * factor, person, markers) == pytest.approx(1 / factor, rel=0.01)


@pytest.mark.parametrize("size", [0.42, 0.6, 1.0, 1.35])
def test_people_from_infants_to_giants_keep_their_size(
    person: Skeleton, data: Landmarks3D, size: float
) -> None:
    assert unit_factor(data.xyz * size, person, stuck_on_markers(person.landmarks).markers) == 1.0


@pytest.mark.parametrize("posture", ["crouching", "arms up"])
def test_the_size_does_not_depend_on_the_posture(person: Skeleton, posture: str) -> None:
    q = np.tile(person.default_q, (3, 1))
    angles = {
        "crouching": {"knee_angle_r": 2.2, "knee_angle_l": 2.2, "hip_flexion_r": 2.0, "hip_flexion_l": 2.0},
        "arms up": {"arm_elevation_r": 2.8, "arm_elevation_l": 2.8},
    }
    for name, value in angles[posture].items():
        q[:, person.coordinate_index(name)] = value
    xyz = Kinematics(person).positions(q)
    assert size_ratio(xyz, person, stuck_on_markers(person.landmarks).markers) == pytest.approx(1, abs=0.35)


def test_markers_in_one_point_are_no_person(person: Skeleton, data: Landmarks3D) -> None:
    with pytest.raises(InputError, match="nobody is that size"):
        fit_markers(replace(data, xyz=np.ones_like(data.xyz)), person, stuck_on_markers(person.landmarks))


def test_millimetres_called_metres_are_mended_and_told(person: Skeleton, data: Landmarks3D) -> None:
    large = replace(data, xyz=1000 * data.xyz)
    motion = fit_markers(large, person, stuck_on_markers(person.landmarks), MarkerOptions(scale=False))
    knee = person.coordinate_index("knee_angle_r")
    assert motion.q[:, knee] == pytest.approx(np.linspace(0.1, 1.2, 10), abs=0.01)
    assert any("multiplied by 0.001" in sentence for sentence in motion.warnings)


def test_names_that_belong_to_no_body_are_refused(person: Skeleton, data: Landmarks3D) -> None:
    scrambled = replace(data, names=tuple(np.random.default_rng(1).permutation(data.names)))
    with pytest.raises(InputError, match="no body with these names"):
        fit_markers(scrambled, person, stuck_on_markers(person.landmarks), MarkerOptions(scale=False))


def test_a_single_stray_marker_is_named(person: Skeleton, data: Landmarks3D) -> None:
    xyz = data.xyz.copy()
    xyz[:, data.names.index("LWrist")] += [0.3, 0.0, 0.3]
    motion = fit_markers(
        replace(data, xyz=xyz), person, stuck_on_markers(person.landmarks), MarkerOptions(scale=False)
    )
    (warning,) = (sentence for sentence in motion.warnings if "far from where" in sentence)
    assert "LWrist" in warning


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["RHip", "RKnee", "LHip", "LKnee"], ""),
        (["A:RHip", "A:RKnee", "A:LHip", "A:LKnee"], "'A:' before the names"),
        (["A:RHip", "A:RKnee", "A:LHip", "A:LKnee", "Ball:1", "*7"], "'A:' before the names"),
        (["r_hip", "R Knee", "LHIP", "lknee"], "r_hip as RHip"),
    ],
)
def test_names_as_the_model_has_them(names: list[str], note: str) -> None:
    data = Landmarks3D(np.zeros((1, len(names), 3)), np.zeros(1), tuple(names))
    renamed_data, notes = named_as_model(data, ["RHip", "RKnee", "LHip", "LKnee", "Head"])
    assert renamed_data.names[:4] == ("RHip", "RKnee", "LHip", "LKnee")
    assert bool(notes) == bool(note) and note in " ".join(notes)


def test_of_several_people_one_has_to_be_named() -> None:
    wanted = ["RHip", "RKnee", "LHip", "LKnee"]
    names = tuple(f"{person}:{name}" for person in ("Anna", "Ben") for name in wanted)
    xyz = np.arange(8.0)[None, :, None] * np.ones(3)
    data = Landmarks3D(xyz, np.zeros(1), names)
    with pytest.raises(InputError, match="Anna, Ben; name one, for instance --subject Anna"):
        named_as_model(data, wanted)
    of_person, _ = named_as_model(data, wanted, "Ben")
    assert of_person.names == tuple(wanted) and of_person.xyz[0, 0, 0] == 4
    with pytest.raises(InputError, match="no subject 'Cleo'"):
        named_as_model(data, wanted, "Cleo")


@pytest.mark.parametrize("axis", ["x", "-x", "-z"])
def test_an_unusual_axis_points_up_where_the_feet_are_at_its_zero(
    person: Skeleton, data: Landmarks3D, axis: Axis
) -> None:
    axes = turned_up(np.eye(3), axis)  # The transpose turns Y to the axis.
    standing = data.xyz - [0, data.xyz[..., 1].min(), 0] + [3.0, 0.0, 4.0]
    motion = fit_markers(
        replace(data, xyz=standing @ axes.T),
        person,
        stuck_on_markers(person.landmarks),
        MarkerOptions(scale=False),
    )
    assert any(f"the data's {axis.upper()} axis points up" in sentence for sentence in motion.warnings)
    assert motion.q[:, person.coordinate_index("pelvis_tilt")] == pytest.approx(person.default_q[0], abs=0.02)


def test_who_lies_is_not_stood_up(person: Skeleton, data: Landmarks3D) -> None:
    lying = turned_up(data.xyz, "-x") + [2.0, 0.0, 0.0]
    lying = lying - [0, lying[..., 1].min(), 0]
    motion = fit_markers(
        replace(data, xyz=lying), person, stuck_on_markers(person.landmarks), MarkerOptions(scale=False)
    )
    (warning,) = (sentence for sentence in motion.warnings if "lies along" in sentence)
    assert "--up x" in warning


@pytest.mark.parametrize("points", ["all", "legs"])
def test_a_mirror_image_is_refused_and_mended_where_the_user_says_so(
    person: Skeleton, data: Landmarks3D, points: str
) -> None:
    legs = tuple(
        m for m in person.landmarks if m.name[1:] in ("Hip", "Knee", "Ankle", "Heel", "BigToe", "SmallToe")
    )
    markers = stuck_on_markers(legs if points == "legs" else person.landmarks)
    mirrored = replace(data, xyz=data.xyz * [1, 1, -1])
    with pytest.raises(InputError, match="mirror image of a body.*--mirrored"):
        fit_markers(mirrored, person, markers, MarkerOptions(scale=False))
    with pytest.raises(InputError, match="leave out --mirrored"):
        fit_markers(data, person, markers, MarkerOptions(scale=False, mirrored=True))
    motion = fit_markers(mirrored, person, markers, MarkerOptions(scale=False, mirrored=True))
    knee = person.coordinate_index("knee_angle_r")
    assert motion.q[:, knee] == pytest.approx(np.linspace(0.1, 1.2, 10), abs=0.01)


@pytest.mark.parametrize("noise_m", [0.0, 0.03])
def test_bodies_in_any_posture_are_no_mirror_image(person: Skeleton, noise_m: float) -> None:
    random = np.random.default_rng(2)
    markers = stuck_on_markers(person.landmarks).markers
    low, high = (np.clip(ends, -3.0, 3.0) for ends in person.bounds)
    for stretch in np.linspace(0.2, 1.0, 10):
        q = person.standing_q + stretch * (random.uniform(low, high) - person.standing_q)
        xyz = Kinematics(person).positions(q[None]) + random.normal(0, noise_m, (1, len(markers), 3))
        assert not is_mirrored(xyz, person, markers)
        assert stretch > 0.7 or is_mirrored(-xyz, person, markers)
