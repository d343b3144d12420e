"""What users type and name by mistake: mended where it is plain, or one line that says what to do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_faults_media import film, pictures, read

from pase.config import make_settings
from pase.errors import InputError
from pase.media import Footage, open_media
from pase.pose2d.readers import is_keypoint_file


@pytest.mark.parametrize(
    ("text", "metres"), [("5'9\"", 1.7526), ("5ft9", 1.7526), ("6'", 1.8288), ("69in", 1.7526)]
)
def test_heights_in_feet(text: str, metres: float) -> None:
    assert make_settings({"person.height_m": text}).person.height_m == pytest.approx(metres)


def test_other_units_as_people_write_them() -> None:
    settings = make_settings(
        {"person.mass_kg": "154lb", "footage.start_s": "1:02.5", "footage.end_s": "1:00:00"}
    )
    assert settings.person.mass_kg == pytest.approx(69.85, abs=0.01)
    assert (settings.footage.start_s, settings.footage.end_s) == (62.5, 3600.0)


def test_a_start_after_the_end_is_told(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", pictures(4))
    with (
        open_media(Footage(path, start_s=5.0)) as media,
        pytest.raises(InputError, match="ends at 0.10 s, before"),
    ):
        list(media.frames())


def test_footage_given_to_fit_is_told(tmp_path: Path, refused: Callable[..., str]) -> None:
    film(tmp_path / "a.mp4", pictures(2))
    assert "give it to 'pase run'" in refused("fit", tmp_path / "a.mp4", "-o", tmp_path / "o")


def test_films_beside_a_json_are_films(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text('{"a": 1}', encoding="utf-8")
    assert is_keypoint_file(tmp_path)
    film(tmp_path / "a.mp4", pictures(2))
    assert not is_keypoint_file(tmp_path)


def test_a_film_called_as_a_photo_is_a_film(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", pictures(5)).rename(tmp_path / "a.jpg")
    assert len(read(tmp_path / "a.jpg")[0]) == 5


def test_bare_motion_jpeg_is_a_film(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (64, 48), (60 * number, 0, 0)).save(tmp_path / f"{number}.jpg")
    (tmp_path / "a.mjpeg").write_bytes(b"".join((tmp_path / f"{k}.jpg").read_bytes() for k in range(3)))
    frames, warnings = read(tmp_path / "a.mjpeg")
    assert len(frames) == 3 and "has no times" in warnings[0]


@pytest.mark.parametrize(("kind", "white"), [(np.uint16, 4095), (np.uint16, 65535), (np.float32, 1.0)])
def test_grey_of_any_depth_fills_the_range(tmp_path: Path, kind: type, white: float) -> None:
    Image.fromarray(np.linspace(0, white, 64 * 48).reshape(48, 64).astype(kind)).save(tmp_path / "a.tif")
    ((_, image),), _ = read(tmp_path / "a.tif")
    assert image.min() == 0 and image.max() == 255 and abs(float(image.mean()) - 127.5) < 2


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"#EXTM3U\n#EXTINF:1,\na.ts\n", "a playlist"), (b"PK\x03\x04", "unpack it"), (b"<!DOCTYPE html>", "a web page"),
     (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"), (b"%PDF-1.4\n", "a PDF")],
)  # fmt: skip
def test_what_is_no_film_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.mp4").write_bytes(content + b"\0" * 100)
    with pytest.raises(InputError, match=words):
        open_media(tmp_path / "a.mp4")
