"""The app over HTTP and, end to end, in a real browser."""

import http.client
import json
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from pase.app.jobs import Jobs, in_fields, safe_name
from pase.app.server import make_app, serve
from pase.errors import OutputError

OWN = {"X-PASE": "1"}


@dataclass
class Server:
    port: int
    folder: Path

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): v for name, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def upload(self, name: str, content: bytes, **values: str) -> tuple[int, dict]:
        query = urlencode({"name": name} | {key.replace("__", "."): value for key, value in values.items()})
        status, body = self.ask("POST", f"/api/jobs?{query}", content, **{"X-PASE": "1"})
        return status, json.loads(body)

    def jobs(self) -> list[dict]:
        return json.loads(self.ask("GET", "/api/jobs")[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    import uvicorn

    folder = tmp_path_factory.mktemp("app")
    config = uvicorn.Config(make_app(folder, largest_mb=5), host="127.0.0.1", port=0, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield Server(running.servers[0].sockets[0].getsockname()[1], folder)
    running.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def finished(server: Server, short_clip: Path, networks: tuple[Path, Path]) -> dict:
    """A job that is done."""
    status, job = server.upload("my walk.mp4", short_clip.read_bytes(), person__height_m="1.75")
    assert status == 201, job
    for _ in range(600):
        listed = next(entry for entry in server.jobs() if entry["id"] == job["id"])
        if listed["state"] in ("done", "failed"):
            break
        time.sleep(0.2)
    assert listed["state"] == "done", listed
    return listed


def test_a_folder_that_cannot_be_written_to_is_refused_before_the_page_is_announced(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shown: list[str] = []
    with pytest.raises(OutputError, match="choose another folder with -o"):
        serve(tmp_path / "file" / "jobs", 0, show=shown.append, browser=False)
    assert not shown


def test_bad_uploads_are_told_plainly_and_leave_nothing(server: Server) -> None:
    before = sorted(server.folder.iterdir())
    status, answer = server.upload("x.mp4", b"this is not a video")
    assert status == 400 and "x.mp4 is not a video" in answer["message"]
    status, answer = server.upload("x.mp4", b"...", person__height_m="175")
    assert status == 400 and "did you mean 1.75" in answer["message"]
    status, answer = server.upload("x.mp4", b"...", models__folder="/etc")
    assert status == 400 and "unknown setting 'models.folder'" in answer["message"]
    status, answer = server.upload("x.mp4", bytes(6_000_000))
    assert status == 413 and "larger than 5 MB" in answer["message"]
    assert server.jobs() == [] and sorted(server.folder.iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_an_upload_that_fills_the_disk_is_told_and_leaves_nothing(server: Server) -> None:
    import resource

    before = sorted(server.folder.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        status, answer = server.upload("x.mp4", bytes(2_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 507 and "cannot be stored" in answer["message"]
    assert server.jobs() == [] and sorted(server.folder.iterdir()) == before


def test_other_web_sites_can_do_nothing(server: Server) -> None:
    assert server.ask("POST", "/api/jobs?name=x.mp4", b"x")[0] == 403
    assert server.ask("POST", "/api/jobs?name=x.mp4", b"x", Origin="http://evil.example", **OWN)[0] == 403
    assert server.ask("GET", "/", Host="evil.example")[0] == 400
    assert server.ask("DELETE", "/api/jobs/0123456789abcdef")[0] == 403
    assert server.ask("POST", "/api/demo")[0] == 403


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"), ("a\\b\\c d.MP4", "c d.MP4"), ("", "video"), (".hidden", "video.hidden"),
        ("x<script>.mp4", "x_script_.mp4"), ("é ü.mov", "é ü.mov"), ("a" * 300 + ".mp4", "a" * 80 + ".mp4"),
    ],
)  # fmt: skip
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_only_the_files_of_the_result_can_be_fetched(server: Server, finished: dict) -> None:
    root = f"/jobs/{finished['id']}"
    assert server.ask("GET", f"{root}/report.json")[0] == 200
    assert json.loads(server.ask("GET", f"{root}/report.json")[1])["source"]["frames"] == 12
    for name in (
        "../job.json",
        "..%2Fjob.json",
        "%2e%2e/source/my%20walk.mp4",
        "/etc/passwd",
        "person_1",
        "",
    ):
        assert server.ask("GET", f"{root}/{name}")[0] == 404, name
    assert server.ask("GET", "/jobs/0123456789abcdef/report.json")[0] == 404
    assert server.ask("GET", "/web/../server.py")[0] == 404


def test_everything_comes_as_one_archive(server: Server, finished: dict, tmp_path: Path) -> None:
    status, content = server.ask("GET", f"/jobs/{finished['id']}/all.zip")
    (tmp_path / "a.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert status == 200 and archive.testzip() is None
        assert {f"my walk/{name}" for name in finished["files"]} == set(archive.namelist())


def test_jobs_are_found_again_after_a_restart(server: Server, finished: dict) -> None:
    again = Jobs(server.folder)
    job = again.get(finished["id"])
    assert job is not None and job.state == "done" and again.file(job, "viewer.html") is not None


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("give --height, or at least --age", "give the field 'Height', or at least the field 'Age'"),
        ("say --rotate 90", "say the field 'Turn' 90"),
        ("name its video with --video", "name its video with --video"),
        ("choose one with --person", "choose one with a click on the person"),
    ],
)
def test_messages_speak_of_the_pages_own_fields(message: str, shown: str) -> None:
    assert in_fields(message) == shown


def test_settings_of_the_page_reach_the_run(server: Server, finished: dict) -> None:
    status, job = server.upload("x.mp4", b"no video", footage__mirror="true", footage__rotate="90")
    assert status == 400 and "x.mp4 is not a video" in job["message"]
    status, job = server.upload("x.mp4", b"no video", footage__start_s="3", footage__end_s="1")
    assert status == 400 and "end must come after start" in job["message"]
    assert finished["share"] == 1.0 and finished["values"] == {"person.height_m": "1.75"}


def test_a_job_shows_what_it_has_seen_before_it_is_done(server: Server, finished: dict) -> None:
    assert finished["looks"] >= 1 and finished["look"] == "", "the result has taken its place"
    status, picture = server.ask("GET", f"/jobs/{finished['id']}/look.jpg")
    assert status == 200 and picture[:2] == b"\xff\xd8"
    assert server.ask("GET", "/jobs/0123456789abcdef/look.jpg")[0] == 404


def test_nobody_is_told_what_to_do_and_nothing_overflows_on_a_phone(
    server: Server, empty_photo: Path, finished: dict
) -> None:
    from browser import chromium

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.set_input_files("#file", [str(empty_photo), str(empty_photo)])
        assert page.text_content("#chosen") == "2 files, with the same settings"
        page.set_input_files("#file", str(empty_photo))
        page.wait_for_function("document.querySelector('#photo').naturalWidth === 320")
        box = page.locator("#photo").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
        pixel = [float(x) for x in page.input_value("[name='pose2d.person']").split(",")]
        assert pixel == pytest.approx([80, 120], abs=2)
        page.fill("[name='analysis.subject']", "Anna")
        page.fill("[name='person.height_m']", "1,7")
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert page.input_value("[name='pose2d.person']") == "", "a second click takes the first back"
        page.click("#start")
        page.wait_for_selector("#nobody:not([hidden])", timeout=60_000)
        assert page.input_value("[name='person.height_m']") == "", "the height is not the next person's"
        page.fill("[name='analysis.subject']", "Anna")
        page.dispatch_event("[name='analysis.subject']", "change")
        assert page.input_value("[name='person.height_m']") == "1,7"
        page.click("#jobs .name:has-text('my walk.mp4')")
        page.wait_for_selector("#views a")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        top = page.evaluate("document.querySelector('#result').getBoundingClientRect().top")
        assert -1 <= top < 400, "the result is scrolled to, as the form is above it"


def test_play_and_download_in_a_browser(server: Server, finished: dict) -> None:
    from browser import chromium

    with chromium() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True).new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.click("#jobs .name:has-text('my walk.mp4')")
        page.wait_for_selector("#result:not([hidden])")
        frame = page.frame_locator("#frame")
        frame.locator("#play").click()
        inner = next(f for f in page.frames if "viewer.html" in f.url)
        inner.wait_for_function("globalThis.pase.player.frame > 3", timeout=20_000)
        page.click("#downloads summary")
        with page.expect_download() as waiting:
            page.click("#downloads a:has-text('skeleton.glb')")
        assert Path(waiting.value.path()).read_bytes()[:4] == b"glTF"
        assert problems == []
