"""Everything in PASE that reads a file: a small valid file for each, and what is done with it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = Path(__file__).resolve().parents[1] / "pose2d" / "samples"


@dataclass(frozen=True)
class Reader:
    """One way into PASE."""

    file: str
    """Path of the broken file, relative to an empty folder."""
    kind: str
    """What it is made of: a key of `fault_mutations.BREAKERS`."""
    content: Callable[[], bytes]
    """A valid file."""
    read: Callable[[Path], object]
    """Reads `file` and uses what came out, as PASE would."""
    beside: Callable[[], dict[str, bytes]] = field(default=dict)
    """Further files that must be there, by relative path."""
    needs: str | None = None
    """Package without which there is nothing to read with."""


def _sample(name: str) -> Callable[[], bytes]:
    return lambda: (SAMPLES / name).read_bytes()


@cache
def _people() -> Any:
    from pase.data import Keypoints2D
    from pase.pose2d.readers import read_keypoints
    from pase.pose2d.readers.detection import FootageFacts

    (person,) = read_keypoints(SAMPLES / "mediapipe.json", FootageFacts((1768, 994)))
    second = Keypoints2D(person.xy + 300, person.score, person.time, person.image_size, person.names, None, 2)
    return [person, second]


def _written(name: str, write: Callable[[Path], object]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


@cache
def alphapose() -> bytes:
    from pase.pose2d.readers.alphapose_json import write_alphapose

    return _written("keypoints.json", lambda path: write_alphapose(_people(), path))


def coco() -> bytes:
    person = _people()[0]
    points = np.concatenate([person.xy[0, :17], np.full((17, 1), 2.0)], axis=1)
    item = {"image_id": 1, "category_id": 1, "keypoints": points.ravel().tolist(), "id": 7}
    image = {"id": 1, "file_name": "frame_1.jpg", "width": 1768, "height": 994}
    category = {"id": 1, "name": "person", "keypoints": ["nose", "left_eye"]}
    return json.dumps({"annotations": [item], "images": [image], "categories": [category]}).encode()


def coco_results() -> bytes:
    points = np.nan_to_num(np.concatenate([_people()[0].xy[:, :17], np.ones((3, 17, 1))], axis=2))
    return json.dumps(
        [
            {"image_id": i, "category_id": 1, "keypoints": p.ravel().tolist(), "score": 1}
            for i, p in enumerate(points)
        ]
    ).encode()


def _few_lines(name: str, lines: int) -> Callable[[], bytes]:
    return lambda: b"\n".join((SAMPLES / name).read_bytes().splitlines()[:lines]) + b"\n"


def _keypoints(path: Path) -> object:
    from pase.pose2d.readers import read_keypoints
    from pase.pose2d.readers.detection import FootageFacts

    people = read_keypoints(path, FootageFacts((1768, 994)))
    for person in people:
        assert person.xy.shape == (len(person.time), 26, 2)
        assert np.isfinite(person.time).all()
        assert (np.diff(person.time) > 0).all()
        assert ((person.score >= 0) & (person.score <= 1)).all()
        assert min(person.image_size) >= 1
        assert not np.isinf(person.xy).any()
    return people


def _openpose_folder(path: Path) -> object:
    return _keypoints(path.parent)


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

    return _written("m.trc", lambda path: write_landmarks_trc(small_motion(), path))


def _markers(path: Path) -> object:
    from pase.marker_files import read_markers

    points = read_markers(path)
    assert np.isfinite(points.time).all() and (np.diff(points.time) > 0).all()
    assert not np.isinf(points.xyz).any()
    return points


def c3d() -> bytes:
    from pase.formats.c3d import write_c3d

    return _written("m.c3d", lambda path: write_c3d(small_motion(), path))


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


def bare_table() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:, :17]).round(1)
    return "\n".join(",".join(map(str, p.ravel())) for p in xy).encode()


def yolo() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:2, :17]) / [1768, 994]
    return "\n".join("0 0.5 0.5 0.2 0.8 " + " ".join(f"{v:.5f}" for v in p.ravel()) for p in xy).encode()


def rtmlib() -> bytes:
    xy = np.nan_to_num(_people()[0].xy)
    return json.dumps(
        {"keypoints": [[p.tolist()] for p in xy], "scores": [[[0.9] * 26] for _ in xy]}
    ).encode()


def json_lines() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:, :17])
    return "\n".join(json.dumps({"frame": i, "keypoints": p.tolist()}) for i, p in enumerate(xy)).encode()


def mmpose() -> bytes:
    xy = np.nan_to_num(_people()[0].xy)
    frames = [
        {"frame_id": i, "instances": [{"keypoints": p.tolist(), "keypoint_scores": [0.9] * 26}]}
        for i, p in enumerate(xy)
    ]
    names = {str(k): name for k, name in enumerate(_people()[0].names)}
    return json.dumps({"meta_info": {"keypoint_id2name": names}, "instance_info": frames}).encode()


def ultralytics() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:, :17])
    frames = [
        [{"name": "person", "track_id": 1, "keypoints": {"x": p[:, 0].tolist(), "y": p[:, 1].tolist()}}]
        for p in xy
    ]
    return json.dumps(frames).encode()


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


def named_table() -> bytes:
    xy, names = np.nan_to_num(_people()[0].xy[:, :17]), _people()[0].names[:17]
    head = ",".join(["frame", "time", *(f"{name}_{axis}" for name in names for axis in "xy")])
    rows = [",".join(map(str, [i, i / 30, *p.ravel().round(1)])) for i, p in enumerate(xy)]
    return "\n".join([head, *rows]).encode()


def long_table() -> bytes:
    xy, names = np.nan_to_num(_people()[0].xy[:2, :17]), _people()[0].names[:17]
    rows = [
        f"{i},{name},{x:.1f},{y:.1f}" for i, p in enumerate(xy) for name, (x, y) in zip(names, p, strict=True)
    ]
    return "\n".join(["frame,landmark,x,y", *rows]).encode()


def joints() -> bytes:
    return json.dumps(np.random.default_rng(1).normal(size=(3, 17, 3)).round(3).tolist()).encode()


def mot() -> bytes:
    from pase.formats.mot import write_mot

    return _written("m.mot", lambda path: write_mot(small_motion(), path))


def _mot(path: Path) -> object:
    from pase.formats.mot import read_mot

    time, q = read_mot(path, _skeleton())
    assert np.isfinite(q).all() and (np.diff(time) > 0).all()
    return q


@cache
def osim() -> bytes:
    """The default skeleton: joints, functions and couplers of many kinds."""
    from pase.anatomy.osim import write_osim

    return _written("skeleton.osim", lambda path: write_osim(_skeleton(), path))


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


def settings() -> bytes:
    from pase.config import leaves

    rows, room = [], ""
    for leaf in leaves():
        if leaf.default is None:
            continue
        name, key = leaf.path.split(".")
        if name != room:
            rows.append(f"[{name}]")
            room = name
        rows.append(f"{key} = {json.dumps(leaf.default)}")
    return "\n".join(rows).encode() + b"\n"


def _settings(path: Path) -> object:
    from pase.config import make_settings, read_settings, to_dict

    return json.dumps(to_dict(make_settings(read_settings(path))), allow_nan=False)


def study_csv() -> bytes:
    return b"file;subject;height;mass;session\na.mp4;anna;1,7;60;1\nb/c.png;ben;;;\n"


def study_toml() -> bytes:
    rows = (
        "[subject.anna]",
        "height = 1.7",
        "[[trial]]",
        'file = "a.mp4"',
        'subject = "anna"',
        "session = 1",
    )
    return "\n".join(rows).encode()


def _study(path: Path) -> object:
    from pase.batch.study import read_study

    return read_study(path.parent, path)


def sizes() -> bytes:
    from pase.anatomy.proportions import PersonFacts
    from pase.fit.sizes import combined_sizes, write_sizes

    return _written("anna.json", lambda path: write_sizes(combined_sizes([], PersonFacts(1.7)), path))


def _sizes(path: Path) -> object:
    from pase.fit.sizes import read_sizes

    return read_sizes(path)


def camera() -> bytes:
    from pase.formats.camera import write_camera

    return _written("camera.json", lambda path: write_camera(small_motion().camera, path))


def _camera(path: Path) -> object:
    from pase.formats.camera import read_camera

    return read_camera(path)


@cache
def result() -> dict[str, bytes]:
    """The files of a finished result, by relative path."""
    import tempfile

    from pase.formats.camera import write_camera
    from pase.formats.person import write_person
    from pase.pipeline.report import Report

    report = Report(source={"path": "/nowhere/walk.mp4", "frames": 3, "image_size": [640, 480]})
    report.add_persons([small_motion()])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_person(small_motion(), folder / "person_1")
        write_camera(small_motion().camera, folder / "camera.json")
        (folder / "keypoints.json").write_bytes(alphapose())
        report.files = ["report.json", "camera.json"]
        report.write(folder / "report.json")
        names = ("report.json", "camera.json", "keypoints.json")
        person = ("skeleton.osim", "motion.mot", "angles.csv", "bones.csv")
        files = [*names, *(f"person_1/{file}" for file in person)]
        return {file: (folder / file).read_bytes() for file in files}


def _part(name: str) -> Callable[[], bytes]:
    return lambda: result()[name]


def _result(folder: Path) -> object:
    from pase.pipeline.report import note_files, read_report
    from pase.pipeline.results import load_motions

    motions = load_motions(folder)
    for motion in motions:
        assert np.isfinite(motion.time).all()
    note_files(folder / "report.json", ["viewer.html"])
    return read_report(folder / "report.json")


def _exported(folder: Path) -> object:
    from pase.pipeline.results import export

    written = export(folder, "npz")
    assert all(path.is_relative_to(folder) for path in written)
    return written


def state() -> bytes:
    return json.dumps(
        {"pose2d": {"key": "k", "files": {"keypoints.json": "0" * 64}, "facts": {"frames": 3}}}
    ).encode()


def _state(path: Path) -> object:
    from pase.pipeline.workspace import Workspace

    with Workspace(path.parent.with_name("out")) as space:
        space.stage_facts("pose2d", "k")
        space.clear(keep=["keypoints.json"])
        (space.folder / "keypoints.json").write_bytes(b"[]")
        space.note_stage("pose2d", "k", ["keypoints.json"], {})
        return space.stage_facts("pose2d", "k")


def job() -> bytes:
    from dataclasses import asdict

    from pase.app.jobs import Job

    return json.dumps(asdict(Job("0123456789abcdef", "walk.mp4", {}, "done", files=["report.json"]))).encode()


def _job(path: Path) -> object:
    from pase.app.jobs import Jobs

    jobs = Jobs(path.parents[1])
    return [jobs.file(job, name) for job in jobs.all() for name in job.files]


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/end2end.onnx", bytes(2000))
        packed.writestr("a/detail.json", "{}")
    return stream.getvalue()


def _archive(path: Path) -> object:
    from pase.download import SourceError, _extract
    from pase.errors import ModelFileError

    try:
        return _extract(path, [".onnx"], path.parent)
    except SourceError as error:  # the store tries the next source and tells all of them at the end
        raise ModelFileError(str(error)) from error


@cache
def checkpoint() -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save({"epoch": 3, "state_dict": {"module.a.weight": torch.ones(3, 2), "b": torch.zeros(3)}}, stream)
    return stream.getvalue()


@cache
def old_checkpoint() -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save(
        {"a.weight": torch.ones(3, 2), "b": torch.zeros(3)}, stream, _use_new_zipfile_serialization=False
    )
    return stream.getvalue()


def _checkpoint(path: Path) -> object:
    import torch

    from pase.networks.checkpoint import guess_network, load_parameters, read_state

    state = read_state(path)
    guess_network(state)
    network = torch.nn.Linear(2, 3)
    renamed = {{"a.weight": "weight", "b": "bias"}.get(name, name): value for name, value in state.items()}
    load_parameters(network, renamed, path, "a layer")
    return state


def darknet() -> bytes:
    return np.array([0, 2, 0, 1, 0], "<i4").tobytes() + np.ones(12, "<f4").tobytes()


def _darknet(path: Path) -> object:
    from pase.pose2d.alphapose.darknet import read_marker_weights
    from pase.pose2d.alphapose.yolov3 import Layer

    return read_marker_weights(path, [Layer("convolution", inputs=2, outputs=2, size=1, normalised=True)])


@cache
def onnx_network() -> bytes:
    """A network with the detector's outputs, of a single layer."""
    from onnx import TensorProto, helper

    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, 3, 1, 1])
    node = helper.make_node("GlobalAveragePool", ["input"], ["dets"])
    graph = helper.make_graph([node], "net", [image], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def _onnx(path: Path) -> object:
    from pase.networks.onnx import start_session

    return start_session(path, "cpu", 1).get_inputs()[0].name


@cache
def video(codec: str = "libx264", container: str = "mp4", pix_fmt: str = "yuv420p") -> bytes:
    """Six small frames with a moving spot."""
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=Fraction(30))
        track.width, track.height, track.pix_fmt = 64, 48, pix_fmt
        for i in range(6):
            image = np.full((48, 64, 3), 40 * i, np.uint8)
            image[10:20, 5 * i : 5 * i + 10] = 255
            out.mux(track.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(track.encode(None))
    return stream.getvalue()


def _media(path: Path) -> object:
    from pase.media import open_media

    with open_media(path) as media:
        assert min(media.image_size) >= 1
        last = -1.0
        for count, frame in enumerate(media.frames()):
            assert frame.image.shape == (media.image_size[1], media.image_size[0], 3)
            assert frame.time > last
            last = frame.time
            if count > 100:
                break
    return last


def picture(form: str, mode: str = "RGB", **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        from PIL import Image

        slope = np.add.outer(np.arange(40), np.arange(30)).astype(np.uint8)
        image = Image.fromarray(slope)
        image = (
            Image.fromarray(slope.astype(np.uint16) * 500)
            if mode == "I;16"
            else image.convert("RGB").convert(mode)
        )
        if form == "JPEG" and "exif" not in options:
            exif = Image.Exif()
            exif[0x0112], exif[0x010F] = 6, "Maker"
            exif.get_ifd(0x8769)[0xA405] = 26
            options["exif"] = exif
        stream = io.BytesIO()
        image.save(stream, form, **options)
        return stream.getvalue()

    return make


def animated() -> bytes:
    from PIL import Image

    first, *rest = (Image.fromarray(np.full((24, 32, 3), 60 * k, np.uint8)) for k in range(3))
    return _written("p.webp", lambda path: first.save(path, save_all=True, append_images=rest, duration=40))


def heic() -> bytes:
    import pillow_heif
    from PIL import Image

    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))
    return _written("p.heic", lambda path: pillow_heif.from_pillow(image).save(path))


