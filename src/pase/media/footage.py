"""A recording together with how the user wants it read: turned, mirrored, at another speed, a stretch of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pase.errors import InputError
from pase.types import Image, ImageSize

Picture = TypeVar("Picture")

_TURNS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}


@dataclass(frozen=True, slots=True)
class Footage:
    """A video or photo, and how to read it; everything that opens it in this way gets the same pictures and times.

    `pase.config.FootageSettings` is what the user says of it, and says what contradicts itself.
    """

    path: Path
    rotate: int = 0
    """Degrees, 0, 90, 180 or 270, by which the picture is turned clockwise after the file's own rotation."""
    mirror: bool = False
    """Exchange left and right, after the turn."""
    rate_hz: float | None = None
    """True frames a second, in place of the times of the file."""
    slow_motion: float = 1.0
    """How many times slower the film plays than what it shows."""
    start_s: float | None = None
    """First second of the film that is read, as a player shows it; time 0 of the recording."""
    end_s: float | None = None
    """Last second of the film that is read."""

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def options(self) -> dict[str, Any]:
        """What differs from a plain reading, for a report; `Footage(path, **options)` reads alike."""
        values = ((item, getattr(self, item.name)) for item in fields(self) if item.name != "path")
        return {item.name: value for item, value in values if value != item.default}

    @property
    def keeps_times(self) -> bool:
        """Whether the times are those of the file, so that its sound goes with them."""
        return self.rate_hz is None and self.slow_motion == 1.0 and not self.start_s

    @property
    def filters(self) -> tuple[str, ...]:
        """FFmpeg's filters that turn and mirror a picture that is upright by its file."""
        return (*_TURNS[self.rotate], *(("hflip",) if self.mirror else ()))

    def shown_size(self, size: ImageSize) -> ImageSize:
        """Width and height after the turn."""
        return size if self.rotate % 180 == 0 else (size[1], size[0])

    def shown(self, image: Image) -> Image:
        """A picture turned and mirrored."""
        turned = np.rot90(image, -self.rotate // 90) if self.rotate else image
        return np.ascontiguousarray(turned[:, ::-1] if self.mirror else turned)

    def played(self, frames: Iterable[tuple[float, Picture]]) -> Iterator[tuple[int, float, Picture]]:
        """Number, true time and picture of the frames of the stretch.

        Raises
        ------
        InputError
            When the film ends before the stretch begins.
        """
        first, index, last = None, 0, None
        for time, picture in frames:
            last = time
            if self.start_s is not None and time < self.start_s:
                continue
            if self.end_s is not None and time > self.end_s:
                return
            first = time if first is None else first
            true = (time - first) / self.slow_motion if self.rate_hz is None else index / self.rate_hz
            yield index, true, picture
            index += 1
        if first is None and last is not None:
            raise InputError(
                f"{self.path} ends at {last:.2f} s, before the start at {self.start_s:g} s: give an earlier start"
            )

    def film_time(self, time: float, frame_rate: float) -> float:
        """The film's own time of a true time; `frame_rate` is the film's own."""
        return (self.start_s or 0.0) + time * self._scale(frame_rate)

    def true_rate(self, frame_rate: float) -> float:
        """True frames a second of a film with a rate of its own."""
        return self.rate_hz or frame_rate * self.slow_motion

    def true_duration(self, duration: float, frame_rate: float) -> float:
        """True seconds of the stretch of a film that lasts so many; 0 where unknown."""
        end = duration if self.end_s is None else min(self.end_s, duration or self.end_s)
        shown = max(0.0, end - (self.start_s or 0.0))
        return shown / self._scale(frame_rate)

    def _scale(self, frame_rate: float) -> float:
        """Seconds of the film a true second."""
        return self.slow_motion if self.rate_hz is None else self.rate_hz / (frame_rate or self.rate_hz)


def footage_of(source: str | Path | Footage) -> Footage:
    """A source as footage; a bare path is read as it is."""
    return source if isinstance(source, Footage) else Footage(Path(source))
