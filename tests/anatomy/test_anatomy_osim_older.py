# ruff: noqa: E501
"""Models of OpenSim 2 and 3 and element names with two colons read as OpenSim reads them."""

import logging
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.marker_set import read_marker_set
from pase.anatomy.osim import read_osim, write_osim
from pase.errors import InputError
from places import CASES, needs_cases


def coordinate(name: str, more: str = "") -> str:
    return (
        f'<Coordinate name="{name}"><motion_type>rotational</motion_type><default_value>0.1</default_value>'
        f"<range>-1 2</range><clamped>true</clamped><locked>false</locked>{more}</Coordinate>"
    )


def axis(name: str, of: str, direction: str, function: str) -> str:
    return (
        f'<TransformAxis name="{name}"><coordinates>{of}</coordinates><axis>{direction}</axis>'
        f"<function>{function}</function></TransformAxis>"
    )


LINEAR = "<LinearFunction><coefficients>1 0</coefficients></LinearFunction>"
STILL = "<Constant><value>0</value></Constant>"
SPLINE = (
    "<MultiplierFunction><function><SimmSpline><x>-2 -1 0 1 2</x><y>0.01 0 -0.01 0 0.01</y></SimmSpline></function>"
    "<scale>1.2</scale></MultiplierFunction>"
)
KNEE = "<SpatialTransform>" + "".join(
    [axis("rotation1", "knee", "0 0 1", LINEAR), axis("rotation2", "", "0 1 0", STILL),
     axis("rotation3", "", "1 0 0", STILL), axis("translation1", "knee", "1 0 0", SPLINE),
     axis("translation2", "", "0 1 0", STILL), axis("translation3", "", "0 0 1", STILL)]
) + "</SpatialTransform>"  # fmt: skip


def body(name: str, joint: str) -> str:
    return (
        f'<Body name="{name}"><mass>5</mass><mass_center>0 -0.1 0</mass_center><inertia_xx>0.1</inertia_xx>'
        "<inertia_yy>0.2</inertia_yy><inertia_zz>0.25</inertia_zz><inertia_xy>0.01</inertia_xy><inertia_xz>0</inertia_xz>"
        f"<inertia_yz>0</inertia_yz><Joint>{joint}</Joint><VisibleObject><GeometrySet><objects><DisplayGeometry>"
        f"<geometry_file>{name}.vtp</geometry_file><scale_factors>1 2 1</scale_factors></DisplayGeometry></objects>"
        "</GeometrySet><scale_factors>1.5 1 1</scale_factors></VisibleObject></Body>"
    )


def joint(kind: str, name: str, parent: str, coordinates: str, more: str = "") -> str:
    return (
        f'<{kind} name="{name}"><parent_body>{parent}</parent_body><location_in_parent>0.1 -0.2 0.05</location_in_parent>'
        "<orientation_in_parent>0.1 0.2 -0.3</orientation_in_parent><location>0 0.02 0</location>"
        "<orientation>0 0.1 0</orientation>"
        f"<CoordinateSet><objects>{coordinates}</objects></CoordinateSet><reverse>false</reverse>{more}</{kind}>"
    )


def older(version: int = 30000, constraint: str = "false", knee: str = "") -> str:
    bodies = [
        '<Body name="ground"><mass>0</mass><Joint/></Body>',
        body(
            "pelvis",
            joint("FreeJoint", "ground_pelvis", "ground", "".join(coordinate(f"c{i}") for i in range(6))),
        ),
        body("femur", joint("PinJoint", "hip", "pelvis", coordinate("hip"))),
        body("tibia", joint("CustomJoint", "knee", "femur", coordinate("knee", knee), KNEE)),
    ]
    coupler = (
        f'<CoordinateCouplerConstraint name="follow"><isDisabled>{constraint}</isDisabled><coupled_coordinates_function>'
        f"{LINEAR}</coupled_coordinates_function><independent_coordinate_names>hip</independent_coordinate_names>"
        "<dependent_coordinate_name>knee</dependent_coordinate_name><scale_factor>1</scale_factor>"
        "</CoordinateCouplerConstraint>"
    )
    marker = '<Marker name="M"><body>tibia</body><location>0.1 0.2 0.3</location><fixed>true</fixed></Marker>'
    return (
        f'<OpenSimDocument Version="{version}"><Model name="leg"><gravity>0 -9.8 0</gravity><BodySet><objects>'
        f"{''.join(bodies)}</objects></BodySet><ConstraintSet><objects>{coupler}</objects></ConstraintSet><MarkerSet>"
        f"<objects>{marker}</objects></MarkerSet></Model></OpenSimDocument>"
    )


