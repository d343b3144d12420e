from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from osim_text import PIN, heavy, with_joints

from pase.anatomy.default import default_skeleton
from pase.anatomy.functions import Constant, Linear, Multiplier, PiecewiseLinear, Polynomial, SimmSpline
from pase.anatomy.joints import SIMPLE_JOINTS, coordinate_count, simple_axes, translation_scale
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Body, BoneMesh, Coordinate, Frame, Joint, Landmark, Skeleton, TransformAxis
from pase.anatomy.osim import read_osim, write_osim
from pase.anatomy.osim_write import stretched_inertia

POSES = 100
OracleOf = Callable[..., Any]


def random_q(skeleton: Skeleton, count: int, seed: int = 0) -> np.ndarray:
    low, high = skeleton.bounds
    rng = np.random.default_rng(seed)
    return rng.uniform(np.maximum(low, -4.0), np.minimum(high, 4.0), (count, len(low)))


def random_scale(skeleton: Skeleton, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.7, 1.3, (len(skeleton.bodies), 3))


def assert_same_poses(skeleton: Skeleton, reference: Any, count: int = POSES) -> None:
    kinematics = Kinematics(skeleton)
    q = random_q(skeleton, count)
    values = kinematics.coordinate_values(q)
    names = [c.name for c in skeleton.coordinates]
    rotation, origin, position = reference.poses(names, values, skeleton.body_names, skeleton.landmark_names)
    poses = kinematics.pose(q)
    np.testing.assert_allclose(poses.rotation, rotation, rtol=0, atol=1e-9)
    np.testing.assert_allclose(poses.origin, origin, rtol=0, atol=1e-9)
    np.testing.assert_allclose(kinematics.positions(q), position, rtol=0, atol=1e-9)


def test_positions_are_opensims(model_path: Path, oracle: OracleOf) -> None:
    assert_same_poses(read_osim(model_path), oracle(model_path))


def test_scaled_positions_are_those_of_opensims_own_scaling(model_path: Path, oracle: OracleOf) -> None:
    skeleton = read_osim(model_path)
    scale = random_scale(skeleton)
    reference = oracle(model_path, dict(zip(skeleton.body_names, scale, strict=True)))
    assert_same_poses(skeleton.scaled(scale), reference, count=20)


def test_coordinates_are_opensims(model_path: Path, oracle: OracleOf) -> None:
    reference = oracle(model_path)
    kinds = {1: "rotational", 2: "translational", 3: "coupled"}
    skeleton = read_osim(model_path)
    assert {c.name for c in skeleton.coordinates} == {c.getName() for c in reference.model.getCoordinateSet()}
    for coordinate in skeleton.coordinates:
        opensim_coordinate = reference.coordinate(coordinate.name)
        assert coordinate.motion == kinds[opensim_coordinate.getMotionType()], coordinate.name
        assert coordinate.range == (opensim_coordinate.getRangeMin(), opensim_coordinate.getRangeMax())
        assert coordinate.clamped == opensim_coordinate.get_clamped()
        assert coordinate.locked == opensim_coordinate.get_locked()
        assert coordinate.default == opensim_coordinate.get_default_value()


@pytest.mark.parametrize("mass_kg", [None, 61.5])
def test_a_written_model_is_the_same_in_opensim(
    model_path: Path, oracle: OracleOf, tmp_path: Path, mass_kg: float | None
) -> None:
    skeleton = read_osim(model_path)
    skeleton = skeleton.scaled(random_scale(skeleton))
    written = tmp_path / "person.osim"
    write_osim(skeleton, written, mass_kg=mass_kg, with_geometry=False)
    reference = oracle(written)
    assert_same_poses(skeleton, reference, count=5)
    expected = sum(b.mass for b in skeleton.bodies) if mass_kg is None else mass_kg
    assert reference.model.getTotalMass(reference.state) == pytest.approx(expected, rel=1e-12)
    for coordinate in skeleton.coordinates:
        opensim_coordinate = reference.coordinate(coordinate.name)
        assert (opensim_coordinate.getRangeMin(), opensim_coordinate.getRangeMax()) == coordinate.range
        assert (opensim_coordinate.get_clamped(), opensim_coordinate.get_locked()) == (
            coordinate.clamped,
            coordinate.locked,
        )


def test_a_written_model_reads_back_the_same(model_path: Path, tmp_path: Path) -> None:
    skeleton = read_osim(model_path)
    scaled = skeleton.scaled(random_scale(skeleton))
    write_osim(scaled, tmp_path / "a.osim", with_geometry=False)
    again = read_osim(tmp_path / "a.osim")
    assert again.coordinates == skeleton.coordinates
    assert again.couplers == skeleton.couplers
    q = random_q(skeleton, POSES)
    np.testing.assert_allclose(
        Kinematics(again).positions(q), Kinematics(scaled).positions(q), rtol=0, atol=1e-12
    )
    write_osim(again, tmp_path / "b.osim", with_geometry=False)
    assert read_osim(tmp_path / "b.osim").joints == again.joints


