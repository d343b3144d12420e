"""Copy the sound of one recording into another without decoding it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from pase.media.opening import open_container

log = logging.getLogger(__name__)


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
