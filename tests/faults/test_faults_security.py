"""Files and names made to harm: they neither run, nor grow, nor lead anywhere."""

import http.server
import io
import json
import os
import pickle
import threading
import time
import zipfile
from pathlib import Path

import pytest
from fault_check import in_time
from fault_motions import osim, small_motion
from fault_own_files import result

from pase.anatomy.osim import read_osim
from pase.errors import InputError, ModelFileError, PaseError
from pase.media import open_media

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def _laughs() -> str:
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)]
    return f'<?xml version="1.0"?><!DOCTYPE x [{"".join(lines)}]><OpenSimDocument>&a11;</OpenSimDocument>'


@pytest.mark.parametrize(
    "text",
    [
        _laughs(),
        f'<!DOCTYPE x [<!ENTITY a "{"x" * 100_000}">]><OpenSimDocument>{"&a;" * 50_000}</OpenSimDocument>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><OpenSimDocument>&a;</OpenSimDocument>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><OpenSimDocument/>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><OpenSimDocument/>',
    ],
    ids=["billion laughs", "quadratic", "external entity", "external type", "parameter entity"],
)
@pytest.mark.parametrize("suffix", ["osim", "xml"])
def test_entities_are_refused_at_once(tmp_path: Path, text: str, suffix: str) -> None:
    from pase.anatomy.marker_set import read_marker_set
    from pase.fit.markers.weights import read_marker_weights

    path = tmp_path / f"bad.{suffix}"
    path.write_text(text)
    begun = time.process_time()
    with pytest.raises(InputError, match="DOCTYPE|not valid XML"):
        read_osim(path)
    with pytest.raises(InputError, match="DOCTYPE|not valid XML"):
        read_marker_set(path, small_motion().skeleton)
    if suffix == "xml":
        with pytest.raises(InputError, match="DOCTYPE|not valid XML"):
            read_marker_weights(path)
    assert time.process_time() - begun < 5


def test_xml_nested_without_end_is_one_line(tmp_path: Path) -> None:
    deep = 300_000
    (tmp_path / "deep.osim").write_text("<OpenSimDocument Version='40000'>" + "<a>" * deep + "</a>" * deep)
    with in_time(), pytest.raises(InputError):
        read_osim(tmp_path / "deep.osim")
    nested = osim().replace(b"<BodySet", b"<components>" * 5000 + b"</components>" * 5000 + b"<BodySet", 1)
    (tmp_path / "nested.osim").write_bytes(nested)
    with in_time():
        assert read_osim(tmp_path / "nested.osim").bodies


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_nested_without_end_is_one_line(tmp_path: Path, opening: str) -> None:
    from pase.pose2d.readers import read_keypoints

    (tmp_path / "deep.json").write_text(opening * 1_000_000)
    with in_time(), pytest.raises(InputError, match="nested too deeply"):
        read_keypoints(tmp_path / "deep.json")


class _Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["zip", "legacy", "bare"])
def test_no_checkpoint_runs_code(tmp_path: Path, form: str) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    from pase.networks.checkpoint import read_state

    path, trace = tmp_path / "evil.pth", tmp_path / "it-ran"
    content = {"state_dict": {"w": torch.ones(2)}, "x": _Runs(trace)}
    if form == "bare":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(ModelFileError, match="run code|not a PyTorch checkpoint"):
        read_state(path)
    assert not trace.exists()


def test_archives_cannot_write_elsewhere_or_grow_without_end(tmp_path: Path) -> None:
    from pase.download import SourceError, _extract

    inner = tmp_path / "in"
    inner.mkdir()
    for number, name in enumerate(("../../evil.onnx", "/tmp/pase-evil.onnx", "C:\\evil.onnx")):
        archive = inner / f"{number}.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(name, "payload")
        (written,) = _extract(archive, [".onnx"], inner).values()
        assert written.parent == inner and written.read_text() == "payload"
    assert [p.name for p in tmp_path.iterdir()] == ["in"] and not Path("/tmp/pase-evil.onnx").exists()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bomb.onnx", bytes(3_000_000))
    size = (3_000_000).to_bytes(4, "little")
    assert size in stream.getvalue()
    claimed = stream.getvalue().replace(size, (3_000_000_000).to_bytes(4, "little"))
    (inner / "bomb.zip").write_bytes(claimed)
    with pytest.raises(SourceError, match="far too large"):
        _extract(inner / "bomb.zip", [".onnx"], inner)


@pytest.mark.parametrize("folder", ["../../elsewhere", "/etc", "..", "person_1/../..", "", "person_1\n"])
def test_a_report_cannot_lead_out_of_its_folder(tmp_path: Path, folder: str) -> None:
    import pase
    from pase.pipeline.results import export

    for name, content in result().items():
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(content)
    report = json.loads((tmp_path / "out/report.json").read_bytes())
    report["persons"][0]["folder"] = folder
    (tmp_path / "out/report.json").write_text(json.dumps(report))
    with pytest.raises(InputError, match="folder"):
        pase.load(tmp_path / "out")
    with pytest.raises(InputError, match="folder"):
        export(tmp_path / "out", "npz")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