def every_joint() -> Skeleton:
    """A chain with a joint of every type and functions of every type, about skew axes in turned frames."""
    rng = np.random.default_rng(5)
    bodies, joints, coordinates = [], [], []
    parent = "ground"
    for kind in ("CustomJoint", *SIMPLE_JOINTS):
        name = f"{kind}_body"
        if kind == "CustomJoint":
            rotations, translations = _custom_axes()
            names = ["bend", "slide"]
        else:
            names = [f"{kind}_{i}" for i in range(coordinate_count(kind))]
            rotations, translations = simple_axes(kind, names)
        frames = [Frame(tuple(rng.uniform(-0.3, 0.3, 3)), tuple(rng.uniform(-1, 1, 3))) for _ in range(2)]
        joints.append(Joint(f"{kind}_joint", kind, parent, name, *frames, rotations, translations))
        motion = {n: "rotational" for n in names} | {a.coordinate: "translational" for a in translations}
        coordinates += [Coordinate(n, 0.1, (-1.3, 1.3), motion[n]) for n in names]  # type: ignore[arg-type]
        bodies.append(Body(name, 1.0, (0.1, 0.2, 0.3), (1.0, 1.1, 1.2, 0.1, 0.2, 0.3)))
        parent = name
    landmarks = tuple(Landmark(f"{b.name}_mark", b.name, (0.1, -0.2, 0.3)) for b in bodies)
    return Skeleton("every_joint", tuple(bodies), tuple(joints), tuple(coordinates), (), landmarks)


def _custom_axes() -> tuple[Any, Any]:
    x, y = (-1.0, -0.3, 0.4, 1.2), (0.1, 0.2, -0.1, 0.3)
    skew = (0.6, 0.0, 0.8)
    rotations = (
        TransformAxis(skew, Linear(), "bend"),
        TransformAxis((0.0, 1.0, 0.0), SimmSpline(x, y), "bend"),
        TransformAxis((1.0, 0.0, 0.0), Multiplier(Polynomial((0.5, -0.2, 0.1)), 0.7), "bend"),
    )
    translations = (
        TransformAxis((1.0, 0.0, 0.0), Linear(), "slide"),
        TransformAxis((0.0, 1.0, 0.0), PiecewiseLinear(x, y), "bend"),
        TransformAxis((0.0, 0.0, 1.0), Constant(0.07)),
    )
    return rotations, translations


def test_every_joint_type_moves_as_opensims(oracle: OracleOf, tmp_path: Path) -> None:
    skeleton = every_joint()
    write_osim(skeleton, tmp_path / "plain.osim", with_geometry=False)
    assert_same_poses(skeleton, oracle(tmp_path / "plain.osim"))
    assert read_osim(tmp_path / "plain.osim").joints == skeleton.joints
    scaled = skeleton.scaled(random_scale(skeleton))
    reference = oracle(tmp_path / "plain.osim", dict(zip(skeleton.body_names, scaled.scale, strict=True)))
    assert_same_poses(scaled, reference, count=20)
    write_osim(scaled, tmp_path / "scaled.osim", with_geometry=False)
    assert_same_poses(scaled, oracle(tmp_path / "scaled.osim"), count=20)


def test_translations_along_any_axis_stay_at_scale_one() -> None:
    oblique = TransformAxis((-0.6, 0.8, 0.0), Constant(0.2))
    skew = replace(every_joint().joints[0], translations=(oblique, *_custom_axes()[1][1:]))
    np.testing.assert_allclose(translation_scale(skew, np.ones(3)), 1.0, atol=1e-15)
    np.testing.assert_allclose(translation_scale(skew, np.full(3, 1.7)), 1.7, atol=1e-15)
    slide = every_joint().joints[0]
    np.testing.assert_allclose(translation_scale(slide, np.array([2.0, 3.0, 5.0])), [1.0, 3.0, 5.0])


FRAMES = """<OpenSimDocument Version="40500"><Model name="frames">
<Ground name="ground"><components><PhysicalOffsetFrame name="bench"><socket_parent>..</socket_parent>
 <translation>1 0 0</translation><orientation>0 0.5 0</orientation></PhysicalOffsetFrame></components>
</Ground>
<BodySet><objects><Body name="a"><components>
  <PhysicalOffsetFrame name="outer"><components><PhysicalOffsetFrame name="inner">
     <attached_geometry><Mesh name="m"><socket_frame>..</socket_frame><scale_factors>2 2 2</scale_factors>
       <mesh_file>femur_r.vtp</mesh_file></Mesh></attached_geometry>
     <socket_parent>..</socket_parent><translation>0 0.1 0</translation><orientation>0.1 0.2 0.3</orientation>
     </PhysicalOffsetFrame></components>
   <socket_parent>..</socket_parent><translation>0.2 0 0</translation><orientation>0.3 -0.2 1</orientation>
  </PhysicalOffsetFrame></components><mass>1</mass><inertia>1 1 1 0 0 0</inertia></Body>
 <Body name="b"><mass>1</mass><inertia>1 1 1 0 0 0</inertia></Body></objects></BodySet>
<JointSet><objects>
 <PinJoint name="second"><socket_parent_frame>/bodyset/a/outer/inner</socket_parent_frame>
  <socket_child_frame>/bodyset/b</socket_child_frame>
  <coordinates><Coordinate name="turn"><range>-1 1</range></Coordinate></coordinates></PinJoint>
 <PinJoint name="first"><socket_parent_frame>/ground/bench</socket_parent_frame>
  <socket_child_frame>at_a</socket_child_frame>
  <coordinates><Coordinate name="swing"><range>-1 1</range></Coordinate></coordinates>
  <frames><PhysicalOffsetFrame name="at_a"><socket_parent>/bodyset/a</socket_parent>
   <translation>0 -0.1 0</translation></PhysicalOffsetFrame></frames></PinJoint>
</objects></JointSet>
<MarkerSet><objects>
 <Marker name="on_frame"><socket_parent_frame>/bodyset/a/outer</socket_parent_frame>
  <location>0.1 0.2 0.3</location></Marker>
 <Marker name="relative"><socket_parent_frame>../../bodyset/b</socket_parent_frame>
  <location>0 0 1</location></Marker>
</objects></MarkerSet></Model></OpenSimDocument>"""