READERS: dict[str, Reader] = {
    "alphapose": Reader("k.json", "json", alphapose, _keypoints),
    "coco": Reader("k.json", "json", coco, _keypoints),
    "coco results": Reader("k.json", "json", coco_results, _keypoints),
    "mediapipe": Reader("k.json", "json", _sample("mediapipe.json"), _keypoints),
    "mediapipe csv": Reader("k.csv", "lines", _sample("mediapipe.csv"), _keypoints),
    "openpose file": Reader(
        "k.json", "json", _sample("openpose_body25/clip_000000000000_keypoints.json"), _keypoints
    ),
    "openpose folder": Reader(
        "pose/a_1.json",
        "json",
        _sample("openpose_body25/clip_000000000000_keypoints.json"),
        _openpose_folder,
        lambda: {"pose/a_2.json": _sample("openpose_body25/clip_000000000000_keypoints.json")()},
    ),
    "pixel trc": Reader("k.trc", "lines", _few_lines("sports2d_px_person00.trc", 12), _keypoints),
    "trc": Reader("m.trc", "lines", trc, _markers),
    "c3d": Reader("m.c3d", "bytes", c3d, _markers, needs="ezc3d"),
    "qualisys": Reader("m.tsv", "lines", qualisys, _markers),
    "freemocap": Reader("m.csv", "lines", freemocap, _markers),
    "freemocap by frame": Reader("m.csv", "lines", freemocap_by_frame, _markers),
    "motive": Reader("m.csv", "lines", motive, _markers),
    "nexus": Reader("m.csv", "lines", nexus, _markers),
    "storage of markers": Reader("m.sto", "lines", storage_of_markers, _markers),
    "bare table": Reader("k.csv", "lines", bare_table, _keypoints),
    "yolo": Reader("k.txt", "lines", yolo, _keypoints),
    "rtmlib": Reader("k.json", "json", rtmlib, _keypoints),
    "json lines": Reader("k.jsonl", "lines", json_lines, _keypoints),
    "joints": Reader("j.json", "json", joints, _markers),
    "mmpose": Reader("k.json", "json", mmpose, _keypoints),
    "ultralytics": Reader("k.json", "json", ultralytics, _keypoints),
    "named table": Reader("k.csv", "lines", named_table, _keypoints),
    "long table": Reader("k.csv", "lines", long_table, _keypoints),
    "mot": Reader("m.mot", "lines", mot, _mot),
    "osim": Reader("s.osim", "xml", osim, _osim),
    "marker set xml": Reader("m.xml", "xml", marker_set_xml, _marker_set),
    "marker set json": Reader("m.json", "json", marker_set_json, _marker_set),
    "marker set toml": Reader("m.toml", "lines", marker_set_toml, _marker_set),
    "weights xml": Reader("w.xml", "xml", weights_xml, _weights),
    "weights json": Reader("w.json", "json", lambda: b'{"weights": {"a": 1, "b": 2.5, "c": 0}}', _weights),
    "weights toml": Reader("w.toml", "lines", lambda: b"a = 1\nb = 2.5\nc = 0\n", _weights),
    "settings": Reader("s.toml", "lines", settings, _settings),
    "study csv": Reader("study.csv", "lines", study_csv, _study, lambda: {"a.mp4": b"", "b/c.png": b""}),
    "study toml": Reader("s.toml", "lines", study_toml, _study, lambda: {"a.mp4": b"", "b/c.png": b""}),
    "sizes": Reader("anna.json", "json", sizes, _sizes),
    "camera": Reader("camera.json", "json", camera, _camera),
    "report": Reader("out/report.json", "json", _part("report.json"), lambda p: _result(p.parent),
                     lambda: _under("out")),
    "result export": Reader("out/report.json", "json", _part("report.json"), lambda p: _exported(p.parent),
                            lambda: _under("out")),
    "result camera": Reader("out/camera.json", "json", _part("camera.json"), lambda p: _result(p.parent),
                            lambda: _under("out")),
    "result angles": Reader("out/person_1/angles.csv", "lines", _part("person_1/angles.csv"),
                            lambda p: _result(p.parents[1]), lambda: _under("out")),
    "result bones": Reader("out/person_1/bones.csv", "lines", _part("person_1/bones.csv"),
                           lambda p: _result(p.parents[1]), lambda: _under("out")),
    "result motion": Reader("out/person_1/motion.mot", "lines", _part("person_1/motion.mot"),
                            lambda p: _result(p.parents[1]), lambda: _under("out")),
    "state": Reader(".out.partial/state.json", "json", state, _state),
    "job": Reader("0123456789abcdef/job.json", "json", job, _job, needs="starlette"),
    "archive": Reader("a.zip", "bytes", archive, _archive),
    "checkpoint": Reader("c.pth", "bytes", checkpoint, _checkpoint, needs="torch"),
    "old checkpoint": Reader("c.pth", "bytes", old_checkpoint, _checkpoint, needs="torch"),
    "darknet": Reader("d.weights", "bytes", darknet, _darknet, needs="torch"),
    "onnx": Reader("n.onnx", "bytes", onnx_network, _onnx, needs="onnx"),
    "mp4": Reader("v.mp4", "bytes", video, _media),
    "mkv": Reader("v.mkv", "bytes", lambda: video("libx264", "matroska"), _media),
    "avi mjpeg": Reader("v.avi", "bytes", lambda: video("mjpeg", "avi", "yuvj420p"), _media),
    "mpeg-ts": Reader("v.ts", "bytes", lambda: video("mpeg2video", "mpegts"), _media),
    "gif": Reader("v.gif", "bytes", lambda: video("gif", "gif", "rgb8"), _media),
    "jpeg": Reader("p.jpg", "bytes", picture("JPEG"), _media),
    "jpeg cmyk": Reader("p.jpg", "bytes", picture("JPEG", "CMYK"), _media),
    "png": Reader("p.png", "bytes", picture("PNG", "RGBA"), _media),
    "png 16 bit": Reader("p.png", "bytes", picture("PNG", "I;16"), _media),
    "png palette": Reader("p.png", "bytes", picture("PNG", "P"), _media),
    "tiff": Reader("p.tif", "bytes", picture("TIFF", "RGB", compression="tiff_lzw"), _media),
    "webp": Reader("p.webp", "bytes", picture("WEBP"), _media),
    "webp animated": Reader("p.webp", "bytes", animated, _media),
    "heic": Reader("p.heic", "bytes", heic, _media),
    "bmp": Reader("p.bmp", "bytes", picture("BMP"), _media),
    "ppm": Reader("p.ppm", "bytes", picture("PPM"), _media),
}  # fmt: skip
"""Every reader, by what it reads."""


def _under(folder: str) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in result().items()}
