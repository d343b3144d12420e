"""The 2D side of a run: what was filmed, and who was found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pase.config import Settings
from pase.data import Keypoints2D

if TYPE_CHECKING:
    from pase.media import Frame, Photo, Video

    Media = Video | Photo


class Progress(Protocol):
    """Told how far a long step is."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Take note of a step's name, the frames (or bytes) done, and how many there are if that is known."""
        ...


@dataclass(frozen=True)
class Recording:
    """What the 2D stage found in a video or photo."""

    people: list[Keypoints2D]
    """The tracked persons, the main person first; empty when nobody is there."""
    frames: int
    """Number of frames of the recording."""
    image_size: tuple[int, int]
    """Width and height in pixels; (0, 0) where unknown."""
    focal_length_px: float | None = None
    """Focal length told by the file's metadata, or None."""
    source: Path | None = None
    """The video or photo, or None when the keypoints came alone."""

    def facts(self) -> dict[str, Any]:
        """What the report says of the recording."""
        return {
            "path": None if self.source is None else str(self.source.resolve()),
            "frames": self.frames,
            "image_size": list(self.image_size),
            "focal_length_px": self.focal_length_px,
        }


def open_source(source: str | Path) -> Media:
    """Open a video or photo; see `pase.media.open_media`."""
    from pase.media import open_media

    return open_media(source)


def step_of(progress: Progress | None, name: str) -> Callable[[int, int | None], None] | None:
    """The progress of one step, for a stage that knows nothing of the others."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)


def fetch_models(names: Sequence[str], settings: Settings, progress: Progress | None = None) -> list[Path]:
    """Paths of model files, fetched where they are not here yet; see `pase.models.model_path`."""
    from pase.models import model_path

    models = settings.models
    return [
        model_path(
            name,
            models_dir=models.folder,
            offline=models.offline,
            progress=step_of(progress, f"fetch {name}"),
        )
        for name in names
    ]


def detect(media: Media, settings: Settings, progress: Progress | None = None) -> Recording:
    """Find and follow the persons of a recording.

    Raises
    ------
    PaseError
        When the model files cannot be had or the recording cannot be read.
    """
    from pase.pose2d.detect import DETECTOR, KEYPOINT_NETWORK, detect_keypoints

    count = 0

    def counted() -> Iterator[Frame]:
        nonlocal count
        for frame in media.frames():
            yield frame
            count += 1
            if progress is not None:
                progress("2D keypoints", count, media.frame_count_hint)

    fetch_models((DETECTOR, KEYPOINT_NETWORK), settings, progress)
    models = settings.models
    people = detect_keypoints(
        counted(), media.image_size, settings.pose2d, models_dir=models.folder, offline=models.offline
    )
    people = [person for person in people if person.seen.any()]
    return Recording(people, count, media.image_size, media.focal_length_hint_px, media.path)


def read_recording(keypoints: Path, video: Path | None) -> Recording:
    """Keypoints made before, with the times of their footage when that is given."""
    if video is None:
        people = read_keypoints(keypoints)
        frames = max((len(person) for person in people), default=0)
        return Recording(people, frames, people[0].image_size if people else (0, 0))
    with open_source(video) as media:
        time = np.array([frame.time for frame in media.frames()])
        people = read_keypoints(keypoints, image_size=media.image_size, time=time)
        return Recording(people, len(time), media.image_size, media.focal_length_hint_px, media.path)


def read_keypoints(path: Path, **known: Any) -> list[Keypoints2D]:
    """Persons seen at least once in a keypoint file; see `pase.pose2d.alphapose.read_alphapose`."""
    from pase.pose2d.alphapose import read_alphapose

    people = read_alphapose(path, **known)
    return [person for person in people if person.seen.any()]
