"""Videos and photos: a small valid one of each kind, and how it is looked through."""

import io
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fault_reader import Reader, written


@cache
def video(codec: str = "libx264", container: str = "mp4", pix_fmt: str = "yuv420p") -> bytes:
    """Six small frames with a moving spot."""
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=Fraction(30))
        track.width, track.height, track.pix_fmt = 64, 48, pix_fmt
        for i in range(6):
            image = np.full((48, 64, 3), 40 * i, np.uint8)
            image[10:20, 5 * i : 5 * i + 10] = 255
            out.mux(track.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(track.encode(None))
    return stream.getvalue()


def picture(form: str, mode: str = "RGB", **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        from PIL import Image

        slope = np.add.outer(np.arange(40), np.arange(30)).astype(np.uint8)
        image = Image.fromarray(slope)
        image = (
            Image.fromarray(slope.astype(np.uint16) * 500)
            if mode == "I;16"
            else image.convert("RGB").convert(mode)
        )
        if form == "JPEG" and "exif" not in options:
            exif = Image.Exif()
            exif[0x0112], exif[0x010F] = 6, "Maker"
            exif.get_ifd(0x8769)[0xA405] = 26
            options["exif"] = exif
        stream = io.BytesIO()
        image.save(stream, form, **options)
        return stream.getvalue()

    return make


def animated() -> bytes:
    from PIL import Image

    first, *rest = (Image.fromarray(np.full((24, 32, 3), 60 * k, np.uint8)) for k in range(3))
    return written("p.webp", lambda path: first.save(path, save_all=True, append_images=rest, duration=40))


def heic() -> bytes:
    import pillow_heif
    from PIL import Image

    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))
    return written("p.heic", lambda path: pillow_heif.from_pillow(image).save(path))


def _media(path: Path) -> object:
    from pase.media import open_media

    with open_media(path) as media:
        assert min(media.image_size) >= 1
        last = -1.0
        for count, frame in enumerate(media.frames()):
            assert frame.image.shape == (media.image_size[1], media.image_size[0], 3)
            assert frame.time > last
            last = frame.time
            if count > 100:
                break
    return last


MEDIA: dict[str, Reader] = {
    "mp4": Reader("v.mp4", "bytes", video, _media),
    "mkv": Reader("v.mkv", "bytes", lambda: video("libx264", "matroska"), _media),
    "avi mjpeg": Reader("v.avi", "bytes", lambda: video("mjpeg", "avi", "yuvj420p"), _media),
    "mpeg-ts": Reader("v.ts", "bytes", lambda: video("mpeg2video", "mpegts"), _media),
    "gif": Reader("v.gif", "bytes", lambda: video("gif", "gif", "rgb8"), _media),
    "jpeg": Reader("p.jpg", "bytes", picture("JPEG"), _media),
    "jpeg cmyk": Reader("p.jpg", "bytes", picture("JPEG", "CMYK"), _media),
    "png": Reader("p.png", "bytes", picture("PNG", "RGBA"), _media),
    "png 16 bit": Reader("p.png", "bytes", picture("PNG", "I;16"), _media),
    "png palette": Reader("p.png", "bytes", picture("PNG", "P"), _media),
    "tiff": Reader("p.tif", "bytes", picture("TIFF", "RGB", compression="tiff_lzw"), _media),
    "webp": Reader("p.webp", "bytes", picture("WEBP"), _media),
    "webp animated": Reader("p.webp", "bytes", animated, _media),
    "heic": Reader("p.heic", "bytes", heic, _media),
    "bmp": Reader("p.bmp", "bytes", picture("BMP"), _media),
    "ppm": Reader("p.ppm", "bytes", picture("PPM"), _media),
}  # fmt: skip
