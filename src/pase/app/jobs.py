"""Jobs of the app: one video each, done one after the other, each in a folder of its own."""

from __future__ import annotations

import json
import logging
import queue
import re
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pase.config import Settings, leaves, make_settings
from pase.errors import InputError, OutputError, PaseError
from pase.files import ANOTHER_FOLDER, output_errors, read_json, write_text

if TYPE_CHECKING:
    from pase.pipeline.first_look import Look

log = logging.getLogger(__name__)

State = Literal["uploading", "waiting", "running", "done", "failed"]
NOTE, RESULT = "job.json", "result"
IDENTITY = re.compile(r"[0-9a-f]{16}")
FIELDS = {
    "person.height_m": "Height", "person.mass_kg": "Mass", "person.sex": "Sex", "person.age_years": "Age",
    "analysis.subject": "Name", "pose2d.person": "a click on the person", "footage.start_s": "From",
    "footage.end_s": "To", "footage.rotate": "Turn", "footage.mirror": "Mirror image",
    "footage.slow_motion": "Slow motion", "camera.fov_deg": "Angle of view", "view.hide_faces": "Hide faces",
}  # fmt: skip
"""Settings that the page asks for, and what it calls them."""
DEMO = "demo.mp4"
SHARES = {
    "2D keypoints": (0.0, 0.4),
    "3D landmarks": (0.4, 0.45),
    "skeleton": (0.45, 0.8),
    "overlay": (0.8, 1.0),
}
"""Where each step of a job begins and ends in the whole of it, by usual times."""
_OTHER_KINDS: dict[str, tuple[type, ...]] = {
    "total": (int, type(None)),
    "started": (int, float),
    "share": (int, float),
}
"""Types of the fields that may have several."""


class Stopped(Exception):  # noqa: N818 - it is not an error
    """The user removed a job while it ran."""


@dataclass
class Job:
    """One video and what becomes of it."""

    id: str
    """16 hexadecimal digits; also the name of its folder."""
    name: str
    """What the user's file is called, made safe as a file name."""
    values: dict[str, str]
    """Settings by dotted path."""
    state: State = "uploading"
    step: str = ""
    done: int = 0
    total: int | None = None
    """How far the step is, and where it ends if that is known."""
    share: float = 0.0
    """How far the whole job is, from 0 to 1."""
    look: str = ""
    """Who has been seen so far, in one line; empty once it is done."""
    looks: int = 0
    """How many pictures have been drawn of that; see `Jobs.picture`."""
    message: str = ""
    """Why it failed."""
    started: float = 0.0
    """Seconds since 1970."""
    persons: int = 0
    warnings: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """Every file that may be fetched, relative to the result."""


