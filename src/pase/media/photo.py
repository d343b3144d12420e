"""Read a photo as a video of one frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pase.errors import InputError
from pase.media.frames import Frame, focal_length_px
from pase.media.frames import Image as Picture
from pase.media.video import check_is_file

_NOT_PHOTOS = ("MPEG",)
_WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
_BACKGROUND = (255, 255, 255)


def is_photo(path: str | Path) -> bool:
    """Whether the file's content is a still picture (an animation is none)."""
    try:
        with Image.open(path) as image:
            animated = bool(getattr(image, "is_animated", False)) and image.format in ("GIF", "PNG")
            return image.format not in _NOT_PHOTOS and not animated
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


class Photo:
    """A still picture with the interface of a video of one frame at time 0.

    EXIF orientation is applied, transparency is laid on white, 16-bit, grey, palette and CMYK pictures become
    8-bit RGB.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        When there is no such file, or it is no picture, or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.warnings: list[str] = []
        check_is_file(self.path)
        self._image, equivalent_mm, self.metadata = _read(self.path)
        self.image_size = (self._image.shape[1], self._image.shape[0])
        self.frame_rate = 0.0
        self.duration = 0.0
        self.frame_count_hint: int | None = 1
        self.focal_length_hint_px = focal_length_px(equivalent_mm, self.image_size)

    def __enter__(self) -> Photo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open."""

    def frames(self) -> Iterator[Frame]:
        """Give the one frame."""
        yield Frame(0, 0.0, self._image)


def _read(path: Path) -> tuple[Picture, float, dict[str, str]]:
    try:
        with Image.open(path) as image:
            exif = image.getexif()
            details = exif.get_ifd(ExifTags.IFD.Exif)
            equivalent_mm = details.get(ExifTags.Base.FocalLengthIn35mmFilm, 0)
            names = {ExifTags.TAGS.get(tag, str(tag)): str(value) for tag, value in exif.items()}
            upright = ImageOps.exif_transpose(image)
            return to_rgb(upright), float(equivalent_mm or 0), names
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is no picture that can be read: export it as JPEG or PNG") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large a picture: make it smaller than 100 megapixels") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} is damaged ({error}): export or copy it again") from error


def to_rgb(image: Image.Image) -> Picture:
    """(H, W, 3) 8-bit RGB of a Pillow image of any mode."""
    if image.mode in _WIDE:
        grey = np.asarray(image).astype(np.float64)
        full = 65535.0 if grey.max(initial=0) > 255 else 255.0
        levels = np.clip(grey / full * 255.0 + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(levels[..., None], 3, axis=-1))
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        flat = Image.new("RGBA", layered.size, (*_BACKGROUND, 255))
        image = Image.alpha_composite(flat, layered)
    return np.array(image.convert("RGB"))