class _Server:
    """A web server that notes who asks."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *words: object) -> None:
                pass

        self.asked = asked
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


def test_a_playlist_called_video_opens_nothing_else(tmp_path: Path) -> None:
    server = _Server()
    dash = "urn:mpeg:dash:schema:mpd:2011"
    playlists = {
        "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{server.address}/a.ts\n#EXT-X-ENDLIST\n",
        "hls.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{server.address}/a.ts\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile '{server.address}/b.mp4'\n",
        "local.mp4": "ffconcat version 1.0\nfile secret.mp4\n",
        "dash.mpd": f'<?xml version="1.0"?><MPD xmlns="{dash}"><BaseURL>{server.address}/c</BaseURL></MPD>',
        "sdp.mp4": "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "eps.jpg": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n%%EOF\n",
    }
    from fault_media import video

    (tmp_path / "secret.mp4").write_bytes(video())
    for name, text in playlists.items():
        (tmp_path / name).write_text(text)
        with in_time(), pytest.raises(InputError), open_media(tmp_path / name) as media:
            list(media.frames())
    assert server.asked == []
    server.server.shutdown()


@pytest.mark.parametrize(
    "name", ["http:evil.mp4", "a:b.mp4", "concat:x|y.mp4", "pipe:0.mp4", "subfile,,start,0,end,9,,:x.mp4"]
)
def test_a_name_is_never_taken_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from fault_media import video

    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(video())
    with open_media(name) as media:
        assert len(list(media.frames())) == 6


def test_pages_show_evil_names_as_text(tmp_path: Path) -> None:
    from browser import chromium
    from pase.pipeline.report import Report
    from pase.view.page import write_page
    from pase.view.subject import BoneLength, Subject
    from pase.view.viewer import write_viewer

    report = Report(source={"path": f"/films/{EVIL}.mp4", "frames": 3, "image_size": [640, 480]})
    report.warnings, report.assumptions = [EVIL], [EVIL]
    report.settings = {EVIL: {EVIL: EVIL}}
    subject = Subject(EVIL, small_motion(), (BoneLength(f"femur_r{EVIL}", 0.4),))
    write_page([subject], report.content(), tmp_path / "report.html", plots=[tmp_path])
    write_viewer([subject], tmp_path / "viewer.html", title=EVIL)
    for name in ("report.html", "viewer.html"):
        assert "<script>alert" not in (tmp_path / name).read_text(encoding="utf-8")
        assert "<img src=x" not in (tmp_path / name).read_text(encoding="utf-8")
    with chromium() as browser:
        for name in ("report.html", "viewer.html"):
            page = browser.new_page()
            messages: list[str] = []
            page.on(
                "dialog",
                lambda dialog, messages=messages: (messages.append(dialog.message), dialog.dismiss()),
            )
            page.goto((tmp_path / name).as_uri())
            page.wait_for_timeout(800)
            assert messages == [] and "alert(2)" in page.title()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../../etc/passwd"}, {"name": "a/b.mp4"}, {"id": "../x"}, {"files": ["../job.json"]},
        {"files": [["x"]]}, {"state": 3}, {"values": []}, {"evil": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_forged_job_gives_no_file_away(tmp_path: Path, change: dict[str, object]) -> None:
    pytest.importorskip("starlette", reason="starlette is not installed")
    from fault_own_files import job

    from pase.app.jobs import Jobs

    folder = tmp_path / "0123456789abcdef"
    (folder / "result").mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps(json.loads(job()) | change))
    jobs = Jobs(tmp_path)
    assert all(jobs.file(job, str(name)) is None for job in jobs.listing() for name in job.files)
    assert all(jobs.source(job).resolve().is_relative_to(tmp_path) for job in jobs.listing())


def test_absurd_keypoints_give_a_skeleton_or_one_line(tmp_path: Path) -> None:
    """What passes a reader must not blow up the estimator either."""
    from fault_keypoints import alphapose

    from pase.config import make_settings
    from pase.pipeline import fit
    from runs import QUICK

    items = json.loads(alphapose())[:3]
    for number, value in enumerate((1e15, -1e15, 7.0)):
        for item in items:
            item["keypoints"] = [value if i % 3 < 2 else 1.0 for i in range(78)]
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(items))
        try:
            fit(path, tmp_path / f"out{number}", make_settings(QUICK))
        except PaseError as error:
            assert len(str(error)) > 10
            assert not (tmp_path / f"out{number}").exists()
