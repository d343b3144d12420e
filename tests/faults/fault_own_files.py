"""Files that PASE or its user writes: settings, studies, results, jobs; and what is done with each."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from fault_keypoints import alphapose
from fault_motions import small_motion
from fault_reader import Reader, written


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

    return written("anna.json", lambda path: write_sizes(combined_sizes([], PersonFacts(1.7)), path))


def _sizes(path: Path) -> object:
    from pase.fit.sizes import read_sizes

    return read_sizes(path)


def camera() -> bytes:
    from pase.formats.camera import write_camera

    return written("camera.json", lambda path: write_camera(small_motion().camera, path))


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


def _under(folder: str) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in result().items()}


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
    return [jobs.file(job, name) for job in jobs.listing() for name in job.files]


OWN_FILES: dict[str, Reader] = {
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
}  # fmt: skip
