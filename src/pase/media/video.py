"""Read a video as upright RGB frames with true presentation times, one at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import av
import av.error
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pase.errors import InputError
from pase.media.convert import shown_size, upright_frames
from pase.media.footage import Footage
from pase.media.frames import FootageFile, Frame, film_focal_length_px
from pase.media.opening import LARGEST_PIXELS, decoder_errors, open_container
from pase.media.repeats import Repeats
from pase.types import Image, ImageSize

log = logging.getLogger(__name__)

Picture = TypeVar("Picture")

_WIDEST_PIXEL = 4.0
"""Width over height of a stored pixel; film and television know 2 at most, beyond it is damage."""
_WITHOUT_TIMES = ("h264", "hevc", "mjpeg", "m4v", "mpegvideo", "obu")
"""Bare streams without a container, to which FFmpeg gives a rate of its own."""
_FOCAL_LENGTH_TAG = "focal_length.35mm_equivalent"
_NO_FILM = (
    av.stream.Disposition.attached_pic
    | av.stream.Disposition.timed_thumbnails
    | av.stream.Disposition.still_image
    | av.stream.Disposition.dependent
)
"""Tracks that hold a cover, previews, or what another track is completed by, as its depth."""
_DAMAGE = (av.error.InvalidDataError, av.error.EOFError, av.error.UnknownError, av.error.OSError)


class Video(FootageFile):
    """A video file, read one frame at a time: memory does not grow with its length.

    Rotation and mirror flags, non-square pixels, interlacing and high dynamic range are undone: every frame
    is an upright, progressive, 8-bit RGB picture of `image_size`. Time 0 is the first shown frame, whatever
    the file's own clock and edit list say.

    Parameters
    ----------
    source
        The file, or footage that says how to read it.

    Raises
    ------
    InputError
        When there is no such file, or no picture can be read from it.

    Examples
    --------
    >>> with Video("walk.mp4") as video:  # doctest: +SKIP
    ...     times = [frame.time for frame in video.frames()]
    """

    def __init__(self, source: str | Path | Footage) -> None:
        super().__init__(source)
        with _opened(self.path) as (container, stream):
            self._warn_of_other_tracks(container, stream)
            first = next(_decoded(container, stream, []), None)
            if first is None:
                raise InputError(f"{self.path} holds no readable frame: export or copy the video again")
            self._pixel_aspect = _pixel_aspect(stream)
            self._first_time, self._interlaced = first.pts, first.interlaced_frame
            self.image_size = self.footage.shown_size(shown_size(first, self._pixel_aspect))
            self._film_rate = float(stream.average_rate or stream.guessed_rate or 0)
            self._film_duration, self._duration_is_sure = _duration(container, stream)
            self._warn_of_missing_times(container, first)
            self.frame_rate = self.footage.true_rate(self._film_rate)
            self.duration = self.footage.true_duration(self._film_duration, self._film_rate)
            untrimmed = self.footage.start_s is None and self.footage.end_s is None
            count = (stream.frames if untrimmed else 0) or round(self.duration * self.frame_rate)
            self.frame_count_hint: int | None = count or None
            self.metadata = {**stream.metadata, **container.metadata}
        self.focal_length_hint_px = _focal_length(self.metadata, self.image_size)

    def _warn_of_other_tracks(self, container: InputContainer, stream: VideoStream) -> None:
        tracks = [track for track in _film_tracks(container) if track.index != stream.index]
        if tracks:
            sizes = ", ".join(
                f"{track.codec_context.width} × {track.codec_context.height}" for track in tracks
            )
            self._warn(
                f"{self.path.name} holds {1 + len(tracks)} video tracks: the one of {stream.codec_context.width} × "
                f"{stream.codec_context.height} pixels is read; the others ({sizes}) are not"
            )

    def _warn_of_missing_times(self, container: InputContainer, first: VideoFrame) -> None:
        raw = container.format.name in _WITHOUT_TIMES or first.time is None
        if raw and self.footage.rate_hz is None:
            self._warn(
                f"{self.path.name} has no times: {self._film_rate or 30:g} frames a second are assumed; "
                "give --rate with the true number"
            )

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Read the frames in order; each call opens the file anew.

        Parameters
        ----------
        step
            Only every second, third … frame is given; of the others only those are decoded that these refer to.

        Yields
        ------
        Frame
            Times strictly increase. Damaged stretches are left out and listed in `warnings`.
        """
        problems: list[str] = []
        repeats, chosen = Repeats(), self._times_of_every(step)
        with _opened(self.path) as (container, stream):
            decoded = repeats.watching(_decoded(container, stream, problems, chosen))
            shown = upright_frames(decoded, self.image_size, self.footage.filters)
            for number, time, picture in self.footage.played(self._timed(shown, problems)):
                index = number if chosen is None else number * step
                if index % step == 0:
                    yield Frame(index, time, picture, repeats.newest)
        for problem in problems:
            self._warn(f"{self.path.name}: {problem}")

    def _times_of_every(self, step: int) -> frozenset[int] | None:
        """The times of every `step`-th frame in the file's own unit; None where all frames must be decoded."""
        footage, first = self.footage, self._first_time
        if step == 1 or self._interlaced or footage.start_s or footage.rate_hz is not None:
            return None
        with _opened(self.path) as (container, stream):
            if _numbered_as_stored(container, stream):
                return None
            try:
                times = [packet.pts for packet in container.demux(stream) if packet.size]
            except _DAMAGE:
                return None
        if first is None or first not in times or None in times:
            return None
        # What comes before the first is cut off by the file, or refers to what is not there.
        return frozenset(sorted(time for time in times if time is not None and time >= first)[::step])

    def picture_at(self, time: float) -> Image:
        """The first upright picture shown at a time in seconds or later, else the last; not all before it is read."""
        shown: Frame | None = None
        time = self.footage.film_time(time, self._film_rate)
        with _opened(self.path) as (container, stream):
            start = float((stream.start_time or 0) * (stream.time_base or 0))
            container.seek(int((start + time) * av.time_base))
            decoded = _decoded(container, stream, [])
            for clock, picture in upright_frames(decoded, self.image_size, self.footage.filters):
                shown = Frame(0, time, picture)
                if clock is None or clock - start >= time:
                    break
        if shown is None:
            raise InputError(
                f"{self.path} holds no readable picture at {time:.2f} s: export or copy the video again"
            )
        return shown.image

    def _timed(
        self, pictures: Iterator[tuple[float | None, Picture]], problems: list[str]
    ) -> Iterator[tuple[float, Picture]]:
        """The film's own times, from 0, which increase, and the pictures."""
        step = 1 / (self._film_rate or 30)
        index, start, last, end, repeated = 0, 0.0, -step, 0.0, 0
        for clock, picture in pictures:
            if index == 0:
                start = clock or 0.0
            time = last + step if clock is None else clock - start
            if time <= last:
                repeated += 1
                continue
            yield time, picture
            index, last, end = index + 1, time, max(time, clock or 0.0) + step
        if repeated:
            problems.append(f"left out {repeated} frames whose time does not increase")
        duration = self._film_duration
        if self._duration_is_sure and end < duration - max(0.25, 0.01 * duration, 2 * step):
            span = f"{end:.2f} s of {duration:.2f} s"
            problems.append(f"readable to {span} only; the rest is missing or damaged")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    with decoder_errors(path), open_container(path) as container:
        video = _film_tracks(container)
        if not video:
            kind = "holds sound only" if container.streams.audio else "holds no pictures"
            raise InputError(f"{path} {kind}: name a file with a video track")
        stream = video[0]
        _check_decodable(stream, path)
        stream.thread_type = "AUTO"
        yield container, stream