@pytest.mark.parametrize("version", [20303, 30000])
def test_an_older_model_has_everything(tmp_path: Path, version: int) -> None:
    (tmp_path / "old.osim").write_text(older(version))
    leg = read_osim(tmp_path / "old.osim")
    assert leg.body_names == ("pelvis", "femur", "tibia")
    assert [j.kind for j in leg.joints] == ["FreeJoint", "PinJoint", "CustomJoint"]
    assert leg.bodies[1].inertia == (0.1, 0.2, 0.25, 0.01, 0.0, 0.0)
    assert leg.bodies[2].meshes[0].file == "tibia.vtp" and leg.bodies[2].meshes[0].scale == (1.5, 2.0, 1.0)
    assert leg.landmarks[0].location == (0.1, 0.2, 0.3) and leg.landmarks[0].fixed
    assert [c.name for c in leg.couplers] == ["follow"]
    assert leg.coordinates[-1].range == (-1.0, 2.0) and leg.coordinates[-1].default == 0.1
    write_osim(leg, tmp_path / "new.osim")
    again = read_osim(tmp_path / "new.osim")
    q = np.random.default_rng(0).uniform(-1, 1, (4, len(leg.free_names)))
    np.testing.assert_allclose(Kinematics(again).positions(q), Kinematics(leg).positions(q), atol=1e-9)


def test_a_constraint_that_is_disabled_is_none(tmp_path: Path) -> None:
    (tmp_path / "old.osim").write_text(older(constraint="true"))
    assert read_osim(tmp_path / "old.osim").couplers == ()


def test_opensim_reads_the_same(tmp_path: Path) -> None:
    opensim = pytest.importorskip("opensim")
    (tmp_path / "old.osim").write_text(older())
    opensim.Logger.setLevelString("Off")
    model = opensim.Model(str(tmp_path / "old.osim"))
    model.finalizeConnections()
    model.printToXML(str(tmp_path / "converted.osim"))
    skeleton, reference = read_osim(tmp_path / "old.osim"), read_osim(tmp_path / "converted.osim")
    assert skeleton.free_names == reference.free_names
    q = np.random.default_rng(1).uniform(-1, 1, (4, len(skeleton.free_names)))
    np.testing.assert_allclose(
        Kinematics(skeleton).pose(q).origin, Kinematics(reference).pose(q).origin, atol=1e-9
    )
    np.testing.assert_allclose(
        Kinematics(skeleton).positions(q), Kinematics(reference).positions(q), atol=1e-9
    )


