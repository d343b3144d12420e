"""What a file holds is told by its bytes: every kind of footage is found, and nothing else."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pase.media import Photo, PictureFilm, Video, is_footage, open_media

EXIF = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"


def pictures(count: int) -> list[Image.Image]:
    return [Image.fromarray(np.full((48, 64, 3), 20 * k, np.uint8)) for k in range(count)]


def write_film(path: Path, container: str, codec: str = "mpeg2video", sizes: tuple[int, ...] = (64,)) -> Path:
    with av.open(str(path), "w", format=container) as out:
        streams = [out.add_stream(codec, rate=25) for _ in sizes]
        for stream, size in zip(streams, sizes, strict=True):
            stream.width, stream.height, stream.pix_fmt = size, 48, "yuv420p"
        for k in range(6):
            for stream, size in zip(streams, sizes, strict=True):
                image = np.full((48, size, 3), 20 * k, np.uint8)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        for stream in streams:
            out.mux(stream.encode())
    return path


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_animated_pictures_are_films_with_their_times(tmp_path: Path, kind: str) -> None:
    path, (first, *rest) = tmp_path / f"moving.{kind}", pictures(5)
    first.save(path, save_all=True, append_images=rest, duration=[40, 40, 80, 40, 40], lossless=True)
    with open_media(path) as film:
        frames = list(film.frames())
        assert isinstance(film, PictureFilm)
        assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.16, 0.20])
        assert np.diff([frame.image.mean() for frame in frames]) == pytest.approx(20, abs=4)
        assert film.picture_at(0.16).mean() == pytest.approx(60, abs=4)
        assert frames[2].for_encoder((32, 24)).to_ndarray(format="rgb24").shape == (24, 32, 3)


def test_a_stack_of_pictures_is_read_to_its_first_and_says_so(tmp_path: Path) -> None:
    first, *rest = pictures(3)
    first.save(tmp_path / "pages.tif", save_all=True, append_images=rest)
    photo = open_media(tmp_path / "pages.tif")
    assert isinstance(photo, Photo)
    assert photo.warnings == ["pages.tif holds 3 pictures: only the main one is read"]


def test_a_phone_s_photo_is_read_upright(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    if not pillow_heif.libheif_info().get("HEIF"):
        pytest.skip("this pillow-heif cannot write")
    image = np.zeros((60, 100, 3), np.uint8)
    image[:20] = 250
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Phone"
    pillow_heif.from_pillow(Image.fromarray(np.ascontiguousarray(np.rot90(image)))).save(
        tmp_path / "photo.heic", exif=exif.tobytes()
    )
    photo = open_media((tmp_path / "photo.heic").rename(tmp_path / "photo.jpg"))
    assert isinstance(photo, Photo) and photo.image_size == (100, 60)
    assert next(photo.frames()).image[:15].mean() > 200


def test_motion_jpeg_with_exif_in_its_frames(tmp_path: Path) -> None:
    """FFmpeg hands EXIF on as side data that PyAV has no name for; the picture is upright all the same."""
    upright = np.zeros((48, 64, 3), np.uint8)
    upright[:16] = 250
    Image.fromarray(np.rot90(upright)).save(tmp_path / "a.jpg", quality=95)
    frame = (tmp_path / "a.jpg").read_bytes()
    exif = bytearray(EXIF)
    exif[6 + 8 + 2 + 8] = 6
    marked = frame[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + bytes(exif) + frame[2:]
    with av.open(str(tmp_path / "film.avi"), "w") as out:
        stream = out.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 48, 64, "yuvj420p"
        for k in range(4):
            packet = av.Packet(marked)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, k, k, True
            packet.time_base = Fraction(1, 15)
            out.mux(packet)
    with open_media(tmp_path / "film.avi") as film:
        frames = list(film.frames())
    assert len(frames) == 4
    assert film.image_size == (64, 48)
    assert frames[0].image[:12].mean() > 200 > 60 > frames[0].image[24:].mean()


def test_of_several_video_tracks_one_is_read_and_the_others_told(tmp_path: Path) -> None:
    film = Video(write_film(tmp_path / "two.mkv", "matroska", sizes=(32, 96)))
    assert len(film.warnings) == 1 and "2 video tracks" in film.warnings[0]
    assert f"the one of {film.image_size[0]} × 48 pixels is read" in film.warnings[0]


def test_whatever_a_decoder_raises_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pase.errors import InputError
    from pase.media import video

    def fails(*arguments: object) -> None:
        raise KeyError("a name of the next version")

    path = write_film(tmp_path / "a.mkv", "matroska")
    monkeypatch.setattr(video, "shown_size", fails)
    with pytest.raises(InputError, match="a.mkv cannot be decoded"):
        Video(path)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mpegts", "mpeg2video"), ("flv", "flv1"), ("vob", "mpeg2video"), ("h264", "libx264"), ("avi", "mpeg4"),
     ("mp4", "libx264"), ("matroska", "libx264"), ("asf", "wmv2"), ("gif", "gif"), ("mpeg2video", "mpeg2video")],
)  # fmt: skip
def test_films_are_known_by_their_bytes(tmp_path: Path, container: str, codec: str) -> None:
    path = tmp_path / "without_a_suffix"
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for k in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * k, np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    assert is_footage(path)


@pytest.mark.parametrize(
    "content", [b"", b"time,knee\n0,1\n", b'{"a": 1}', b"\x50\x4b\x03\x04", b"\x00\x00\x00\x20ftypM4A \x00"]
)
def test_other_files_are_no_footage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    assert not is_footage(tmp_path / "other")
