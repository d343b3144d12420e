"""The app's web server: it serves this computer only, and only its own pages."""

import json
import socket
import tempfile
import threading
import webbrowser
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import anyio.to_thread
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pase.app.jobs import Job, Jobs
from pase.errors import InputError, OutputError, PaseError
from pase.files import package_text

HOST = "127.0.0.1"
NAMES = [HOST, "localhost"]
LARGEST_MB = 2000
"""Largest video that is taken, in megabytes, by default."""
_WATCH_S = 0.2
PAGE_POLICY = (
    "default-src 'self'; frame-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'none'"
)
"""The page shows a chosen video or photo before it is sent."""
ASSETS = {"app.js": "text/javascript", "form.js": "text/javascript", "app.css": "text/css"}


def make_app(folder: Path, *, largest_mb: float = LARGEST_MB) -> Starlette:
    """The app as an ASGI application.

    Only requests addressed to this computer by its own name are answered, and only pages of the app may
    change anything: no other web site can reach it through the user's browser. Of a job's folder nothing
    can be fetched but the files that its result lists.
    """
    handlers = _Handlers(Jobs(folder), int(largest_mb * 1e6))
    routes = [
        Route("/", handlers.page),
        Route("/web/{name}", handlers.asset),
        Route("/api/jobs", handlers.listed),
        Route("/api/jobs", handlers.upload, methods=["POST"]),
        Route("/api/demo", handlers.demo, methods=["POST"]),
        Route("/api/jobs/{id}", handlers.remove, methods=["DELETE"]),
        Route("/jobs/{id}/all.zip", handlers.archive),
        Route("/jobs/{id}/look.jpg", handlers.look),
        Route("/jobs/{id}/{name:path}", handlers.file),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES)])


def serve(
    folder: Path, port: int, *, largest_mb: float = LARGEST_MB, show: Callable[[str], None], browser: bool
) -> None:
    """Serve the app until it is stopped.

    Raises
    ------
    OutputError
        When the port is taken, or the folder cannot be written to.
    """
    app = make_app(folder, largest_mb=largest_mb)
    with listening(port, show, browser=browser) as listener:
        run_server(app, listener)


@contextmanager
def listening(port: int, show: Callable[[str], None], *, browser: bool) -> Iterator[socket.socket]:
    """A socket on this computer alone, its address shown and opened in the browser; see `serve`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not 0 <= port < 65536:
            raise InputError(f"port must be from 0 to 65535, not {port}")
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise OutputError(
                f"port {port} is taken by another program; choose another with --port"
            ) from error
        listener.listen()  # before the browser asks
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        show(address)
        if browser:
            webbrowser.open(address)
        yield listener


def run_server(app: Starlette, listener: socket.socket, until: Callable[[], bool] = lambda: False) -> None:
    """Answer requests until Ctrl-C, or until `until`, asked now and then, says that it is enough."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(_WATCH_S):
            if until():
                server.should_exit = True

    watcher = threading.Thread(target=watch, daemon=True, name="pase-watch")
    watcher.start()
    try:
        server.run(sockets=[listener])
    finally:
        stopped.set()
        watcher.join()


class _Handlers:
    """What the app answers."""

    def __init__(self, jobs: Jobs, largest: int) -> None:
        self.jobs = jobs
        self.largest = largest

    async def page(self, request: Request) -> Response:
        """The one page of the app."""
        return HTMLResponse(
            package_text("app/web/app.html"), headers={"Content-Security-Policy": PAGE_POLICY}
        )

    async def asset(self, request: Request) -> Response:
        """Its script and style."""
        name = request.path_params["name"]
        if name not in ASSETS:
            return _refusal(404, "there is no such file")
        return Response(package_text(f"app/web/{name}"), media_type=ASSETS[name])

    async def listed(self, request: Request) -> Response:
        """All jobs, the newest first."""
        return JSONResponse(
            [asdict(job) for job in self.jobs.listing()], headers={"Cache-Control": "no-store"}
        )

    async def upload(self, request: Request) -> Response:
        """Take a video, the body of the request, with its name and settings in the address."""
        if not _is_own(request):
            return _refusal(403, "only the app's own page may do this")
        if int(request.headers.get("content-length") or 0) > self.largest:
            return self._too_large()
        values = dict(request.query_params)
        name = values.pop("name", "video")
        try:
            job = self.jobs.new(name, values)
            if not await self._receive(request, job):
                self.jobs.remove(job.id)
                return self._too_large()
            await anyio.to_thread.run_sync(self.jobs.submit, job)
        except InputError as error:
            return _refusal(400, str(error))
        except OSError as error:
            return _refusal(507, f"the video cannot be stored: {error.strerror or error}")
        return JSONResponse(asdict(job), status_code=201)

    async def demo(self, request: Request) -> Response:
        """Run the demo clip."""
        if not _is_own(request):
            return _refusal(403, "only the app's own page may do this")
        try:
            job = await anyio.to_thread.run_sync(self.jobs.demo)
        except PaseError as error:
            return _refusal(400, str(error))
        return JSONResponse(asdict(job), status_code=201)

    async def _receive(self, request: Request, job: Job) -> bool:
        """Write the body of a request into the job's folder; False when it is too large."""
        size = 0
        try:
            with self.jobs.source(job).open("wb") as stream:
                async for piece in request.stream():
                    size += len(piece)
                    if size > self.largest:
                        return False
                    await anyio.to_thread.run_sync(stream.write, piece)
        except ClientDisconnect as error:
            self.jobs.remove(job.id)
            raise InputError("the upload was broken off") from error
        except OSError:
            self.jobs.remove(job.id)
            raise
        return True

    async def remove(self, request: Request) -> Response:
        """Stop and delete a job."""
        if not _is_own(request):
            return _refusal(403, "only the app's own page may do this")
        self.jobs.remove(request.path_params["id"])
        return Response(status_code=204)

    async def file(self, request: Request) -> Response:
        """A file of a finished result."""
        job = self.jobs.get(request.path_params["id"])
        path = None if job is None else self.jobs.file(job, request.path_params["name"])
        if path is None:
            return _refusal(404, "there is no such file")
        inline = path.suffix in (".html", ".mp4", ".png", ".svg") and "save" not in request.query_params
        return FileResponse(
            path,
            filename=path.name,
            content_disposition_type="inline" if inline else "attachment",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    async def look(self, request: Request) -> Response:
        """What a running job has seen so far."""
        picture = self.jobs.picture(request.path_params["id"])
        if picture is None:
            return _refusal(404, "nobody has been seen yet")
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def archive(self, request: Request) -> Response:
        """All files of a finished result."""
        job = self.jobs.get(request.path_params["id"])
        if job is None or job.state != "done":
            return _refusal(404, "there is no such result")
        path = await anyio.to_thread.run_sync(self._zip, job)
        gone = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, filename=f"{Path(job.name).stem}.zip", background=gone)

    def _zip(self, job: Job) -> Path:
        with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in job.files:
                    path = self.jobs.file(job, name)
                    if path is not None:
                        archive.write(path, f"{Path(job.name).stem}/{name}")
            return Path(stream.name)

    def _too_large(self) -> Response:
        return _refusal(413, f"the video is larger than {self.largest / 1e6:.0f} MB; cut or shrink it")


def _is_own(request: Request) -> bool:
    """Whether a request comes from the app's own page: others cannot set this header, and name their origin."""
    origin = request.headers.get("origin")
    same_origin = origin is None or origin == f"http://{request.headers.get('host')}"
    return same_origin and request.headers.get("x-pase") == "1"


def _refusal(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status_code=status, media_type="application/json")