def _film_tracks(container: InputContainer) -> list[VideoStream]:
    """The video tracks that are films, the one that players show first: the default, else the largest."""

    def rank(stream: VideoStream) -> tuple[bool, int]:
        codec: VideoCodecContext | None = stream.codec_context
        pixels = 0 if codec is None else codec.width * codec.height
        return not stream.disposition & av.stream.Disposition.default, -pixels

    return sorted((s for s in container.streams.video if not s.disposition & _NO_FILM), key=rank)


def _check_decodable(stream: VideoStream, path: Path) -> None:
    codec: VideoCodecContext | None = stream.codec_context
    if codec is None:
        raise InputError(f"{path} holds video of a kind that cannot be decoded: convert it to .mp4")
    if codec.width * codec.height > LARGEST_PIXELS:
        raise InputError(
            f"{path} has pictures of {codec.width} × {codec.height} pixels: make them smaller than "
            f"{LARGEST_PIXELS // 10**6} megapixels"
        )


def _decoded(
    container: InputContainer, stream: VideoStream, problems: list[str], chosen: frozenset[int] | None = None
) -> Iterator[VideoFrame]:
    """The frames of a stream, in the order in which they are shown; of these the `chosen` ones by their times."""
    damaged = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except _DAMAGE:
            damaged += 1
            packet = None
        if chosen is not None and packet is not None:
            stream.codec_context.skip_frame = "DEFAULT" if packet.pts in chosen else "NONREF"
        try:
            for frame in stream.codec_context.decode(packet):
                if _numbered_as_stored(container, stream):
                    frame.pts = frame.dts
                if chosen is None or frame.pts in chosen:
                    yield frame
        except _DAMAGE:
            damaged += 1
        if packet is None:
            break
    if damaged:
        problems.append(f"{damaged} damaged pieces were skipped")


def _numbered_as_stored(container: InputContainer, stream: VideoStream) -> bool:
    """Whether times count pictures in the order of the file, not of the film: AVI with pictures from later ones.

    The decoder hands them out in the film's order, one for each that it takes in, so that the time of that is theirs.
    """
    return container.format.name == "avi" and stream.codec_context.has_b_frames


def _duration(container: InputContainer, stream: VideoStream) -> tuple[float, bool]:
    """Seconds, and whether that is surely the pictures' duration, not that of a longer sound track."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base), True
    return float(container.duration or 0) / av.time_base, not container.streams.audio


def _pixel_aspect(stream: VideoStream) -> float:
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 1 / _WIDEST_PIXEL <= aspect <= _WIDEST_PIXEL else 1.0


def _focal_length(metadata: dict[str, str], image_size: ImageSize) -> float | None:
    for name, value in metadata.items():
        if name.lower().endswith(_FOCAL_LENGTH_TAG):
            try:
                return film_focal_length_px(float(value), image_size)
            except ValueError:
                log.debug("unreadable focal length %r in %s", value, name)
    return None