def test_connectors_of_the_versions_between_3_and_4(tmp_path: Path) -> None:
    def connector(end: str, name: str) -> str:
        return (
            f'<Connector_PhysicalFrame_ name="{end}_body"><connectee_name>../{name}</connectee_name>'
            "</Connector_PhysicalFrame_>"
        )

    def pin(name: str, parent: str, child: str) -> str:
        return (
            f'<PinJoint name="{name}"><connectors>{connector("parent", parent)}{connector("child", child)}</connectors>'
            "<location_in_parent>0 -1 0</location_in_parent><location_in_child>0 0.5 0</location_in_child>"
            f"<CoordinateSet><objects>{coordinate(name + '_angle')}</objects></CoordinateSet></PinJoint>"
        )

    bodies = "".join(f'<Body name="{name}"><mass>1</mass></Body>' for name in ("rod1", "rod2"))
    text = (
        '<OpenSimDocument Version="30501"><Model name="pendulum"><BodySet><objects>' + bodies
        + "</objects></BodySet><JointSet><objects>" + pin("p1", "ground", "rod1") + pin("p2", "rod1", "rod2")
        + "</objects></JointSet></Model></OpenSimDocument>"
    )  # fmt: skip
    (tmp_path / "p.osim").write_text(text)
    pendulum = read_osim(tmp_path / "p.osim")
    assert [(j.parent, j.child) for j in pendulum.joints] == [("ground", "rod1"), ("rod1", "rod2")]
    np.testing.assert_allclose(Kinematics(pendulum).pose(np.zeros((1, 2))).origin[0, :, 1], [-1.5, -3.0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (older().replace("<reverse>false", "<reverse>true"), "joint 'ground_pelvis' is reversed"),
        (older().replace("30000", "10903"), "older than OpenSim 2"),
        (older().replace("1.5 1 1", "1.5 1"), "not made of three numbers"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "old.osim").write_text(text)
    with pytest.raises(InputError, match=words):
        read_osim(tmp_path / "old.osim")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (older(knee=f"<prescribed_function>{LINEAR}</prescribed_function><prescribed>true</prescribed>"),
         "'knee' is prescribed"),
        (older().replace("0 -9.8 0", "0 0 -9.8"), "gravity in the model is 0 0 -9.8"),
    ],
)  # fmt: skip
def test_what_is_not_followed_is_told(
    tmp_path: Path, text: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "old.osim").write_text(text)
    with caplog.at_level(logging.WARNING):
        read_osim(tmp_path / "old.osim")
    assert words in caplog.text


def test_two_colons_in_the_name_of_an_element(tmp_path: Path) -> None:
    force = (
        "<ForceSet><objects><HuntCrossleyForce><HuntCrossleyForce::ContactParametersSet><objects>"
        "<HuntCrossleyForce::ContactParameters/></objects></HuntCrossleyForce::ContactParametersSet></HuntCrossleyForce>"
        "</objects></ForceSet></Model>"
    )
    (tmp_path / "a.osim").write_text(older().replace("</Model>", force))
    assert read_osim(tmp_path / "a.osim").body_names == ("pelvis", "femur", "tibia")


def test_fixed_markers_of_a_marker_set(tmp_path: Path) -> None:
    (tmp_path / "leg.osim").write_text(older())
    text = "".join(
        f'<Marker name="{name}"><body>tibia</body><location>0 0 0</location><fixed>{fixed}</fixed></Marker>'
        for name, fixed in (("A", "true"), ("B", "false"))
    )
    (tmp_path / "m.xml").write_text(
        f"<OpenSimDocument><MarkerSet><objects>{text}</objects></MarkerSet></OpenSimDocument>"
    )
    markers = read_marker_set(tmp_path / "m.xml", read_osim(tmp_path / "leg.osim"))
    assert [(m.name, m.fixed) for m in markers] == [("A", True), ("B", False)]


@needs_cases
def test_case() -> None:
    names = {read_osim(path).body_names for path in (CASES / "osim_double_colon").glob("*.osim")}
    assert names == {("pelvis", "thigh")}


def test_joints_of_one_name_and_splines_of_the_first_kind(tmp_path: Path) -> None:
    """Below a body each, as in the models of osim-rl; NaturalCubicSpline is what SimmSpline was called."""
    text = (
        older()
        .replace('<CustomJoint name="knee"', '<CustomJoint name="hip"')
        .replace("SimmSpline", "NaturalCubicSpline")
    )
    (tmp_path / "a.osim").write_text(text)
    (tmp_path / "b.osim").write_text(older())
    doubled, plain = read_osim(tmp_path / "a.osim"), read_osim(tmp_path / "b.osim")
    assert len({j.name for j in doubled.joints}) == 3
    q = np.random.default_rng(0).uniform(-1, 1, (4, len(plain.free_names)))
    np.testing.assert_allclose(Kinematics(doubled).positions(q), Kinematics(plain).positions(q))
