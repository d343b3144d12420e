"""Read frames with their true times from videos and photos; write video and pictures."""

from pathlib import Path

from pase.media.footage import Footage, footage_of
from pase.media.frames import Frame, Media
from pase.media.kinds import begins_as_video, has_photo_suffix, is_bare_motion_jpeg, is_footage
from pase.media.opening import check_is_footage
from pase.media.photo import Photo, is_photo
from pase.media.picture_film import Animation, PictureFilm, PictureSequence, is_animation
from pase.media.video import Video
from pase.media.write import VideoWriter, write_image
from pase.types import Image

__all__ = [
    "Footage", "Frame", "Image", "Media", "Photo", "PictureFilm", "Video", "VideoWriter", "is_footage", "is_photo",
    "open_media", "write_image",
]  # fmt: skip


def open_media(source: str | Path | Footage) -> Video | PictureFilm | Photo:
    """Open a video, or a photo as a video of one frame, by what the file holds; or a folder's pictures as a film.

    Parameters
    ----------
    source
        A file, to be read as it is, or footage that says how; a folder needs its rate.

    Raises
    ------
    InputError
        When there is no such file, or it is neither.
    """
    footage = footage_of(source)
    path = footage.path
    if path.is_dir() and footage.rate_hz is not None:
        return PictureSequence(footage)
    check_is_footage(path)
    if is_animation(path):
        return Animation(footage)
    if is_bare_motion_jpeg(path):
        return Video(footage)
    if is_photo(path) or (has_photo_suffix(path) and not begins_as_video(path)):
        return Photo(footage)
    return Video(footage)