class Jobs:
    """All jobs of one folder, and the thread that does them one at a time.

    Parameters
    ----------
    folder
        Where jobs are kept; those of an earlier start are found again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._jobs: dict[str, Job] = {}
        self._picture: tuple[str, bytes] = ("", b"")
        self._lock = threading.Lock()
        self._waiting: queue.Queue[str] = queue.Queue()
        with output_errors(folder, "write to", ANOTHER_FOLDER):
            folder.mkdir(parents=True, exist_ok=True)
        for note in sorted(folder.glob(f"*/{NOTE}")):
            self._recall(note)
        threading.Thread(target=self._work, daemon=True, name="pase-jobs").start()

    def new(self, name: str, values: Mapping[str, str]) -> Job:
        """A job whose video is still to come.

        Parameters
        ----------
        values
            Settings by dotted path, as the page sends them; see `FIELDS`.

        Raises
        ------
        InputError
            When a setting is unknown or wrong.
        """
        unknown = set(values) - set(FIELDS)
        if unknown:
            raise InputError(f"unknown setting '{sorted(unknown)[0]}'")
        filled = {path: value.strip() for path, value in values.items() if value.strip()}
        try:
            settings_of(filled)
        except InputError as error:
            raise InputError(in_fields(str(error))) from error
        job = Job(secrets.token_hex(8), safe_name(name), filled, started=time.time())
        (self.folder / job.id / "source").mkdir(parents=True)
        with self._lock:
            self._jobs[job.id] = job
        return job

    def source(self, job: Job) -> Path:
        """Where the video of a job is put."""
        return self.folder / job.id / "source" / job.name

    def demo(self) -> Job:
        """A job with the demo clip, which is fetched first where it is not here yet.

        Raises
        ------
        ModelFileError
            When the clip cannot be had.
        """
        from pase.models import model_path

        clip = model_path("demo")
        job = self.new(DEMO, {})
        shutil.copyfile(clip, self.source(job))
        self.submit(job)
        return job

    def submit(self, job: Job) -> None:
        """Let a job wait for its turn, once its video is there.

        Raises
        ------
        InputError
            When the video cannot be read; the job is removed.
        """
        from pase.media import open_media

        try:
            with open_media(self.source(job)) as media:
                next(iter(media.frames()), None)
        except PaseError as error:
            self.remove(job.id)
            message = str(error).replace(str(self.source(job)), job.name)
            raise InputError(in_fields(message)) from error
        job.state = "waiting"
        self._note(job)
        self._waiting.put(job.id)

    def get(self, identity: str) -> Job | None:
        """A job by its identity; None where there is none."""
        with self._lock:
            return self._jobs.get(identity)

    def listing(self) -> list[Job]:
        """Every job, the newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: -job.started)

    def remove(self, identity: str) -> None:
        """Forget a job and delete its folder; one that runs is stopped first."""
        with self._lock:
            job = self._jobs.pop(identity, None)
        if job is not None and job.state != "running":
            shutil.rmtree(self.folder / job.id, ignore_errors=True)

    def file(self, job: Job, name: str) -> Path | None:
        """A file of a finished job's result; None for every name that is not in its list."""
        if job.state != "done" or name not in job.files:
            return None
        root = (self.folder / job.id / RESULT).resolve()
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None

    def picture(self, identity: str) -> bytes | None:
        """The newest picture of what a running job has seen, as JPEG; None where there is none."""
        owner, picture = self._picture
        return picture if owner == identity and self.get(identity) is not None else None

    def _recall(self, note: Path) -> None:
        """Take up a job of an earlier start."""
        try:
            content = read_json(note)
            if not _is_job(content, note.parent.name):
                raise InputError(f"{note} is not as the app writes it")
        except InputError as error:
            log.warning("%s is no job and is left alone: %s", note.parent, error)
            return
        job = Job(**content)
        if job.state != "done":
            job.state, job.message = "failed", job.message or "the app was stopped before it was done"
        self._jobs[job.id] = job

    def _note(self, job: Job) -> None:
        """Let a job be found again after a restart; where the disk is full it is not, but goes on."""
        try:
            write_text(self.folder / job.id / NOTE, json.dumps(asdict(job), ensure_ascii=False))
        except OutputError as error:
            log.warning("job %s will not be found again after a restart: %s", job.id, error)

    def _work(self) -> None:
        while True:
            job = self.get(self._waiting.get())
            if job is not None:
                self._do(job)

    def _do(self, job: Job) -> None:
        job.state, job.started = "running", time.time()
        try:
            self._run(job)
        except Stopped:
            pass
        except PaseError as error:
            message = str(error).replace(str(self.source(job)), job.name)
            job.state, job.message = "failed", in_fields(message)
        except Exception as error:  # noqa: BLE001 - the next job must run whatever happens in this one
            log.exception("job %s failed", job.id)
            job.state, job.message = (
                "failed",
                f"something went wrong ({type(error).__name__}); see the terminal for more",
            )
        if self.get(job.id) is None:
            shutil.rmtree(self.folder / job.id, ignore_errors=True)
        else:
            self._note(job)

    def _run(self, job: Job) -> None:
        from pase import pipeline

        output = self.folder / job.id / RESULT
        report = pipeline.run(self.source(job), output, settings_of(job.values), progress=_Watcher(self, job))
        job.persons, job.files = len(report.persons), report.files
        job.warnings = [in_fields(sentence) for sentence in report.warnings]
        job.state, job.step, job.look = "done", "", ""

    def note_picture(self, job: Job, look: Look) -> None:
        """Keep the newest picture of what a job has seen."""
        from pase.app.picture import look_picture

        self._picture = (job.id, look_picture(look))
        job.look, job.looks = look.sentence(), job.looks + 1


@dataclass(frozen=True)
class _Watcher:
    """Notes in a job how far it is and what it has seen, and stops it when it was removed."""

    jobs: Jobs
    job: Job
    watching: bool = True

    def __call__(self, step: str, done: int, total: int | None) -> None:
        job = self.job
        if self.jobs.get(job.id) is None:
            raise Stopped
        job.step, job.done, job.total = step, done, total
        first, last = SHARES.get(step, (job.share, job.share))
        job.share = max(job.share, first + (last - first) * min(1.0, done / total if total else 0.0))

    def show(self, look: Look) -> None:
        self.jobs.note_picture(self.job, look)


def settings_of(values: Mapping[str, str]) -> Settings:
    """Settings from the page's fields; a tick comes as the word `true`."""
    ticks = {"true": True, "false": False}
    return make_settings({path: ticks.get(text, text) for path, text in values.items()})


def in_fields(sentence: str) -> str:
    """A sentence that names flags of the command line, in the words of the page: `give the field 'Height'`."""
    flags = {leaf.flag: FIELDS[leaf.path] for leaf in leaves() if leaf.path in FIELDS}

    def field_name(match: re.Match[str]) -> str:
        name = flags.get(match[1])
        return match[0] if name is None else name if " " in name else f"the field '{name}'"

    return re.sub(r"--([a-z][a-z0-9.-]*[a-z0-9])", field_name, sentence)


def _is_job(content: Any, folder: str) -> bool:
    """Whether the content of a note is that of a job in the folder, every field of its kind."""
    empty = Job(folder, "", {})
    kinds = {item.name: (type(getattr(empty, item.name)),) for item in fields(Job)} | _OTHER_KINDS
    return (
        isinstance(content, dict)
        and {"id", "name", "values"} <= set(content) <= set(kinds)
        and all(isinstance(value, kinds[name]) for name, value in content.items())
        and content["id"] == folder
        and IDENTITY.fullmatch(folder) is not None
        and safe_name(content["name"]) == content["name"]
        and all(isinstance(name, str) for name in content.get("files", []))
    )


def safe_name(name: str) -> str:
    """A file name that any system takes: letters, digits, blanks, dots and dashes, not hidden, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, suffix = last.rpartition(".")
    plain = re.sub(r"[^\w .()-]", "_", stem if dot else last).strip(" .")[:80] or "video"
    return f"{plain}.{re.sub(r'[^a-zA-Z0-9]', '', suffix)[:8]}" if dot else plain
