"""Footage of every odd kind: it is read with true times, or refused in one line."""

import io
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
import pytest
from fault_check import in_time
from PIL import Image

from pase.errors import InputError
from pase.media import open_media

Frames = list[tuple[float, np.ndarray]]


def film(
    path: Path,
    images: list[np.ndarray],
    rate: Fraction = Fraction(30),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times: list[float] | None = None,
) -> Path:
    with av.open(str(path), "w") as out:
        track = out.add_stream(codec, rate=rate)
        track.height, track.width = images[0].shape[:2]
        track.pix_fmt = pix_fmt
        clock = 1 / rate if codec == "mpeg2video" else Fraction(1, 90000)
        track.time_base = track.codec_context.time_base = clock
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            time = number / float(rate) if times is None else times[number]
            frame.pts, frame.time_base = round(time / clock), clock
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


def pictures(count: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    return [np.full((height, width, 3), (37 * number) % 200 + 20, np.uint8) for number in range(count)]


def read(path: Path) -> tuple[Frames, list[str]]:
    with in_time(), open_media(path) as media:
        frames = [(frame.time, frame.image) for frame in media.frames()]
        assert all(image.shape == (media.image_size[1], media.image_size[0], 3) for _, image in frames)
        return frames, media.warnings


@pytest.mark.parametrize(
    "size", [(32, 32), (1, 48), (48, 1), (16, 16), (7680, 4320), (63, 47)], ids=lambda s: f"{s[0]}x{s[1]}"
)
def test_pictures_of_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    if size[0] > 4000:
        codec, form = "mjpeg", "yuvj420p"
    else:
        codec, form = ("libx264", "yuv420p") if min(size) > 10 and not size[0] % 2 else ("png", "rgb24")
    frames, warnings = read(film(tmp_path / "v.mov", pictures(2, *size), codec=codec, pix_fmt=form))
    assert len(frames) == 2 and warnings == []


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7680, 4320)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_photos_of_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (200, 10, 10)).save(tmp_path / "p.bmp")
    ((_, image),), _ = read(tmp_path / "p.bmp")
    assert image.shape == (size[1], size[0], 3) and (image[0, 0] == (200, 10, 10)).all()


@pytest.mark.parametrize("rate", [1, 240, Fraction(1, 10), 1000, Fraction(30000, 1001)], ids=str)
def test_any_frame_rate_keeps_its_times(tmp_path: Path, rate: Fraction) -> None:
    frames, _ = read(film(tmp_path / "v.mp4", pictures(5), Fraction(rate)))
    assert [time for time, _ in frames] == pytest.approx(np.arange(5) / float(rate), abs=1e-4)


def test_uneven_frames_keep_their_times(tmp_path: Path) -> None:
    times = [0.0, 0.01, 0.5, 0.52, 3.0]
    frames, _ = read(film(tmp_path / "v.mp4", pictures(5), times=times))
    assert [time for time, _ in frames] == pytest.approx(times, abs=1e-3)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "container"),
    [
        ("libx264", "yuv444p", "mp4"), ("libx264", "yuv420p10le", "mp4"), ("libx264", "gray", "mp4"),
        ("libx264", "yuv422p", "mov"), ("mjpeg", "yuvj420p", "avi"), ("ffv1", "bgra", "mkv"),
        ("ffv1", "gray16le", "mkv"),
        ("libvpx-vp9", "yuva420p", "webm"), ("png", "rgba", "mov"),
        ("prores_ks", "yuva444p10le", "mov"), ("rawvideo", "rgb24", "avi"),
    ],
)  # fmt: skip
def test_pixel_formats(tmp_path: Path, codec: str, pix_fmt: str, container: str) -> None:
    images = [np.full((48, 64, 3), grey, np.uint8) for grey in (40, 120, 220)]
    frames, _ = read(film(tmp_path / f"v.{container}", images, codec=codec, pix_fmt=pix_fmt))
    # Grey H.264 may be written in full or limited range and does not tell.
    tolerance = 20 if pix_fmt == "gray" else 6
    assert [float(np.median(image)) for _, image in frames] == pytest.approx([40, 120, 220], abs=tolerance)