def test_offset_frames_of_every_place_are_found(oracle: OracleOf, tmp_path: Path) -> None:
    path = tmp_path / "frames.osim"
    path.write_text(FRAMES)
    skeleton = read_osim(path)
    assert skeleton.body_names == ("a", "b")
    assert [m.file for m in skeleton.bodies[0].meshes] == ["femur_r.vtp"]
    assert_same_poses(skeleton, oracle(path))


def test_a_body_without_joint_floats_freely(oracle: OracleOf, tmp_path: Path) -> None:
    path = tmp_path / "loose.osim"
    path.write_text(with_joints(PIN, bodies="".join(map(heavy, "ab"))))
    skeleton = read_osim(path)
    assert skeleton.free_names == ("q", *(f"free_b_coord_{i}" for i in range(6)))
    assert_same_poses(skeleton, oracle(path), count=10)


def test_bones_are_written_beside_the_model_and_opensim_reads_them(
    opensim: ModuleType, tmp_path: Path
) -> None:
    skeleton = default_skeleton().scaled({"femur_r": (1.1, 1.2, 1.3)})
    write_osim(skeleton, tmp_path / "person.osim")
    again = read_osim(tmp_path / "person.osim")
    files = {mesh.file for body in again.bodies for mesh in body.meshes}
    assert len(files) == 108
    assert {p.name for p in (tmp_path / "Geometry").iterdir()} == files
    femur = again.bodies[again.body_index("femur_r")].meshes[0]
    assert femur.scale == (1.1, 1.2, 1.3)
    surface = opensim.PolygonalMesh()
    surface.loadFile(str(tmp_path / "Geometry" / "femur_r.vtp"))
    assert surface.getNumFaces() > 300


def test_meshes_that_pase_lacks_keep_their_names(tmp_path: Path) -> None:
    skeleton = default_skeleton()
    meshes = (BoneMesh("Geometry/femur_r.stl"), BoneMesh("implants/plate.stl"))
    bodies = (replace(skeleton.bodies[0], meshes=meshes), *skeleton.bodies[1:])
    write_osim(replace(skeleton, bodies=bodies), tmp_path / "person.osim")
    written = [mesh.file for mesh in read_osim(tmp_path / "person.osim").bodies[0].meshes]
    assert written == ["femur_r.vtp", "implants/plate.stl"]


def test_a_stretched_body_has_the_inertia_of_its_stretched_points() -> None:
    rng = np.random.default_rng(3)
    points, masses = rng.normal(size=(40, 3)), rng.uniform(0.1, 1, 40)

    def inertia(at: np.ndarray) -> np.ndarray:
        moments = np.einsum("n,ni,nj->ij", masses, at, at)
        t = np.trace(moments) * np.eye(3) - moments
        return np.array([t[0, 0], t[1, 1], t[2, 2], t[0, 1], t[0, 2], t[1, 2]])

    scale = np.array([0.8, 1.2, 1.5])
    np.testing.assert_allclose(stretched_inertia(inertia(points), scale), inertia(points * scale))


def test_opensim_assembles_a_persons_model_as_tightly_as_it_wants_and_converts_nothing(
    opensim: ModuleType, tmp_path: Path
) -> None:
    """OpenSim relaxes its tolerance, and says so, where a default posture breaks the couplers of spine and knees."""
    skeleton, rng = default_skeleton(), np.random.default_rng(4)
    write_osim(skeleton.scaled(np.exp(rng.normal(0, 0.1, skeleton.scale.shape))), tmp_path / "a.osim")
    model = opensim.Model(str(tmp_path / "a.osim"))
    accuracy = model.get_assembly_accuracy()
    state = model.initSystem()
    model.assemble(state)
    assert model.get_assembly_accuracy() == accuracy
    errors = state.getQErr()
    assert max(abs(errors.get(i)) for i in range(errors.size())) < accuracy
    model.printToXML(str(tmp_path / "again.osim"))
    versions = [
        (tmp_path / name).read_text(encoding="utf-8").split('"', 6)[5] for name in ("a.osim", "again.osim")
    ]
    assert versions[0] == versions[1]
