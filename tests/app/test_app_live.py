"""The live page: pictures come as they are drawn, and are left out where the networks cannot keep up."""

import http.client
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from pase.app.live import Live, Newest, camera_frames, serve_live
from pase.config import Settings
from pase.media import Video
from pase.media.frames import Frame


def test_only_the_newest_is_kept() -> None:
    newest: Newest[str] = Newest()
    for word in ("one", "two", "three"):
        newest.put(word)
    assert newest.after(0) == (3, "three")
    threading.Timer(0.05, newest.put, ["four"]).start()
    assert newest.after(3) == (4, "four")
    newest.end()
    assert newest.after(4) is None


@pytest.mark.parametrize("camera", ["97", "nothing.mp4"])
def test_no_camera_is_one_line(camera: str, refused: Callable[..., str]) -> None:
    assert camera in refused("live", camera, "--no-browser", "--port", "0")


def test_a_file_comes_at_its_own_pace(short_clip: Path) -> None:
    with Video(short_clip) as video:
        seconds = max(frame.time for frame in video.frames())
    size, frames = camera_frames(str(short_clip))
    start = time.perf_counter()
    pictures = list(frames)
    assert time.perf_counter() - start >= seconds
    assert pictures[0].image.shape == (size[1], size[0], 3)


def test_the_page_shows_a_film_from_its_beginning_with_keypoints_and_ends_with_it(short_clip: Path) -> None:
    address, summary = threading.Event(), []
    port = []

    def show(text: str) -> None:
        port.append(int(text.rstrip("/").rsplit(":", 1)[1]))
        address.set()

    def serve() -> None:
        summary.append(serve_live(str(short_clip), 0, Settings(), show=show, browser=False))

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    assert address.wait(60)
    with Video(short_clip) as video:
        seconds = max(frame.time for frame in video.frames())
    time.sleep(seconds + 0.5)
    assert b"/stream" in _get(port[0], "/")
    pictures = _get(port[0], "/stream").split(b"--pase\r\n")[1:]
    server.join(60)
    assert not server.is_alive()
    assert pictures
    shown = np.asarray(Image.open(io.BytesIO(pictures[-1].split(b"\r\n\r\n", 1)[1])).convert("RGB")).astype(
        int
    )
    drawn = (np.abs(shown - [86, 180, 233]).sum(-1) < 60).sum() + (
        np.abs(shown - [230, 159, 0]).sum(-1) < 60
    ).sum()
    assert drawn > 30
    assert "pictures shown" in summary[0]


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    return connection.getresponse().read()


def test_memory_of_persons_does_not_grow(short_clip: Path) -> None:
    """Every picture of the clip again and again, one at a time: what is past is dropped."""
    with Video(short_clip) as video:
        pictures = [frame.image for frame in video.frames()][:4]
        size = video.image_size
    turn = threading.Semaphore(1)

    def frames() -> Iterator[Frame]:
        for index in range(12):
            turn.acquire(timeout=30)
            yield Frame(index, index / 10, pictures[index % 4])

    with Live(size, frames(), Settings()) as live:
        number = 0
        while (drawing := live.drawn.after(number)) is not None:
            number = drawing[0]
            assert all(len(track.poses) <= 1 for track in live._tracker.tracks)
            turn.release()
    assert live.shown == live.taken == 12


def test_what_fails_beside_is_raised(short_clip: Path) -> None:
    def frames() -> Iterator[Frame]:
        yield Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8))
        raise ZeroDivisionError("the camera burns")

    with pytest.raises(ZeroDivisionError, match="burns"), Live((64, 48), frames(), Settings()) as live:
        while not live.over:
            time.sleep(0.01)
