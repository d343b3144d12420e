"""Footage as the user tells it to be read: turned, mirrored, at another speed, a stretch of it."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pase.media import Footage, Photo, VideoWriter, open_media
from pase.media.write import Encoding

RATE, COUNT = 25.0, 20


def picture(k: int = 0) -> np.ndarray:
    """A white upper left corner; the rest grows brighter from frame to frame."""
    image = np.full((48, 64, 3), 40 + 5 * k, np.uint8)
    image[:16, :16] = 250
    return image


@pytest.fixture(scope="module", params=["mp4", "webp", "jpg"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / f"a.{request.param}"
    if request.param == "mp4":
        with VideoWriter(path, (64, 48), RATE, encoding=Encoding(2)) as out:
            for k in range(COUNT):
                out.write(picture(k), k / RATE)
    else:
        first, *rest = (Image.fromarray(picture(k)) for k in range(COUNT))
        options = {"save_all": True, "append_images": rest, "duration": 40, "lossless": True}
        first.save(path, **(options if request.param == "webp" else {"quality": 95}))
    return path


@pytest.mark.parametrize(
    ("rotate", "mirror", "corner"),
    [(0, False, (0, 0)), (90, False, (0, -1)), (180, False, (-1, -1)), (270, False, (-1, 0)), (0, True, (0, -1)),
     (90, True, (0, 0))],
)  # fmt: skip
def test_turned_and_mirrored(source: Path, rotate: int, mirror: bool, corner: tuple[int, int]) -> None:
    with open_media(Footage(source, rotate, mirror)) as media:
        image = next(iter(media.frames())).image
        assert media.image_size == ((64, 48) if rotate % 180 == 0 else (48, 64)) == image.shape[1::-1]
        rows, columns = (slice(0, 12) if at == 0 else slice(-12, None) for at in corner)
        assert image[rows, columns].mean() > 200 > 80 > np.delete(image, rows, axis=0).mean()
        if not isinstance(media, Photo):
            size = (media.image_size[0] // 2, media.image_size[1] // 2)
            small = next(iter(media.frames())).for_encoder(size).to_ndarray(format="rgb24")
            assert small.shape[1::-1] == size
            assert abs(float(small.mean()) - float(image.mean())) < 12


@pytest.mark.parametrize(
    ("options", "times", "first"),
    [
        ({}, np.arange(20) / 25, 0),
        ({"slow_motion": 4.0}, np.arange(20) / 100, 0),
        ({"rate_hz": 240.0}, np.arange(20) / 240, 0),
        ({"start_s": 0.2, "end_s": 0.6}, np.arange(11) / 25, 5),
        ({"start_s": 0.2, "slow_motion": 2.0}, np.arange(15) / 50, 5),
    ],
)
def test_speed_and_stretch(source: Path, options: dict[str, float], times: np.ndarray, first: int) -> None:
    if source.suffix == ".jpg":
        pytest.skip("a photo has no time")
    with open_media(Footage(source, **options)) as media:
        frames = list(media.frames())
        assert [frame.index for frame in frames] == list(range(len(times)))
        np.testing.assert_allclose([frame.time for frame in frames], times, atol=1e-6)
        assert frames[0].image[24:].mean() == pytest.approx(40 + 5 * first, abs=4)
        assert media.frame_count_hint == pytest.approx(len(times), abs=1)
        assert media.frame_rate == pytest.approx(1 / times[1])
        assert not hasattr(media, "picture_at") or media.picture_at(times[-1])[24:].mean() == pytest.approx(
            frames[-1].image[24:].mean(), abs=4
        )


def test_a_report_keeps_how_footage_was_read(tmp_path: Path) -> None:
    footage = Footage(tmp_path / "a.mp4", 90, True, slow_motion=8.0, start_s=1.0)
    assert footage.options == {"rotate": 90, "mirror": True, "slow_motion": 8.0, "start_s": 1.0}
    assert Footage(footage.path, **footage.options) == footage
    assert Footage(tmp_path).options == {}


def test_a_bare_stream_tells_no_times(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.h264"), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for k in range(6):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture(k), format="rgb24")))
        out.mux(stream.encode())
    (warning,) = open_media(tmp_path / "a.h264").warnings
    assert "has no times" in warning and "--rate" in warning
    with open_media(Footage(tmp_path / "a.h264", rate_hz=30.0)) as film:
        np.testing.assert_allclose([frame.time for frame in film.frames()], np.arange(6) / 30)
        assert film.warnings == []
