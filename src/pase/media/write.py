"""Write video and pictures so that no half-written file is ever seen."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from pase.errors import InputError, OutputError
from pase.files import atomic_path
from pase.media.opening import file_address, open_container
from pase.types import Image, ImageSize

log = logging.getLogger(__name__)

_CLOCK = 90000
_BT709 = 1
_LIMITED_RANGE = 1
_PNG_LEVEL = 2
"""A third of the usual time for a file a tenth larger."""


@dataclass(frozen=True)
class Encoding:
    """How much work is spent on a film, and how large it becomes."""

    quality: int = 20
    """Constant rate factor: 0 lossless, 18 visually the same, 51 worst."""
    preset: str = "veryfast"
    """Work of the encoder for a smaller file, in its own words, from `ultrafast` to `veryslow`."""
    keyframe_every_s: float | None = None
    """Seconds from a picture that a player can jump to to the next; the encoder's choice when None."""


class VideoWriter:
    """H.264 video with every frame at its own time; the file appears under its name only when it is whole.

    Parameters
    ----------
    path
        Where to write; the suffix chooses the container (`.mp4`, `.mov`, `.mkv`).
    image_size
        Width and height of the pictures. An odd side is extended by one pixel, as H.264 asks.
    frame_rate
        Mean frames per second, a hint for players and the encoder.
    sound_from
        A recording with the same times, whose sound is copied as it is.

    Examples
    --------
    >>> with VideoWriter("out.mp4", (1280, 720)) as writer:  # doctest: +SKIP
    ...     writer.write(image, time=0.0)
    """

    def __init__(
        self,
        path: str | Path,
        image_size: ImageSize,
        frame_rate: float = 30.0,
        encoding: Encoding = Encoding(),  # noqa: B008 - it cannot change
        *,
        sound_from: str | Path | None = None,
    ) -> None:
        self.path = _of_kind(path, "a film", (".mp4", ".mov", ".mkv"))
        self.image_size = image_size
        self._frame_rate = frame_rate
        self._rate = Fraction(frame_rate or 30.0).limit_denominator(1001) or Fraction(1, 1001)
        self._encoding = encoding
        self._sound_from = sound_from
        self._sound: SoundTrack | None = None
        self._last = -1

    def __enter__(self) -> VideoWriter:
        self._opened = self._open()
        self._opened.__enter__()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Finish the file, or remove what was written when an error ended the block."""
        self._opened.__exit__(kind, error, trace)

    @contextmanager
    def _open(self) -> Iterator[None]:
        with atomic_path(self.path) as temporary:
            with _as_output_errors(self.path):
                container = av.open(file_address(temporary), mode="w")
            with container:
                self._container, self._stream = container, self._add_stream(container)
                with sound_of(self._sound_from, container) as self._sound:
                    yield
                    self._encode(None)
                    self._copy_sound(self._last / _CLOCK + 1 / float(self._rate))

    def _add_stream(self, container: OutputContainer) -> VideoStream:
        width, height = self.image_size
        stream = container.add_stream("libx264", rate=self._rate)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        # The quickest preset would leave out the filter at the edges of blocks, which is cheap and shows.
        how = self._encoding
        stream.options = {"crf": str(how.quality), "preset": how.preset, "deblock": "0,0"}
        if how.keyframe_every_s is not None:
            every = max(1, round(how.keyframe_every_s * self._frame_rate))
            stream.options = stream.options | {"g": str(every)}
        stream.time_base = stream.codec_context.time_base = Fraction(1, _CLOCK)
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED_RANGE
        return stream

    def write(self, image: Image, time: float) -> None:
        """Add a picture.

        Parameters
        ----------
        image
            (H, W, 3) RGB of `image_size`.
        time
            Seconds, greater than that of the picture before.

        Raises
        ------
        InputError
            When the picture has another size or the time does not increase.
        OutputError
            When the disk is full or the file cannot be written.
        """
        if image.shape != (self.image_size[1], self.image_size[0], 3):
            raise InputError(f"the picture has shape {image.shape}, the video {self.image_size[::-1]} + (3,)")
        odd = ((0, image.shape[0] % 2), (0, image.shape[1] % 2), (0, 0))
        padded = np.pad(image, odd, mode="edge") if image.shape[0] % 2 or image.shape[1] % 2 else image
        self.write_frame(VideoFrame.from_ndarray(np.ascontiguousarray(padded), format="rgb24"), time)

    def write_frame(self, frame: VideoFrame, time: float) -> None:
        """Add a frame (`rgb24`, or `yuv420p` in BT.709) of the file's own even size; faster than `write` for one
        that never was an array."""
        ticks = round(time * _CLOCK)
        if ticks <= self._last:
            raise InputError(f"frame times must increase: {time} s comes after {self._last / _CLOCK} s")
        self._last = ticks
        if frame.format.name != "yuv420p":
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.pict_type = PictureType.NONE
        frame.pts, frame.time_base = ticks, Fraction(1, _CLOCK)
        self._encode(frame)
        self._copy_sound(time)

    def _copy_sound(self, time: float) -> None:
        if self._sound is not None:
            with _as_output_errors(self.path):
                self._sound.copy_until(time)

    def _encode(self, frame: VideoFrame | None) -> None:
        with _as_output_errors(self.path):
            self._container.mux(self._stream.encode(frame))


def write_image(path: str | Path, image: Image) -> None:
    """Write an (H, W, 3) RGB picture; the suffix chooses the format (`.png`, `.jpg`)."""
    from PIL import Image as Pillow

    path = _of_kind(path, "a picture", (".png", ".jpg", ".jpeg"))
    with atomic_path(path) as temporary, _as_output_errors(path):
        if temporary.suffix.lower() == ".png":
            Pillow.fromarray(image).save(temporary, compress_level=_PNG_LEVEL)
        else:
            Pillow.fromarray(image).save(temporary)


def jpeg(image: Image) -> bytes:
    """An (H, W, 3) RGB picture as the bytes of a JPEG file."""
    from PIL import Image as Pillow

    stream = io.BytesIO()
    Pillow.fromarray(image).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _of_kind(path: str | Path, kind: str, suffixes: tuple[str, ...]) -> Path:
    """The path, whose suffix must be one of a kind of file."""
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise OutputError(
            f"cannot write {path}: {kind} is a {', '.join(suffixes[:-1])} or {suffixes[-1]} file"
        )
    return path


@contextmanager
def _as_output_errors(path: str | Path) -> Iterator[None]:
    """Name the file in what the encoder says when it cannot write."""
    try:
        yield
    except (av.error.FFmpegError, ValueError) as error:
        raise OutputError(f"cannot write {path}: {error}") from error


class SoundTrack:
    """Copies the packets of a recording's sound into a video that is being written, in step with its pictures."""

    def __init__(self, source: InputContainer, stream: AudioStream, container: OutputContainer) -> None:
        self._out = container.add_stream_from_template(stream)
        self._container = container
        self._base = stream.time_base or Fraction(1, 1000)
        self._start = _first_picture(source)
        self._packets = self._read(source, stream)
        self._next = next(self._packets, None)

    def copy_until(self, time: float) -> None:
        """Copy all packets that begin at `time` in seconds of the pictures, or earlier."""
        shift = round(self._start / self._base)
        while self._next is not None and (self._next[0] - shift) * self._base <= time:
            (begin, packet), self._next = self._next, next(self._packets, None)
            packet.pts = packet.dts = begin - shift
            packet.stream = self._out
            self._container.mux(packet)

    def _read(self, source: InputContainer, stream: AudioStream) -> Iterator[tuple[int, Packet[AudioStream]]]:
        """Packets with a time that is not before the first picture; damage ends them."""
        try:
            for packet in source.demux(stream):
                if packet.pts is not None and packet.pts * self._base >= self._start:
                    yield packet.pts, packet
        except (av.error.InvalidDataError, av.error.EOFError) as error:
            log.warning("the sound ends early: %s", error.strerror or error)


@contextmanager
def sound_of(source: str | Path | None, container: OutputContainer) -> Iterator[SoundTrack | None]:
    """The sound track of a recording for a video that is being written.

    None without a source, where it has no sound, and, with a warning, where the container of the new video
    cannot hold it as it is.
    """
    if source is None:
        yield None
        return
    with open_container(Path(source)) as recording:
        streams = recording.streams.audio
        if not streams:
            yield None
        elif streams[0].codec_context.name not in container.supported_codecs:
            log.warning("the sound is %s and is left out of the drawn video", streams[0].codec_context.name)
            yield None
        else:
            yield SoundTrack(recording, streams[0], container)


def _first_picture(source: InputContainer) -> Fraction:
    """Seconds on the recording's clock at which its first picture is shown."""
    pictures = source.streams.video
    if not pictures or pictures[0].start_time is None or pictures[0].time_base is None:
        return Fraction(0)
    return pictures[0].start_time * pictures[0].time_base
