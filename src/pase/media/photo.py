"""Read a photo as a video of one frame."""

import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pase.errors import InputError
from pase.media.footage import Footage
from pase.media.frames import FootageFile, Frame, focal_length_px
from pase.media.opening import LARGEST_PIXELS, check_is_footage
from pase.types import Image as Picture

_USUAL_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "PPM")
"""Kinds of pictures that are read and need none of Pillow's further plug-ins, which take long to import."""
_FURTHER_FORMATS = ("MPO", "TIFF", "WEBP", "JPEG2000", "AVIF", "HEIF", "TGA", "PSD")
"""The others that are read; what is not listed is seldom a photo, and EPS is a program."""
_DAMAGE = (
    OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError,
    RuntimeError, EOFError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow raises on damaged files."""
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
"""Kinds whose further pictures are those of a film."""
_STACKS = ("TIFF", "HEIF")
"""Kinds whose further pictures are others of the same weight: pages, a burst. In a JPEG (MPO) they are previews,
depth and brightness of the first one."""
log = logging.getLogger(__name__)

_WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
_WHITE = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""What white may be in grey pictures of more than 8 bits: cameras and microscopes fill 10, 12 or 14 of 16 bits."""
_BACKGROUND = (255, 255, 255)


def is_photo(path: str | Path) -> bool:
    """Whether the file's content is a still picture, not an animation."""
    try:
        with open_picture(Path(path)) as image:
            return not (getattr(image, "is_animated", False) and image.format in _ANIMATED)
    except InputError:
        return False


class Photo(FootageFile):
    """A still picture with the interface of a video of one frame at time 0.

    EXIF orientation is applied, transparency is laid on white, 16-bit, grey, palette and CMYK pictures become
    8-bit RGB.

    Parameters
    ----------
    source
        The file, or footage that says how to read it.
    """

    def __init__(self, source: str | Path | Footage) -> None:
        super().__init__(source)
        check_is_footage(self.path)
        image, equivalent_mm, self.metadata = self._read()
        self._image = self.footage.shown(image)
        self.image_size = (self._image.shape[1], self._image.shape[0])
        self.frame_rate = 0.0
        self.duration = 0.0
        self.frame_count_hint: int | None = 1
        self.focal_length_hint_px = focal_length_px(equivalent_mm, self.image_size)

    def frames(self) -> Iterator[Frame]:
        """Give the one frame."""
        yield Frame(0, 0.0, self._image)

    def _read(self) -> tuple[Picture, float, dict[str, str]]:
        """The picture, its equivalent focal length and its tags."""
        with open_picture(self.path) as image:
            image.load()
            count = int(getattr(image, "n_frames", 1))
            if count > 1 and image.format in _STACKS:
                self._warn(f"{self.path.name} holds {count} pictures: only the main one is read")
            upright, equivalent_mm, names = self._by_exif(image)
            return to_rgb(upright), equivalent_mm, names

    def _by_exif(self, image: Image.Image) -> tuple[Image.Image, float, dict[str, str]]:
        """The picture upright, its equivalent focal length and tags; damaged tags count as none."""
        try:
            exif = image.getexif()
            details = exif.get_ifd(ExifTags.IFD.Exif)
            equivalent_mm = float(details.get(ExifTags.Base.FocalLengthIn35mmFilm, 0) or 0)
            names = {ExifTags.TAGS.get(tag, str(tag)): str(value) for tag, value in exif.items()}
            return ImageOps.exif_transpose(image), equivalent_mm, names
        except _DAMAGE as error:
            log.debug("EXIF of %s: %s", self.path, error)
            self._warn(
                f"{self.path.name}: its EXIF data are damaged; focal length and rotation are not taken from them"
            )
            return image, 0.0, {}


def _opened(path: Path) -> Image.Image:
    """A picture of any kind that is read."""
    with suppress(UnidentifiedImageError):
        return Image.open(path, formats=_USUAL_FORMATS)
    return Image.open(path, formats=_further_formats())


@cache
def _further_formats() -> tuple[str, ...]:
    """Names of the further formats that this Pillow and its plug-in for HEIF read."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    Image.init()
    return tuple(name for name in _FURTHER_FORMATS if name in Image.OPEN)


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """Open a picture of any kind that is read; not decoded yet.

    Raises
    ------
    InputError
        When it is not a picture, too large a one, or damaged; also for damage that the block meets.
    """
    try:
        # What Pillow warns of is said in other words here, or does not matter.
        with catch_warnings():
            simplefilter("ignore")
            with _opened(path) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise Image.DecompressionBombError
                yield image
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not a picture that can be read: export it as JPEG or PNG") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large a picture: make it smaller than 100 megapixels") from error
    except PermissionError as error:
        raise InputError(f"{path} may not be read: change its permissions") from error
    except _DAMAGE as error:
        raise InputError(f"{path} is damaged ({error}): export or copy it again") from error


def to_rgb(image: Image.Image) -> Picture:
    """(H, W, 3) 8-bit RGB of a Pillow image of any mode."""
    if image.mode in _WIDE:
        grey = np.nan_to_num(np.asarray(image).astype(np.float32))
        brightest, threshold = float(grey.max(initial=0)), _WHITE[0] if image.mode == "F" else _WHITE[1]
        full = next((white for white in _WHITE if white >= max(brightest, threshold)), brightest)
        levels = np.clip(grey / full * 255.0 + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(levels[..., None], 3, axis=-1))
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        flat = Image.new("RGBA", layered.size, (*_BACKGROUND, 255))
        image = Image.alpha_composite(flat, layered)
    return np.array(image.convert("RGB"))
