"""Photos of every mode come out as upright 8-bit RGB, as a video of one frame."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pase.errors import InputError, OutputError
from pase.media import Photo, is_photo, open_media, write_image


def picture() -> np.ndarray:
    """(40, 60, 3): a red upper left corner, blue right, otherwise dark green."""
    image = np.zeros((40, 60, 3), np.uint8)
    image[..., 1] = 80
    image[:10, :20] = (220, 10, 10)
    image[:, 50:] = (10, 10, 220)
    return image


def only_frame(path: Path) -> np.ndarray:
    with open_media(path) as photo:
        frames = list(photo.frames())
    assert [(frame.index, frame.time) for frame in frames] == [(0, 0.0)]
    assert frames[0].image.dtype == np.uint8
    assert photo.image_size == (frames[0].image.shape[1], frames[0].image.shape[0])
    return frames[0].image


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 1), (8, 3)])
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, turns: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(np.rot90(picture(), turns)).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(only_frame(tmp_path / "turned.png"), picture())


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("RGB", ".jpg"), ("CMYK", ".jpg"), ("CMYK", ".tiff"), ("P", ".png"), ("P", ".gif"), ("RGBA", ".webp")],
)
def test_colour_modes(tmp_path: Path, mode: str, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    image = Image.fromarray(picture())
    (image.quantize(16) if mode == "P" else image.convert(mode)).save(path)
    assert np.abs(only_frame(path).astype(int) - picture()).mean() < 6


def test_sixteen_bit_and_grey(tmp_path: Path) -> None:
    grey = np.linspace(0, 255, 60).astype(np.uint8)[None].repeat(40, 0)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    expected = grey[..., None].repeat(3, -1)
    assert np.array_equal(only_frame(tmp_path / "grey.png"), expected)
    assert np.abs(only_frame(tmp_path / "deep.png").astype(int) - expected).max() <= 1


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    layered = np.dstack([picture(), np.full((40, 60), 255, np.uint8)])
    layered[20:, :, 3] = 0
    layered[:, 30:, 3] //= 2
    Image.fromarray(layered).save(tmp_path / "layered.png")
    image = only_frame(tmp_path / "layered.png")
    assert np.array_equal(image[:20, :30], picture()[:20, :30])
    assert (image[20:] == 255).all()
    assert image[5, 55].tolist() == pytest.approx([132, 132, 237], abs=2)


def test_focal_length_comes_from_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 28
    Image.fromarray(picture()).save(tmp_path / "phone.jpg", exif=exif)
    expected = 28 / np.hypot(36, 24) * np.hypot(60, 40)
    assert Photo(tmp_path / "phone.jpg").focal_length_hint_px == pytest.approx(expected)
    write_image(tmp_path / "plain.jpg", picture())
    assert Photo(tmp_path / "plain.jpg").focal_length_hint_px is None


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    write_image(tmp_path / "tiny.png", picture()[:1, :1])
    assert only_frame(tmp_path / "tiny.png").shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("content", "words"), [(b"no picture", "not a picture"), (b"", "is empty"), ("cut", "damaged")]
)
def test_a_bad_picture_is_told_in_one_line(tmp_path: Path, content: bytes | str, words: str) -> None:
    path = tmp_path / "bad.png"
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    write_image(path, noise)
    path.write_bytes(path.read_bytes()[:2000] if content == "cut" else content)
    with pytest.raises(InputError, match=words) as caught:
        open_media(path)
    assert "\n" not in str(caught.value)


def test_what_is_a_photo_is_told_by_content(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.jpg")
    (tmp_path / "photo.jpg").rename(tmp_path / "photo.mp4")
    assert is_photo(tmp_path / "photo.mp4")
    stills = [Image.fromarray(np.roll(picture(), 5 * n, 1)) for n in range(3)]
    stills[0].save(tmp_path / "moving.gif", save_all=True, append_images=stills[1:], duration=40)
    assert not is_photo(tmp_path / "moving.gif")
    assert len(list(open_media(tmp_path / "moving.gif").frames())) == 3
    assert not is_photo(tmp_path / "absent.png")


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a picture is a \.png, \.jpg or \.jpeg file"):
        write_image(tmp_path / "photo.mp4", picture())
    assert not list(tmp_path.iterdir())