def test_one_frame_and_black_frames_are_read(tmp_path: Path) -> None:
    frames, _ = read(film(tmp_path / "one.mp4", pictures(1)))
    assert len(frames) == 1 and frames[0][0] == 0
    black = [np.zeros((48, 64, 3), np.uint8)] * 4
    frames, _ = read(film(tmp_path / "black.mp4", black))
    assert len(frames) == 4 and all(image.max() < 5 for _, image in frames)


def test_no_frames_and_sound_only_are_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "none.mkv"), "w") as out:
        track = out.add_stream("ffv1", rate=30)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    with pytest.raises(InputError, match="no readable frame|cannot be read|can be read"):
        read(tmp_path / "none.mkv")
    with av.open(str(tmp_path / "sound.mp4"), "w") as out:
        track = out.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="flt", layout="mono")
        sound.sample_rate = 44100
        out.mux(track.encode(sound))
        out.mux(track.encode(None))
    with pytest.raises(InputError, match="holds sound only"):
        read(tmp_path / "sound.mp4")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_off_mp4_is_told(tmp_path: Path, share: float) -> None:
    """Its table of contents stands at the end: without it there is nothing to be read."""
    content = film(tmp_path / "v.mp4", pictures(40)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match="cut off|holds no pictures"):
        read(tmp_path / "cut.mp4")


@pytest.mark.parametrize("container", ["mkv", "ts"])
def test_damage_in_the_middle_costs_only_its_frames(tmp_path: Path, container: str) -> None:
    noise = np.random.default_rng(2)
    images = [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(60)]
    content = bytearray(
        film(tmp_path / f"v.{container}", images, codec="mjpeg" if container == "mkv" else "mpeg2video",
             pix_fmt="yuvj420p" if container == "mkv" else "yuv420p").read_bytes()
    )  # fmt: skip
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    (tmp_path / f"bad.{container}").write_bytes(content)
    frames, _ = read(tmp_path / f"bad.{container}")
    assert 25 <= len(frames) <= 60
    assert frames[-1][0] > 1.0


def test_a_size_that_changes_on_the_way_is_brought_to_the_first(tmp_path: Path) -> None:
    small = film(tmp_path / "a.ts", pictures(10, 64, 48), codec="mpeg2video").read_bytes()
    large = film(tmp_path / "b.ts", pictures(10, 128, 96), codec="mpeg2video").read_bytes()
    (tmp_path / "both.ts").write_bytes(small + large)
    frames, _ = read(tmp_path / "both.ts")
    assert len(frames) >= 10


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = (50_000).to_bytes(4, "big") + (50_000).to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    lines = zlib.compress(bytes(10_000_000), 9)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(png)
    with pytest.raises(InputError, match="too large a picture|megapixels"):
        read(tmp_path / "bomb.png")
    Image.new("1", (11_000, 11_000)).save(tmp_path / "wide.png")
    with pytest.raises(InputError, match="megapixels"):
        read(tmp_path / "wide.png")
    video = film(tmp_path / "v.avi", pictures(2), codec="ffv1").read_bytes()
    sizes = (64).to_bytes(4, "little") + (48).to_bytes(4, "little")
    huge = (16_000).to_bytes(4, "little") + (16_000).to_bytes(4, "little")
    assert sizes in video
    (tmp_path / "huge.avi").write_bytes(video.replace(sizes, huge))
    with pytest.raises(InputError, match="megapixels"):
        read(tmp_path / "huge.avi")


def test_damaged_exif_does_not_cost_the_photo(tmp_path: Path) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0xA405] = 26
    Image.new("RGB", (40, 30), (9, 99, 199)).save(stream, "JPEG", exif=exif)
    content = bytearray(stream.getvalue())
    at = content.index(b"Exif\x00\x00") + 6
    content[at + 8 : at + 40] = b"\xff" * 32
    (tmp_path / "p.jpg").write_bytes(content)
    ((_, image),), _ = read(tmp_path / "p.jpg")
    assert abs(int(image[15, 15, 2]) - 199) < 5
