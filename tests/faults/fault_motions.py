"""Files of markers, movements and models: a small valid one of each, and what is done with it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fault_reader import Reader, written


@cache
def _skeleton() -> Any:
    from pase.anatomy.default import default_skeleton

    return default_skeleton()


@cache
def small_motion() -> Any:
    """Three frames of the default skeleton, seen by a camera."""
    from pase.data import Camera, Motion

    skeleton = _skeleton()
    q = np.tile(skeleton.default_q, (3, 1))
    camera = Camera(900.0, (320.0, 240.0), np.diag([1.0, -1.0, -1.0]), np.array([0.0, 1.0, 4.0]), (640, 480))
    return Motion(skeleton, q, np.full_like(q, 0.01), np.arange(3) / 30, camera)


def trc() -> bytes:
    from pase.formats.trc import write_landmarks_trc

    return written("m.trc", lambda path: write_landmarks_trc(small_motion(), path))


def c3d() -> bytes:
    from pase.formats.c3d import write_c3d

    return written("m.c3d", lambda path: write_c3d(small_motion(), path))


def qualisys() -> bytes:
    points = np.random.default_rng(1).normal(size=(3, 12)).round(2)
    facts = [
        "NO_OF_FRAMES\t3",
        "NO_OF_MARKERS\t4",
        "FREQUENCY\t100",
        "DATA_INCLUDED\t3D",
        "MARKER_NAMES\ta\tb\tc\td",
    ]
    rows = ["\t".join(map(str, [i + 1, i / 100, *row])) for i, row in enumerate(points)]
    return "\r\n".join([*facts, *rows]).encode()


def freemocap() -> bytes:
    names = ("nose", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
    points = np.random.default_rng(1).uniform(-900, 900, (4, 3 * len(names))).round(2)
    header = ",".join(f"{name}_{axis}" for name in names for axis in "xyz")
    return "\n".join([header, *(",".join(map(str, row)) for row in points)]).encode()


def freemocap_by_frame() -> bytes:
    names = ("nose", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
    xyz = np.random.default_rng(3).uniform(-900, 900, (4, len(names), 3)).round(1)
    rows = [
        f"{f},,{{}},mediapipe_body,{name},{','.join(map(str, point))},1.5"
        for f, points in enumerate(xyz)
        for name, point in zip(names, points, strict=True)
    ]
    return "\n".join(
        ["frame,timestamp,timestamp_by_camera,model,keypoint,x,y,z,reprojection_error", *rows]
    ).encode()


def _rows_of_markers(before: int) -> str:
    points = np.random.default_rng(1).uniform(-900, 900, (4, 9)).round(2)
    heads = [[str(i), f"{i / 50}"][:before] for i in range(len(points))]
    return "\n".join(",".join([*head, *map(str, row)]) for head, row in zip(heads, points, strict=True))


def motive() -> bytes:
    heads = ["Format Version,1.23,Capture Frame Rate,50.0,Length Units,Millimeters"]
    for cells in (["Marker"] * 3, ["a", "b", "c"], ["1", "2", "3"], ["Position"] * 3):
        heads.append(",," + ",".join(cell for cell in cells for _ in "xyz"))
    return "\n".join([*heads, "Frame,Time (Seconds)" + ",X,Y,Z" * 3, _rows_of_markers(2)]).encode()


def nexus() -> bytes:
    heads = [
        "Trajectories",
        "50",
        ",,a,,,b,,,c,,",
        "Frame,Sub Frame" + ",X,Y,Z" * 3,
        ",," + ",".join(["mm"] * 9),
    ]
    return "\n".join([*heads, _rows_of_markers(2)]).encode()


def storage_of_markers() -> bytes:
    points = np.random.default_rng(1).uniform(-1, 1, (4, 3, 3)).round(4)
    rows = [f"{i / 50}\t" + "\t".join(",".join(map(str, p)) for p in frame) for i, frame in enumerate(points)]
    return "\n".join(["m", "DataRate=50", "DataType=Vec3", "endheader", "time\ta\tb\tc", *rows]).encode()


def joints() -> bytes:
    return json.dumps(np.random.default_rng(1).normal(size=(3, 17, 3)).round(3).tolist()).encode()


def _markers(path: Path) -> object:
    from pase.marker_files import read_markers

    points = read_markers(path)
    assert np.isfinite(points.time).all() and (np.diff(points.time) > 0).all()
    assert not np.isinf(points.xyz).any()
    return points


def mot() -> bytes:
    from pase.formats.mot import write_mot

    return written("m.mot", lambda path: write_mot(small_motion(), path))


def _mot(path: Path) -> object:
    from pase.formats.mot import read_mot

    time, q = read_mot(path, _skeleton())
    assert np.isfinite(q).all() and (np.diff(time) > 0).all()
    return q


@cache
def osim() -> bytes:
    """The default skeleton: joints, functions and couplers of many kinds."""
    from pase.anatomy.osim import write_osim

    return written("skeleton.osim", lambda path: write_osim(_skeleton(), path))


def _osim(path: Path) -> object:
    from pase.anatomy.kinematics import Kinematics
    from pase.anatomy.osim import read_osim

    skeleton = read_osim(path)
    Kinematics(skeleton).positions(skeleton.default_q[None])
    return skeleton


def marker_set_xml() -> bytes:
    rows = "".join(
        f'<Marker name="M{i}"><socket_parent_frame>/bodyset/{body}</socket_parent_frame>'
        f"<location>0.1 {i} -0.2</location></Marker>"
        for i, body in enumerate(_skeleton().body_names[:4])
    )
    markers = f"<MarkerSet><objects>{rows}</objects></MarkerSet>"
    return f'<OpenSimDocument Version="40000">{markers}</OpenSimDocument>'.encode()


def marker_set_json() -> bytes:
    names = _skeleton().body_names[:3]
    return json.dumps(
        {"markers": {f"M{i}": {"body": b, "location": [0, 0.1, 1]} for i, b in enumerate(names)}}
    ).encode()


def marker_set_toml() -> bytes:
    rows = ("[markers.M1]", 'body = "pelvis"', "location = [0.1, 0, 0]")
    marker = ("[markers.M2]", 'body = "torso"', "location = [1, 2, 3.5]")
    return "\n".join((*rows, *marker, "")).encode()


def _marker_set(path: Path) -> object:
    from pase.anatomy.marker_set import read_marker_set

    return read_marker_set(path, _skeleton())


def weights_xml() -> bytes:
    tasks = "".join(
        f'<IKMarkerTask name="M{i}"><apply>true</apply><weight>{i + 1}</weight></IKMarkerTask>'
        for i in range(3)
    )
    return (
        f"<OpenSimDocument Version='40000'><InverseKinematicsTool><IKTaskSet><objects>{tasks}"
        "<IKCoordinateTask name='knee'><apply>true</apply></IKCoordinateTask></objects></IKTaskSet>"
        "</InverseKinematicsTool></OpenSimDocument>"
    ).encode()


def _weights(path: Path) -> object:
    from pase.fit.markers.weights import read_marker_weights, relative_sigma

    weights = read_marker_weights(path)
    return relative_sigma(list(weights), weights)


MOTIONS: dict[str, Reader] = {
    "trc": Reader("m.trc", "lines", trc, _markers),
    "c3d": Reader("m.c3d", "bytes", c3d, _markers, needs="ezc3d"),
    "qualisys": Reader("m.tsv", "lines", qualisys, _markers),
    "freemocap": Reader("m.csv", "lines", freemocap, _markers),
    "freemocap by frame": Reader("m.csv", "lines", freemocap_by_frame, _markers),
    "motive": Reader("m.csv", "lines", motive, _markers),
    "nexus": Reader("m.csv", "lines", nexus, _markers),
    "storage of markers": Reader("m.sto", "lines", storage_of_markers, _markers),
    "joints": Reader("j.json", "json", joints, _markers),
    "mot": Reader("m.mot", "lines", mot, _mot),
    "osim": Reader("s.osim", "xml", osim, _osim),
    "marker set xml": Reader("m.xml", "xml", marker_set_xml, _marker_set),
    "marker set json": Reader("m.json", "json", marker_set_json, _marker_set),
    "marker set toml": Reader("m.toml", "lines", marker_set_toml, _marker_set),
    "weights xml": Reader("w.xml", "xml", weights_xml, _weights),
    "weights json": Reader("w.json", "json", lambda: b'{"weights": {"a": 1, "b": 2.5, "c": 0}}', _weights),
    "weights toml": Reader("w.toml", "lines", lambda: b"a = 1\nb = 2.5\nc = 0\n", _weights),
}  # fmt: skip
