from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pase.media import Video, VideoWriter

RATE = 44100


def make_video(path: Path, codec: str, first_picture: float = 0.0) -> None:
    """A second of grey pictures and of silence with a click at half a second after the first picture."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libx264", rate=20)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        pictures.time_base = pictures.codec_context.time_base = Fraction(1, 1000)
        sound = out.add_stream(codec, rate=RATE, layout="mono")
        samples = np.zeros(int(RATE * (1 + first_picture)), np.float32)
        click = int(RATE * (0.5 + first_picture))
        samples[click : click + 400] = 0.9 * np.sign(np.sin(np.arange(400)))
        for k in range(20):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            picture.pts, picture.time_base = round(1000 * (first_picture + k / 20)), Fraction(1, 1000)
            out.mux(pictures.encode(picture))
        kind = "s16" if codec.startswith("pcm") else "fltp"
        for start in range(0, len(samples) - 1023, 1024):
            block = samples[None, start : start + 1024]
            frame = av.AudioFrame.from_ndarray(
                (block * 32767).astype(np.int16) if kind == "s16" else block, format=kind, layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            out.mux(sound.encode(frame))
        out.mux(pictures.encode(None))
        out.mux(sound.encode(None))


def copied(source: Path, target: Path) -> None:
    with Video(source) as video, VideoWriter(target, (64, 48), 20, sound_from=source) as writer:
        for frame in video.frames():
            writer.write(frame.image, frame.time)


def click_time(path: Path) -> float:
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()).max(axis=0) > 0.3
            if loud.any():
                return float(frame.pts * frame.time_base) + float(np.argmax(loud)) / RATE
    raise AssertionError("no click")


@pytest.mark.parametrize("first_picture", [0.0, 0.2])
def test_sound_stays_in_step(tmp_path: Path, first_picture: float) -> None:
    make_video(tmp_path / "a.mkv", "aac", first_picture)
    copied(tmp_path / "a.mkv", tmp_path / "b.mp4")
    assert click_time(tmp_path / "b.mp4") == pytest.approx(0.5, abs=0.03)
    with Video(tmp_path / "b.mp4") as video:
        times = [frame.time for frame in video.frames()]
    np.testing.assert_allclose(times, np.arange(20) / 20, atol=1e-3)


def test_sound_that_the_new_file_cannot_hold_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_video(tmp_path / "a.mkv", "pcm_s16le")
    copied(tmp_path / "a.mkv", tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        has_sound = bool(container.streams.audio)
    assert has_sound or "the sound is pcm_s16le and is left out" in caplog.text


def test_silent_footage_stays_silent(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", (64, 48), 20) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8), 0.0)
        writer.write(np.zeros((48, 64, 3), np.uint8), 0.1)
    copied(tmp_path / "a.mp4", tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert not container.streams.audio
