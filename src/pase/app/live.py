"""Show the keypoints of a live camera in the browser; pictures that come too quickly are skipped, never queued."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Self, TypeVar

import anyio.to_thread
import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from pase.app.picture import draw_pose
from pase.app.server import NAMES, PAGE_POLICY, listening, run_server
from pase.config import Settings
from pase.errors import InputError
from pase.files import package_text
from pase.media.frames import Frame
from pase.media.write import jpeg
from pase.types import ImageSize

Item = TypeVar("Item")

FORGOTTEN_AFTER_S = 5.0
_BOUNDARY, _WAIT_S = "pase", 0.2


class Newest(Generic[Item]):
    """The newest of many things that come faster than they are used."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._count = 0
        self._over = False

    def put(self, item: Item) -> None:
        """Take the place of the one before, seen or not."""
        with self._changed:
            self._item, self._count = item, self._count + 1
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing comes any more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def after(self, number: int) -> tuple[int, Item] | None:
        """The first item that comes after `number`, with its own number; None when no more will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > number or self._over)
            if self._count <= number or self._item is None:
                return None
            return self._count, self._item


def camera_frames(camera: str) -> tuple[ImageSize, Iterator[Frame]]:
    """Picture size, and the pictures of a camera as they come; those of a video file at the times they were filmed.

    Parameters
    ----------
    camera
        Number of a camera, from 0, or a video file.
    """
    if not camera.isdecimal():
        from pase.media import open_media

        media = open_media(Path(camera))
        return media.image_size, _paced(media.frames())
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    device = cv2.VideoCapture(int(camera))
    success, first = device.read() if device.isOpened() else (False, None)
    if not success or first is None:
        device.release()
        raise InputError(
            f"no picture comes from camera {camera}: plug it in, close other programs that use it, allow its use, "
            "or name another number or a video file"
        )
    height, width = first.shape[:2]
    return (width, height), _device_frames(device)


def _paced(frames: Iterator[Frame]) -> Iterator[Frame]:
    start = time.perf_counter()
    for frame in frames:
        time.sleep(max(0.0, frame.time - (time.perf_counter() - start)))
        yield frame


def _device_frames(device: object) -> Iterator[Frame]:
    start, index = time.perf_counter(), 0
    try:
        while True:
            success, image = device.read()  # type: ignore[attr-defined]
            if not success:
                return
            yield Frame(index, time.perf_counter() - start, np.ascontiguousarray(image[..., ::-1]))
            index += 1
    finally:
        device.release()  # type: ignore[attr-defined]


@dataclass
class Live:
    """A camera, the networks that look at its newest picture, and the drawn picture; a context manager."""

    image_size: ImageSize
    frames: Iterator[Frame]
    settings: Settings
    begins_watched: bool = False
    """Whether no picture is taken before somebody looks, so that a film is seen from its beginning."""
    watched: threading.Event = field(default_factory=threading.Event)
    """Set when somebody looks."""
    taken: int = 0
    """Pictures that came."""
    shown: int = 0
    """Pictures that were looked at and drawn."""
    drawn: Newest[bytes] = field(default_factory=Newest)

    def __enter__(self) -> Self:
        from pase.pipeline.network_files import network_files
        from pase.pose2d.detector import PersonDetector
        from pase.pose2d.keypoints import KeypointNetwork
        from pase.pose2d.tracking.tracker import Tracker

        detector, network = network_files(self.settings)
        chosen = self.settings.pose2d
        self._tracker = Tracker(
            PersonDetector(detector, chosen.device, chosen.threads),
            KeypointNetwork(network, chosen.device, chosen.threads),
            self.image_size,
            chosen,
        )
        self._newest: Newest[Frame] = Newest()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._started = time.perf_counter()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True, name="pase-live")
            for work in (self._take, self._look)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        self._newest.end()
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    @property
    def over(self) -> bool:
        """Whether no picture comes any more."""
        return not any(thread.is_alive() for thread in self._threads)

    def summary(self) -> str:
        """One line on how it went."""
        seconds = max(time.perf_counter() - self._started, 1e-9)
        rate = self.shown / seconds
        return f"{self.shown} of {self.taken} pictures shown in {seconds:.1f} s, {rate:.1f} a second"

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised again by the main thread
            self._failure = self._failure or error
        finally:
            self._newest.end()
            if work == self._look:
                self.drawn.end()

    def _take(self) -> None:
        with closing(self.frames) as frames:  # type: ignore[type-var]
            while self.begins_watched and not self._stop.is_set() and not self.watched.wait(_WAIT_S):
                pass
            self._started = time.perf_counter()
            for frame in frames:
                if self._stop.is_set():
                    return
                self.taken += 1
                self._newest.put(frame)

    def _look(self) -> None:
        number = 0
        while not self._stop.is_set() and (newest := self._newest.after(number)) is not None:
            number, frame = newest
            self._tracker.add(frame)
            picture = frame.image.copy()
            for track in self._tracker.tracks:
                if frame.index in track.poses:
                    draw_pose(picture, track.poses[frame.index])
            self._forget(frame.time)
            self.drawn.put(jpeg(picture))
            self.shown += 1

    def _forget(self, now: float) -> None:
        """Drop what is past: a camera may run for days."""
        self._tracker.tracks = [t for t in self._tracker.tracks if now - t.time < FORGOTTEN_AFTER_S]
        for track in self._tracker.tracks:
            for index in list(track.poses)[:-1]:
                del track.poses[index]


def make_live_app(live: Live) -> Starlette:
    """A page with the drawn pictures, for this computer only."""

    async def page(request: Request) -> Response:
        return HTMLResponse(
            package_text("app/web/live.html"), headers={"Content-Security-Policy": PAGE_POLICY}
        )

    async def style(request: Request) -> Response:
        return Response(package_text("app/web/live.css"), media_type="text/css")

    async def stream(request: Request) -> Response:
        live.watched.set()
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(_pieces(live), media_type=kind, headers={"Cache-Control": "no-store"})

    routes = [Route("/", page), Route("/live.css", style), Route("/stream", stream)]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES)])


async def _pieces(live: Live) -> AsyncIterator[bytes]:
    """The drawn pictures as one endless answer; a slow browser misses some."""
    number = 0
    while (
        newest := await anyio.to_thread.run_sync(live.drawn.after, number, abandon_on_cancel=True)
    ) is not None:
        number, picture = newest
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
        yield head.encode("ascii") + picture + b"\r\n"


def serve_live(
    camera: str, port: int, settings: Settings, *, show: Callable[[str], None], browser: bool
) -> str:
    """Serve a camera's pictures with keypoints, until Ctrl-C or the last picture; one line on how many were shown.

    Raises
    ------
    OutputError
        When the port is taken.
    """
    image_size, frames = camera_frames(camera)
    film = not camera.isdecimal()
    with Live(image_size, frames, settings, film) as live, listening(port, show, browser=browser) as listener:
        run_server(make_live_app(live), listener, until=lambda: live.over)
        return live.summary()
