"""A folder of photos for the tests of whole batches."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def two_photos(short_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two frames of one person."""
    from pase.media import Video, write_image

    folder = tmp_path_factory.mktemp("photos")
    with Video(short_clip) as video:
        frames = [frame.image for frame in video.frames()]
    write_image(folder / "first.png", frames[0])
    write_image(folder / "last.png", frames[-1])
    return folder / "first.png", folder / "last.png"


@pytest.fixture
def photos(two_photos: tuple[Path, Path], empty_photo: Path, tmp_path: Path) -> Path:
    """A folder: two photos of one person, one of nobody, and a file that is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, origin in (("früh", two_photos[0]), ("late", two_photos[1]), ("nobody", empty_photo)):
        shutil.copy(origin, folder / f"{name}.png")
    (folder / "broken.jpg").write_bytes(b"this is not a picture")
    return folder
