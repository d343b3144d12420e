from collections.abc import Callable
from pathlib import Path

import pytest
from osim_text import PIN, joint, model, with_joints

from pase.anatomy.default import default_skeleton
from pase.anatomy.osim import read_osim, write_osim
from pase.errors import InputError, OutputError

WELD = joint("/ground", "/bodyset/a")


def custom(axis: str) -> str:
    transform = f'<SpatialTransform><TransformAxis name="rotation1">{axis}</TransformAxis></SpatialTransform>'
    return joint("/ground", "/bodyset/a", kind="CustomJoint", more=transform)


BAD_FILES = {
    "empty": ("", "not valid XML"),
    "no XML": ("this is a text", "not valid XML"),
    "truncated": (with_joints(WELD)[:-30], "not valid XML"),
    "other XML": ("<html/>", "not an OpenSim file"),
    "old version": (model("", "10903"), "older than OpenSim 2"),
    "no version": (model("", ""), "open it in OpenSim 4 and save it again"),
    "no model": ('<OpenSimDocument Version="40000"/>', "no <Model>"),
    "no bodies": (model(""), "no bodies"),
    "entities": ('<!DOCTYPE x [<!ENTITY a "b">]>' + with_joints(WELD), "DOCTYPE"),
    "foreign file": ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "DOCTYPE"),
    "twin bodies": (with_joints(WELD, bodies='<Body name="a"/><Body name="a"/>'), "named 'a'"),
    "nameless": (with_joints(WELD, bodies="<Body/>"), "has no name"),
    "unknown frame": (
        with_joints(joint("/ground", "/bodyset/z")),
        "no frame '/bodyset/z'; the bodies are: a",
    ),
    "unknown joint": (with_joints(joint("/ground", "/bodyset/a", kind="ScrewJoint")), "is a ScrewJoint"),
    "two joints": (with_joints(WELD, joint("/ground", "/bodyset/a", "k")), "child of two joints"),
    "circle": (
        with_joints(
            joint("/bodyset/b", "/bodyset/a"),
            joint("/bodyset/a", "/bodyset/b", "k"),
            bodies='<Body name="a"/><Body name="b"/>',
        ),
        "circle",
    ),
    "ground as child": (with_joints(joint("/bodyset/a", "/ground")), "ground as its child"),
    "bad number": (
        with_joints(WELD, bodies='<Body name="a"><mass>much</mass></Body>'),
        "not made of numbers",
    ),
    "not finite": (with_joints(WELD, bodies='<Body name="a"><mass>nan</mass></Body>'), "not finite"),
    "short vector": (
        with_joints(WELD, bodies='<Body name="a"><mass_center>1 2</mass_center></Body>'),
        "3 numbers, not 2",
    ),
    "no axis": (with_joints(custom("<axis>0 0 0</axis>")), "axis without a direction"),
    "two drivers": (with_joints(custom("<coordinates>p q</coordinates>")), "several coordinates: p, q"),
    "unknown function": (with_joints(custom("<coordinates>q</coordinates><Sine/>")), "Sine is not supported"),
    "bad spline": (
        with_joints(custom("<coordinates>q</coordinates><SimmSpline><x>1 0</x><y>0 1</y></SimmSpline>")),
        "increasing x",
    ),
    "range upside down": (
        with_joints(PIN.replace('name="q"/>', 'name="q"><range>1 0</range></Coordinate>')),
        "upside down",
    ),
    "coupler of nothing": (
        with_joints(
            PIN,
            more="<ConstraintSet><objects><CoordinateCouplerConstraint name='c'>"
            "<independent_coordinate_names>q</independent_coordinate_names>"
            "<dependent_coordinate_name>z</dependent_coordinate_name>"
            "</CoordinateCouplerConstraint></objects></ConstraintSet>",
        ),
        "unknown coordinate 'z'",
    ),
    "nested endlessly": (
        with_joints(
            custom(
                "<coordinates>q</coordinates>"
                + "<MultiplierFunction><function>" * 3000
                + "<Constant/>"
                + "</function></MultiplierFunction>" * 3000
            )
        ),
        "nested too deeply",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    text, message = BAD_FILES[name]
    path = tmp_path / "bad.osim"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_osim(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.mkdir(), "is a folder"),
        (lambda p: p.write_bytes(b"\xff\xfe\x00\x01"), "not valid XML"),
    ],
)
def test_no_file_a_folder_and_binary_are_refused(
    make: Callable[[Path], object], words: str, tmp_path: Path
) -> None:
    make(tmp_path / "x.osim")
    with pytest.raises(InputError, match=rf"x\.osim.*{words}"):
        read_osim(tmp_path / "x.osim")


@pytest.mark.parametrize("mass_kg", [0.0, -5.0, float("nan"), float("inf")])
def test_a_mass_that_is_none_is_refused(mass_kg: float, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positive"):
        write_osim(default_skeleton(), tmp_path / "a.osim", mass_kg=mass_kg)
    assert not list(tmp_path.iterdir())


def test_nothing_half_written_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "taken.osim").mkdir()
    with pytest.raises(OutputError):
        write_osim(default_skeleton(), tmp_path / "taken.osim", with_geometry=False)
    assert [p.name for p in tmp_path.iterdir()] == ["taken.osim"]
